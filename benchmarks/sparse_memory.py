"""Peak memory on a 100,000 x 100,000 GeoTIFF little of which was written, near a position.

Of planning and reading alone, and of `geoloc locate`. Run: python -m benchmarks.sparse_memory [--within METRES]. Prints
windows, seconds and MiB. The limit is 2 GiB.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pyproj
import rasterio
from affine import Affine
from rasterio.windows import Window

from tiling.area import Area
from tiling.mosaic import open_mosaic
from tiling.plan import make_plan

SIDE = 100_000
PIXEL_M = 0.1
WRITTEN = 8192
AFFINE = Affine(PIXEL_M, 0, 500_000, 0, -PIXEL_M, 5_400_000)
CRS = "EPSG:32633"


def main() -> None:
    """Write the file, plan and read it, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--within", type=float, default=300.0, help="metres round the middle")
    parser.add_argument("--dtype", choices=["uint8", "uint16", "float32"], default="uint8")
    parser.add_argument("--nodata", type=float, help="a nodata value; by default what was not written counts as none")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sparse.tif"
        # In a process of its own, so that the peak is that of reading alone.
        writer = multiprocessing.get_context("spawn").Process(target=_write, args=(path, args.dtype, args.nodata))
        writer.start()
        writer.join()
        start = time.perf_counter()
        to_lonlat = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
        lon, lat = to_lonlat.transform(*(AFFINE * (SIDE / 2, SIDE / 2)))
        with open_mosaic([path]) as mosaic:
            opened = time.perf_counter()
            plan = make_plan(mosaic, 0.2, 1024, Area.near(lon, lat, args.within))
            planned = time.perf_counter()
            for window in plan.windows:
                mosaic.read(window.grid)
        done = time.perf_counter()
        size = f"{path.stat().st_size / 2**20:.0f} MiB file, {len(plan.windows)} windows of {plan.window_px} px"
        times = f"open {opened - start:.1f} s, plan {planned - opened:.1f} s, read {done - planned:.1f} s"
        sys.stdout.write(f"{size}; {times}; peak {_peak_mib():.0f} MiB\n")
        sys.stdout.flush()
        seconds, peak = _locate(path, lon, lat, args.within)
        sys.stdout.write(f"geoloc locate: {seconds:.0f} s, peak {peak:.0f} MiB\n")


def _locate(path: Path, lon: float, lat: float, within: float) -> tuple[float, float]:
    """Measure seconds and peak MiB of the command on a photograph of noise."""
    photo = path.with_name("photo.jpg")
    cv2.imwrite(str(photo), np.random.default_rng(1).integers(0, 255, (3000, 4000, 3), np.uint8))
    where = ["--click", "2000,1500", "--near", f"{lon:.7f},{lat:.7f}", "--within", str(within)]
    inputs = [str(photo), "--mosaic", str(path)]
    command = [sys.executable, "-m", "geoloc", "locate", *inputs, *where, "-o", f"{photo}.geojson"]
    begin = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("geoloc locate failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write(path: Path, dtype: str, nodata: float | None) -> None:
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": dtype, "nodata": nodata}
    options = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate", "bigtiff": True}
    rng = np.random.default_rng(0)
    with rasterio.open(path, "w", **profile, **options, sparse_ok=True, crs=CRS, transform=AFFINE) as file:
        first = (SIDE - WRITTEN) // 2
        for row in range(first, first + WRITTEN, 1024):
            for column in range(first, first + WRITTEN, 1024):
                values = rng.integers(1, 255, (3, 1024, 1024), np.uint8).astype(dtype)
                file.write(values, window=Window(column, row, 1024, 1024))


if __name__ == "__main__":
    main()
