"""A synthetic city of any size at 0.3 m, with photographs of its middle whose objects' places are known.

Its middle, 1 km2, is four towns of which it holds nothing else; round them lie other towns, each turned and mirrored in
eight ways, since building 64 km2 of different ones takes hours. So nothing in the middle is shown twice, and what is
round it looks like it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window

from geoloc import town
from geoloc.evaluation.labelled import QUERY_COLUMNS
from geoloc.system.output import replacing
from geoloc.town.town import DEFAULT_ORIGIN

GSD_M, TILE_PX = 0.3, 1664
"""499 m: two make a kilometre."""
EPSG = 32633
MIDDLE = (500_000.0, 5_500_000.0)
MIDDLE_TOWNS, TOWNS_AROUND = 4, 12
"""Towns of the middle, and towns round it."""
PHOTOS, CLICKS = 4, 2
"""Photographs of each town of the middle, and objects asked for in each."""


@dataclass(frozen=True, slots=True)
class City:
    """The files of a city.

    Attributes:
        mosaic: a GeoTIFF.
        queries: for `geoloc.evaluation.labelled`.
        km2: of ground.
    """

    mosaic: Path
    queries: Path
    km2: float


def make_city(folder: Path, side_km: int, report: Callable[[str], None]) -> City:
    """Make the city of so many kilometres along its side, unless it is there."""
    tiles = 2 * side_km
    path, queries = folder / f"city_{side_km**2:02}km2.tif", folder / "queries.csv"
    if not queries.exists():
        _write_queries(folder, queries, report)
    if not path.exists():
        report(f"writing {path.name}")
        _write_mosaic(path, folder, tiles, report)
    return City(path, queries, (tiles * TILE_PX * GSD_M / 1000) ** 2)


def _affine(tiles: int) -> Affine:
    half = tiles * TILE_PX * GSD_M / 2
    return Affine(GSD_M, 0, MIDDLE[0] - half, 0, -GSD_M, MIDDLE[1] + half)


def _town(folder: Path, number: int, report: Callable[[str], None]) -> Path:
    """Build a town unless it is there; the first `MIDDLE_TOWNS` lie where the city's middle shows them."""
    path = folder / f"town_{number:02}"
    if not (path / "queries.csv").exists():
        report(f"building town {number + 1} of {MIDDLE_TOWNS + TOWNS_AROUND}")
        row, column = divmod(number, 2)
        offset = GSD_M * TILE_PX / 2
        x, y = MIDDLE[0] + (2 * column - 1) * offset, MIDDLE[1] + (1 - 2 * row) * offset
        lonlat = pyproj.Transformer.from_crs(EPSG, 4326, always_xy=True).transform(x, y)
        # A little more than is shown, so that nothing is missing where the grids differ by part of a pixel.
        size = GSD_M * (TILE_PX + 8)
        in_middle = number < MIDDLE_TOWNS
        town.build(
            path,
            seed=500 + number,
            size_m=size,
            gsd_m=GSD_M,
            epsg=EPSG,
            photos=PHOTOS if in_middle else 0,
            panoramas=0,
            origin=lonlat if in_middle else DEFAULT_ORIGIN,
        )
    return path


def _write_queries(folder: Path, output: Path, report: Callable[[str], None]) -> None:
    """Write some objects of every photograph of the middle, and their true boxes."""
    rows: list[dict[str, str]] = []
    for number in range(MIDDLE_TOWNS):
        path = _town(folder, number, report)
        with (path / "queries.csv").open(newline="") as file:
            of_town = list(csv.DictReader(file))
        for photo in dict.fromkeys(row["photo"] for row in of_town):
            some = [row for row in of_town if row["photo"] == photo][:CLICKS]
            rows += [{**row, "photo": f"{path.name}/{photo}"} for row in some]
    with replacing(output) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, QUERY_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _write_mosaic(path: Path, folder: Path, tiles: int, report: Callable[[str], None]) -> None:
    side = tiles * TILE_PX
    profile = {
        "driver": "GTiff", "count": 3, "dtype": "uint8", "crs": f"EPSG:{EPSG}", "transform": _affine(tiles),
        "width": side, "height": side, "tiled": True, "blockxsize": 256, "blockysize": 256,
        "compress": "JPEG", "photometric": "YCBCR", "jpeg_quality": 85, "bigtiff": "IF_SAFER",
    }  # fmt: skip
    with replacing(path) as temporary:
        with rasterio.open(temporary, "w", **profile) as file:
            for (row, column), pixels in _tiles(folder, tiles, report):
                file.write(pixels, window=Window(column * TILE_PX, row * TILE_PX, TILE_PX, TILE_PX))
        with rasterio.open(temporary, "r+") as file:
            file.build_overviews([2, 4, 8, 16, 32], Resampling.average)


def _tiles(
    folder: Path, tiles: int, report: Callable[[str], None]
) -> Iterator[tuple[tuple[int, int], NDArray[np.uint8]]]:
    """Yield 3 x TILE_PX x TILE_PX at every row and column, the same for a tile of every city that has it."""
    around: dict[int, NDArray[np.uint8]] = {}
    for row in range(tiles):
        for column in range(tiles):
            at = row - tiles // 2, column - tiles // 2
            if min(at) >= -1 and max(at) <= 0:
                number = 2 * (at[0] + 1) + at[1] + 1
                yield (row, column), _middle(_town(folder, number, report), at)
                continue
            rng = np.random.default_rng([at[0] + 1000, at[1] + 1000])
            number, turns, mirrored = (
                MIDDLE_TOWNS + int(rng.integers(TOWNS_AROUND)),
                int(rng.integers(4)),
                bool(rng.integers(2)),
            )
            if number not in around:
                with rasterio.open(_town(folder, number, report) / "mosaic.tif") as file:
                    around[number] = file.read(window=Window(4, 4, TILE_PX, TILE_PX))
            pixels = np.rot90(around[number], turns, (1, 2))
            yield (row, column), np.ascontiguousarray(pixels[:, :, ::-1] if mirrored else pixels)


def _middle(path: Path, at: tuple[int, int]) -> NDArray[np.uint8]:
    """Read a town of the middle on the city's own grid."""
    pixels = np.zeros((3, TILE_PX, TILE_PX), np.uint8)
    affine = _affine(0) * Affine.translation(at[1] * TILE_PX, at[0] * TILE_PX)
    with rasterio.open(path / "mosaic.tif") as file:
        reproject(
            rasterio.band(file, [1, 2, 3]),
            pixels,
            dst_transform=affine,
            dst_crs=file.crs,
            resampling=Resampling.bilinear,
        )
    return pixels
