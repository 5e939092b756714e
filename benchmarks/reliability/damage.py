"""What comes of damaged mosaics and indexes: read, refused in one line, or an error that nobody foresaw.

Run: python -m benchmarks.reliability.damage [--tries N] [--seed N] [mosaics] [indexes]. Makes small files of many
kinds, damages a copy each time (bits flipped, cut off, keys and geotransforms that make no sense) and reads it as a
search does. Prints a table, and exits 1 where anything but an answer or a `GeolocError` came, or a try took more than
30 s.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling

from geoloc.errors import GeolocError
from tiling.area import Area
from tiling.mosaic import open_mosaic
from tiling.plan import make_plan

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer

SIDE = 300
UTM = "EPSG:32633"
PLACE = Affine(0.2, 0, 500_000, 0, -0.2, 5_400_000)
LIMIT_S = 30
ABSURD = (0.0, -0.0, 1e-300, 1e300, -1e300, 1.7e308, float("inf"), float("-inf"), float("nan"), 1e15, -1e-15)
"""Numbers that a geotransform or a TIFF's keys may hold by accident."""
_Damage = Callable[[random.Random, Path], None]


def main() -> None:
    """Damage, read, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="mosaics, indexes; both by default")
    parser.add_argument("--tries", type=int, default=200, help="of each kind of file and of damage")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    failed = False
    print(f"{'what':42}{'tries':>7}{'read':>7}{'refused':>9}{'failed':>8}{'slowest':>9}  how it failed")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        for part in args.parts or ("mosaics", "indexes"):
            for name, original, damage, read in {"mosaics": _mosaics, "indexes": _indexes}[part](Path(folder)):
                counts, slowest = _tried(original, damage, read, args.tries, args.seed)
                wrong = {what: count for what, count in counts.items() if what not in ("read", "refused")}
                failed |= bool(wrong)
                print(  # noqa: T201
                    f"{name:42}{args.tries:>7}{counts['read']:>7}{counts['refused']:>9}{sum(wrong.values()):>8}"
                    f"{slowest:>8.1f}s  {wrong or ''}",
                    flush=True,
                )
    sys.exit(failed)


def _tried(
    original: Path, damage: _Damage, read: Callable[[Path], None], tries: int, seed: int
) -> tuple[Counter[str], float]:
    """How often what came, and how long the slowest try took, seconds."""
    counts: Counter[str] = Counter()
    slowest, pool = 0.0, None
    for number in range(tries):
        # In another process, which a library may bring down.
        pool = pool or ProcessPoolExecutor(1, get_context("fork"))
        start = time.perf_counter()
        try:
            counts[pool.submit(_outcome, original, damage, read, f"{seed} {number}").result()] += 1
        except BrokenProcessPool:
            counts["crash"] += 1
            pool = None
        slowest = max(slowest, time.perf_counter() - start)
    if pool:
        pool.shutdown()
    return counts, slowest


def _outcome(original: Path, damage: _Damage, read: Callable[[Path], None], seed: str) -> str:
    def too_long(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_long)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / original.name
        if original.is_dir():
            shutil.copytree(original, copy)
        else:
            shutil.copy(original, copy)
        signal.alarm(LIMIT_S)
        try:
            damage(random.Random(seed), copy)
            read(copy)
        except GeolocError as error:
            return "refused" if "\n" not in str(error) else "several lines"
        except Exception as error:
            return type(error).__name__
        finally:
            signal.alarm(0)
    return "read"


def _mosaics(folder: Path) -> Iterator[tuple[str, Path, _Damage, Callable[[Path], None]]]:
    """Kinds of mosaics and of damage: a name, the file, what damages it and what reads it."""
    for path in _files(folder):
        for name, damage in (("bits flipped", _flip), ("cut off", _cut)):
            yield f"{path.stem}{path.suffix}, {name}", path, damage, _read_mosaic
    tiff = folder / "deflate.tif"
    yield "deflate.tif, header's bytes at random", tiff, _scramble_header, _read_mosaic
    yield "deflate.tif, keys of the CRS at random", tiff, _scramble_keys, _read_mosaic
    yield "deflate.tif, absurd geotransform", tiff, _misplace, _read_mosaic
    yield "CRS written at random", tiff, _scramble_crs, _read_mosaic


def _files(folder: Path) -> Iterator[Path]:
    rng = np.random.default_rng(0)
    pixels = rng.integers(1, 255, (4, SIDE // 10, SIDE // 10), np.uint8).repeat(10, 1).repeat(10, 2)
    pixels[3] = 255
    whole: dict[str, Any] = {"width": SIDE, "height": SIDE, "crs": UTM, "transform": PLACE, "dtype": "uint8"}
    tiled = {"driver": "GTiff", "tiled": True, "blockxsize": 64, "blockysize": 64}
    kinds: dict[str, tuple[int, dict[str, Any]]] = {
        "deflate.tif": (3, {**tiled, "compress": "deflate"}),
        "jpeg.tif": (3, {**tiled, "compress": "jpeg", "photometric": "ycbcr"}),
        "alpha.tif": (4, {**tiled, "compress": "lzw"}),
        "deep.tif": (3, {**tiled, "dtype": "uint16", "nodata": 0}),
        "points.tif": (3, {**tiled, "transform": None}),
        "raster.gpkg": (3, {"driver": "GPKG"}),
    }
    for name, (count, options) in kinds.items():
        path = folder / name
        with rasterio.open(path, "w", **{**whole, "count": count, **options}) as file:
            file.write(pixels[:count].astype(options.get("dtype", "uint8")))
            if count == 4:
                file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
            if name == "points.tif":
                corners = ((0, 0), (0, SIDE), (SIDE, 0), (SIDE, SIDE))
                places = [(row, column, *(PLACE * (column, row))) for row, column in corners]
                file.gcps = ([GroundControlPoint(*place) for place in places], UTM)
        if name == "deflate.tif":
            with rasterio.open(path, "r+") as file:
                file.build_overviews([2, 4], Resampling.average)
        yield path


def _read_mosaic(path: Path) -> None:
    """All that a search asks of a mosaic, near its middle."""
    with open_mosaic([path]) as mosaic:
        middle = mosaic.footprint.centroid
        area = Area.everywhere() if middle.is_empty else Area.near(middle.x, middle.y, 30.0)
        plan = make_plan(mosaic, 0.2, 384, area)
        _ = mosaic.fingerprint
        for window in plan.windows[:4]:
            mosaic.read(window.grid)


def _flip(chance: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 8))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def _cut(chance: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


def _scramble_header(chance: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(4):
        content[chance.randrange(8, 1200)] = chance.randrange(256)
    path.write_bytes(content)


def _scramble_keys(chance: random.Random, path: Path) -> None:
    """Another value in the directory of the GeoTIFF keys, which begins with its version, 1.1.0 or 1.1.1."""
    content = bytearray(path.read_bytes())
    start = max(content.find(bytes((1, 0, 1, 0, last, 0))) for last in (0, 1))
    for _ in range(chance.choice((1, 2, 4))):
        place = start + 2 * chance.randrange(40)
        value = chance.choice((0, 1, 2, 3, 1024, 3072, 4326, 32767, 65535, chance.randrange(65536)))
        content[place : place + 2] = value.to_bytes(2, "little")
    path.write_bytes(content)


def _misplace(chance: random.Random, path: Path) -> None:
    numbers = list(PLACE[:6])
    for _ in range(chance.choice((1, 2, 6))):
        numbers[chance.randrange(6)] = chance.choice(ABSURD) * chance.choice((1.0, chance.random()))
    _as_vrt(path, ", ".join(map(repr, (numbers[2], *numbers[:2], numbers[5], *numbers[3:5]))), UTM)


def _scramble_crs(chance: random.Random, path: Path) -> None:
    """The WKT of a CRS with numbers, names or parts that are others."""
    from pyproj import CRS

    text = CRS.from_user_input(chance.choice((UTM, "EPSG:27700", "EPSG:2056", "EPSG:4326", "EPSG:7415"))).to_wkt(
        "WKT1_GDAL"
    )
    for _ in range(chance.choice((1, 2, 5))):
        at = chance.randrange(len(text))
        text = chance.choice(
            (
                text[:at] + chance.choice('0123456789.-eE[],"') + text[at + 1 :],
                text[:at] + text[at + chance.randrange(12) :],
                text.replace("PROJCS", chance.choice(("LOCAL_CS", "GEOCCS", "VERT_CS", "PROJCS")), 1),
                text.replace("Transverse_Mercator", chance.choice(("Nonsense", "Bonne", "Krovak", "Orthographic")), 1),
            )
        )
    _as_vrt(path, ", ".join(map(repr, (PLACE.c, PLACE.a, PLACE.b, PLACE.f, PLACE.d, PLACE.e))), text)


def _as_vrt(path: Path, transform: str, crs: str) -> None:
    """Put a VRT of a file in its place, which may say what GDAL would not write."""
    from xml.sax.saxutils import escape

    pixels = path.with_name("pixels.tif")
    path.rename(pixels)
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename relativeToVRT="1">pixels.tif'
        f"</SourceFilename><SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    path.write_text(
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>{escape(crs)}</SRS>'
        f"<GeoTransform>{transform}</GeoTransform>{bands}</VRTDataset>"
    )


def _indexes(folder: Path) -> Iterator[tuple[str, Path, _Damage, Callable[[Path], None]]]:
    """The same of an index: what damages it, and what reads all of it as a search does."""
    from geoloc.index.header import IndexRequest
    from geoloc.index.writer import build
    from geoloc.model.packaged import find_weights, network_checksum

    tiff = next(iter(_files(folder)))
    everywhere = Area.everywhere()
    with open_mosaic([tiff]) as mosaic:
        plan = make_plan(mosaic, 0.2, 384, everywhere)
        checksum = network_checksum(find_weights("base", None))
        request = IndexRequest(None, None, everywhere.polygon)
        build(folder / "index.zarr", mosaic, plan, _localizer(), weights=checksum, request=request)

    for name, damage in (
        ("index, a byte of a chunk flipped", _flip_chunk),
        ("index, a chunk cut off or gone", _cut_chunk),
        ("index, bytes of a header flipped", _flip_header),
        ("index, a value of a header another", _change_header),
    ):
        yield name, folder / "index.zarr", damage, _read_index


def _read_index(path: Path) -> None:
    """All that a search and the commands ask of an index, near its middle."""
    from geoloc.index.info import index_info
    from geoloc.index.reader import OpenIndex
    from geoloc.model.packaged import find_weights

    index_info(path)
    index = OpenIndex(path)
    index.check_model("base", find_weights("base", None))
    lon, lat = index.whole.area.centroid.coords[0]
    found = index.plan(Area.near(lon, lat, 20.0))
    for window in found.windows:
        index.features(window, _localizer())
        column, row = window.quarter
        index.descriptors(row, [column])
    for block in index.header.layout.cells_by_block(found.windows):
        index.keypoints(block)
    index.damaged()


@cache
def _localizer() -> Localizer:
    from geoloc import model

    return model.load("base", None, "cpu")


def _flip_chunk(chance: random.Random, path: Path) -> None:
    _flip(chance, chance.choice(_chunks(path)))


def _cut_chunk(chance: random.Random, path: Path) -> None:
    chunk = chance.choice(_chunks(path))
    if chance.random() < 0.2:
        chunk.unlink()
    else:
        _cut(chance, chunk)


def _flip_header(chance: random.Random, path: Path) -> None:
    _flip(chance, chance.choice(sorted(path.rglob("zarr.json"))))


def _change_header(chance: random.Random, path: Path) -> None:
    """Another value somewhere in the JSON of the index or of one of its arrays."""
    file = chance.choice(sorted(path.rglob("zarr.json")))
    document = json.loads(file.read_text())
    inside: Any = document
    while True:
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        key = chance.choice(list(keys))
        if not isinstance(inside[key], dict | list) or not inside[key] or chance.random() < 0.2:
            break
        inside = inside[key]
    inside[key] = chance.choice((None, 0, -1, 1e300, 2**40, "x", [], {}, True, [1, 2, 3]))
    file.write_text(json.dumps(document))


def _chunks(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name != "zarr.json")


if __name__ == "__main__":
    main()
