"""Rays and projections of the town's three kinds of camera."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.town.picture.camera import Camera, Equirectangular, Parallel, Pinhole

ANGLE = st.floats(-360.0, 360.0)
PIXEL = st.tuples(st.integers(0, 79), st.integers(0, 39))


def looking_down() -> Pinhole:
    return Pinhole((10.0, 20.0, 50.0), 0.0, -90.0, 100.0, 80, 40)


def ortho() -> Parallel:
    down = np.array([0.0, 0.0, -1.0])
    return Parallel(np.array([-5.0, 4.0, 90.0]), np.array([0.2, 0.05, 0]), np.array([0.04, -0.2, 0]), down, 80, 40)


@given(heading=ANGLE, pitch=st.floats(-90.0, 60.0), roll=st.floats(-30.0, 30.0), pixel=PIXEL, t=st.floats(0.01, 5.0))
def test_pinhole_projects_its_own_rays(
    heading: float, pitch: float, roll: float, pixel: tuple[int, int], t: float
) -> None:
    camera = Pinhole((3.0, -7.0, 60.0), heading, pitch, 90.0, 80, 40, roll)
    check_round_trip(camera, pixel, t)


@given(heading=ANGLE, pixel=PIXEL, t=st.floats(0.5, 200.0))
def test_panorama_projects_its_own_rays(heading: float, pixel: tuple[int, int], t: float) -> None:
    check_round_trip(Equirectangular((1.0, 2.0, 2.5), heading, 80, 40), pixel, t)


@given(pixel=PIXEL, t=st.floats(0.0, 90.0))
def test_parallel_projects_its_own_rays(pixel: tuple[int, int], t: float) -> None:
    check_round_trip(ortho(), pixel, t)


def check_round_trip(camera: Camera, pixel: tuple[int, int], t: float) -> None:
    centre = np.array(pixel) + 0.5
    origin, direction = camera.ray(*centre)
    projected, front = camera.project((origin + t * direction)[None])
    assert front[0]
    # Rays come in single precision; a panorama's azimuth is poorly defined beside its poles.
    assert projected[0] == pytest.approx(centre, abs=0.01)


def test_pitch_heading_and_roll_have_their_meaning() -> None:
    down = looking_down()
    east_of_centre, north_of_centre = down.project(np.array([[11.0, 20.0, 0.0], [10.0, 21.0, 0.0]]))[0]
    assert east_of_centre == pytest.approx([42.0, 20.0])
    assert north_of_centre == pytest.approx([40.0, 18.0])  # the picture's "up" is the heading
    eastward = Pinhole((0.0, 0.0, 10.0), 90.0, 0.0, 100.0, 80, 40)
    ahead, south = eastward.project(np.array([[100.0, 0.0, 10.0], [100.0, -10.0, 10.0]]))[0]
    assert ahead == pytest.approx([40.0, 20.0])
    assert south == pytest.approx([50.0, 20.0])
    rolled = Pinhole((0.0, 0.0, 10.0), 90.0, 0.0, 100.0, 80, 40, roll_deg=10.0)
    assert rolled.project(np.array([[100.0, -10.0, 10.0]]))[0][0, 1] < 20.0  # right side down: things there go up


def test_panorama_has_its_heading_in_the_middle() -> None:
    camera = Equirectangular((0.0, 0.0, 2.0), 90.0, 360, 180)
    points = np.array([[9.0, 0.0, 2.0], [0.0, -9.0, 2.0], [9.0, 0.0, 11.0]])  # east, south, east and up
    assert camera.project(points)[0] == pytest.approx(np.array([[180.0, 90.0], [270.0, 90.0], [180.0, 45.0]]))


def test_what_is_behind_a_pinhole_is_not_projected() -> None:
    pixels, front = looking_down().project(np.array([[10.0, 20.0, 60.0], [10.0, 20.0, 1.0]]))
    assert front.tolist() == [False, True]
    assert np.isnan(pixels[0]).all()


@given(
    heading=ANGLE,
    corner=st.tuples(st.floats(-40, 40), st.floats(-40, 40), st.floats(0, 10)),
    size=st.tuples(st.floats(0.5, 12), st.floats(0.5, 12), st.floats(0.5, 12)),
    seed=st.integers(0, 1000),
)
def test_windows_hold_all_of_a_box(
    heading: float, corner: tuple[float, float, float], size: tuple[float, float, float], seed: int
) -> None:
    low, ring = np.array(corner), np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    hull = low + np.array([[x, y, z] for z in (0, 1) for x, y in ring]) * size
    inside = low + np.random.default_rng(seed).random((40, 3)) * size
    cameras: list[Camera] = [
        Equirectangular((0.0, 0.0, 2.0), heading, 200, 100),
        Pinhole((0.0, 0.0, 30.0), heading, -60.0, 100.0, 160, 120),
        ortho(),
    ]
    for camera in cameras:
        windows = [window for _, window in camera.windows(hull[None])]
        pixels, front = camera.project(inside)
        for x, y in pixels[front]:
            if 0 <= x < camera.width and 0 <= y < camera.height:
                assert any(r0 <= y <= r1 and c0 <= x <= c1 for r0, r1, c0, c1 in windows)


@given(pixel=PIXEL, seed=st.integers(0, 99))
def test_quadric_is_the_quadratic_form_of_the_ray(pixel: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(3, 3))
    matrix, shift = half + half.T, rng.normal(size=3)
    window = (pixel[1], pixel[1] + 1, pixel[0], pixel[0] + 1)
    for camera in (looking_down(), ortho(), Equirectangular((0.0, 0.0, 2.0), 40.0, 80, 40)):
        w = camera.rays(window)[0, 0].astype(float) - (shift if not camera.central else 0.0)
        value = camera.quadric(matrix, np.zeros(3) if camera.central else shift, window)[0, 0]
        assert value == pytest.approx(w @ matrix @ w, rel=1e-3, abs=1e-3 * float(w @ w))
