"""A stand-in for geoloc."""

from pathlib import Path

import pytest

from tests.helpers.qgis.run import put_stub


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """An executable stand-in for the worker in a folder of its own."""
    return put_stub(tmp_path / "stub")
