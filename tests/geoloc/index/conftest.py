"""A mosaic and its index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.plain_index import built, write_mosaic

pytest.importorskip("zarr")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with m.tif and i.zarr; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    built(write_mosaic(folder / "m.tif"), folder / "i.zarr")
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """The same folder, to be changed."""
    for path in made.iterdir():
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, tmp_path / path.name)
    return tmp_path
