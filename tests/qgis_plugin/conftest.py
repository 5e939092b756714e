"""The plugin is no installed package: its folder is found from here; and a stand-in for geoloc."""

import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """An executable `geoloc` in a folder of its own, run by this Python; see stub_geoloc.py."""
    folder = tmp_path / "stub"
    folder.mkdir()
    path = folder / "geoloc"
    shutil.copy(HERE / "stub_geoloc.py", path)
    path.write_text(path.read_text(encoding="utf-8").replace("/usr/bin/env python3", sys.executable, 1), "utf-8")
    path.chmod(0o755)
    return path
