"""Looks of a photo are compared with the mosaic before each pose that it may have."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COLUMNS, Views
from geoloc.model.sight.likeness import LOOKS, PANORAMA_LOOKS, SHARE, Likeness, looks_of
from geoloc.model.sight.likeness_net import NEAREST_ROWS
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt
from tiling.grid import WGS84, Grid, transformer
from tiling.mosaic import PixelReader, WindowPixels

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
    """In place of the network: tells how red a strip is, from 0 to 1, whatever it is looked at in."""

    device = torch.device("cpu")

    def __init__(self) -> None:
        self.looks = 0

    @property
    def seen(self) -> Red:
        return self

    def ground(self, features: Features) -> Tensor:
        return features.fine

    def looked(self, views: Views, height_m: Tensor, below_deg: Tensor) -> Views:
        assert len(views.wide.fine) == len(height_m) == len(below_deg) == 1
        self.looks += 1
        return views

    def log_odds(self, ground: Tensor, looked: Views) -> Tensor:
        assert ground.shape[1:] == (NEAREST_ROWS * COLUMNS, 3)
        return ground[..., 0].mean(1) / 255


def seen(pictures: Tensor) -> Features:
    """In place of the backbone's features: colours."""
    return Features(torch.nn.functional.avg_pool2d(pictures, 16), torch.nn.functional.avg_pool2d(pictures, 8))


def shown(lat: float = 0.0) -> PixelReader:
    """A mosaic that is red north of the photo's position, and not known west of it."""
    x, y = transformer(WGS84, "EPSG:3857").transform(15.0, lat)

    def read(grid: Grid) -> WindowPixels:
        columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
        east, north = grid.affine * (columns, rows)
        rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
        rgb[north > y, 0] = 255
        return WindowPixels(rgb, east > x - 1e-6)

    return read


def told(photo: Photo, *poses: Photo) -> tuple[list[float], int]:
    net = Red()
    assert photo.position is not None
    compared = Likeness(cast(Any, net), seen, photo, shown(photo.position[1]))(poses)
    return [one.log_odds / SHARE for one in compared], net.looks


@pytest.mark.parametrize("lat", [0.0, 65.0])
def test_strips_are_those_before_the_pose(lat: float) -> None:
    """Looks to the west see what is not known, which is shown grey and counts by what else is seen."""
    photo = replace(PHONE, position=(15.0, lat))
    behind = replace(photo, position=(15.0, lat - 30 / 111_320))
    (south, north, less), looks = told(photo, replace(photo, heading_deg=180.0), photo, behind)
    assert looks == LOOKS
    assert 1.5 < north < LOOKS - 1.5
    assert south < 0.2 * north
    # From 30 m farther south less of a strip is red.
    assert 0.6 < less / north < 0.9


def test_what_is_not_known_tells_nothing() -> None:
    (west,), looks = told(PHONE, replace(PHONE, position=(15.0 - 40 / 111_320, 0.0), heading_deg=-60.0))
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
    """In place of the network: tells whether the middle of the view is as red as the strip is."""

    def log_odds(self, ground: Tensor, looked: Views) -> Tensor:
        seen = looked.narrow.fine[:, 0].mean((1, 2)) > 127
        return (seen == (ground[..., 0].mean(1) > 127)).float()


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
    poses = [replace(photo, heading_deg=heading) for heading in (0.0, 180.0)]
    north, south = likeness(poses)
    assert north.share == south.share == pytest.approx(1.0)
    # The one in the middle is as red as not.
    assert north.log_odds >= (LOOKS - 1) * SHARE - 1e-6
    assert south.log_odds <= SHARE + 1e-6
    # At a glance it looks three times, to the edges and the middle, and supposes the same of the others.
    glanced = likeness(poses, glance=True)
    assert [one.share for one in glanced] == pytest.approx([1.0, 1.0])
    assert glanced[0].log_odds >= LOOKS * SHARE * 2 / 3 - 1e-6
    assert glanced[1].log_odds <= LOOKS * SHARE / 3 + 1e-6


class Telling(Red):
    """In place of the network: tells the height, what the view shows and how red the strip is."""

    def looked(self, views: Views, height_m: Tensor, below_deg: Tensor) -> Any:
        return height_m + views.wide.fine[:, 0].mean((1, 2)) / 255

    def log_odds(self, ground: Tensor, looked: Any) -> Tensor:
        return cast(Tensor, looked + super().log_odds(ground, looked))


def test_poses_are_told_in_their_order_and_as_alone() -> None:
    """Of two tilts and heights, many places and all headings: they are compared together."""
    pixels = np.zeros((900, 1200, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, 900)[:, None]
    photo = replace(PHONE, pixels=pixels)
    poses = [
        replace(photo, position=(15.0, north / 111_320), heading_deg=heading, pitch_deg=pitch, height_m=height)
        for heading in np.arange(-175.0, 180.0, 70.0).tolist()
        for north, pitch, height in ((-12.0, -6.0, 1.6), (9.0, -2.0, 1.6), (5.0, -6.0, 1.8))
    ]
    together = Likeness(cast(Any, Telling()), seen, photo, shown())(poses)
    # Each by one that has seen no other.
    alone = [one for pose in poses for one in Likeness(cast(Any, Telling()), seen, photo, shown())([pose])]
    assert [one.log_odds for one in together] == pytest.approx([one.log_odds for one in alone], abs=1e-4)
    assert len({round(one.log_odds, 3) for one in together}) > len(poses) // 2


@pytest.mark.parametrize(("focal_px", "looks", "glanced"), [(900.0, 5, 3), (1900.0, 4, 4), (9000.0, 1, 1)])
def test_a_glance_spreads_over_all_that_is_shown(focal_px: float, looks: int, glanced: int) -> None:
    net, photo = Red(), replace(PHONE, focal_px=focal_px)
    likeness = Likeness(cast(Any, net), seen, photo, shown())
    likeness([photo], glance=True)
    assert net.looks == glanced
    likeness([photo])
    # What was looked at is known.
    assert net.looks == looks


def test_of_a_photo_that_shows_no_ground_nothing_is_compared() -> None:
    assert Likeness(cast(Any, Red()), seen, PHONE, shown())([replace(PHONE, pitch_deg=40.0)]) == [(0.0, 0.0)]


def test_strips_go_on_beyond_180_degrees() -> None:
    photo = replace(PHONE, position=(179.9999, 0.0), heading_deg=90.0)

    def red(grid: Grid) -> WindowPixels:
        rgb = np.zeros((grid.height, grid.width, 3), np.uint8)
        rgb[..., 0] = 255
        return WindowPixels(rgb, np.ones(rgb.shape[:2], bool))

    likeness = Likeness(cast(Any, Red()), seen, photo, red)
    for lon in (179.9999, 180.0001 - 360.0):
        (told,) = likeness([replace(photo, position=(lon, 0.0))])
        assert told.share == pytest.approx(1.0, abs=0.01)
        assert told.log_odds == pytest.approx(LOOKS * SHARE, rel=0.02)


def test_what_a_photo_needed_goes_with_it() -> None:
    """At once: a folder of photos comes faster than Python looks for circles."""
    photo = replace(PHONE)
    likeness = Likeness(cast(Any, Red()), seen, photo, shown())
    likeness([photo])
    gone = weakref.ref(likeness), weakref.ref(photo)
    gc.disable()
    try:
        del likeness, photo
        assert [each() for each in gone] == [None, None]
    finally:
        gc.enable()
