"""The camera by matches with level ground."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from geoloc.pose.solve import SUPPOSED_FOCAL, SolvedCamera, solve_camera
from tests.geoloc.pose.cameras import FOCAL_PX, HIGH_M, SIZE, camera

LOOK = (30.0, 45.0, 2.0)


def solved(
    look: tuple[float, float, float], *, focal_px: float | None, off_px: float = 0.4, k1: float = 0.0, seed: int = 0
) -> SolvedCamera:
    """The camera by 150 matches that are off by so many pixels."""
    rng = np.random.default_rng(seed)
    true = camera(*look)
    pixels = rng.uniform((50, 100), (SIZE[0] - 50, SIZE[1] - 20), (150, 2))
    rays = true.directions(pixels)
    ground = (true.centre + rays * (-true.centre[2] / rays[:, 2:]))[:, :2]
    middle = np.array(SIZE) / 2
    away = (pixels - middle) / FOCAL_PX
    pixels = middle + FOCAL_PX * away * (1 + k1 * (away**2).sum(1, keepdims=True)) + rng.normal(0, off_px, pixels.shape)
    matrix, _ = cv2.findHomography(pixels, ground)
    found = solve_camera(pixels, ground, matrix, size=SIZE, focal_px=focal_px, supposed_px=0.75 * SIZE[0], match_m=0.05)
    assert found is not None
    return found


def check(found: SolvedCamera, look: tuple[float, float, float], share: float) -> None:
    true = camera(*look)
    assert np.linalg.norm(found.camera.centre - true.centre) < share * HIGH_M
    assert abs(found.camera.heading_deg - true.heading_deg) < 0.5
    assert found.camera.tilt_deg == pytest.approx(true.tilt_deg, abs=0.5)
    assert found.camera.roll_deg == pytest.approx(true.roll_deg, abs=0.5)


@pytest.mark.parametrize("look", [LOOK, (200.0, 3.0, 0.0), (359.0, 65.0, -3.0), (90.0, 0.0, 0.0)])
def test_with_the_files_focal_length(look: tuple[float, float, float]) -> None:
    found = solved(look, focal_px=FOCAL_PX)
    assert found.focal == "file"
    check(found, look, 0.01)


def test_a_tilt_tells_the_focal_length_that_no_file_does() -> None:
    found = solved(LOOK, focal_px=None)
    assert found.focal == "matches"
    assert found.camera.focal_px == pytest.approx(FOCAL_PX, rel=0.02)
    check(found, LOOK, 0.02)


def test_straight_down_focal_length_and_height_are_one_and_the_errors_say_so() -> None:
    found = solved((10, 1, 0), focal_px=None)
    assert found.focal == "supposed"
    assert found.camera.centre[2] == pytest.approx(0.75 * SIZE[0] / FOCAL_PX * HIGH_M, rel=0.02)
    assert math.sqrt(found.covariance[2, 2]) > 0.9 * SUPPOSED_FOCAL * found.camera.centre[2]
    # The place below does not depend on it.
    assert np.hypot(*found.camera.centre[:2]) < 0.02 * HIGH_M


def test_matches_overrule_a_file_that_is_far_off() -> None:
    found = solved(LOOK, focal_px=1.6 * FOCAL_PX)
    assert found.focal == "matches"
    check(found, LOOK, 0.02)
    assert solved((10, 1, 0), focal_px=1.6 * FOCAL_PX).focal == "file"


def test_a_bent_lens_is_found_where_matches_tell_it() -> None:
    found = solved(LOOK, focal_px=FOCAL_PX, off_px=0.1, k1=-0.06)
    assert found.camera.k1 == pytest.approx(-0.06, abs=0.01)
    check(found, LOOK, 0.02)


def test_nine_of_ten_places_are_within_what_is_told() -> None:
    inside = []
    for seed in range(20):
        found = solved(LOOK, focal_px=FOCAL_PX, off_px=1.0, seed=seed)
        off, told = found.camera.centre - [0, 0, HIGH_M], 1.645 * np.sqrt(np.diag(found.covariance)[:3])
        inside.append(np.abs(off) <= told)
    assert np.mean(inside) >= 0.9


def test_a_mirrored_plane_is_of_no_camera() -> None:
    pixels = np.random.default_rng(0).uniform(0, 900, (40, 2))
    mirrored = np.diag([0.1, 0.1, 1.0])
    found = solve_camera(
        pixels, pixels * 0.1, mirrored, size=SIZE, focal_px=FOCAL_PX, supposed_px=FOCAL_PX, match_m=0.05
    )
    assert found is None
