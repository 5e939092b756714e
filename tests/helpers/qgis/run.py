"""Runs QGIS, or a script in QGIS's Python, apart from the tests' environment; and places a stand-in for geoloc."""

import configparser
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
NAME = "geoloc_locate"

# Where Debian has PyQGIS; never the Python that runs the tests.
QGIS_PYTHON = "/usr/bin/python3"
_LIMIT_S = 800
_BROKEN = "An error occurred during execution of following code"


def put_stub(folder: Path) -> Path:
    """An executable `python` in `folder` that is a worker whatever it is asked to run; see stub_worker.py."""
    folder.mkdir()
    path = folder / "python"
    text = (HERE / "stub_worker.py").read_text(encoding="utf-8")
    path.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    path.chmod(0o755)
    return path


def install(profiles: Path, python: str | Path, source: Path | None = None, **settings: dict[str, str]) -> Path:
    """Put the plugin into a new QGIS profile, switched on.

    python: its setting. source: a folder with the plugin, unpacked from its zip; None for that of the project.
    settings: more of them, by section.
    """
    profile = profiles / "profiles" / "default"
    plugin = profile / "python" / "plugins" / NAME
    if source is None:
        shutil.copytree(ROOT / "qgis_plugin", plugin, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "metadata.txt", plugin)
    else:
        shutil.copytree(source, plugin)
    (profile / "QGIS").mkdir()
    ini = configparser.ConfigParser()
    # QGIS tells upper from lower case.
    ini.optionxform = str  # type: ignore[assignment, method-assign]
    ini.read_dict(
        {
            "PythonPlugins": {NAME: "true"},
            "geoloc": {"python": str(python)},
            "qgis": {"checkVersion": "false"},
            "plugin-manager": {"automatically-check-for-updates": "false"},
            **settings,
        }
    )
    with (profile / "QGIS" / "QGIS3.ini").open("w", encoding="utf-8") as file:
        ini.write(file, space_around_delimiters=False)
    return profile


def run_script(script: str, folder: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """Run a module of `inside` in QGIS itself, whose profiles are in `folder/settings`, and return its report."""
    (folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    qgis = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(folder / "settings")]
    return run_in_display([*qgis, "--code", str(HERE / "inside" / f"{script}.py")], folder)


def run_module(module: str, folder: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """Run a module of `inside` in QGIS's Python, without QGIS's window, and return its report."""
    (folder / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
    return run_in_display([QGIS_PYTHON, "-m", f"{__package__}.inside.{module}", str(folder)], folder)


def run_in_display(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a program of QGIS's on a screen of its own and return what it wrote to `folder/report.json`.

    Nothing of this environment, of the user's settings or of a real screen gets in. QGIS's Python finds the modules of
    the repository, but never the packages of the tests' Python, such as its numpy. Skips without QGIS or Xvfb.
    """
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run (xvfb, xauth) is not installed: nothing of QGIS was tested")
    if shutil.which(command[0]) is None or not _has_pyqgis():
        pytest.skip(f"QGIS with PyQGIS in {QGIS_PYTHON} is not installed: nothing of QGIS was tested")
    more = {"QGIS_CUSTOM_CONFIG_PATH": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    environment = {**_environment(folder), **more}
    whole = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            whole, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        end = time.monotonic() + _LIMIT_S
        try:
            while process.poll() is None and time.monotonic() < end:
                if _BROKEN in (folder / "log.txt").read_text(encoding="utf-8", errors="replace"):
                    break
                time.sleep(0.3)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    file = folder / "report.json"
    log_end = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-3000:]
    assert file.is_file(), log_end
    answer: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert process.returncode == 0, log_end
    return answer


def headless(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run qgis_process with the profile in `folder/settings`. Skips without it."""
    # Debian's own wrapper of it passes an option that it does not know.
    program = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    if program is None or not _has_pyqgis():
        pytest.skip("qgis_process (qgis) is not installed: nothing of Processing was tested")
    # It knows no profiles: what it reads lies in the folder itself.
    settings = folder / "settings"
    for part in ("python", "QGIS"):
        if not (settings / part).exists():
            (settings / part).symlink_to(settings / "profiles" / "default" / part)
    plugins = str(settings / "python" / "plugins")
    environment = {
        **_environment(folder),
        **{"QGIS_CUSTOM_CONFIG_PATH": str(settings), "QGIS_PLUGINPATH": plugins, "QT_QPA_PLATFORM": "offscreen"},
    }
    command = [program, *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_LIMIT_S
    )


def _environment(folder: Path) -> dict[str, str]:
    """Variables of a program of QGIS's: none of this process's, and a home of its own in `folder/home`."""
    home = folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)
    own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **own}


@functools.cache
def _has_pyqgis() -> bool:
    command = [QGIS_PYTHON, "-c", "import qgis.core"]
    try:
        return subprocess.run(command, env={}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
