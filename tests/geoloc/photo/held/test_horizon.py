"""The tilt by the horizon, of pictures drawn with a known one."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.photo.crops import px_per_m
from geoloc.photo.held.horizon import find_horizon
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.rectify import GIMBAL_SD_DEG, Tilt, focal_px, known_tilt, likely_tilts
from tests.helpers.paths import SHARED_DATA

FOCAL_PX = 600.0


def ground(width: int, height: int, seed: int) -> np.ndarray:
    """Greens and browns at every scale."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), (95.0, 105.0, 70.0))
    for cells in (8, 30, 120):
        patches = rng.normal(0, 18, (cells * height // width + 1, cells, 3)).astype(np.float32)
        picture += cv2.resize(patches, (width, height))
    return picture.clip(0, 255)


def view(tilt_deg: float, roll_deg: float, seed: int) -> Photo:
    """Sky with a cloud above the true horizon, which a camera tilted less than a half view from level shows."""
    width, height = 800, 600
    x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    roll = math.radians(roll_deg)
    below = y * math.cos(roll) - x * math.sin(roll) + FOCAL_PX * math.tan(math.radians(90 - tilt_deg))
    sky = np.stack([160 - below / 20, 190 - below / 20, np.full_like(x, 235)], -1)
    sky += 25 * np.exp(-((x - 90) ** 2 + (y + 260) ** 2) / 4000)[..., None]
    mixed = np.where(below[..., None] < 0, sky, ground(width, height, seed))
    return Photo(Path("h.jpg"), mixed.clip(0, 255).astype(np.uint8))


@given(st.floats(68, 88), st.floats(-12, 12), st.integers(0, 99))
@settings(max_examples=15)
def test_a_horizon_tells_the_tilt(tilt_deg: float, roll_deg: float, seed: int) -> None:
    found = find_horizon(view(tilt_deg, roll_deg, seed), FOCAL_PX)
    assert found is not None
    assert found.tilt_deg == pytest.approx(tilt_deg, abs=1.0)
    assert found.slope_deg == pytest.approx(roll_deg, abs=1.5)


@pytest.mark.parametrize("seed", range(4))
def test_what_looks_down_has_no_horizon(seed: int) -> None:
    picture = ground(800, 600, seed).astype(np.uint8)
    assert find_horizon(Photo(Path("g.jpg"), picture), FOCAL_PX) is None
    # A car park in the upper half is no sky, bright as it is: its cars are as rough as lawns.
    paved = picture.astype(np.int64)
    paved[:280] = 190 + (ground(800, 280, seed + 50) - 90) * 0.8
    assert find_horizon(Photo(Path("g.jpg"), paved.clip(0, 255).astype(np.uint8)), FOCAL_PX) is None


def test_the_horizon_counts_where_no_gimbal_tells() -> None:
    photo = view(72, 0, 1)
    first, *others = likely_tilts(Photo(photo.path, photo.pixels, focal_px=FOCAL_PX))
    by_gimbal, *_ = likely_tilts(Photo(photo.path, photo.pixels, focal_px=FOCAL_PX, pitch_deg=-18.0))
    assert by_gimbal == 72
    assert first == pytest.approx(by_gimbal, abs=2)
    # And what is tried without one still is: straight down and 40 degrees.
    assert len(others) == 2


def test_a_horizon_that_falls_to_the_right_is_of_a_camera_turned_to_the_left() -> None:
    picture = view(75, 8, 2)
    tilt = known_tilt(Photo(picture.path, picture.pixels, focal_px=FOCAL_PX))
    assert tilt is not None
    assert (tilt.degrees, tilt.roll_deg) == (pytest.approx(75, abs=1), pytest.approx(-8, abs=1.5))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.7])
def test_a_gimbal_is_believed_whatever_the_upper_edge_shows(share: float) -> None:
    picture = ground(800, 600, 1)
    picture[: round(share * 600)] = (238.0, 240.0, 245.0)
    snow = Photo(Path("g.jpg"), picture.astype(np.uint8), pitch_deg=-90.0, focal_px=FOCAL_PX, relative_altitude_m=60.0)
    assert find_horizon(snow, FOCAL_PX) is not None
    assert known_tilt(snow) == Tilt(0.0, 0.0, GIMBAL_SD_DEG)
    assert likely_tilts(snow)[0] == 0.0
    assert px_per_m(snow) == pytest.approx(10.0)


def test_a_strip_takes_no_time() -> None:
    assert find_horizon(Photo(Path("s.png"), np.zeros((40_000, 1, 3), np.uint8)), FOCAL_PX) is None


@pytest.mark.skipif(not (SHARED_DATA / "caliterra").is_dir(), reason="no caliterra beside the checkout")
def test_drone_photos_that_look_down_show_no_horizon() -> None:
    paths = sorted((SHARED_DATA / "caliterra" / "photos").glob("*.jpg"))[::8]
    assert len(paths) > 5
    for path in paths:
        photo = load_photo(path)
        assert find_horizon(photo, focal_px(photo)) is None, path.name
