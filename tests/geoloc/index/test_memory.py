"""Indexing takes the same memory however large a mosaic is: bounds are in docs/speed.md."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.windows import Window

ROOT = Path(__file__).parents[3]
SIDE, GSD_M, PATCH_PX = 100_000, 0.3, 700
PATCHES = ((1000, 2000), (60_000, 500), (30_000, 51_000), (99_000, 99_000))
LIMIT_MIB = 2048


@pytest.mark.timeout(600)
def test_a_sparse_mosaic_of_900_km2_is_indexed_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "bigtiff": True}
    place = {"crs": "EPSG:32633", "transform": Affine(GSD_M, 0, 450_000, 0, -GSD_M, 5_400_000)}
    rng = np.random.default_rng(0)
    with rasterio.open(path, "w", **profile, **options, **place, sparse_ok=True) as file:
        for column, row in PATCHES:
            pixels = rng.integers(1, 255, (3, PATCH_PX, PATCH_PX), np.uint8)
            file.write(pixels, window=Window(column, row, PATCH_PX, PATCH_PX))
    command = [sys.executable, "-m", "cli", "index", "build", "--mosaic", str(path), "-o", str(tmp_path / "i.zarr")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, told
    assert usage.ru_maxrss / 1024 < LIMIT_MIB
    # Blocks without data cost a record and no features.
    size = sum(item.stat().st_size for item in (tmp_path / "i.zarr").rglob("*") if item.is_file())
    assert size < 15e6
