"""Telling one state of a mosaic's files from another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.places import Write
from tiling.errors import MosaicError
from tiling.fingerprint import FilePrint, same
from tiling.mosaic import open_mosaic

PIXELS = np.ones((3, 64, 64), np.uint8)


def _of(*paths: Path) -> tuple[FilePrint, ...]:
    with open_mosaic(paths) as mosaic:
        return mosaic.fingerprint


def test_only_a_changed_file_is_another(write: Write, tmp_path: Path) -> None:
    path = write(PIXELS)
    before = _of(path)
    assert same(before, _of(path))
    (tmp_path / "elsewhere").mkdir()
    moved = Path(shutil.copy2(path, tmp_path / "elsewhere"))
    assert same(before, _of(moved))
    assert not same(before, _of(path, write(PIXELS, "second.tif")))
    os.utime(path, (1, 1))
    assert not same(before, _of(path))


def test_sidecar_files_count(write: Write) -> None:
    path = write(PIXELS)
    before = _of(path)
    path.with_name(path.name + ".aux.xml").write_text("<PAMDataset></PAMDataset>")
    assert not same(before, _of(path))


def test_a_file_that_has_gone_is_an_error(write: Write) -> None:
    path = write(PIXELS)
    with open_mosaic([path]) as mosaic:
        path.unlink()
        with pytest.raises(MosaicError):
            _ = mosaic.fingerprint
