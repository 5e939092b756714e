"""Straight sides where a shape has them, and boxes that lie as a doubtful shape does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import Point, Polygon, box

from geoloc.outline.straight import rectangle_of, resized, straightened, turned_box
from geoloc.results.detection import iou

TURNS = st.floats(0, 180)


@settings(max_examples=40)
@given(length=st.floats(1.3, 6), turn=TURNS, corner=st.floats(0.05, 0.28))
def test_round_corners_are_the_masks(length: float, turn: float, corner: float) -> None:
    """A mask head's car has round corners, as large as a quarter of its width."""
    car = affinity.rotate(box(0, 0, 10 * length, 10), turn)
    seen = car.buffer(-10 * corner).buffer(10 * corner)
    found = straightened(seen, 0.5)
    assert found is not None
    assert len(found.exterior.coords) == 5
    assert iou(found, car) > 0.93
    assert found.area == pytest.approx(seen.area)


@settings(max_examples=40)
@given(length=st.floats(1, 4), turn=TURNS)
def test_what_is_round_stays_so(length: float, turn: float) -> None:
    crown = affinity.rotate(affinity.scale(Point(3, 4).buffer(10), length, 1), turn)
    assert straightened(crown, 0.5) is None


def test_what_is_neither_stays_what_it_is() -> None:
    assert straightened(Polygon([(0, 0), (10, 0), (0, 10)]), 1.0) is None


@settings(max_examples=40)
@given(length=st.floats(1, 5), turn=TURNS)
def test_a_rectangle_is_its_own(length: float, turn: float) -> None:
    true = affinity.translate(affinity.rotate(box(0, 0, 4 * length, 4), turn), 500_000, 5_400_000)
    found = rectangle_of(true)
    assert found is not None
    assert iou(found, true) > 0.999


def test_what_sticks_out_turns_it_little() -> None:
    """The smallest rectangle round a car with its aerial would lie askew."""
    car = box(0, 0, 40, 16)
    found = rectangle_of(car.union(Polygon([(38, 15), (40, 15), (40, 28)])))
    assert found is not None
    assert iou(found, car) > 0.9


@settings(max_examples=40)
@given(turn=st.floats(5, 85))
def test_a_box_lies_as_a_doubtful_shape_and_between_the_two(turn: float) -> None:
    doubtful = affinity.rotate(box(-20, -5, 20, 5), turn, origin=(0, 0))
    supposed = affinity.translate(box(-12, -12, 12, 12), 3, 2)
    found = turned_box(doubtful, supposed)
    assert found is not None
    assert found.centroid.coords[0] == pytest.approx((1.5, 1))
    assert found.area == pytest.approx(np.sqrt(doubtful.area * supposed.area))
    about_its_middle = affinity.translate(resized(found, doubtful.area), -1.5, -1)
    assert iou(about_its_middle, doubtful) > 0.99


def test_another_thing_tells_nothing() -> None:
    assert turned_box(box(30, 0, 60, 10), box(0, 0, 10, 10)) is None
    assert turned_box(box(0, 0, 300, 300), box(0, 0, 10, 10)) is None
