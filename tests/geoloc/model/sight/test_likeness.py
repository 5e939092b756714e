"""Looks of a photo are compared with the mosaic before each pose that it may have."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views
from geoloc.model.sight.likeness import LOOKS, PANORAMA_LOOKS, SHARE, Likeness, looks_of
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt
from tiling.grid import WGS84, Grid, transformer
from tiling.mosaic import WindowPixels

PHONE = Photo(
    Path("p.jpg"),
    np.full((900, 1200, 3), 120, np.uint8),
    position=(15.0, 0.0),
    focal_px=900.0,
    phone=True,
    heading_deg=0.0,
    pitch_deg=-6.0,
)


class Red:
    """In place of the network: tells how red a strip is, from 0 to 1, of every look."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.looks: list[int] = []

    def __call__(self, views: Views, strip: Features, height_m: Tensor, below_deg: Tensor) -> Tensor:
        assert len(views.wide.fine) == len(height_m) == len(below_deg)
        self.looks.append(len(strip.fine))
        return strip.fine[:, 0].mean((1, 2)) / 255


def seen(pictures: Tensor) -> Features:
    """In place of the backbone's features: colours."""
    return Features(torch.nn.functional.avg_pool2d(pictures, 16), torch.nn.functional.avg_pool2d(pictures, 8))


def shown(grid: Grid) -> WindowPixels:
    """A mosaic that is red north of the photo's position, and not known west of it."""
    x, y = transformer(WGS84, "EPSG:3857").transform(15.0, 0.0)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    east, north = grid.affine * (columns, rows)
    rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
    rgb[north > y, 0] = 255
    return WindowPixels(rgb, east > x - 1e-6)


def told(photo: Photo, posed: Photo) -> tuple[float, int]:
    net = Red()
    likeness = Likeness(cast(Any, net), seen, photo, shown)
    return likeness(posed).log_odds / SHARE, net.looks[0]


def test_strips_are_those_before_the_pose() -> None:
    """Looks to the west see what is not known, which is shown grey and counts by what else is seen."""
    north, looks = told(PHONE, PHONE)
    south, _ = told(PHONE, replace(PHONE, heading_deg=180.0))
    assert looks == LOOKS
    assert 1.5 < north < LOOKS - 1.5
    assert south < 0.2 * north
    # From 30 m farther south less of a strip is red.
    behind, _ = told(PHONE, replace(PHONE, position=(15.0, -30 / 111_320)))
    assert 0.3 < behind / north < 0.9


def test_what_is_not_known_tells_nothing() -> None:
    west, looks = told(PHONE, replace(PHONE, position=(15.0 - 40 / 111_320, 0.0), heading_deg=-60.0))
    assert west == pytest.approx(0.0, abs=1e-3)
    assert looks == LOOKS


def test_a_panorama_looks_to_all_sides() -> None:
    panorama = Photo(
        Path("p.jpg"), np.full((512, 1024, 3), 9, np.uint8), position=(15.0, 0.0), heading_deg=0.0, panorama=True
    )
    assert looks_of(panorama, None) == [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0]
    assert told(panorama, panorama)[1] == PANORAMA_LOOKS


@pytest.mark.parametrize("roll_deg", [-3.0, 0.0])
def test_looks_are_where_a_photo_shows_the_ground(roll_deg: float) -> None:
    asides = looks_of(PHONE, Tilt(84.0, roll_deg))
    half = math.degrees(math.atan(600 / 900))
    assert len(asides) == LOOKS
    assert asides == sorted(asides)
    assert max(map(abs, asides)) < half
    assert asides[-1] - asides[0] > 1.3 * half
    # Held at the sky it shows none of the ground.
    assert looks_of(PHONE, Tilt(130.0)) == []


def test_a_narrow_photo_has_fewer_looks() -> None:
    tilt = Tilt(84.0)
    assert len(looks_of(replace(PHONE, focal_px=900.0), tilt)) == LOOKS
    assert len(looks_of(replace(PHONE, focal_px=2700.0), tilt)) == 3
    assert looks_of(replace(PHONE, focal_px=9000.0), tilt) == [0.0]


class Alike(Red):
    """In place of the network: tells of how many looks the middle of the view is as red as the strip is."""

    def __call__(self, views: Views, strip: Features, height_m: Tensor, below_deg: Tensor) -> Tensor:
        seen = views.narrow.fine[:, 0].mean((1, 2)) > 127
        return (seen == (strip.fine[:, 0].mean((1, 2)) > 127)).float()


def test_each_look_goes_with_the_strip_that_way() -> None:
    """Red to the left and to the west, black elsewhere, of a camera that looks north."""
    pixels = np.zeros((900, 1200, 3), np.uint8)
    pixels[:, :600, 0] = 255

    def west(grid: Grid) -> WindowPixels:
        x, _ = transformer(WGS84, "EPSG:3857").transform(15.0, 0.0)
        columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
        rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
        rgb[(grid.affine * (columns, rows))[0] < x, 0] = 255
        return WindowPixels(rgb, np.ones(rgb.shape[:2], bool))

    photo = replace(PHONE, pixels=pixels)
    likeness = Likeness(cast(Any, Alike()), seen, photo, west)
    north, south = (likeness(replace(photo, heading_deg=heading)) for heading in (0.0, 180.0))
    assert north.share == south.share == pytest.approx(1.0)
    # The one in the middle is as red as not.
    assert north.log_odds >= (LOOKS - 1) * SHARE
    assert south.log_odds <= SHARE


def test_of_a_photo_that_shows_no_ground_nothing_is_compared() -> None:
    assert Likeness(cast(Any, Red()), seen, PHONE, shown)(replace(PHONE, pitch_deg=40.0)) == (0.0, 0.0)


def test_strips_go_on_beyond_180_degrees() -> None:
    photo = replace(PHONE, position=(179.9999, 0.0), heading_deg=90.0)

    def red(grid: Grid) -> WindowPixels:
        rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
        rgb[..., 0] = 255
        return WindowPixels(rgb, np.ones(rgb.shape[:2], bool))

    likeness = Likeness(cast(Any, Red()), seen, photo, red)
    for lon in (179.9999, 180.0001 - 360.0):
        told = likeness(replace(photo, position=(lon, 0.0)))
        assert told.share == pytest.approx(1.0, abs=0.01)
        assert told.log_odds == pytest.approx(LOOKS * SHARE, rel=0.02)
