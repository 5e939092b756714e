"""Which way things lean in a picture from above, against pinhole cameras whose rays are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane.homography import map_points
from geoloc.plane.lean import lean_of

FOCAL_PX = 1000.0
MIDDLE = np.array([800.0, 600.0])

headings = st.floats(0, 2 * math.pi)
scales = st.floats(0.02, 0.5)


class Camera:
    """A pinhole 30 m over the origin of the ground (x right, y down as pixels are, metres), tilted, then turned."""

    def __init__(self, tilt: float, heading: float) -> None:
        st, ct = math.sin(tilt), math.cos(tilt)
        turn = np.array(
            [[math.cos(heading), -math.sin(heading), 0], [math.sin(heading), math.cos(heading), 0], [0, 0, 1]]
        )
        # Columns: the photo's right, its down and its axis; z is down, and away is up in the photo.
        self.axes = turn @ np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])

    def ray(self, pixel: np.ndarray) -> np.ndarray:
        """The direction through a photo pixel, on the ground's axes."""
        return self.axes @ np.array([*(pixel - MIDDLE) / FOCAL_PX, 1.0])

    def at(self, pixel: np.ndarray, metres_a_pixel: float) -> tuple[float, float]:
        """Where a picture from above, its pixel (0, 0) below the camera, shows a photo pixel."""
        x, y, down = self.ray(pixel)
        return 30 * x / down / metres_a_pixel, 30 * y / down / metres_a_pixel

    def to_photo(self, metres_a_pixel: float) -> np.ndarray:
        """The homography from that picture to the photo."""
        intrinsic = np.array([[FOCAL_PX, 0, MIDDLE[0]], [0, FOCAL_PX, MIDDLE[1]], [0, 0, 1]])
        place = np.array([[metres_a_pixel, 0, 0], [0, metres_a_pixel, 0], [0, 0, 30.0]])
        return intrinsic @ self.axes.T @ place


def true_lean(camera: Camera, pixel: np.ndarray) -> np.ndarray:
    """Towards where the ray goes along the ground, as long as the sine of its angle from straight down."""
    ray = camera.ray(pixel)
    return ray[:2] / np.linalg.norm(ray)


def measured(camera: Camera, pixel: np.ndarray, scale: float) -> np.ndarray:
    to_photo, at = camera.to_photo(scale), camera.at(pixel, scale)
    assert map_points(to_photo, np.array(at)) == pytest.approx(pixel)
    return np.array(lean_of(to_photo, at))


@given(st.floats(0.02, 1.4), headings, scales)
def test_on_the_axis_it_is_the_way_of_the_ray(tilt: float, heading: float, scale: float) -> None:
    camera = Camera(tilt, heading)
    assert measured(camera, MIDDLE, scale) == pytest.approx(true_lean(camera, MIDDLE), abs=1e-5)


@given(st.floats(0.1, 1.2), headings, scales, st.floats(-1, 1), st.floats(-1, 1))
def test_near_the_axis_it_is_nearly(tilt: float, heading: float, scale: float, x: float, y: float) -> None:
    camera = Camera(tilt, heading)
    pixel = MIDDLE + 30 * np.array([x, y])
    assert measured(camera, pixel, scale) == pytest.approx(true_lean(camera, pixel), abs=0.05)


@given(st.floats(0.3, 1.0), headings, st.floats(-0.35, 0.2))
def test_up_and_down_a_flat_picture_is_stretched_along_the_ray(tilt: float, heading: float, off: float) -> None:
    camera = Camera(tilt, heading)
    pixel = MIDDLE - [0, FOCAL_PX * math.tan(off)]
    found, true = measured(camera, pixel, 0.1), true_lean(camera, pixel)
    along, cosine = np.linalg.norm(true), math.cos(tilt + off)
    expected = cosine / math.cos(off)
    if expected >= 1:
        # Stretched more than it was shortened: the camera's own tilt is less than half of what is off.
        return
    assert found == pytest.approx(math.sqrt(1 - expected**2) * true / along, abs=1e-6)


@pytest.mark.parametrize(
    ("angle", "off", "side", "taken_for"),
    [(45, 20, False, 41.2), (60, 20, False, 57.9), (45, 20, True, 47.6), (60, 20, True, 61.8)],
)
def test_off_the_axis_it_is_off_by_a_few_degrees(angle: float, off: float, side: bool, taken_for: float) -> None:
    a = math.radians(off)
    if side:
        # The camera turns about the ground's left-right line until the ray to its side meets the ground at the angle.
        tilt = math.acos(math.cos(math.radians(angle)) / math.cos(a))
        camera, pixel = Camera(tilt, 0.3), MIDDLE + np.array([FOCAL_PX * math.tan(a), 0])
    else:
        camera, pixel = Camera(math.radians(angle - off), 0.3), MIDDLE - [0, FOCAL_PX * math.tan(a)]
    assert math.degrees(math.asin(np.linalg.norm(true_lean(camera, pixel)))) == pytest.approx(angle, abs=0.01)
    found = math.degrees(math.asin(np.linalg.norm(measured(camera, pixel, 0.1))))
    assert found == pytest.approx(taken_for, abs=0.1)


@given(headings, scales, st.floats(-500, 500), st.floats(-500, 500))
def test_straight_down_nothing_leans(heading: float, scale: float, x: float, y: float) -> None:
    found = measured(Camera(0.0, heading), MIDDLE + np.array([x, y]), scale)
    assert found == pytest.approx([0, 0], abs=1e-6)


@given(st.floats(0.1, 1.3), headings, scales, st.floats(-5, 5).filter(lambda v: abs(v) > 0.01))
def test_a_homography_counts_up_to_its_factor(tilt: float, heading: float, scale: float, factor: float) -> None:
    camera = Camera(tilt, heading)
    to_photo, at = camera.to_photo(scale), camera.at(MIDDLE, scale)
    assert lean_of(factor * to_photo, at) == pytest.approx(lean_of(to_photo, at), abs=1e-9)
