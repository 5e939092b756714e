"""Homographies of the plane, and the half pixel between their coordinates and OpenCV's."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane import homography

angles = st.floats(-360, 360)
pixels = st.floats(-500, 500)


@given(st.floats(0.05, 20), angles, st.tuples(pixels, pixels), st.tuples(pixels, pixels))
def test_a_similarity_puts_the_point_there_and_turns_clockwise(
    scale: float, angle: float, source: tuple[float, float], at: tuple[float, float]
) -> None:
    matrix = homography.similarity(scale, angle, source, at)
    assert homography.map_points(matrix, np.array(at)) == pytest.approx(np.array(source), abs=1e-6)
    # Turned by 90 degrees, what is up (0, -1) in the output is to the right (1, 0) in the source.
    up = homography.map_points(matrix, np.array(at) - [0, 1]) - source
    turned = [scale * math.sin(math.radians(angle)), -scale * math.cos(math.radians(angle))]
    assert up == pytest.approx(np.array(turned), abs=1e-6)


def test_points_beyond_the_horizon_are_nowhere() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 1.0]])
    there = homography.map_points(matrix, np.array([[4.0, 1.0], [4, -1], [4, -2]]))
    assert there[0] == pytest.approx([2, 0.5])
    assert np.isnan(there[1:]).all()


def test_opencv_has_the_centre_of_the_first_pixel_at_zero() -> None:
    assert homography.to_opencv(np.array([[0.5, 0.5], [0, 2]])) == pytest.approx(np.array([[0, 0], [-0.5, 1.5]]))
    assert homography.from_opencv(np.array([[0.0, 0.0], [-0.5, 1.5]])) == pytest.approx(np.array([[0.5, 0.5], [0, 2]]))


points = st.tuples(pixels, pixels).map(np.array)
# Horizons stay far from the points.
homographies = st.tuples(
    st.lists(st.floats(-5, 5), min_size=4, max_size=4), points, st.tuples(*2 * [st.floats(-9e-4, 9e-4)])
).map(lambda v: np.array([[*v[0][:2], v[1][0]], [*v[0][2:], v[1][1]], [*v[2], 1.0]]))


@given(homographies, points)
def test_a_homography_does_the_same_to_opencvs_coordinates(matrix: np.ndarray, point: np.ndarray) -> None:
    there = homography.map_points(homography.for_opencv(matrix), homography.to_opencv(point))
    assert homography.from_opencv(there) == pytest.approx(homography.map_points(matrix, point), abs=1e-6)


@given(st.lists(st.floats(-50, 50), min_size=6, max_size=6), points)
def test_an_affine_does_the_same_to_opencvs_coordinates(parts: list[float], point: np.ndarray) -> None:
    affine = Affine(*parts)
    matrix = homography.affine_for_opencv(affine)
    assert matrix.shape == (2, 3)
    there = matrix[:, :2] @ homography.to_opencv(point) + matrix[:, 2]
    assert homography.from_opencv(there) == pytest.approx(np.array(affine * tuple(point)), abs=1e-6)


@pytest.mark.parametrize(
    ("affine", "moved"),
    [
        (Affine(-1, 0, 24, 0, 1, 0), lambda picture: picture[:, ::-1]),
        (Affine(1, 0, 0, 0, -1, 16), lambda picture: picture[::-1]),
        # Clockwise by a quarter, y being down.
        (Affine(0, -1, 16, 1, 0, 0), lambda picture: np.rot90(picture, -1)),
        (Affine(3, 0, 0, 0, 3, 0), lambda picture: picture.repeat(3, 0).repeat(3, 1)),
        (Affine(1, 0, -5, 0, 1, -2), lambda picture: picture[2:, 5:]),
    ],
)
def test_opencv_moves_pictures_without_the_half_pixel(affine: Affine, moved: Callable[..., np.ndarray]) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (16, 24, 3), np.uint8)
    expected = moved(picture)
    size = expected.shape[1::-1]
    # Nearest neighbours: whatever is off by half a pixel takes another one.
    by_affine = cv2.warpAffine(picture, homography.affine_for_opencv(affine), size, flags=cv2.INTER_NEAREST)
    matrix = np.array(affine).reshape(3, 3)
    by_matrix = cv2.warpPerspective(picture, homography.for_opencv(matrix), size, flags=cv2.INTER_NEAREST)
    assert (by_affine == expected).all()
    assert (by_matrix == expected).all()
