# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the geoloc command line in a process of its own; standard library only.

geoloc's environment (torch, rasterio, numpy 2) must never meet QGIS's, so the two share files and exit codes only.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import subprocess  # nosec B404 (running geoloc apart from QGIS is what this module is for)
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping

# What QGIS sets for its own libraries, and what would lead another Python to load them.
_FOREIGN = (
    "DYLD_",
    "GDAL_",
    "GEOTIFF_CSV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "OSGEO4W_",
    "PROJ_",
    "PYTHON",
    "QGIS",
    "QT_",
    "__PYVENV_LAUNCHER__",
)
_PROGRESS = re.compile(r"\b(\d+) of (\d+)\b")
_BEST_SCORE = re.compile(r"\bbest score (\d+(?:\.\d+)?)")
_POLL_S = 0.1
_GRACE_S = 2.0
_CHECK_S = 10.0
_KEPT_LINES = 200
_THROUGH_PYTHON = "import sys; sys.argv[0] = 'geoloc'; from cli import main; sys.exit(main())"


class RunnerError(Exception):
    """geoloc cannot be started; the text is one line saying what to do."""


@dataclass(frozen=True)
class Job:
    """One question to geoloc. click: pixels of the upright photo, corner origin; output: a vector file's path."""

    photo: Path
    click: tuple[float, float]
    mosaic: Path
    output: Path
    top: int = 5
    use_gps: bool = True
    overwrite: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run ended. ok: `job.output` was written; message: geoloc's last word or what went wrong, one line."""

    ok: bool
    message: str
    log: str = ""
    cancelled: bool = False


def find_program(setting: str) -> list[str]:
    """The words that start geoloc.

    Args:
        setting: path of the geoloc executable, or of the Python of its environment; "" looks on the PATH.

    Raises:
        RunnerError: there is no such file, or it is not one that can be run.
    """
    if not setting:
        found = shutil.which("geoloc")
        if found is None:
            raise RunnerError("geoloc was not found; install it and give its path in Settings")
        return [found]
    path = Path(setting).expanduser()
    if not path.is_file():
        raise RunnerError(f"{path}: no such file; give the path of geoloc, or of its Python, in Settings")
    if not os.access(path, os.X_OK):
        raise RunnerError(f"{path}: is not a program; give the path of geoloc, or of its Python, in Settings")
    if path.name.lower().startswith("python"):
        return [str(path), "-c", _THROUGH_PYTHON]
    return [str(path)]


def check_program(setting: str) -> str:
    """What geoloc says of its version. Blocks for some seconds at most.

    Raises:
        RunnerError: as `find_program`, or the program does not answer as geoloc does.
    """
    command = [*find_program(setting), "--version"]
    try:
        answer = subprocess.run(  # nosec B603 (a list, no shell; the program is the user's own choice)
            command,
            env=child_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_CHECK_S,
            check=False,
            **_no_window(),
        )
    except OSError as error:
        raise RunnerError(_not_started(command[0], error)) from error
    except subprocess.TimeoutExpired as error:
        raise RunnerError(f"{command[0]} gave no answer in {_CHECK_S:.0f} s; is it geoloc?") from error
    said = " ".join(answer.stdout.split())
    if answer.returncode != 0 or "geoloc" not in said:
        last = _last_line(answer.stderr) or said or f"exit code {answer.returncode}"
        raise RunnerError(f"{command[0]} does not answer as geoloc does: {last}")
    return said


def locate_command(program: list[str], job: Job) -> list[str]:
    """The command line for a job."""
    # The photo's path is absolute, so that it can never be read as an option.
    command = [*program, "locate", str(job.photo.absolute()), "--click", f"{job.click[0]:.2f},{job.click[1]:.2f}"]
    command += ["--mosaic", str(job.mosaic.absolute()), "-o", str(job.output.absolute()), "--top", str(job.top)]
    if not job.use_gps:
        command.append("--no-gps")
    if job.overwrite:
        command.append("--overwrite")
    return command


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` without what points to QGIS's Python, Qt, GDAL, PROJ and libraries; text in UTF-8."""
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(_FOREIGN)}
    kept["PYTHONUTF8"] = "1"
    return kept


def parse_progress(line: str) -> float | None:
    """Percent done in a line such as "12 of 40 windows"; None where it tells none."""
    match = _PROGRESS.search(line)
    if match is None or int(match[2]) == 0:
        return None
    return min(100.0, 100.0 * int(match[1]) / int(match[2]))


def parse_best_score(line: str) -> str | None:
    """The score in a line such as "not here: click 10,20 (best score 0.031)"; None where it tells none."""
    match = _BEST_SCORE.search(line)
    return match[1] if match else None


def run(
    program: list[str],
    job: Job,
    *,
    on_line: Callable[[str], None] = lambda line: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run a job to its end, or until `is_cancelled`, which stops geoloc and all that it started. Never raises OSError.

    on_line: called with every line that geoloc writes to stderr, in the calling thread.
    """
    command = locate_command(program, job)
    try:
        process = subprocess.Popen(  # nosec B603 (a list, no shell; the program is the user's own choice)
            command,
            env=child_environment(os.environ),
            cwd=job.output.absolute().parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            **_no_window(),
        )
    except OSError as error:
        return Outcome(False, _not_started(command[0], error))
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    said: list[str] = []
    while True:
        if is_cancelled():
            _stop(process)
            return Outcome(False, "Cancelled; nothing was written.", "\n".join(said), cancelled=True)
        try:
            line = lines.get(timeout=_POLL_S)
        except queue.Empty:
            if process.poll() is None:
                continue
            line = None  # It ended, and something that it left running holds its stderr open.
        if line is None:
            break
        said.append(line)
        del said[:-_KEPT_LINES]
        on_line(line)
    code = process.wait()
    return _outcome(code, "\n".join(said), command[0], job.output)


def _outcome(code: int, log: str, program: str, output: Path) -> Outcome:
    last = _last_line(log)
    if code == 0 and output.is_file():
        return Outcome(True, last, log)
    if code == 0:
        return Outcome(False, f"{program} ended without writing {output.name}; is it geoloc? See Settings.", log)
    if code == 2:
        return Outcome(False, f"{program} did not understand the plugin ({last}); is it geoloc, and up to date?", log)
    if code < 0:
        return Outcome(False, f"geoloc was ended by signal {-code}; was there too little memory?", log)
    if "Traceback (most recent call last)" in log:
        return Outcome(False, f"geoloc's environment is broken ({last}); install it again or see Settings.", log)
    return Outcome(False, last or f"geoloc failed with exit code {code} and said nothing.", log)


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    for line in process.stderr or ():
        if line.strip():
            lines.put(line.strip())
    lines.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    """End the process and its children: asked first, so that geoloc removes its temporary files, then killed."""
    with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _last_line(text: str) -> str:
    """The last line that says something, without click's "Error: "."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ") if lines else ""


def _not_started(program: str, error: OSError) -> str:
    return f"{program} cannot be started ({error.strerror or error}); give the path of geoloc in Settings"


def _no_window() -> dict[str, int]:
    """Keeps Windows from opening a console for the child."""
    flag = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return {"creationflags": flag} if flag else {}
