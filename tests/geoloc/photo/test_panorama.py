"""The ground round a panorama's camera from above, against rays written with vectors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.photo.crops import make_crops
from geoloc.photo.panorama import GROUND_HEIGHT_M, ground_crop
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import EYE_HEIGHT_M
from geoloc.photo.target import Click, Target
from geoloc.plane.homography import map_points

WIDTH, HEIGHT = 1024, 512
SHAPE = (128, 256)


def place_of(x: np.ndarray, y: np.ndarray, heading_deg: float) -> np.ndarray:
    """Where rays of the panorama meet the ground, metres east and south of the camera; NaN above the horizon."""
    azimuth = np.radians(heading_deg) + (x / WIDTH - 0.5) * 2 * math.pi
    below = (y / HEIGHT - 0.5) * math.pi
    distance = EYE_HEIGHT_M / np.tan(np.where(below > 0, below, np.nan))
    return np.stack([np.sin(azimuth) * distance, -np.cos(azimuth) * distance], axis=-1)


def panorama(heading_deg: float | None) -> Photo:
    """Ground that is red to the east and green to the south, 12 values a metre, under a blue sky."""
    columns, rows = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
    places = place_of(columns, rows, heading_deg or 0.0)
    colours = np.concatenate([127 + 12 * places, np.zeros((HEIGHT, WIDTH, 1))], axis=-1)
    colours[rows < HEIGHT / 2] = (90, 120, 250)
    return Photo(
        Path("p.jpg"), np.nan_to_num(colours).clip(0, 255).astype(np.uint8), heading_deg=heading_deg, panorama=True
    )


@settings(max_examples=15)
@given(st.floats(0, 359), st.floats(0, WIDTH - 1), st.floats(300, 500))
def test_the_ground_is_north_up_round_the_camera(heading: float, x: float, y: float) -> None:
    crop = ground_crop(panorama(heading), Click(x, y), heading, SHAPE)
    assert crop is not None
    step = GROUND_HEIGHT_M / SHAPE[0]
    (place,) = place_of(np.array([x]), np.array([y]), heading)
    assert crop.click == pytest.approx(np.array([128, 64]) + place / step)
    # Things lean away from the camera, by the angle of the ray.
    assert crop.view == pytest.approx((*(place / math.hypot(*place, EYE_HEIGHT_M)), 1.0))
    assert crop.heading_deg == heading
    # Close round the click the way back is the panorama's, also across its seam.
    assert map_points(crop.to_photo, np.array(crop.click)) == pytest.approx((x, y), abs=1e-6)
    back = map_points(crop.to_photo, np.array(crop.click) + np.array([0.2, 0.1]))
    distance = float(np.linalg.norm(place))
    if distance > 1:
        near = place_of(back[:1], back[1:], heading)[0]
        assert near - place == pytest.approx(np.array([0.2, 0.1]) * step, abs=0.1 * step)
    # Colours tell where every pixel's ground is.
    rows, columns = np.indices(SHAPE) + 0.5
    shown = np.stack([columns - 128, rows - 64], axis=-1) * step
    radius = np.linalg.norm(shown, axis=-1)
    seen = (radius > 1) & (radius < 7)
    found = (crop.image[..., :2].astype(float) - 127) / 12
    assert np.abs(found - shown)[seen].max() < 0.6
    # Beyond 80 degrees nothing is drawn, and no sky.
    far = crop.image[radius > 9.5]
    assert (far == far[0]).all()
    assert far[0, 2] < 60


@pytest.mark.parametrize(("height", "y"), [(HEIGHT, 284.5), (400, 399.9)])
def test_a_click_at_the_edge_of_what_is_drawn_has_a_way_back(height: int, y: float) -> None:
    # At 80 degrees from straight down, and where a panorama is cut off at its bottom.
    whole = panorama(0.0)
    top = (HEIGHT - height) // 2
    photo = Photo(whole.path, whole.pixels[top : top + height], heading_deg=0.0, panorama=True)
    crop = ground_crop(photo, Click(100.0, y), 0.0, SHAPE)
    assert crop is not None
    assert map_points(crop.to_photo, np.array(crop.click)) == pytest.approx((100.0, y), abs=1e-6)


def test_a_click_far_off_or_in_the_sky_has_the_strip_alone() -> None:
    photo = panorama(None)
    for y in (40.0, 260.0, 283.0):
        (strip,) = make_crops(photo, Target(Click(10, y)))
        assert not strip.from_above
    strip, *above = make_crops(photo, Target(Click(10, 290)))
    assert not strip.from_above
    assert [crop.heading_deg for crop in above] == [0, 90, 180, 270]
    assert {crop.image.shape for crop in above} == {strip.image.shape}
    assert len(make_crops(panorama(30.0), Target(Click(10, 290)))) == 2
