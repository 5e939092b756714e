"""The rectangle on the map that fills a box of a photo, seen by known cameras."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shapely.geometry import Polygon

from geoloc.geometry.envelope import rectangle_filling
from geoloc.plane.homography import map_points
from tests.helpers.rough_ground import flown
from tiling.box import PixelBox


def seen(matrix: np.ndarray, shape: Polygon) -> PixelBox:
    """Bounds in the photo of what lies in the reference."""
    points = map_points(np.linalg.inv(matrix), np.array(shape.exterior.coords))
    return PixelBox(*points.min(0), *points.max(0))


def lying(x: float, y: float, along: float, across: float, azimuth: float) -> Polygon:
    turn = math.radians(azimuth)
    u, v = np.array([math.sin(turn), -math.cos(turn)]), np.array([math.cos(turn), math.sin(turn)])
    return Polygon([(x, y) + (a * along * u + b * across * v) / 2 for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def shared(a: Polygon, b: Polygon) -> float:
    return float(a.intersection(b).area / a.union(b).area)


@pytest.mark.parametrize("azimuth", [0.0, 20.0, 110.0])
@pytest.mark.parametrize(("tilt", "heading"), [(0, 0), (0, 30), (0, 90), (0, 205), (30, 10), (50, 190), (60, 90)])
def test_an_object_comes_back_from_its_envelope(tilt: float, heading: float, azimuth: float) -> None:
    _, matrix = flown(tilt, heading, told=True)
    truth = lying(345.0, 350.0, 60.0, 25.0, azimuth)
    off = abs((heading - azimuth + 45) % 90 - 45)
    found = rectangle_filling(matrix, seen(matrix, truth), azimuth)
    assert found is not None
    # Foreshortening turns what lies aslant: the diagonal is elsewhere in an oblique photo.
    if tilt == 0 and off < 36:
        assert shared(found, truth) > 0.999
    elif off < 15:
        assert shared(found, truth) > 0.98
    assert found.centroid.distance(truth.centroid) < 1.5
    carried = Polygon(map_points(matrix, np.array(seen(matrix, truth).corners(), float)))
    assert shared(found, truth) > shared(carried.envelope, truth) - 1e-9


def test_a_diagonal_envelope_is_a_square_of_its_size() -> None:
    _, matrix = flown(0, 45, told=True)
    found = rectangle_filling(matrix, seen(matrix, lying(350.0, 350.0, 40.0, 10.0, 0.0)), 0.0)
    assert found is not None
    xmin, ymin, xmax, ymax = found.bounds
    assert (xmax - xmin, ymax - ymin) == pytest.approx((25, 25), rel=1e-3)


def test_a_box_that_reaches_to_the_horizon_fills_nothing() -> None:
    _, matrix = flown(60, 0, told=True)
    depths = np.array([0.0, 300.0]) * matrix[2, 1] + 400 * matrix[2, 0] + matrix[2, 2]
    horizon = -depths[0] * 300 / (depths[1] - depths[0])
    assert rectangle_filling(matrix, PixelBox(380, horizon - 20, 420, horizon + 200), 0.0) is None
