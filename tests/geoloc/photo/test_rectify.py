"""Photographs as seen from above, against a pinhole camera written another way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import (
    GIMBAL_SD_DEG,
    HORIZON_DEG,
    TRIED_TILTS_DEG,
    Tilt,
    ground_of,
    known_tilt,
    likely_tilts,
    rectify,
)
from geoloc.plane.homography import map_points

SIZE = (640, 480)


def photo(**more: object) -> Photo:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    pixels = np.stack([x // 4, y // 2, (x // 40 + y // 40) % 2 * 200], -1).astype(np.uint8)
    return Photo(Path("p.jpg"), pixels, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("tilt", [20.0, 45, 65])
def test_equal_steps_on_the_ground_are_equal_steps_in_the_picture(tilt: float) -> None:
    focal = 500.0
    found = rectify(photo(focal_px=focal), tilt, 1600)
    assert found is not None
    t = math.radians(tilt)
    # A camera at height 1: forward is level and away from the viewer, y up to the north.
    forward = np.array([0, math.sin(t), -math.cos(t)])
    down = np.array([0, -math.cos(t), -math.sin(t)])
    rng = np.random.default_rng(0)
    pixels = rng.uniform([150, 240], [490, 470], (30, 2))
    rays = (pixels[:, :1] - 320) * [1, 0, 0] + (pixels[:, 1:] - 240) * down + focal * forward
    ground = rays[:, :2] / -rays[:, 2:]
    above = map_points(np.linalg.inv(found.to_photo), pixels)
    # North is up: a similarity with y turned round.
    scale = np.linalg.norm(above[0] - above[1]) / np.linalg.norm(ground[0] - ground[1])
    expected = ground * [1, -1] * scale
    assert above - above[0] == pytest.approx(expected - expected[0], abs=0.5)
    # The picture at those places is the photo's.
    for pixel, place in zip(pixels, above, strict=True):
        column, row = place.astype(int)
        if (place > 0).all() and (place < np.array(found.image.shape[1::-1]) - 1).all():
            assert abs(int(found.image[row, column, 1]) - int(pixel[1] // 2)) <= 4


def test_the_horizon_and_what_is_beyond_the_photo_are_left_out() -> None:
    found = rectify(photo(focal_px=400.0), 70.0, 1600)
    assert found is not None
    assert max(found.image.shape) <= 1600
    assert found.valid is not None
    assert 0.1 < found.valid.mean() < 0.95
    rows, columns = np.nonzero(found.valid)
    pixels = map_points(found.to_photo, np.stack([columns, rows], -1) + 0.5)
    assert (pixels > -1.5).all()
    assert (pixels < np.array(SIZE) + 1.5).all()
    t = math.radians(70)
    up = math.cos(t) * 400 - math.sin(t) * (pixels[:, 1] - 240) * -1
    steep = up / np.linalg.norm(np.column_stack([pixels - [320, 240], np.full(len(pixels), 400.0)]), axis=1)
    assert np.degrees(np.arccos(steep.clip(-1, 1))).max() < HORIZON_DEG + 1
    assert rectify(photo(focal_px=400.0), 150.0, 1600) is None


def test_what_the_photo_tells_comes_first_and_panoramas_are_left_to_attention() -> None:
    assert likely_tilts(photo(pitch_deg=-90.0))[0] == 0
    assert likely_tilts(photo(pitch_deg=-45.0, focal_px=500.0))[0] == 45
    assert likely_tilts(photo(focal_px=500.0)) == TRIED_TILTS_DEG
    assert not likely_tilts(photo(panorama=True))
    # A camera that looks above the horizon shows no ground.
    assert not likely_tilts(photo(pitch_deg=30.0))


def test_large_photos_are_scaled_and_lead_back() -> None:
    large = Photo(Path("p.jpg"), np.zeros((2000, 4000, 3), np.uint8))
    found = rectify(large, 0.0, 1600)
    assert found is not None
    assert found.image.shape == (800, 1600, 3)
    assert map_points(found.to_photo, np.array([[1600, 800.0]]))[0] == pytest.approx([4000, 2000])
    for tilt in (0.0, 40.0):
        smaller = rectify(large, tilt, 500)
        assert smaller is not None
        assert max(smaller.image.shape) == 500


@pytest.mark.parametrize("roll", [-20.0, 7.0])
def test_a_camera_that_is_turned_clockwise_sees_the_ground_turned_the_other_way(roll: float) -> None:
    picture = photo(focal_px=400.0, pitch_deg=-50.0, roll_deg=roll)
    tilt = known_tilt(picture)
    assert tilt == Tilt(40.0, roll, GIMBAL_SD_DEG)
    assert tilt is not None
    rolled, level = (ground_of(picture, t) for t in (tilt, Tilt(40.0)))
    # What an unturned camera has at the middle's right, one that is turned clockwise has higher up.
    r = math.radians(roll)
    seen = np.array([[320.0, 240.0], [320 + 100 * math.cos(r), 240 - 100 * math.sin(r)]])
    assert map_points(rolled, seen) == pytest.approx(map_points(level, np.array([[320.0, 240.0], [420.0, 240.0]])))
