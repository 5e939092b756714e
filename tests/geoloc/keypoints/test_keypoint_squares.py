"""Which squares of the ground are matched, and where their features lie in the plan's pixels."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.keypoints import keypoint_squares
from geoloc.keypoints.keypoint_squares import SearchedKeypoints, Square
from geoloc.keypoints.matcher import LocalFeatures
from tests.helpers.rough_ground import GSD_M, plan_of
from tiling.grid import project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

SIDE = 100


class Squares:
    """Ten features in each square, the strongest in its middle; remembers what it was asked for."""

    def __init__(self, origin: tuple[int, int]) -> None:
        self.origin, self.side_px = origin, SIDE
        self.asked: set[Square] = set()

    def features(self, square: Square) -> LocalFeatures:
        self.asked.add(square)
        middle = np.array(self.origin) + (np.array(square) + 0.5) * SIDE
        points = middle + np.arange(10)[:, None] * [1.0, 0.0]
        return LocalFeatures(points, np.ones((10, 4), np.float32))


@pytest.fixture
def plan(mosaic: Mosaic) -> Plan:
    return plan_of(mosaic)


@pytest.fixture
def squares(plan: Plan) -> Squares:
    # As an index lays them, not from the world's corner.
    return Squares((plan.windows[0].corner[0] + 37, plan.windows[0].corner[1] - 11))


def test_the_grid_covers_the_windows_at_the_plans_gsd(plan: Plan, squares: Squares) -> None:
    grid = SearchedKeypoints(squares, plan).grid
    assert grid.ground_gsd() == pytest.approx(GSD_M, rel=0.04)
    bounds = np.array([window.grid.footprint().bounds for window in plan.windows])
    assert grid.footprint().bounds == pytest.approx((*bounds[:, :2].min(0), *bounds[:, 2:].max(0)))


def test_all_that_windows_touch_is_matched_and_points_are_pixels_of_the_grid(plan: Plan, squares: Squares) -> None:
    searched = SearchedKeypoints(squares, plan)
    found = searched.all(1.0)
    assert len(found) == 10 * len(squares.asked)
    corners = np.array([window.corner for window in plan.windows])

    def shown(square: Square) -> bool:
        low = np.array(squares.origin) + np.array(square) * SIDE
        return bool(((low < corners + plan.window_px) & (low + SIDE > corners)).all(1).any())

    assert squares.asked == {Square(i, j) for i in range(-3, 20) for j in range(-3, 20) if shown(Square(i, j))}
    world = found.points + searched.corner
    assert ((world - np.array(squares.origin) - SIDE / 2) % SIDE <= 9).all()
    few = searched.all(3 / SIDE**2)
    assert len(few) == 3 * len(squares.asked)
    assert {tuple(point) for point in few.points} < {tuple(point) for point in found.points}, "the strongest of each"


def test_near_places_only_what_lies_round_them(plan: Plan, squares: Squares, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keypoint_squares, "ROUND_M", 15.0)
    searched = SearchedKeypoints(squares, plan)
    place = np.array([[300.0, 260.0]])
    near = searched.near(place, 1.0)
    assert 4 <= len(squares.asked) <= 9
    off = np.abs(near.points - place).max(1)
    assert off.min() <= SIDE / 2
    assert off.max() <= 15 / GSD_M * 1.1 + SIDE + 10
    both = searched.near(np.array([[300.0, 260.0], [600.0, 600.0]]), 1.0)
    assert len(both) > len(near)
    # Far from all windows there is nothing, and nothing is read.
    asked = len(squares.asked)
    assert len(searched.near(np.array([[-5000.0, 0.0]]), 1.0)) == 0
    assert len(squares.asked) == asked


def test_within_a_box_what_lies_in_it_and_no_more(plan: Plan, squares: Squares) -> None:
    searched = SearchedKeypoints(squares, plan)
    low, high = np.array([300.0, 250.0]), np.array([520.0, 480.0])
    found = searched.within(low, high, 1.0)
    assert 0 < len(squares.asked) <= 16
    everything = searched.all(1.0).points
    expected = everything[((everything >= low) & (everything < high)).all(1)]
    assert len(found) == len(expected) > 10
    assert {tuple(point) for point in found.points} == {tuple(point) for point in expected}


def test_of_much_ground_the_strongest_of_every_square(
    plan: Plan, squares: Squares, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = SearchedKeypoints(squares, plan)
    every = len(searched.all(1.0)) // 10
    monkeypatch.setattr(keypoint_squares, "MOST", 2 * every)
    assert len(searched.all(1.0)) == 2 * every


def test_how_much_is_small_and_how_much_too_much(plan: Plan, squares: Squares, monkeypatch: pytest.MonkeyPatch) -> None:
    searched = SearchedKeypoints(squares, plan)
    assert (searched.are_few, searched.are_too_many) == (True, False)
    monkeypatch.setattr(keypoint_squares, "SMALL_PX", 1000.0)
    assert (searched.are_few, searched.are_too_many) == (False, False)
    monkeypatch.setattr(keypoint_squares, "LARGE_PX", 1000.0)
    assert (searched.are_few, searched.are_too_many) == (False, True)


def test_places_inside(plan: Plan, squares: Squares) -> None:
    searched = SearchedKeypoints(squares, plan)
    width, height = searched.grid.width, searched.grid.height
    places = np.array([[0.0, 0.0], [-1.0, 5.0], [width - 1.0, height - 1.0], [5.0, height + 1.0]])
    assert searched.inside(places).tolist() == [[0.0, 0.0], [width - 1.0, height - 1.0]]
    west, _, _, north = searched.grid.footprint().bounds
    assert project(searched.grid.footprint().centroid, searched.grid.crs, 4326).x == pytest.approx(-92, abs=5)
    assert (west, north) == pytest.approx((searched.grid.affine.c, searched.grid.affine.f))
