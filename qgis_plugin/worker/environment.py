# SPDX-License-Identifier: GPL-2.0-or-later
"""The Python environment that geoloc runs in, apart from QGIS's: found, created, and diagnosed; standard library only.

Texts for users are English here and translated where they are shown: see `client.UserError`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess  # nosec B404
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping

from .client import UserError, child_environment

OLDEST = (3, 11)
"""The oldest Python that geoloc runs on."""
DISTRIBUTION = "geoloc-crossview"
"""The name that geoloc is installed by; what the public index of Python packages calls geoloc is another project."""
UNFINISHED = "geoloc-unfinished"
"""File in an environment whose creation was not finished."""
_NEWEST_MINOR = 14
_ASK_S = 15.0
_POLL_S = 0.1
_KEPT_LINES = 400
_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
# Passwords may hold / and @: better too much is left out than too little.
_SECRET = re.compile(r"://\S+@")
# What pip and venv say, and what to do about it; the first that fits counts.
_DIAGNOSES = (
    (
        r"ensurepip is not available|No module named '?(ensurepip|venv)",
        "This Python cannot make environments: install its package venv (on Debian and Ubuntu: apt install"
        " python3-venv) and try again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|SSLError",
        "The server's certificate is not trusted: the network may inspect connections. Ask its administrator for the"
        " certificate and set PIP_CERT to it, or install from a folder of wheels.",
    ),
    (
        r"407 Proxy Authentication|ProxyError|Cannot connect to proxy|Tunnel connection failed",
        "The proxy refuses the connection: check its address, user and password in the proxy settings of QGIS.",
    ),
    (
        r"No space left on device|Errno 28|WinError 112",
        "The disk is full: geoloc needs at least 2 GB. Make room, or choose another folder.",
    ),
    (
        r"WinError (5|32)\b|being used by another process",
        "A file is held by another program, such as a virus scanner or another QGIS: close it and try again.",
    ),
    (
        r"Permission denied|Errno 13|Read-only file system",
        "This folder cannot be written: choose another one.",
    ),
    (
        r"Temporary failure in name resolution|getaddrinfo failed|NewConnectionError|Network is unreachable"
        r"|ConnectTimeout|Connection refused|Read timed out|ReadTimeout|nodename nor servname"
        r"|Name or service not known",
        "The index of packages cannot be reached: check the network and the proxy, or install from a folder of wheels.",
    ),
    (
        r"Could not find a version that satisfies|No matching distribution|is not a supported wheel on this platform"
        r"|Requires-Python|requires a different Python",
        "What is to be installed is not there, or not for this Python and computer: check the name, the index or the "
        "folder of wheels, and that Python is 3.11 or newer.",
    ),
    (
        r"dist-info directory '.*' does not start with|inconsistent name",
        "This wheel or folder is another project's, or an old geoloc's: give that of geoloc-crossview.",
    ),
    (
        r"BadZipFile|invalid wheel|has an invalid|THESE PACKAGES DO NOT MATCH THE HASHES|Wheel .* is invalid",
        "A wheel is damaged: fetch it again.",
    ),
    (
        r"No such file or directory|does not look like a Python project|neither 'setup.py' nor 'pyproject.toml'"
        r"|Invalid requirement|is not a valid editable requirement",
        "What is to be installed is not there: give the path of a wheel, a folder, or the name of a package.",
    ),
    (r"MemoryError|Killed", "There was too little memory: close other programs and try again."),
)


class SetupError(UserError):
    """There is no environment, or it could not be created."""


class SetupCancelled(SetupError):
    """A user stopped an installation."""


@dataclass(frozen=True)
class Setup:
    """An environment that is to be created, and where geoloc comes from.

    Attributes:
        python: path of the Python that it is based on; empty where none was found.
        folder: of the environment.
        source: path of geoloc's wheel or folder; or its name, perhaps with a version, such as geoloc-crossview==0.1.0.
        index: address of an index of packages; empty for pip's own.
        offline: folder of wheels that is used instead of any index; empty for none.
        proxy: address, perhaps with user and password; empty for none.
        with_index: whether to install what building indexes of large mosaics needs, too.
    """

    python: str
    folder: Path
    source: str
    index: str = ""
    offline: str = ""
    proxy: str = ""
    with_index: bool = True

    def requirement(self) -> str:
        """Return the requirement that pip installs, always of the distribution `DISTRIBUTION`.

        A bare name needs an index or a folder of wheels beside it: the public index has no geoloc-crossview, and
        whoever takes the name there is a stranger.

        Raises:
            SetupError: nothing says where to find geoloc itself, or the name is another project's.
        """
        extras = "[index,openvino]" if self.with_index else ""
        path = Path(self.source).expanduser()
        # A bare name is that of a package, even where a folder happens to be called so.
        if (path.parent != Path() or path.suffix == ".whl") and path.exists():
            return f"{DISTRIBUTION}{extras} @ {path.absolute().as_uri()}"
        name, sign, version = re.match(r"([^=<>~! ]*)(.?)(.*)", self.source).groups()
        # As pip compares names.
        if name and re.sub(r"[-_.]+", "-", name).lower() != DISTRIBUTION:
            text = (
                "{name}: neither a file or folder that is there, nor geoloc's name, which is geoloc-crossview; what the"
                " public index of Python packages calls geoloc is another project."
            )
            raise SetupError(text, name=self.source)
        if not name or not (self.index or self.offline):
            raise SetupError(
                "Give the wheel or the folder of geoloc, or the name geoloc-crossview and the index or the folder of"
                " wheels that has it: the public index of Python packages does not."
            )
        return f"{DISTRIBUTION}{extras}{sign}{version}"


def python_of(folder: Path) -> Path:
    """Return the path of the Python of an environment's folder."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def find_python(setting: str, managed: Path) -> Path:
    """Return the path of the Python that has geoloc.

    Args:
        setting: a Python, the folder of an environment, or geoloc's program beside its Python; "" for the managed
            environment, or else the geoloc on the PATH.
        managed: folder of the environment that the plugin creates.

    Raises:
        SetupError: there is none, or the setting names none.
    """
    if not setting:
        if python_of(managed).is_file() and not (managed / UNFINISHED).exists():
            return python_of(managed)
        found = shutil.which("geoloc")
        if found is None:
            raise SetupError("geoloc is not installed yet: open Settings > Options > Geoloc to install it.")
        return _beside(Path(found).resolve())
    path = Path(setting).expanduser()
    if path.is_dir():
        if (path / UNFINISHED).exists():
            text = "{path}: the environment was not finished; create it again in Settings > Options > Geoloc."
            raise SetupError(text, path=path)
        if not python_of(path).is_file():
            raise SetupError("{path}: no Python environment; see Settings > Options > Geoloc.", path=path)
        return python_of(path)
    if not path.is_file():
        raise SetupError("{path}: no such file; see Settings > Options > Geoloc.", path=path)
    if not os.access(path, os.X_OK):
        raise SetupError("{path}: is no program; see Settings > Options > Geoloc.", path=path)
    return path if path.name.lower().startswith("python") else _beside(path)


def command(setting: str, managed: Path) -> list[str]:
    """Return the words that start the worker; see `find_python` for the arguments and errors."""
    # Without -P a folder that is called geoloc where it is started could hide the package.
    return [str(find_python(setting, managed)), "-P", "-m", "geoloc.worker"]


def base_pythons() -> list[str]:
    """Return this computer's Pythons that an environment can be based on, newest first; never one that QGIS has."""
    names = [f"python3.{minor}" for minor in range(_NEWEST_MINOR, OLDEST[1] - 1, -1)] + ["python3", "python"]
    found = [path for name in names if (path := shutil.which(name)) is not None]
    if os.name == "nt" and (launcher := shutil.which("py")) is not None:
        found.insert(0, launcher)
    real: dict[str, str] = {}
    for path in found:
        if "qgis" not in path.lower() and "osgeo4w" not in path.lower() and _new_enough(path):
            real.setdefault(os.path.realpath(path), path)
    return list(real.values())


def create(setup: Setup, log: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
    """Create an environment and install geoloc into it.

    Args:
        setup: what to create.
        log: called in this thread with every line that venv and pip print.
        is_cancelled: called ten times a second.

    Raises:
        SetupCancelled: `is_cancelled` was true; what was begun is removed.
        SetupError: it failed; the text says why and how to mend it.
    """
    if not setup.python:
        raise SetupError("No Python 3.11 or newer was found: install one and give its path.")
    requirement = setup.requirement()
    if setup.folder.exists() and any(setup.folder.iterdir()) and not (setup.folder / "pyvenv.cfg").exists():
        raise SetupError("{path}: holds other files; choose an empty or a new folder.", path=setup.folder)
    marker = setup.folder / UNFINISHED
    # Somebody's own environment is not ours to remove, nor to call unfinished.
    was_whole = (setup.folder / "pyvenv.cfg").exists() and not marker.exists()
    try:
        setup.folder.mkdir(parents=True, exist_ok=True)
        if not was_whole:
            marker.write_text("geoloc's QGIS plugin is creating this environment.\n", encoding="utf-8")
    except OSError as error:
        text = "{path}: cannot be written ({error}); choose another folder."
        raise SetupError(text, str(error), path=setup.folder, error=error.strerror) from error
    try:
        _run([setup.python, "-P", "-m", "venv", str(setup.folder)], setup, log, is_cancelled)
        pip = [str(python_of(setup.folder)), "-P", "-m", "pip", "--disable-pip-version-check", "--no-input"]
        install = [*pip, "install", "--upgrade", "--progress-bar", "off"]
        if setup.offline:
            install += ["--no-index", "--find-links", setup.offline]
        elif setup.index:
            install += ["--index-url", setup.index]
        _run([*install, requirement], setup, log, is_cancelled)
    except SetupCancelled:
        if not was_whole:
            log("Removing what was begun ...")
            shutil.rmtree(setup.folder, ignore_errors=True)
        raise
    marker.unlink(missing_ok=True)


def diagnosis(log: str) -> SetupError:
    """Return the error that says what went wrong and how to mend it, judged by the output of venv or pip."""
    for pattern, text in _DIAGNOSES:
        if re.search(pattern, log):
            return SetupError(text, log)
    last = [line for line in log.splitlines() if line.strip()]
    if not last:
        return SetupError("It failed and said nothing.")
    return SetupError("It failed: {line}", log, line=last[-1].strip())


def without_secrets(text: str) -> str:
    """Return a text without the user names and passwords of the addresses in it."""
    return _SECRET.sub("://***@", text)


def proxy_environment(environ: Mapping[str, str], proxy: str) -> dict[str, str]:
    """Return the variables of a child process, with a proxy where one is given; see `client.child_environment`."""
    variables = child_environment(environ)
    if proxy:
        variables.update({"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "http_proxy": proxy, "https_proxy": proxy})
    return variables


def _beside(program: Path) -> Path:
    """The Python of the environment that a program lies in."""
    for name in ("python.exe", "python", "python3"):
        if (program.parent / name).is_file():
            return program.parent / name
    text = "{path}: has no Python beside it; give that of its environment in Settings > Options > Geoloc."
    raise SetupError(text, path=program)


def _new_enough(python: str) -> bool:
    try:
        # A list, no shell; a Python of this computer.
        output = subprocess.run(  # nosec B603
            [python, "-c", _VERSION],
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_ASK_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ).stdout
        return tuple(int(part) for part in output.strip().split(".")) >= OLDEST
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return False


def _run(words: list[str], setup: Setup, log: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
    """Run one step and log its lines as they come."""
    log(without_secrets(f"$ {' '.join(words)}"))
    try:
        # A list, no shell; the programs are the user's own choice.
        process = subprocess.Popen(  # nosec B603
            words,
            env=proxy_environment(os.environ, setup.proxy),
            # Where Python finds no package by chance.
            cwd=tempfile.gettempdir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        text = "{path} cannot be started ({error}); give another Python."
        raise SetupError(text, path=words[0], error=error.strerror or error) from error
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    last: list[str] = []
    while True:
        if is_cancelled():
            _kill(process)
            raise SetupCancelled("Cancelled; nothing was installed.")
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            continue
        if line is None:
            break
        line = without_secrets(line.rstrip())
        last.append(line)
        del last[:-_KEPT_LINES]
        log(line)
    code = process.wait()
    if code != 0:
        raise diagnosis("\n".join(last) or f"exit code {code}")


def _read(process: subprocess.Popen, lines: queue.Queue) -> None:
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _kill(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    # What it started may write for a moment still.
    time.sleep(_POLL_S)
