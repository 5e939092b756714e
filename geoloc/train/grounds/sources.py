"""Collections to train on: orthophotos, posed sites, a user's own mosaics, and synthetic towns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from geoloc.errors import TrainingError
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.objects import crowns, segments
from geoloc.train.grounds.own.extent import LEAST_SIDE_M, divide, metric_footprint
from geoloc.train.grounds.posed_photo import PosedPhoto
from geoloc.train.grounds.posed_site import load_site

if TYPE_CHECKING:
    from tiling.grid import Grid

UCMERCED_GSD_M = 0.3
HELD_OUT = ("image_2_", "image_15_05")
"""Orthophotos of Tallinn whose name starts so are kept for validation."""
PART_PX = 2000
MOST_PARTS = 100
"""Of a user's mosaic: 1.2 GB."""
LEAST_VALID = 0.3
RELIEF_STEP = 4
MOSAIC_GSD_M = 0.1
"""Mosaics finer than this are read at this: finer references are hardly ever searched, and cost memory."""
HEIGHTS_M = {
    "building": (3.0, 14.0),
    "car": (1.3, 1.9),
    "truck": (2.0, 3.8),
    "bus": (2.8, 3.4),
    "watercraft": (0.5, 2.5),
    "airplane": (2.0, 5.0),
}
"""Heights that objects of the kinds of `boxes.json` have."""
_WEIGHT = {"orthophoto": 1.0, "crop": 0.012, "site": 4.0}
"""How often each is drawn: the 62 orthophotos of Tallinn about 60 % of the time, the 2,100 crops 25 %."""


class CollectionBuilder:
    """Puts a collection together from several sources."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._grounds: list[Ground] = []
        self._photos: list[PosedPhoto] = []
        self._weights: list[float] = []

    def add(self, ground: Ground, weight: float, photos: Sequence[PosedPhoto] = ()) -> None:
        """Add a ground and the photographs of it, whatever number they say it has.

        Args:
            ground: an image with its objects.
            weight: how often it is drawn, relative to others.
            photos: photographs of it.
        """
        number = len(self._grounds)
        self._grounds.append(ground)
        self._weights.append(weight)
        self._photos += [replace(photo, ground=number) for photo in photos]

    def build(self) -> Collection:
        """Return all that was added."""
        return Collection(tuple(self._grounds), tuple(self._photos), tuple(self._weights))


def add_orthophotos(builder: CollectionBuilder, root: Path, *, held_out: bool | None = None) -> None:
    """Add the orthophotos of `estonia` and `ucmerced` under `root`.

    Args:
        builder: what they are added to.
        root: the folder of both.
        held_out: the part kept for validation (True), the part to train on (False) or all (None).

    Raises:
        TrainingError: they are not there, or cannot be read.
    """
    try:
        described = json.loads((root / "estonia/boxes.json").read_text())
    except (OSError, ValueError) as error:
        raise TrainingError(f"{root}/estonia/boxes.json: cannot be read: {error}") from None
    paths = sorted((root / "estonia").glob("*.jpg"))
    # Some crops are there twice under two names: what is held out is not trained on under the other.
    kept = {_digest(path) for path in paths if path.name.startswith(HELD_OUT)}
    found = 0
    for path in paths:
        apart = path.name.startswith(HELD_OUT)
        if held_out is not None and (apart != held_out or (not held_out and _digest(path) in kept)):
            continue
        builder.add(_estonia(path, described.get(path.name)), _WEIGHT["orthophoto"])
        found += 1
    for i, path in enumerate(sorted((root / "ucmerced").glob("*.jpg"))):
        if held_out is None or (i % 20 == 7) == held_out:
            builder.add(unlabelled_ground(path.stem, read_image(path), UCMERCED_GSD_M), _WEIGHT["crop"])
            found += 1
    if not found:
        raise TrainingError(f"{root}: no orthophotos in estonia/ or ucmerced/")


def add_site(builder: CollectionBuilder, folder: Path, *, held_out: bool | None = None) -> None:
    """Add a posed site and its photographs; see `load_site`.

    Args:
        builder: what they are added to.
        folder: of the site.
        held_out: the part kept for validation (True), the part to train on (False) or all (None).

    Raises:
        TrainingError: a file cannot be read, or is not what it should be.
    """
    site = load_site(folder, held_out)
    builder.add(site.ground, _WEIGHT["site"], [site.posed_photo(i, 0) for i in range(len(site.cameras))])


def add_data(builder: CollectionBuilder, root: Path, *, held_out: bool | None = None) -> None:
    """Add all that the packaged weights are trained on: `orthos/` and `caliterra/` under `root`.

    Args:
        builder: what they are added to.
        root: the folder of both.
        held_out: the part kept for validation (True), the part to train on (False) or all (None).

    Raises:
        TrainingError: they are not there, or cannot be read.
    """
    if not (root / "orthos").is_dir():
        raise TrainingError(f"{root}: no training data here (expected orthos/estonia, orthos/ucmerced, caliterra)")
    add_orthophotos(builder, root / "orthos", held_out=held_out)
    add_site(builder, root / "caliterra", held_out=held_out)


def add_mosaic(
    builder: CollectionBuilder,
    paths: Sequence[Path],
    dsm: Path | None = None,
    *,
    held_out: bool | None = None,
    over: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Add a user's own mosaic, in parts of at most 2,000 px that overlap by a tenth.

    Args:
        builder: what it is added to.
        paths: together one mosaic.
        dsm: its surface heights, if there are any.
        held_out: only the part that is kept apart (True), all but that (False), or all (None).
        over: whether there is no time for further parts; one is always added.
        report: called with a line for each part.

    Raises:
        GeolocError: a file cannot be read, or there is hardly anything in what is wanted of the mosaic.
    """
    from shapely.geometry import box

    from tiling.grid import Grid
    from tiling.mosaic import open_mosaic

    with open_mosaic(list(paths)) as mosaic:
        gsd = max(mosaic.gsd_m, MOSAIC_GSD_M)
        footprint, crs = metric_footprint(mosaic)
        division = divide(footprint)
        whole = footprint.bounds
        west, south, east, north = whole if held_out is None else division.apart if held_out else division.rest
        places = [(x, y) for x in _parts(west, east, gsd) for y in _parts(south, north, gsd)]
        # Of a mosaic that is too large to be held, parts all over it.
        order = np.random.default_rng(0).permutation(len(places))
        found = 0
        for (x0, columns), (y0, rows) in (places[i] for i in order):
            outline = box(x0, y0, x0 + columns * gsd, y0 + rows * gsd)
            if found == MOST_PARTS or (found and over()):
                break
            if min(rows, columns) * gsd < LEAST_SIDE_M or not footprint.intersects(outline):
                continue
            grid = Grid.north_up(crs, x0, y0 + rows * gsd, gsd, width=columns, height=rows)
            pixels = mosaic.read(grid)
            share = float(pixels.valid.mean())
            if share < LEAST_VALID:
                continue
            ground = unlabelled_ground(f"{Path(paths[0]).stem}_{found}", pixels.rgb, gsd, pixels.valid)
            if dsm is not None:
                ground = replace(ground, relief=_relief(dsm, grid))
            builder.add(ground, share * rows * columns / PART_PX**2)
            found += 1
            report(f"{ground.name}: {columns} x {rows} px at {gsd:.2f} m, {len(ground.boxes)} segments")
    if not found:
        which = f"{division.side} quarter, which is kept apart for validation," if held_out else "mosaic"
        raise TrainingError(f"{paths[0]}: hardly any data in its {which}; give a larger mosaic")


def unlabelled_ground(name: str, pixels: np.ndarray, gsd_m: float, valid: np.ndarray | None = None) -> Ground:
    """Make a ground of an image without known objects: segments stand for them, a few of them raised.

    Args:
        name: of the ground.
        pixels: H x W x 3 uint8, RGB.
        gsd_m: metres a pixel.
        valid: H x W, False where there is no data; None where all is.
    """
    boxes = segments(pixels, gsd_m)
    heights = np.zeros((len(boxes), 2))
    # Nobody says which segments stand up: every fifth may, by as much as it is wide.
    side_m = (boxes[:, 2:] - boxes[:, :2]).min(1, initial=np.inf) * gsd_m
    heights[::5, 1] = np.minimum(side_m[::5], 8.0)
    return Ground(name, pixels, gsd_m, boxes, heights, crowns(pixels, gsd_m), valid)


def read_image(path: Path) -> np.ndarray:
    """Read an image as H x W x 3 uint8, RGB.

    Raises:
        TrainingError: it cannot be read.
    """
    image = cv2.imread(str(path))
    if image is None:
        raise TrainingError(f"{path}: cannot be read as an image")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _estonia(path: Path, entry: dict[str, list[list[object]]] | None) -> Ground:
    pixels = read_image(path)
    if entry is None:
        # Crops of 1000 px are at 20 cm and of 2000 px at 10 cm, whether they have boxes or not.
        return unlabelled_ground(path.stem, pixels, 200.0 / max(pixels.shape[:2]))
    rows = entry["boxes_xywh"]
    xywh = np.array([row[:4] for row in rows], float).reshape(-1, 4)
    boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
    heights = np.array([HEIGHTS_M.get(str(row[4]).lower(), (0.0, 0.0)) for row in rows]).reshape(-1, 2)
    gsd = float(entry["gsd_m"])  # type: ignore[arg-type]
    height, width = pixels.shape[:2]
    # Boxes that the image's edge cuts are not those of whole objects.
    whole = (boxes[:, :2] > 2).all(1) & (boxes[:, 2] < width - 2) & (boxes[:, 3] < height - 2)
    return Ground(path.stem, pixels, gsd, boxes[whole], heights[whole], crowns(pixels, gsd))


def _parts(low: float, high: float, step: float) -> list[tuple[float, int]]:
    """Starts and lengths in pixels that cover low..high in equal parts of at most PART_PX, overlapping by a tenth."""
    length = max(1, int(np.ceil((high - low) / step)))
    count = int(np.ceil(length / (0.9 * PART_PX))) if length > PART_PX else 1
    size = min(length, PART_PX)
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(low + int(start) * step, size) for start in starts]


def _relief(dsm: Path, grid: Grid) -> np.ndarray:
    """Heights in metres over a grid, at a quarter of its pixels; where the DSM has none, the lowest that it has."""
    import rasterio
    from affine import Affine
    from rasterio.warp import Resampling, reproject

    from tiling.grid import as_crs

    rows, columns = -(-grid.height // RELIEF_STEP), -(-grid.width // RELIEF_STEP)
    heights = np.full((rows, columns), np.nan, np.float32)
    coarse = grid.affine * Affine.scale(grid.width / columns, grid.height / rows)
    try:
        with rasterio.open(dsm) as file:
            reproject(
                rasterio.band(file, 1),
                heights,
                dst_transform=coarse,
                dst_crs=as_crs(grid.crs).to_wkt(),
                dst_nodata=np.nan,
                resampling=Resampling.bilinear,
            )
    except rasterio.errors.RasterioError as error:
        raise TrainingError(f"{dsm}: cannot be read as a DSM: {error}") from None
    known = np.isfinite(heights)
    if not known.any():
        raise TrainingError(f"{dsm}: holds no heights where the mosaic is")
    return np.where(known, heights, heights[known].min())
