"""A look where matches tell the object to be: the right window, the crops of the view, and what stands nearest."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import torch
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import Point

from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.geometry.guided_look import GuidedLook
from geoloc.model.localizer import Proposal
from geoloc.model.network.features import Features
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane import homography
from geoloc.plane.gaussian import Gaussian
from geoloc.search.known_view import KnownView
from tiling.area import Area
from tiling.box import PixelBox
from tiling.grid import Grid, project
from tiling.mosaic import open_mosaic
from tiling.plan import Plan, make_plan

SIDE, GSD_M = 700, 0.2
AFFINE = Affine(GSD_M, 0, 500_000, 0, -GSD_M, 5_400_000)


class Answering:
    """Stands for the network: notes what it is asked, and answers with a box about the place that it was told."""

    name, gsd_m, window_px, query_shape = "answering", GSD_M, 256, (256, 256)
    calibration = Calibration(2.0, 0.5, 1.0, 0.0)

    def __init__(self) -> None:
        self.crops: list[list[Crop]] = []
        self.known: list[Gaussian] = []

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        height, width = valid.shape
        return Features(torch.zeros(1, 1, height // 16, width // 16), torch.zeros(1, 1, height // 8, width // 8))

    def encode_queries(self, queries: list[Crop], targets: list[int]) -> list[Crop]:
        assert targets == [0] * len(queries)
        self.crops.append(queries)
        return queries

    def match_with_prior(
        self, queries: object, features: object, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        self.known.append(known)
        x, y = known.mean
        if not valid[int(y), int(x)]:
            return None
        return Proposal(0, PixelBox(x - 6, y - 4, x + 6, y + 4), 3.0, 1.0)


def view(plan: Plan, x: float, y: float) -> KnownView:
    """x, y: pixels of the mosaic."""
    first = plan.windows[0].grid
    grid = Grid(first.crs, first.affine, 2 * SIDE, 2 * SIDE)
    at = project(Point(AFFINE * (x, y)), 32633, grid.crs)
    place = Gaussian(np.array(~grid.affine * (at.x, at.y)), np.diag([9.0, 4.0]))
    return KnownView(grid, place, 70.0, 8.0, homography.similarity(8.0, -70.0, (600, 400), (0, 0)))


@pytest.fixture
def mosaic(tmp_path: Path) -> Path:
    path = tmp_path / "m.tif"
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=AFFINE) as file:
        file.write(np.full((3, SIDE, SIDE), 99, np.uint8))
    return path


def test_it_looks_in_the_window_that_shows_the_place_best_with_crops_of_the_view(mosaic: Path) -> None:
    model: Any = Answering()
    photo = Photo(Path("p.jpg"), np.zeros((900, 1200, 3), np.uint8))
    with open_mosaic([mosaic]) as opened:
        plan = make_plan(opened, GSD_M, model.window_px, Area.everywhere())
        found = GuidedLook(MosaicFeatures(opened, plan, model), model).look(
            photo, Target(Click(600, 400)), view(plan, 310, 290)
        )
    assert found is not None
    x, y = AFFINE * (310, 290)
    assert found.polygon.centroid.x == pytest.approx(x, abs=0.05)
    assert found.polygon.centroid.y == pytest.approx(y, abs=0.05)
    assert (found.rank, found.score, found.method, found.target) == (1, 0.0, "attention", 0)
    assert 0.2 < found.accuracy_m < 0.5
    # Its spread, of 1 px, is that of the close look, and so is its evidence.
    assert found.spread_m == pytest.approx(found.gsd_m) == pytest.approx(GSD_M / 2, rel=0.03)
    assert found.evidence == 3.0
    # No other window has the place nearer to its middle.
    known, close = model.known
    off = np.abs(known.mean - model.window_px / 2).max()
    point = project(Point(x, y), 32633, plan.windows[0].grid.crs)
    places = np.array([~window.grid.affine * (point.x, point.y) for window in plan.windows])
    assert off == pytest.approx(np.abs(places - model.window_px / 2).max(1).min(), abs=0.1)
    # The network's own rounding joins the error that it is told.
    assert known.covariance == pytest.approx(np.diag([25.0, 20.0]))
    # Of the ground 50 m, at 8 px a metre 400, turned by the view's heading.
    sides = sorted({round(256 * math.sqrt(abs(np.linalg.det(crop.to_photo[:2, :2])))) for crop in model.crops[0]})
    assert sides == pytest.approx([284, 400, 564], abs=2)
    assert sorted({crop.heading_deg for crop in model.crops[0]}) == [70]
    # Then a close look at the answer, by the crop that led to it; one will do, since the view is known.
    assert close.mean == pytest.approx([model.window_px / 2] * 2)
    first = model.crops[0][0]
    (closer,) = model.crops[1]
    assert closer.heading_deg == 70
    areas = [np.linalg.det(crop.to_photo[:2, :2]) for crop in (closer, first)]
    assert math.sqrt(areas[0] / areas[1]) == pytest.approx(0.5, abs=0.01)


def test_there_is_no_answer_outside_what_is_searched(mosaic: Path) -> None:
    model: Any = Answering()
    photo = Photo(Path("p.jpg"), np.zeros((900, 1200, 3), np.uint8))
    x, y = AFFINE * (350, 350)
    lon, lat = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    with open_mosaic([mosaic]) as opened:
        plan = make_plan(opened, GSD_M, model.window_px, Area.near(lon, lat, 10))
        guide = GuidedLook(MosaicFeatures(opened, plan, model), model)
        assert guide.look(photo, Target(Click(600, 400)), view(plan, 350, 350)) is not None
        assert guide.look(photo, Target(Click(600, 400)), view(plan, 350, 430)) is None
