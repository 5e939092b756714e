"""Homographies of the plane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane import homography as plane

angles = st.floats(-360, 360)
pixels = st.floats(-500, 500)


@given(st.floats(0.05, 20), angles, st.tuples(pixels, pixels), st.tuples(pixels, pixels))
def test_a_similarity_puts_the_point_there_and_turns_clockwise(
    scale: float, angle: float, source: tuple[float, float], at: tuple[float, float]
) -> None:
    matrix = plane.similarity(scale, angle, source, at)
    assert plane.map_points(matrix, np.array(at)) == pytest.approx(np.array(source), abs=1e-6)
    # Turned by 90 degrees, what is up (0, -1) in the output is to the right (1, 0) in the source.
    up = plane.map_points(matrix, np.array(at) - [0, 1]) - source
    turned = [scale * math.sin(math.radians(angle)), -scale * math.cos(math.radians(angle))]
    assert up == pytest.approx(np.array(turned), abs=1e-6)


def test_points_beyond_the_horizon_are_nowhere() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1.0]])
    there = plane.map_points(matrix, np.array([[4.0, 1.0], [4, -1], [4, -2]]))
    assert there[0] == pytest.approx([2, 0.5])
    assert np.isnan(there[1:]).all()


def test_centres_and_corners_are_half_a_pixel_apart() -> None:
    assert plane.map_points(plane.for_opencv(np.eye(3)), np.array([0.5, 0.5])) == pytest.approx([0, 0])
    assert plane.map_points(plane.TO_CORNER, np.array([0.0, 0.0])) == pytest.approx([0.5, 0.5])
