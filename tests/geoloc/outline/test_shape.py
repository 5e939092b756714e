"""Polygons from masks: as large as what is there, straight where it is, and of the part that was clicked."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import Point, Polygon, box

from geoloc.outline.shape import shape_of

PX = 192
CLICK = np.array([96, 96], np.float32)


def raster(*shapes: Polygon) -> NDArray[np.float32]:
    """The share of every pixel that shapes fill."""
    fine = np.zeros((4 * PX, 4 * PX), np.uint8)
    for shape in shapes:
        cv2.fillPoly(fine, [np.round((np.array(shape.exterior.coords) * 4 - 0.5) * 16).astype(np.int32)], 1, shift=4)
    return np.asarray(cv2.resize(fine.astype(np.float32), (PX, PX), interpolation=cv2.INTER_AREA))


def iou(a: Polygon, b: Polygon) -> float:
    return float(a.intersection(b).area / a.union(b).area)


@settings(max_examples=40)
@given(length=st.floats(40, 120), share=st.floats(0.4, 1), turn=st.floats(0, 180))
def test_a_rectangle_comes_back_as_one(length: float, share: float, turn: float) -> None:
    true = affinity.rotate(
        box(96 - length / 2, 96 - share * length / 2, 96 + length / 2, 96 + share * length / 2), turn
    )
    found = shape_of(raster(true), 0.5, CLICK, 4.0)
    assert found is not None
    assert len(found.exterior.coords) == 5
    assert iou(found, true) > 0.9


@pytest.mark.parametrize("turn", [0, 20, 45, 70])
def test_an_l_has_right_angles(turn: float) -> None:
    true = affinity.rotate(Polygon([(40, 40), (150, 40), (150, 80), (90, 80), (90, 150), (40, 150)]), turn, "centroid")
    found = shape_of(raster(true), 0.5, np.array(true.representative_point().coords[0], np.float32), 4.0)
    assert found is not None
    assert iou(found, true) > 0.95
    sides = np.diff(np.array(found.exterior.coords), axis=0)
    following = np.roll(sides, -1, axis=0)
    turns = (sides * following).sum(1) / np.linalg.norm(sides, axis=1) / np.linalg.norm(following, axis=1)
    assert np.abs(turns).max() < 1e-6


def test_a_disc_stays_round() -> None:
    found = shape_of(raster(Point(96, 96).buffer(40)), 0.5, CLICK, 2.0)
    assert found is not None
    assert len(found.exterior.coords) > 8
    assert iou(found, Point(96, 96).buffer(40)) > 0.97


def test_the_part_that_was_clicked() -> None:
    parts = box(20, 20, 60, 60), box(100, 90, 170, 150)
    share = raster(*parts)
    assert iou(_found(share, (40, 40)), parts[0]) > 0.95
    assert iou(_found(share, (120, 100)), parts[1]) > 0.95
    # Between them the nearer one.
    assert iou(_found(share, (70, 70)), parts[0]) > 0.95


def test_holes_are_filled_and_nothing_is_nothing() -> None:
    ring = Point(96, 96).buffer(50).difference(Point(96, 96).buffer(20))
    share = raster(Polygon(ring.exterior)) - raster(Polygon(ring.interiors[0]))
    assert iou(_found(share, (96, 60)), Polygon(ring.exterior)) > 0.95
    assert shape_of(np.zeros((PX, PX), np.float32), 0.5, CLICK, 1.0) is None


def test_detail_below_the_mosaics_pixel_goes() -> None:
    rng = np.random.default_rng(0)
    ragged = Polygon(
        [
            (96 + r * np.cos(a), 96 + r * np.sin(a))
            for a, r in zip(np.linspace(0, 6.28, 90), rng.normal(50, 1.5, 90), strict=True)
        ]
    )
    assert (
        len(_found(raster(ragged), (96, 96), 6.0).exterior.coords)
        < len(_found(raster(ragged), (96, 96), 0.5).exterior.coords) / 2
    )


def _found(share: NDArray[np.float32], click: tuple[float, float], pixel: float = 2.0) -> Polygon:
    found = shape_of(share, 0.5, np.array(click, np.float32), pixel)
    assert found is not None
    assert found.is_valid
    return found
