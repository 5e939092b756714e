"""Homographies of made views, against cameras and images worked out another way."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geoloc.train import views

angles = st.floats(-360, 360)
pixels = st.floats(-500, 500)


@given(st.floats(0.05, 20), angles, st.tuples(pixels, pixels), st.tuples(pixels, pixels))
def test_a_similarity_puts_the_point_there_and_turns_clockwise(
    scale: float, angle: float, source: tuple[float, float], at: tuple[float, float]
) -> None:
    matrix = views.similarity(scale, angle, source, at)
    assert views.apply(matrix, np.array(at)) == pytest.approx(np.array(source), abs=1e-6)
    # Turned by 90 degrees, what is up (0, -1) in the output is to the right (1, 0) in the source.
    up = views.apply(matrix, np.array(at) - [0, 1]) - source
    turned = [scale * math.sin(math.radians(angle)), -scale * math.cos(math.radians(angle))]
    assert up == pytest.approx(np.array(turned), abs=1e-6)


@given(st.floats(0, 70), st.floats(10, 60), st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)))
def test_a_tilted_view_is_a_pinhole_camera_over_a_plane(tilt: float, field: float, at: tuple[float, float]) -> None:
    side = 256.0
    focal = side / 2 / math.tan(math.radians(field) / 2)
    t = math.radians(tilt)
    # Camera at the origin, X east, Y north, Z up; it looks north and down, `focal` ground units from the plane.
    forward = np.array([0, math.sin(t), -math.cos(t)])
    right, down = np.array([1.0, 0, 0]), np.array([0, -math.cos(t), -math.sin(t)])
    x, y = at[0] * side, at[1] * side
    ray = x * right + y * down + focal * forward
    assume(ray[2] < -1e-3 * focal)
    got = views.apply(views.tilted(tilt, side, field), np.array([x, y]))
    meets = ray * (focal * forward[2] / ray[2])
    middle = focal * forward
    ground = np.array([meets[0] - middle[0], middle[1] - meets[1]])
    assert got == pytest.approx(ground, rel=1e-6, abs=1e-6)


def test_above_the_horizon_there_is_no_ground() -> None:
    matrix = views.tilted(80, 256, 60)
    assert np.isnan(views.apply(matrix, np.array([0.0, -128]))).all()
    assert np.isfinite(views.apply(matrix, np.array([0.0, 128]))).all()


@given(st.floats(0, 60), st.floats(20, 40), angles, st.floats(0.2, 5))
def test_there_and_back(tilt: float, field: float, angle: float, scale: float) -> None:
    matrix = views.similarity(scale, angle, (300, 200), (10, -20)) @ views.tilted(tilt, 256, field)
    points = np.random.default_rng(0).uniform(-128, 128, (4, 5, 2))
    back = views.apply(np.linalg.inv(matrix), views.apply(matrix, points))
    assert back == pytest.approx(points, abs=1e-6)


def test_an_identity_warp_changes_nothing_and_beyond_the_image_is_grey() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    out = views.warp(image, np.eye(3), 25, 30, cv2.BORDER_CONSTANT)
    assert np.array_equal(out[:20], image)
    assert (out[20:] == 127).all()


@given(st.floats(1, 20), st.floats(1, 20), st.floats(0.3, 2))
def test_a_warp_shows_at_the_middle_of_a_pixel_what_lies_there(dx: float, dy: float, scale: float) -> None:
    y, x = np.mgrid[:64, :64].astype(np.float32) + 0.5
    to_source = np.array([[scale, 0, dx], [0, scale, dy], [0, 0, 1]])
    out = views.warp(np.stack([x, y], -1), to_source, 16, 16, cv2.BORDER_REPLICATE)
    v, u = np.mgrid[:16, :16] + 0.5
    # OpenCV interpolates at 1/32 of a pixel.
    assert out == pytest.approx(np.stack([scale * u + dx, scale * v + dy], -1), abs=0.04)
