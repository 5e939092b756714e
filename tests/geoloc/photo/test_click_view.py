"""Views of a click from level: what they show where, of pictures whose every pixel tells its direction."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geoloc.photo.click_view import FILL, SIDE_PX, VIEWS_DEG, click_views
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, ground_of

MIDDLE = SIDE_PX // 2


def coloured(tilt: Tilt | None) -> Photo:
    """A photo whose red tells the azimuth and whose green the angle below level, two grey levels a degree."""
    if tilt is None:
        width, height = 1440, 720
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        aside, below = columns / 4 - 180, rows / 4 - 90
    else:
        width, height = 800, 600
        blank = Photo(Path("p.jpg"), np.zeros((height, width, 3), np.uint8), focal_px=600.0)
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        x, y, down = np.moveaxis(np.stack([columns, rows, np.ones_like(rows)], -1) @ ground_of(blank, tilt).T, -1, 0)
        aside, below = np.degrees(np.arctan2(x, -y)), np.degrees(np.arctan2(down, np.hypot(x, y)))
    levels = np.stack([127 + 2 * aside, 127 + 2 * below, np.full_like(aside, 40)], -1)
    return Photo(Path("p.jpg"), levels.clip(0, 255).astype(np.uint8), focal_px=600.0, panorama=tilt is None)


@pytest.mark.parametrize("tilt", [None, Tilt(84.0), Tilt(78.0, 6.0)])
@pytest.mark.parametrize(("aside", "below"), [(0.0, 5.0), (-12.0, 2.0), (9.0, 11.0)])
def test_the_click_is_in_the_middle_and_level_is_level(tilt: Tilt | None, aside: float, below: float) -> None:
    narrow, wide = click_views(coloured(tilt), tilt, aside, below)
    for view in (narrow, wide):
        red, green, _ = view[MIDDLE, MIDDLE].astype(float)
        assert ((red - 127) / 2, (green - 127) / 2) == pytest.approx((aside, below), abs=1.0)
    # What is straight below the click lies below it in the view, and as far as it is in truth.
    down = int(math.tan(math.radians(4.0)) / math.tan(math.radians(VIEWS_DEG[0] / 2)) * MIDDLE)
    red, green, _ = narrow[MIDDLE + down, MIDDLE].astype(float)
    assert ((red - 127) / 2, (green - 127) / 2) == pytest.approx((aside, below + 4.0), abs=1.0)


def test_what_the_photo_does_not_show_is_grey() -> None:
    tilt = Tilt(84.0)
    _, wide = click_views(coloured(tilt), tilt, 30.0, 5.0)
    assert (wide[:, -1] == FILL).all()
    assert (wide[MIDDLE, MIDDLE] != FILL).any()


def test_a_panorama_has_no_seam() -> None:
    photo = coloured(None)
    rolled = replace(photo, pixels=np.roll(photo.pixels, 720, axis=1))
    here, there = click_views(photo, None, 0.0, 5.0), click_views(rolled, None, 180.0, 5.0)
    assert np.abs(here.astype(int) - there).max() <= 2


@pytest.mark.parametrize("panorama", [False, True])
def test_a_photo_that_is_far_finer_is_averaged(panorama: bool) -> None:
    tilt = None if panorama else Tilt(84.0)
    photo = coloured(tilt)
    rng = np.random.default_rng(1)
    pixels = np.kron(photo.pixels, np.ones((6, 6, 1), np.uint8)).astype(np.float64)
    grainy = (pixels + rng.normal(0, 20, pixels.shape)).clip(0, 255).astype(np.uint8)
    fine = replace(photo, pixels=grainy, focal_px=3600.0)
    smooth, seen = (click_views(one, tilt, -5.0, 6.0).astype(float) for one in (photo, fine))
    assert np.median(np.abs(seen - smooth)) < 5.0


def test_a_picture_as_wide_as_a_drawing_can_be_is_shown() -> None:
    wide = Photo(Path("p.jpg"), np.full((40, 33_000, 3), 90, np.uint8), panorama=True)
    assert click_views(wide, None, 3.0, 0.0).shape == (2, SIDE_PX, SIDE_PX, 3)
