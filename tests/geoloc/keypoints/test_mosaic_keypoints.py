"""Features of the mosaic: which ground is matched, where they lie, and that each square is read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import box

from geoloc.keypoints import mosaic_keypoints
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.results.detection import Detection
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, SIDE, plan_of
from tiling.grid import project
from tiling.mosaic import Mosaic

Make = Callable[..., Detection]


class Corners:
    """Finds a feature at the middle of every 20th pixel of a picture, whose descriptor is its colour."""

    def __init__(self) -> None:
        self.sides: list[int] = []
        self.most: list[int] = []

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        assert valid is not None
        self.sides.append(len(image))
        self.most.append(most)
        y, x = np.nonzero(valid)
        kept = (x % 20 == 0) & (y % 20 == 0)
        points = np.stack([x[kept], y[kept]], axis=1) + 0.5
        return LocalFeatures(points, image[y[kept], x[kept]].astype(np.float32))


def keypoints_of(mosaic: Mosaic, matcher: Corners, gsd_m: float = GSD_M) -> MosaicKeypoints:
    return MosaicKeypoints(mosaic, plan_of(mosaic, gsd_m), cast(Any, matcher))


def answer(make: Make, x: float, y: float, rank: int = 1) -> Detection:
    return make(0.5, (x - 2, y - 2, x + 2, y + 2), rank=rank, crs="EPSG:32615")


@pytest.fixture
def near_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the mosaic were too large to be matched at once."""
    monkeypatch.setattr(mosaic_keypoints, "AT_ONCE_PX", 1000.0)
    monkeypatch.setattr(mosaic_keypoints, "NEAR_CHUNK_PX", 100)
    monkeypatch.setattr(mosaic_keypoints, "ROUND_M", 15.0)


def test_the_grid_covers_the_windows_at_the_plans_gsd_and_no_finer(mosaic: Mosaic) -> None:
    for gsd_m in (GSD_M, 0.5):
        plan = plan_of(mosaic, gsd_m)
        grid = keypoints_of(mosaic, Corners(), gsd_m).grid
        assert grid.ground_gsd() == pytest.approx(gsd_m, rel=0.04)
        bounds = np.array([window.grid.footprint().bounds for window in plan.windows])
        assert grid.footprint().bounds == pytest.approx((*bounds[:, :2].min(0), *bounds[:, 2:].max(0)))
        assert grid.footprint().buffer(1).covers(project(box(*mosaic.bounds), mosaic.crs, grid.crs))


def test_all_of_a_small_mosaic_is_one_ground_and_its_points_are_pixels_of_the_grid(mosaic: Mosaic) -> None:
    keypoints = keypoints_of(mosaic, Corners())
    (features,) = keypoints.grounds([])
    assert len(features) > 1000
    # The colours are those of the grid's pixels where the points lie.
    pixels = mosaic.read(keypoints.grid).rgb
    column, row = np.floor(features.points).astype(int).T
    assert (np.abs(pixels[row, column] - features.descriptors) <= 2).mean() > 0.99


def test_squares_that_meet_have_each_point_once(mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosaic_keypoints, "CHUNK_PX", 260)
    matcher = Corners()
    keypoints = keypoints_of(mosaic, matcher)
    (features,) = keypoints.grounds([])
    # With a margin for descriptors at the edge.
    assert set(matcher.sides) == {260 + 2 * 48}
    assert len(matcher.sides) > 4
    assert len(np.unique(np.round(features.points, 3), axis=0)) == len(features)
    per_px = len(features) / (SIDE * GSD_M / keypoints.grid.ground_gsd()) ** 2
    assert per_px == pytest.approx(1 / 400, rel=0.1)
    assert max(matcher.most) <= mosaic_keypoints.DENSITY * 356**2 + 200


@pytest.mark.usefixtures("near_only")
def test_of_a_large_mosaic_the_best_answers_ground_comes_first_then_all_answers_then_all(
    mosaic: Mosaic, make_detection: Make
) -> None:
    matcher = Corners()
    keypoints = keypoints_of(mosaic, matcher)
    at = [(EAST + 40, NORTH - 40), (EAST + 110, NORTH - 100)]
    given = [answer(make_detection, *place, rank=rank) for rank, place in enumerate(at, start=1)]
    grounds = keypoints.grounds(given)
    first = next(grounds)
    best, other = (project(one.polygon.centroid, one.crs, keypoints.grid.crs) for one in given)
    pixel = ~keypoints.grid.affine
    near = np.abs(first.points - pixel * (best.x, best.y)).max(1)
    # A point is at most 15 m and a square of 20 m off.
    assert near.max() < (15 + 20 * 1.1) / GSD_M
    assert near.min() < 20
    read = len(matcher.sides)
    assert read <= 9
    second = next(grounds)
    assert len(second) > len(first)
    assert np.abs(second.points - pixel * (other.x, other.y)).max(1).min() < 20
    whole = next(grounds)
    assert len(whole) > len(second)
    assert next(grounds, None) is None
    # Each square is read once, for this photo and the next ones.
    wide, high = -(-keypoints.grid.width // 100), -(-keypoints.grid.height // 100)
    assert read < len(matcher.sides) <= wide * high
    read = len(matcher.sides)
    again = list(keypoints.grounds(given))
    assert [len(ground) for ground in again] == [len(first), len(second), len(whole)]
    assert len(matcher.sides) == read


@pytest.mark.usefixtures("near_only")
def test_all_of_a_huge_mosaic_is_never_read_and_squares_off_it_have_nothing(
    mosaic: Mosaic, make_detection: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic_keypoints, "WHOLE_PX", 1000.0)
    matcher = Corners()
    keypoints = keypoints_of(mosaic, matcher)
    given = [answer(make_detection, EAST + 40, NORTH - 40)]
    assert len(list(keypoints.grounds(given))) == 2
    read = len(matcher.sides)
    off = [replace(given[0], polygon=box(EAST - 500, NORTH, EAST - 495, NORTH + 5))]
    assert [len(ground) for ground in keypoints.grounds(off)] == [0, 0]
    assert len(matcher.sides) == read


@pytest.mark.usefixtures("near_only")
def test_what_no_photo_asked_for_lately_is_let_go_and_found_again(
    mosaic: Mosaic, make_detection: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher = Corners()
    here, there = (answer(make_detection, EAST + at, NORTH - at) for at in (40, 110))
    ground = next(keypoints_of(mosaic, matcher).grounds([here]))
    squares = len(matcher.sides)
    # Room for what one photo needs, and not for two.
    monkeypatch.setattr(mosaic_keypoints, "KEPT_BYTES", 1.2 * ground.nbytes)
    keypoints = keypoints_of(mosaic, matcher)
    first = next(keypoints.grounds([here]))
    assert len(matcher.sides) == 2 * squares
    next(keypoints.grounds([here]))
    assert len(matcher.sides) == 2 * squares
    next(keypoints.grounds([there]))
    read = len(matcher.sides)
    again = next(keypoints.grounds([here]))
    assert len(matcher.sides) > read
    assert (again.points == first.points).all()


def test_the_crs_of_an_answer_does_not_matter(mosaic: Mosaic, make_detection: Make, near_only: None) -> None:
    keypoints = keypoints_of(mosaic, Corners())
    given = answer(make_detection, EAST + 40, NORTH - 40)
    lonlat = replace(given, polygon=project(given.polygon, given.crs, 4326), crs=4326)
    first, same = (next(keypoints.grounds([one])) for one in (given, lonlat))
    assert (first.points == same.points).all()
