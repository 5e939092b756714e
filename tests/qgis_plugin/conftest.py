"""The plugin is no installed package: its folder is found from here. A stand-in for geoloc; QGIS as a subprocess."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

# What QGIS's Python is on Debian; never the one that runs the tests.
QGIS_PYTHON = "/usr/bin/python3"
QGIS_S = 80


def put_stub(folder: Path) -> Path:
    """An executable `geoloc` in `folder`, run by this Python; see stub_geoloc.py."""
    folder.mkdir()
    path = folder / "geoloc"
    shutil.copy(HERE / "stub_geoloc.py", path)
    path.write_text(path.read_text(encoding="utf-8").replace("/usr/bin/env python3", sys.executable, 1), "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """An executable `geoloc` in a folder of its own."""
    return put_stub(tmp_path / "stub")


def _has_pyqgis() -> bool:
    command = [QGIS_PYTHON, "-c", "import qgis.core"]
    try:
        return subprocess.run(command, env={}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture(scope="session")
def in_display() -> Callable[..., dict[str, Any]]:
    """`in_display(command, folder)`: run a program of QGIS's on a screen of its own; what it wrote to
    `folder/said.json`.

    Nothing of this environment, of the user's settings or of a real screen gets in.
    """
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run (xvfb, xauth) is not installed: nothing of QGIS was tested")
    if not _has_pyqgis():
        pytest.skip(f"{QGIS_PYTHON} has no PyQGIS (python3-qgis): nothing of QGIS was tested")

    def run(command: list[str], folder: Path) -> dict[str, Any]:
        home = folder / "home"
        home.mkdir(mode=0o700)
        environment = {
            **{"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(home), "XDG_RUNTIME_DIR": str(home)},
            **{"QGIS_CUSTOM_CONFIG_PATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        }
        whole = ["xvfb-run", "-a", "-s", "-screen 0 1400x1000x24", *command]
        with (folder / "log.txt").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                whole, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            try:
                process.wait(QGIS_S)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        said = folder / "said.json"
        log_end = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-3000:]
        assert said.is_file(), log_end
        answer: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
        assert "failed" not in answer, answer["failed"]
        assert process.returncode == 0, log_end
        return answer

    return run
