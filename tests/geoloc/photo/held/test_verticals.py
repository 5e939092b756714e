"""How a camera was held, of pictures of posts drawn with a known tilt."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.photo.held.horizon import Horizon
from geoloc.photo.held.verticals import LEAST_SD_DEG, find_verticals
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import GIMBAL_SD_DEG, Tilt, known_tilt

FOCAL_PX = 750.0
SIZE = (1000, 750)


def held(down_deg: float, roll_deg: float, seed: int, *, posts: int = 25, rails: int = 20) -> Photo:
    """Posts from the ground up 5 to 30 m away, seen by a camera `down_deg` below level, and rails that lie anyhow."""
    rng = np.random.default_rng(seed)
    picture = np.full((*SIZE[::-1], 3), 150, np.uint8)
    down, roll = math.radians(down_deg), math.radians(roll_deg)
    # East, up, ahead to right, down, forward of a camera that looks down a little; then turned clockwise.
    level = np.array([[1, 0, 0], [0, -math.cos(down), -math.sin(down)], [0, -math.sin(down), math.cos(down)]])
    turn = np.array([[math.cos(roll), math.sin(roll), 0], [-math.sin(roll), math.cos(roll), 0], [0, 0, 1]])

    def draw(ends: np.ndarray) -> None:
        seen = ends @ (turn @ level).T
        if (seen[:, 2] > 1.0).all():
            pixels = seen[:, :2] / seen[:, 2:] * FOCAL_PX + np.array(SIZE) / 2
            one, other = ((pixels * 16).round().astype(int)).tolist()
            cv2.line(picture, one, other, (40, 40, 40), 4, cv2.LINE_AA, shift=4)

    for _ in range(posts):
        east, ahead = rng.uniform(-15, 15), rng.uniform(5, 30)
        draw(np.array([[east, -1.6, ahead], [east, rng.uniform(0, 2), ahead]]))
    for _ in range(rails):
        draw(rng.uniform((-15, -1.6, 5), (15, 2, 30), (2, 3)))
    return Photo(Path("p.jpg"), picture, focal_px=FOCAL_PX, phone=True)


@given(st.floats(-10, 25), st.floats(-8, 8), st.integers(0, 99))
@settings(max_examples=15)
def test_posts_tell_how_a_camera_was_held(down_deg: float, roll_deg: float, seed: int) -> None:
    found = find_verticals(held(down_deg, roll_deg, seed, posts=50), FOCAL_PX)
    assert found is not None
    assert found.tilt_deg == pytest.approx(90 - down_deg, abs=2.5 * found.sd_deg)
    assert found.roll_deg == pytest.approx(roll_deg, abs=0.5)
    assert found.sd_deg >= LEAST_SD_DEG


@pytest.mark.parametrize("seed", range(6))
def test_what_lies_anyhow_tells_nothing(seed: int) -> None:
    assert find_verticals(held(8.0, 0.0, seed, posts=0, rails=80), FOCAL_PX) is None


def test_nothing_to_see_tells_nothing() -> None:
    assert find_verticals(Photo(Path("p.jpg"), np.full((300, 400, 3), 90, np.uint8)), 300.0) is None
    assert find_verticals(Photo(Path("p.jpg"), np.zeros((4, 3, 3), np.uint8)), 3.0) is None


def test_a_telephones_photo_is_tilted_as_its_posts_tell() -> None:
    photo = held(9.0, -2.0, 3)
    tilt = known_tilt(photo)
    assert tilt is not None
    assert (tilt.degrees, tilt.roll_deg) == pytest.approx((81.0, -2.0), abs=0.5)
    # Nothing tells that a person held the camera: posts in a drone's view lean all ways.
    assert known_tilt(replace(photo, phone=False)) is None


def test_a_gimbal_is_believed_before_posts() -> None:
    photo = held(9.0, -2.0, 3)
    assert known_tilt(replace(photo, pitch_deg=-30.0)) == Tilt(60.0, 0.0, GIMBAL_SD_DEG)
    assert known_tilt(replace(photo, pitch_deg=-30.0, pitch_sd_deg=0.5)) == Tilt(60.0, 0.0, 0.5)


@pytest.mark.parametrize("shape", [(5, 20_000), (20_000, 5)])
def test_a_thin_picture_tells_nothing(shape: tuple[int, int]) -> None:
    assert find_verticals(Photo(Path("p.jpg"), np.zeros((*shape, 3), np.uint8)), 900.0) is None


def test_edges_that_contradict_the_horizon_are_a_telephones_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for horizon_deg, believed in ((80.0, True), (50.0, False)):
        monkeypatch.setattr("geoloc.photo.rectify.find_horizon", lambda *_, at=horizon_deg: Horizon(at, 0.0))
        told = {phone: known_tilt(replace(held(9.0, -2.0, 3), phone=phone)) for phone in (True, False)}
        assert told[True] is not None
        assert told[True].degrees == pytest.approx(81.0, abs=0.5)
        assert told[False] is not None
        assert told[False].degrees == (told[True].degrees if believed else horizon_deg)
