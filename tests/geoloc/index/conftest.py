"""A mosaic and its index; without zarr nothing in this folder is tested, and the end of the run says so."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

HAS_ZARR = importlib.util.find_spec("zarr") is not None
# Modules here import zarr. A skip in this file would end the collection of all other tests too.
collect_ignore_glob = [] if HAS_ZARR else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HAS_ZARR:
        text = f"NOT TESTED: {Path(__file__).parent} needs zarr, of the extra geoloc-crossview[index]"
        terminalreporter.write_line(text, yellow=True, bold=True)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with m.tif and i.zarr; not to be changed."""
    from tests.helpers.plain_index import built, write_mosaic

    folder = tmp_path_factory.mktemp("made")
    built(write_mosaic(folder / "m.tif"), folder / "i.zarr")
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """The same folder, to be changed."""
    for path in made.iterdir():
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, tmp_path / path.name)
    return tmp_path
