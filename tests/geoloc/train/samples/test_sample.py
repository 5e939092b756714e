"""Draws that all ways to make a query share."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.train.grounds.ground import Ground
from geoloc.train.samples.sample import PLACE_M, box_around, box_at, draw_turn, log_uniform, pick_box


def ground(boxes: list[list[float]]) -> Ground:
    there = np.array(boxes, float).reshape(-1, 4)
    return Ground("g", np.zeros((100, 100, 3), np.uint8), 0.5, there, np.zeros((len(there), 2)), np.zeros((0, 3)))


def test_logarithms_are_uniform() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([log_uniform(rng, 2, 32) for _ in range(4000)])
    assert 2 <= drawn.min() < 2.1
    assert 30 < drawn.max() <= 32
    assert np.median(drawn) == pytest.approx(8, rel=0.1)
    assert log_uniform(rng, 5, 3) == pytest.approx(5), "nothing lies between them"


def test_a_box_around_a_place_is_a_square_as_wide_as_things_are() -> None:
    rng = np.random.default_rng(1)
    boxes = np.array([box_around(ground([]), np.array([40.0, 60.0]), rng) for _ in range(500)])
    assert (boxes[:, :2] + boxes[:, 2:]) / 2 == pytest.approx(np.tile([40.0, 60.0], (500, 1)))
    sides = (boxes[:, 2:] - boxes[:, :2]) * 0.5
    assert sides[:, 0] == pytest.approx(sides[:, 1])
    assert PLACE_M[0] <= sides.min() < sides.max() <= PLACE_M[1]


def test_the_smallest_box_that_holds_a_place_is_found() -> None:
    large, small = [10, 10, 60, 60], [20, 20, 30, 25]
    there = ground([large, small])
    assert box_at(there, np.array([25.0, 22.0]), 0).tolist() == small
    assert box_at(there, np.array([50.0, 50.0]), 0).tolist() == large
    assert box_at(there, np.array([31.0, 22.0]), 0).tolist() == large
    assert box_at(there, np.array([31.0, 22.0]), 1.5).tolist() == small
    assert box_at(there, np.array([5.0, 50.0]), 4) is None
    assert box_at(ground([]), np.array([5.0, 50.0]), 4) is None


def test_few_large_boxes_are_picked_as_often_as_many_small_ones() -> None:
    there = ground([[i, 0, i + 2, 2] for i in range(19)] + [[10, 10, 60, 60]])
    rng = np.random.default_rng(2)
    large = np.mean([np.ptp(pick_box(there, rng)[::2]) > 10 for _ in range(600)])
    assert large == pytest.approx(0.5, abs=0.08)


def test_windows_of_objects_are_turned_by_about_a_quarter() -> None:
    rng = np.random.default_rng(3)
    sized = np.array([draw_turn(True, rng) for _ in range(400)])
    off = (sized + 45) % 90 - 45
    assert np.abs(off).max() < 20
    assert off.std() == pytest.approx(4, rel=0.2)
    free = np.array([draw_turn(False, rng) for _ in range(400)])
    assert np.histogram(free, bins=4, range=(0, 360))[0].min() > 60
