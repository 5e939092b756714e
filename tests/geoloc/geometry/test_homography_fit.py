"""Planes that matches agree on: found among wrong ones, refused where there is none, errors told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.geometry.homography_fit import LEAST_INLIERS, HomographyFit, fit_homography
from geoloc.plane.homography import map_points


def homography(scale: float, turn: float, tilt: float) -> np.ndarray:
    """A view of ground: foreshortened about the photo's corner, then turned, scaled and moved, as a camera would."""
    c, s = scale * math.cos(turn), scale * math.sin(turn)
    return np.array([[c, -s, 300], [s, c, 200], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, 1, 0], [0, tilt / 1000, 1]])


def error_px(found: HomographyFit, point: np.ndarray) -> float:
    return float(np.sqrt(np.trace(found.covariance(point))))


@given(st.floats(0.15, 2), st.floats(0, 6.28), st.floats(0, 0.8), st.integers(0, 1000))
@settings(max_examples=25)
def test_a_plane_is_found_among_wrong_matches(scale: float, turn: float, tilt: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = homography(scale, turn, tilt)
    photo = rng.uniform(0, 1000, (160, 2))
    reference = map_points(matrix, photo)
    wrong = slice(60, None)
    low, high = reference.min(0), reference.max(0)
    reference[wrong] = rng.uniform(low, high, (100, 2))
    reference += rng.normal(0, 0.3, reference.shape)
    found = fit_homography(photo, reference)
    assert found is not None
    assert 45 <= found.inliers <= 75
    at = rng.uniform(200, 800, (10, 2))
    assert np.linalg.norm(found.map_points(at) - map_points(matrix, at), axis=1).max() < 1.5
    assert all(0.3 < error_px(found, point) < 3 for point in at)


@pytest.mark.parametrize("seed", range(30))
def test_matches_by_chance_never_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert fit_homography(rng.uniform(0, 1000, (300, 2)), rng.uniform(0, 400, (300, 2))) is None


def test_a_mirror_image_and_too_few_are_refused() -> None:
    rng = np.random.default_rng(0)
    photo = rng.uniform(0, 1000, (80, 2))
    assert fit_homography(photo, photo * [-0.3, 0.3] + [400, 0]) is None
    assert fit_homography(photo, photo * [0.3, 0.3]) is not None
    # A sliver: a hundred times as long as wide.
    assert fit_homography(photo, photo * [0.5, 0.005] + [0, 40]) is None
    few = LEAST_INLIERS - 1
    assert fit_homography(photo[:few], 0.3 * photo[:few]) is None


def test_one_place_matched_often_is_one_witness() -> None:
    rng = np.random.default_rng(0)
    photo = np.repeat(rng.uniform(0, 1000, (8, 2)), 5, axis=0)
    assert fit_homography(photo, 0.3 * photo) is None


def test_a_point_moves_with_its_neighbours_off_the_plane_and_far_points_are_less_sure() -> None:
    rng = np.random.default_rng(1)
    photo = rng.uniform(0, 1000, (400, 2))
    reference = 0.3 * photo
    # A terrace, 2 px aside.
    high = (np.abs(photo - [700, 700]) < 150).all(1)
    reference[high] += [2.0, 0]
    found = fit_homography(photo, reference)
    assert found is not None
    assert found.map_points(np.array([[700.0, 700]]))[0] == pytest.approx([212, 210], abs=0.3)
    assert found.map_points(np.array([[200.0, 200]]))[0] == pytest.approx([60, 60], abs=0.3)
    assert error_px(found, np.array([3000.0, 3000])) > 3 * error_px(found, np.array([300.0, 300]))


def test_a_plane_that_is_held_in_one_corner_is_loose_elsewhere() -> None:
    """Against refits of the same corner with other noise, and truth."""
    matrix = homography(0.4, 0.3, 0.4)
    rng = np.random.default_rng(2)
    photo = rng.uniform([0, 0], [250, 250], (24, 2))
    far, near = np.array([[900.0, 900]]), np.array([[125.0, 125]])
    off: dict[str, list[float]] = {"far": [], "near": []}
    told: dict[str, list[float]] = {"far": [], "near": []}
    for _ in range(60):
        found = fit_homography(photo, map_points(matrix, photo) + rng.normal(0, 0.5, photo.shape))
        assert found is not None
        for name, at in (("far", far), ("near", near)):
            off[name].append(float(np.linalg.norm(found.map_points(at) - map_points(matrix, at))))
            told[name].append(error_px(found, at[0]))
    assert np.median(off["far"]) > 8 * np.median(off["near"])
    # Cautious, since true neighbours are off alike and this noise is not, and still of the right size.
    for name, errors in off.items():
        assert 0.7 < np.median(told[name]) / np.sqrt(np.mean(np.square(errors))) < 6
    # Points on a line do not hold a plane at all.
    line = np.column_stack([photo[:, 0], np.full(24, 100.0)])
    alone = HomographyFit(matrix, line, map_points(matrix, line))
    assert error_px(alone, far[0]) > 50 * error_px(alone, line[0])


def test_beyond_the_hull_is_told_in_pixels_of_the_reference() -> None:
    photo = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100], [50, 50]])
    found = HomographyFit(np.diag([0.5, 0.5, 1]), photo, photo * 0.5)
    assert found.beyond(np.array([25.0, 25])) == 0
    assert found.beyond(np.array([80.0, 90])) == pytest.approx(50)
    assert found.hull_side == pytest.approx(50)


def test_the_sky_in_a_steeply_oblique_photo_does_not_turn_its_ground_over() -> None:
    """A camera tilted by 65 degrees: the photo's upper corners are above the horizon."""
    tilt, focal, height = math.radians(65), 700.0, 40.0
    rotate = np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
    offset = np.array([[1, 0, -500.0], [0, 1, -400.0], [0, 0, focal]])
    to_metres = np.diag([height, height, 1.0]) @ rotate @ offset
    to_reference = np.array([[5, 0, 600.0], [0, 5, 900.0], [0, 0, 1]]) @ to_metres
    rng = np.random.default_rng(3)
    photo = rng.uniform([0, 350], [1000, 800], (120, 2))
    assert (to_reference @ np.array([0, 0, 1]))[2] < 0 < (to_reference @ np.array([500, 700, 1]))[2]
    reference = map_points(to_reference, photo) + rng.normal(0, 0.2, photo.shape)
    found = fit_homography(photo, reference)
    assert found is not None
    at = np.array([[500.0, 600.0], [200.0, 700.0]])
    assert np.linalg.norm(found.map_points(at) - map_points(to_reference, at), axis=1).max() < 1
    assert np.isnan(map_points(found.matrix, np.array([[0.0, 0.0]]))).all()
