"""The plugin is no installed package: its folder is found from here. And a stand-in for geoloc."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """An executable stand-in for the worker in a folder of its own."""
    from qgis_run import put_stub

    return put_stub(tmp_path / "stub")
