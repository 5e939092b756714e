"""Indexing takes the same memory however large a mosaic is: bounds are in docs/speed.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.windows import Window

from tests.helpers.paths import ROOT

SIDE, GSD_M, PATCH_PX = 50_000, 0.3, 300
PATCHES = ((1000, 2000), (15_000, 26_000), (49_000, 49_000))
LIMIT_MIB = 2048
# A process's rusage also counts what its parent had when it was started; what the kernel says of its memory does not.
RUN = """
import sys
from pathlib import Path
from cli import main
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    sys.stdout.write(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="the peak of memory is read from Linux's /proc")
def test_a_sparse_mosaic_of_225_km2_is_indexed_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "bigtiff": True}
    place = {"crs": "EPSG:32633", "transform": Affine(GSD_M, 0, 450_000, 0, -GSD_M, 5_400_000)}
    rng = np.random.default_rng(0)
    with rasterio.open(path, "w", **profile, **options, **place, sparse_ok=True) as file:
        for column, row in PATCHES:
            pixels = rng.integers(1, 255, (3, PATCH_PX, PATCH_PX), np.uint8)
            file.write(pixels, window=Window(column, row, PATCH_PX, PATCH_PX))
    arguments = ["index", "build", "--mosaic", str(path), "-o", str(tmp_path / "i.zarr")]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # Its pixels alone are 7 GiB.
    assert int(done.stdout.split()[-1]) / 1024 < LIMIT_MIB
    # Blocks without data cost a record and no features.
    size = sum(item.stat().st_size for item in (tmp_path / "i.zarr").rglob("*") if item.is_file())
    assert size < 3e6
