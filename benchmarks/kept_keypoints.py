"""What an index's local features were chosen by: how many are kept, and in how many steps, against what that loses.

    python -m benchmarks.kept_keypoints DATA

Every sixth photo of the posed site `caliterra` and the photos of two synthetic towns (straight down to 70 degrees) are
matched with the ground they show, read at 0.3 m, as a search reads it: with a photo's strongest features and with all.
Every photo is matched with the other grounds too, where nothing may agree. Never the validation site.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import zarr
from numpy.typing import NDArray
from shapely.geometry import Point
from zarr.codecs import ZstdCodec

from geoloc import town
from geoloc.geometry import homography_fit
from geoloc.geometry.photo_keypoints import FINE, PhotoKeypoints
from geoloc.geometry.plane_finder import BEYOND_DOUBT
from geoloc.index.store import LEVEL
from geoloc.keypoints.finding import MARGIN_PX, features_in_box
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.keypoints.packing import KeypointPacking
from geoloc.model.presets import preset_config
from geoloc.photo.photo import Photo, load_photo
from geoloc.train.grounds.posed_site import load_site
from tiling.area import Area
from tiling.grid import Grid, project
from tiling.mosaic import WindowPixels, open_mosaic
from tiling.plan import make_plan

GSD_M = 0.3
EVERY = 6
PLACES = 20
SEEDS = (21, 22)
FLIGHTS = ((0, 6, 60, 95), (28, 40, 45, 75), (0, 15, 80, 120), (48, 60, 40, 48), (45, 60, 50, 70), (60, 70, 40, 50))
"""Least and most tilt, degrees, and height, metres."""
FEW = 3000
"""The strongest features of a photo, as many as are matched first."""
FEWEST = 5
"""RANSAC needs four points, which always agree."""
KEPT = ((0.06, None), (0.006, None), (0.006, 255), (0.0032, 255), (0.006, 32), (0.006, 24), (0.006, 16), (0.0075, 16))
"""Features a pixel at the most, and steps of their descriptors' numbers from 0 to 1; None for 32 bits."""


@dataclass(frozen=True)
class GroundPixels:
    """Ground as an index reads it: the grid of its pixels, and these with `MARGIN_PX` more on every side."""

    grid: Grid
    pixels: WindowPixels

    def kept(self, density: float, levels: int | None) -> tuple[LocalFeatures, float]:
        """Return its local features as an index would give them, and the megabytes of a square kilometre."""
        found = features_in_box(RootSift(), self.pixels, density)
        km2 = self.pixels.valid.sum() * (self.grid.ground_gsd() / 1000) ** 2
        if levels is None:
            return found, found.nbytes / 1e6 / km2
        packing = KeypointPacking("RootSIFT", density, levels, len(found))
        # Squares of more than 1024 px are packed as several would be: points lose their upper bits, and keep theirs.
        upper = np.floor(found.points / 1024) * 1024
        packed = packing.packed(LocalFeatures(found.points - upper, found.descriptors))
        stored = zarr.create_array({}, data=packed, chunks=packed.shape, compressors=ZstdCodec(level=LEVEL))
        back = packing.unpacked(packed)
        return LocalFeatures(back.points + upper, back.descriptors), stored.nbytes_stored() / 1e6 / km2


@dataclass(frozen=True)
class PosedViews:
    """A photo's local features, and places in it whose true place is known.

    Attributes:
        ground: number of the ground that it shows.
        views: features of every view, the strongest and all.
        at: N x 2, pixels of the photo.
        true: N x 2, pixels of the ground's grid, NaN where not known.
    """

    ground: int
    views: list[tuple[LocalFeatures, LocalFeatures]]
    at: NDArray[np.float64]
    true: NDArray[np.float64]

    def fit(self, ground: LocalFeatures, *, few: bool) -> homography_fit.HomographyFit | None:
        """Return the plane on a ground that most matches of a view agree on."""
        best: homography_fit.HomographyFit | None = None
        for view in self.views:
            features = view[0 if few else 1]
            pairs = RootSift().match(features, ground)
            found = homography_fit.fit_homography(features.points[pairs[:, 0]], ground.points[pairs[:, 1]])
            if found is not None and (best is None or found.inliers > best.inliers):
                best = found
            if best is not None and best.inliers >= BEYOND_DOUBT:
                break
        return best


def main() -> None:
    """Print a table in Markdown, a line for what may be kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with caliterra/")
    data = parser.parse_args().data
    with TemporaryDirectory() as folder:
        grounds = [_ground(data / "caliterra/mosaic.tif", GSD_M)]
        photos = list(_site(data / "caliterra", grounds[0].grid))
        for number, seed in enumerate(SEEDS, start=1):
            flights = [town.Flight((a, b), (c, d)) for a, b, c, d in FLIGHTS]
            made = town.build(Path(folder), seed=seed, gsd_m=GSD_M, photos=8, panoramas=0, flights=flights)
            grounds.append(_ground(made.mosaic, 0.0))
            photos += _town(made, number, grounds[number].grid)
    _print(*_COLUMNS)
    _print(*["---"] * len(_COLUMNS))
    for density, levels in KEPT:
        kept = [ground.kept(density, levels) for ground in grounds]
        cells = [[f"{size:.1f}" for _, size in kept]]
        of_grounds = [
            _cells([photo for photo in photos if photo.ground == number], features, grounds[number].grid.ground_gsd())
            for number, (features, _) in enumerate(kept)
        ]
        cells += [list(column) for column in zip(*of_grounds, strict=True)]
        with patch.object(homography_fit, "LEAST_INLIERS", FEWEST):
            wrong = [
                photo.fit(features, few=True)
                for photo in photos
                for number, (features, _) in enumerate(kept)
                if number != photo.ground
            ]
        cells += [[f"{max(0 if fit is None else fit.inliers for fit in wrong)}"]]
        _print(f"{density:g}, {levels or '32 bits'}", *map(", ".join, cells))


_COLUMNS = (
    *("features a px, steps", "MB a km2", "verified", f"inliers, the {FEW:,} strongest: fewest", "sum"),
    *(f"all up to {FINE.features:,}: fewest", "sum", "error, m: median", "90 %", "wrong ground: most"),
)
"""Of the table; what has three values is of `caliterra` and of both towns."""


def _cells(photos: list[PosedViews], ground: LocalFeatures, gsd_m: float) -> Iterator[str]:
    found = {few: [photo.fit(ground, few=few) for photo in photos] for few in (True, False)}
    yield f"{sum(fit is not None for fit in found[True])} of {len(photos)}"
    for fits in found.values():
        inliers = [0 if fit is None else fit.inliers for fit in fits]
        yield f"{min(inliers)}"
        yield f"{sum(inliers)}"
    off = [
        np.linalg.norm(fit.map_points(photo.at) - photo.true, axis=1) * gsd_m
        for photo, fit in zip(photos, found[True], strict=True)
        if fit is not None and len(photo.at)
    ]
    for share in (0.5, 0.9):
        yield f"{np.nanquantile(np.concatenate(off), share):.2f}"


def _ground(path: Path, gsd_m: float) -> GroundPixels:
    config = preset_config("base")
    with open_mosaic([path], None, gsd_m) as mosaic:
        plan = make_plan(mosaic, config.gsd_m, config.window_px, Area.everywhere())
        corners = np.array([window.corner for window in plan.windows])
        left, top = corners.min(axis=0).tolist()
        right, bottom = (corners.max(axis=0) + plan.window_px).tolist()
        grid = plan.pixels(left, top, right - left, bottom - top)
        return GroundPixels(grid, mosaic.read(grid.grown(MARGIN_PX)))


def _site(folder: Path, grid: Grid) -> Iterator[PosedViews]:
    site, rng = load_site(folder), np.random.default_rng(0)
    with open_mosaic([folder / "mosaic.tif"]) as mosaic:
        crs = mosaic.crs
    for camera, pixels in list(zip(site.cameras, site.photos, strict=True))[::EVERY]:
        photo = Photo(camera.path, pixels)
        at = rng.uniform(0.2, 0.8, (PLACES, 2)) * photo.size
        places = camera.to_ground(at, site.surface)[:, :2]
        true = [_pixel(grid, place, crs) if np.isfinite(place).all() else (np.nan, np.nan) for place in places]
        yield PosedViews(0, _views(photo), at, np.array(true))


def _town(made: town.Town, number: int, grid: Grid) -> Iterator[PosedViews]:
    with made.queries.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for path in made.photos:
        mine = [row for row in rows if Path(row["photo"]).name == path.name]
        at = np.array([(float(row["click_x"]), float(row["click_y"])) for row in mine])
        boxes = [[float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax")] for row in mine]
        middles = [((west + east) / 2, (south + north) / 2) for west, south, east, north in boxes]
        true = [_pixel(grid, middle, int(row["epsg"])) for middle, row in zip(middles, mine, strict=True)]
        yield PosedViews(number, _views(load_photo(path)), at.reshape(-1, 2), np.array(true).reshape(-1, 2))


def _views(photo: Photo) -> list[tuple[LocalFeatures, LocalFeatures]]:
    views = PhotoKeypoints(photo, RootSift())
    found = [views.of_view(tilt, FINE) for tilt in views.tilts]
    return [(features.strongest(FEW), features) for features in found]


def _pixel(grid: Grid, place: tuple[float, float], crs: object) -> tuple[float, float]:
    moved = project(Point(*place), crs, grid.crs)  # type: ignore[arg-type]
    x, y = ~grid.affine * (moved.x, moved.y)
    return x, y


def _print(*cells: str) -> None:
    print("|", " | ".join(cells), "|", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
