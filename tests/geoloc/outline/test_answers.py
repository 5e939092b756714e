"""Outlines in a search: segments where the pixels show one, drawn shapes and boxes where they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.affinity import rotate, scale
from shapely.geometry import Polygon, box

from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.refine import MATCH, METHOD
from geoloc.outline import outliner
from geoloc.outline.answers import AT_BORDER, FILLED, filled_share, outlined
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import Gaussian
from geoloc.plane.map_place import MapPlace
from geoloc.plane.mixture import Mixture
from geoloc.results.detection import Detection, iou
from geoloc.results.measures import measures_of
from tiling.area import Area
from tiling.box import PixelBox
from tiling.grid import WGS84, project
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

GSD = 0.2
WEST, NORTH = 500_000.0, 5_400_000.0
BARN = box(WEST + 60, NORTH - 70, WEST + 84, NORTH - 58)


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Mosaic:
    """A barn with a bright roof and its shadow on a lawn."""
    rng = np.random.default_rng(0)
    pixels = np.empty((700, 700, 3), np.float32)
    pixels[:] = (96, 118, 70)
    pixels += cv2.GaussianBlur(rng.normal(0, 60, (700, 700)).astype(np.float32), (0, 0), 2)[..., None]
    x0, y0, x1, y1 = (
        (BARN.bounds[0] - WEST) / GSD,
        (NORTH - BARN.bounds[3]) / GSD,
        (BARN.bounds[2] - WEST) / GSD,
        (NORTH - BARN.bounds[1]) / GSD,
    )
    pixels[int(y0) + 10 : int(y1) + 14, int(x0) + 10 : int(x1) + 14] *= 0.45
    pixels[int(y0) : int(y1), int(x0) : int(x1)] = (172, 88, 74)
    pixels[int((y0 + y1) / 2) : int(y1), int(x0) : int(x1)] = (150, 72, 60)
    path = tmp_path_factory.mktemp("outlines") / "mosaic.tif"
    profile = {
        "driver": "GTiff",
        "width": 700,
        "height": 700,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32633",
        "transform": from_origin(WEST, NORTH, GSD, GSD),
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.clip(pixels, 0, 255).astype(np.uint8).transpose(2, 0, 1))
    return open_mosaic(path)


@pytest.fixture(scope="module")
def plan(mosaic: Mosaic) -> Plan:
    return make_plan(mosaic, GSD, 384, Area.everywhere())


PHOTO = Photo(Path("p.jpg"), np.full((400, 600, 3), 90, np.uint8))
TARGET = Target(Click(300, 200))


def answer(shape: Polygon, **others: object) -> Detection:
    parts = {"box": 0.5}
    found = Detection(1, 0.9, TARGET.click, "p.jpg", shape, "EPSG:32633", GSD, 0.5, parts, "base", "w", "attention")
    return replace(found, **others)  # type: ignore[arg-type]


def about(x: float, y: float, side: float) -> Polygon:
    return box(WEST + x - side / 2, NORTH - y - side / 2, WEST + x + side / 2, NORTH - y + side / 2)


def test_a_box_becomes_the_barn(mosaic: Mosaic, plan: Plan) -> None:
    (found,) = outlined([answer(about(71, 65, 15))], PHOTO, [TARGET], mosaic=mosaic, plan=plan, fit=None)
    assert found.outline == "segment"
    assert 0.5 < found.outline_score < 1
    assert iou(found.polygon, BARN) > 0.8
    assert any(shape.equals(found.polygon) for shape in found.alternatives)
    assert (found.score, found.accuracy_m, found.method) == (0.9, 0.5, "attention")


def test_a_verified_answer_tells_the_error_of_the_middle_that_its_outline_has(mosaic: Mosaic, plan: Plan) -> None:
    clicked = project(about(64, 66, 8).centroid, "EPSG:32633", WGS84)
    place = MapPlace(clicked.x, clicked.y, 0.97, Mixture(((1.0, Gaussian(np.zeros(2), 0.01 * np.eye(2))),)))
    parts = {MATCH: 0.2, "mosaic pixel": 0.3}
    end = answer(about(64, 66, 8), method=METHOD, accuracy_m=0.36, accuracy_parts=parts, place=place)
    (found,) = outlined([end], PHOTO, [TARGET], mosaic=mosaic, plan=plan, fit=None)
    assert found.outline == "segment"
    moved = found.polygon.centroid.distance(end.polygon.centroid)
    assert moved > 3
    assert found.accuracy_parts[MATCH] == pytest.approx(moved, abs=0.3)
    assert found.accuracy_m == pytest.approx(np.hypot(found.accuracy_parts[MATCH], 0.3))


def test_what_was_drawn_as_a_polygon_stays(mosaic: Mosaic, plan: Plan) -> None:
    target = Target.from_polygon([(250, 150), (350, 150), (350, 250)])
    drawn = answer(about(71, 65, 15), outline="drawn", outline_score=0.8)
    assert outlined([drawn], PHOTO, [target], mosaic=mosaic, plan=plan, fit=None) == [drawn]


def test_what_is_in_doubt_is_a_box_as_the_pixels_let_suppose(
    mosaic: Mosaic, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outliner, "LEAST", 1.1)
    supposed = about(71, 65, 18)
    (found,) = outlined([answer(supposed)], PHOTO, [TARGET], mosaic=mosaic, plan=plan, fit=None)
    assert (found.outline, found.outline_score) == ("box", 0.0)
    # The barn is twice as long as wide: so is the box, which is nearer to it than what the search supposed.
    assert measures_of(found.polygon, found.crs).length_m > 1.6 * measures_of(found.polygon, found.crs).width_m
    assert iou(found.polygon, BARN) > iou(supposed, BARN) + 0.1
    # What was in doubt can be chosen.
    assert any(shape.equals(found.polygon) for shape in found.alternatives)
    assert any(iou(shape, BARN) > 0.8 for shape in found.alternatives)
    areas = [shape.area for shape in found.alternatives]
    assert areas == sorted(areas)


def test_where_nothing_tells_a_direction_the_box_stays(
    mosaic: Mosaic, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outliner, "LEAST", 1.1)
    beside = answer(about(40, 100, 6))
    (found,) = outlined([beside], PHOTO, [TARGET], mosaic=mosaic, plan=plan, fit=None)
    assert found.outline == "box"
    assert iou(found.polygon, beside.polygon) > 0.3


def test_no_segment_is_longer_than_the_area_searched(mosaic: Mosaic) -> None:
    middle = project(BARN.centroid, "EPSG:32633", WGS84)
    for within_m, outline in ((20.0, "segment"), (6.0, "box")):
        plan = make_plan(mosaic, GSD, 384, Area.near(middle.x, middle.y, within_m))
        (found,) = outlined([answer(about(72, 64, 15))], PHOTO, [TARGET], mosaic=mosaic, plan=plan, fit=None)
        assert found.outline == outline
        if outline == "box":
            assert measures_of(found.polygon, found.crs).length_m < 2 * 6.0 * 2**0.5 + 1


@pytest.mark.parametrize("kind", ["box", "drawn"])
def test_nothing_is_smaller_than_a_pixel_of_the_mosaic(mosaic: Mosaic, plan: Plan, kind: str) -> None:
    target = TARGET if kind == "box" else Target.from_polygon([(299, 199), (301, 199), (301, 201)])
    tiny = answer(about(20, 20, 0.05), outline=kind)
    (found,) = outlined([tiny], PHOTO, [target], mosaic=mosaic, plan=plan, fit=None)
    assert found.polygon.area >= 0.99 * GSD**2
    assert found.polygon.distance(tiny.polygon) == 0
    if kind == "drawn":
        assert found.polygon.area == pytest.approx(GSD**2, rel=0.01)


@pytest.mark.parametrize("lying", [True, False])
def test_a_box_that_was_drawn_is_filled_or_stays(mosaic: Mosaic, plan: Plan, lying: bool) -> None:
    """The photo's plane: 10 px a metre, north up, the barn's middle at (300, 200)."""
    middle = BARN.centroid
    world = plan.pixels(0, 0, 0, 0)
    places = np.array([(x, y) for x in (0, 150, 300, 450, 600) for y in (0, 200, 400)], float)
    on_map = [
        project(_point(middle.x + (x - 300) / 10, middle.y - (y - 200) / 10), "EPSG:32633", world.crs)
        for x, y in places
    ]
    reference = np.array([~world.affine * (point.x, point.y) for point in on_map])
    matrix, _ = cv2.findHomography(places, reference - reference[0])
    fit = HomographyFit(matrix, places, reference - reference[0]).moved(reference[0])
    # The barn is 24 m x 12 m; a box of a tenth of that is no barn.
    half = (120, 60) if lying else (12, 6)
    target = Target.from_corners(300 - half[0], 200 - half[1], 300 + half[0], 200 + half[1])
    verified = answer(about(72, 64, 12), method=METHOD, outline="drawn", outline_score=0.8)
    (found,) = outlined([verified], PHOTO, [target], mosaic=mosaic, plan=plan, fit=fit)
    if lying:
        assert found.outline == "segment"
        assert iou(found.polygon, BARN) > 0.75
    else:
        assert found.outline == "drawn" or found.polygon.area < 0.2 * BARN.area


def test_an_outline_at_the_border_says_that_the_object_may_go_on(mosaic: Mosaic, plan: Plan) -> None:
    target = Target.from_polygon([(250, 150), (350, 150), (350, 250)])
    for x, told in ((70, False), (2, True), (138, True)):
        there = answer(about(x, 20, 5), outline="drawn", note="before")
        (found,) = outlined([there], PHOTO, [target], mosaic=mosaic, plan=plan, fit=None)
        assert found.note == (f"before; {AT_BORDER}" if told else "before")


BLOCK = rotate(box(-10, -4, 10, 4), 40)


def seen_from_aside(shape: Polygon, height_m: float, tilt_deg: float) -> tuple[np.ndarray, PixelBox]:
    """The plane of a photo from 60 m up, to a map in metres, and the box round a block in it."""
    tilt = np.radians(tilt_deg)
    # Rows: the camera's right, down and ahead; it looks north and down at the middle of the map.
    turn = np.array([[1, 0, 0], [0, -np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), -np.cos(tilt)]])
    camera = np.array([0, -60 * np.tan(tilt), 60])

    def picture(points: np.ndarray) -> np.ndarray:
        x, y, depth = turn @ (points - camera).T
        return np.stack([1000 * x / depth + 500, 1000 * y / depth + 500], -1)

    ground = np.array([(x, y, 0) for x in (-20, 20) for y in (-15, 25)], float)
    matrix, _ = cv2.findHomography(picture(ground), ground[:, :2])
    matrix = matrix * np.sign(matrix[2] @ [500, 500, 1])
    foot = np.array(shape.exterior.coords)
    corners = picture(np.vstack([np.column_stack([foot, np.full(len(foot), z)]) for z in (0, height_m)]))
    return matrix, PixelBox(*map(float, (*corners.min(0), *corners.max(0))))


@pytest.mark.parametrize("tilt_deg", [10.0, 45.0, 65.0])
@pytest.mark.parametrize("height_m", [0.0, 5.0, 9.0])
def test_what_stands_up_fills_the_box_that_was_drawn_round_it(height_m: float, tilt_deg: float) -> None:
    to_map, drawn = seen_from_aside(BLOCK, height_m, tilt_deg)
    assert filled_share(BLOCK, drawn, to_map, 1.0) > 0.8
    assert filled_share(scale(BLOCK, 0.5, 0.5), drawn, to_map, 1.0) < FILLED
    assert filled_share(scale(BLOCK, 2, 2), drawn, to_map, 1.0) < FILLED


def test_at_the_horizon_nothing_fills_a_box() -> None:
    to_map, _ = seen_from_aside(BLOCK, 0.0, 65.0)
    assert filled_share(BLOCK, PixelBox(400, -2000, 600, -1900), to_map, 1.0) < FILLED


def _point(x: float, y: float):  # type: ignore[no-untyped-def]
    from shapely.geometry import Point

    return Point(x, y)
