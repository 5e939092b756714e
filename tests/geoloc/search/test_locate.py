"""The search's geometry, with a model that sees exactly: a red square is found where it truly is, in any grid."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
import torch
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Point, Polygon
from torch.nn import functional as F

from geoloc.errors import PhotoError
from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.model.localizer import Matches, Proposal
from geoloc.model.network.features import Features
from geoloc.model.weights import Calibration
from geoloc.photo.crops import Crop
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import Gaussian
from geoloc.results.detection import Detection, iou
from geoloc.search.locate import locate
from tiling.area import Area
from tiling.box import PixelBox
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

SIDE = 700
SQUARE = PixelBox(431, 205, 451, 235)

GRIDS = {
    "UTM north-up": (32633, Affine(0.2, 0, 500_000, 0, -0.2, 5_400_000)),
    "UTM turned": (32633, Affine.translation(400_000, 5_400_000) * Affine.rotation(33) * Affine.scale(0.2, -0.2)),
    "UTM south-up": (32715, Affine(0.2, 0, 500_000, 0, 0.2, 9_000_000)),
    "Poland, not square": (2180, Affine(0.2, 0, 500_000, 0, -0.3, 500_000)),
    "New Zealand": (2193, Affine(0.2, 0, 1_600_000, 0, -0.2, 5_400_000)),
    "Web Mercator": (3857, Affine(0.3, 0, 1_600_000, 0, -0.3, 6_100_000)),
    "degrees": (4326, Affine(2.7e-6, 0, 15.0, 0, -1.8e-6, 48.0)),
}


class Seeing:
    """Stands for the network: proposes the bounds of what is red in a window, surer the more of it there is."""

    name, gsd_m, window_px, query_shape = "seeing", 0.2, 256, (256, 256)
    calibration = Calibration(2.0, 0.5, 1.0, 0.0)
    descriptor = 0

    def __init__(self) -> None:
        self.crops: list[int] = []
        self.looks: list[tuple[float, float]] = []
        self.closer: list[Gaussian] = []

    def score(self, log_share: float) -> float:
        return math.exp(log_share)

    def encode_queries(self, queries: list[Crop], targets: list[int]) -> list[int]:
        self.crops.append(len(queries))
        return sorted(set(targets))

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        value = rgb.astype(int)
        red = torch.from_numpy((value[..., 0] - value[..., 1:].max(-1) > 90) & valid)[None, None]
        return Features(F.pixel_unshuffle(red, 16), F.pixel_unshuffle(red, 8))

    def propose(self, queries: list[int], features: Features, valid: NDArray[np.bool_], most: int) -> Matches:
        coarse, fine = (F.pixel_shuffle(side, by)[0, 0].numpy() for side, by in zip(features, (16, 8), strict=True))
        assert (coarse == fine).all()
        window = fine & valid
        if not window.any():
            return Matches((), dict.fromkeys(queries, -50.0))
        rows, columns = np.flatnonzero(window.any(1)), np.flatnonzero(window.any(0))
        box = PixelBox(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        mass = math.log(window.sum())
        return Matches(tuple(Proposal(target, box, mass, 0.5) for target in queries), dict.fromkeys(queries, mass))

    def rescore(
        self, queries: list[int], features: Features, valid: NDArray[np.bool_], place: tuple[float, float]
    ) -> Proposal | None:
        self.looks.append(place)
        found = self.propose(queries, features, valid, 1).proposals
        return replace(found[0], log_mass=0.0) if found else None

    def match_with_prior(
        self, queries: list[int], features: Features, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        self.closer.append(known)
        found = self.propose(queries, features, valid, 1).proposals
        return found[0] if found else None


@pytest.fixture
def photo() -> Photo:
    return Photo(Path("p.jpg"), np.zeros((300, 400, 3), np.uint8))


def _mosaic(path: Path, epsg: int, affine: Affine) -> Polygon:
    """Grey noise with one red square; returns the square on the map."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 160, (3, SIDE, SIDE), np.uint8)
    rows, columns = slice(int(SQUARE.ymin), int(SQUARE.ymax)), slice(int(SQUARE.xmin), int(SQUARE.xmax))
    pixels[:, rows, columns] = np.array([250, 10, 10], np.uint8)[:, None, None]
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{epsg}", transform=affine) as file:
        file.write(pixels)
    return Polygon([affine * corner for corner in SQUARE.corners()])


def _located(photo: Photo, click: Click, mosaic: Mosaic, plan: Plan, top: int = 5) -> list[Detection]:
    model: Any = Seeing()
    return locate(photo, [Target(click)], MosaicFeatures(mosaic, plan, model), model, top=top)


@pytest.mark.parametrize("name", GRIDS)
def test_the_square_is_found_where_it_is(tmp_path: Path, photo: Photo, name: str) -> None:
    epsg, affine = GRIDS[name]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert found[0].rank == 1
    assert pyproj.CRS.from_user_input(found[0].crs).to_epsg() == epsg
    to_lonlat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    places = [to_lonlat.transform(p.x, p.y) for p in (truth.centroid, found[0].polygon.centroid)]
    metres = pyproj.Geod(ellps="WGS84").inv(*places[0], *places[1])[2]
    assert metres < Seeing.gsd_m
    # Windows stand square to the meridian and the square to its own grid: the bounds of a turned one are larger.
    assert found[0].polygon.buffer(1e-9).intersection(truth).area > 0.9 * truth.area
    if "turned" not in name:
        assert iou(found[0].polygon, truth) > 0.75


def test_overlapping_windows_give_one_answer(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        centre = project(truth.centroid, epsg, 4326)
        seen = sum(window.footprint.contains(centre) for window in plan.windows)
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert seen == 4
    assert len([d for d in found if d.score > 0.3]) == 1
    assert max(d.score for d in found) <= 1


def test_every_click_gets_its_own_ranks_in_the_order_given(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    clicks = [Click(300, 20), Click(10, 20)]
    done: list[tuple[int, int]] = []
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model = Seeing()
        found = locate(
            photo,
            [Target(click) for click in clicks],
            MosaicFeatures(mosaic, plan, model),  # type: ignore[arg-type]
            model,  # type: ignore[arg-type]
            progress=lambda i, n: done.append((i, n)),
        )
    assert [d.click for d in found if d.rank == 1] == clicks
    assert model.crops[0] == 16, "two scales and four headings a click where nothing is known"
    assert done == [(i + 1, len(plan.windows)) for i in range(len(plan.windows))]


def test_a_second_look_is_at_the_place_in_the_window_that_shows_it_best(tmp_path: Path, photo: Photo) -> None:
    truth = _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model: Any = Seeing()
        found = locate(photo, [Target(Click(10, 20))], MosaicFeatures(mosaic, plan, model), model)
        middle = project(truth.centroid, mosaic.crs, plan.windows[0].grid.crs)
    places = [(~window.grid.affine) * (middle.x, middle.y) for window in plan.windows]
    best = min(places, key=lambda place: max(abs(at - Seeing.window_px / 2) for at in place))
    assert any(math.dist(best, look) < 2 for look in model.looks)
    # One scale of nine crops is gone: none is larger than the photo.
    assert set(model.crops[1:-1]) == {6}
    # The first answer, and no other, is drawn closer, of crops of half the side.
    assert model.crops[-1] == 9
    assert len(model.closer) == 1
    assert found[0].gsd_m == pytest.approx(Seeing.gsd_m / 2, rel=0.05)
    assert iou(found[0].polygon, truth) > 0.75


class Doubting(Seeing):
    """Is sure at first, and finds nothing on a second look."""

    def rescore(self, *_: object) -> Proposal | None:
        return None


def test_what_does_not_stand_up_to_a_second_look_is_no_answer(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model: Any = Doubting()
        assert locate(photo, [Target(Click(10, 20))], MosaicFeatures(mosaic, plan, model), model) == []


def test_the_area_limits_the_answers(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    away = affine * (380, 220)
    lon, lat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform(*away)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.near(lon, lat, 7))
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert 8 < Point(away).distance(truth) < 20, "in the same window, but not in the area"
    assert found == []


def test_what_lies_beyond_the_area_is_not_seen(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    around = project(truth.buffer(2), epsg, 4326)
    west, south, _, north = around.bounds
    half = shapely.box(west, south, project(truth.centroid, epsg, 4326).x, north)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area(MultiPolygon([half])))
        found = _located(photo, Click(10, 20), mosaic, plan, top=1)
    assert found[0].polygon.intersection(truth).area == pytest.approx(truth.area / 2, rel=0.1)


def test_accuracy_is_the_root_of_its_squared_parts(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        best = _located(photo, Click(10, 20), mosaic, plan)[0]
    assert best.accuracy_parts["box"] == pytest.approx(2.0 * best.gsd_m)
    assert best.accuracy_parts["spread"] == pytest.approx(0.25 * best.gsd_m)
    assert best.gsd_m == pytest.approx(plan.gsd_m / 2, rel=1e-3), "that of the close look"
    assert best.accuracy_m**2 == pytest.approx(sum(part**2 for part in best.accuracy_parts.values()))


def test_a_click_outside_the_photo_is_an_error(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        with pytest.raises(PhotoError, match="outside the photo"):
            _located(photo, Click(401, 20), mosaic, plan)


@pytest.mark.parametrize("west", [179.9994, 180.0002, -179.999])
def test_answers_stay_in_the_turn_of_the_mosaic(tmp_path: Path, photo: Photo, west: float) -> None:
    truth = _mosaic(tmp_path / "m.tif", 4326, Affine(2e-6, 0, west, 0, -2e-6, -17.0))
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert iou(found[0].polygon, truth) > 0.7
