"""Lines from a camera to a click, and how far each may be off."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pyproj import Geod

from geoloc.photo import sight
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import GIMBAL_SD_DEG
from geoloc.photo.target import Click
from tiling.grid import WGS84, transformer

GEOD = Geod(ellps="WGS84")

BLANK = np.full((600, 800, 3), 120, np.uint8)
PHONE = Photo(Path("p.jpg"), BLANK, position=(15.0, 51.0), heading_deg=40.0, focal_px=600.0, compass=True, phone=True)
DRONE = replace(PHONE, compass=False, phone=False, pitch_deg=-45.0, relative_altitude_m=50.0)
PANORAMA = Photo(Path("p.jpg"), np.full((512, 1024, 3), 120, np.uint8), position=(15.0, 51.0), panorama=True)


@pytest.mark.parametrize(("x", "aside"), [(512, 0.0), (768, 90.0), (256, -90.0)])
def test_a_panoramas_column_is_an_azimuth(x: int, aside: float) -> None:
    found = sight.sight_of(PANORAMA, Click(x, 300))
    assert found is not None
    assert found.aside_deg == pytest.approx(aside)
    assert found.slope == pytest.approx(math.tan((300 - 256) * 2 * math.pi / 1024))
    assert found.heading_deg is None


def test_the_middle_of_a_drones_photo_is_where_its_gimbal_points() -> None:
    found = sight.sight_of(DRONE, Click(400, 300))
    assert found is not None
    assert found.aside_deg == pytest.approx(0.0, abs=1e-6)
    assert found.slope == pytest.approx(1.0)
    assert (found.height_m, found.heading_sd_deg) == (50.0, sight.GIMBAL_YAW_SD_DEG)


def test_what_is_right_of_the_middle_is_clockwise_of_it() -> None:
    found = sight.sight_of(DRONE, Click(700, 300))
    assert found is not None
    assert found.aside_deg > 10


def test_a_telephone_is_at_eye_level_however_it_was_held() -> None:
    found = sight.sight_of(PHONE, Click(400, 300))
    assert found is not None
    assert found.height_m == sight.EYE_HEIGHT_M
    assert found.heading_sd_deg == sight.COMPASS_SD_DEG
    assert found.slope_sd > math.radians(GIMBAL_SD_DEG) * 3


def test_a_heading_that_is_known_better_than_what_told_it_says_so() -> None:
    photo = Photo(Path("p.jpg"), np.zeros((60, 80, 3), np.uint8), heading_deg=10.0, compass=True)
    assert sight.heading_sd_deg(photo) == sight.COMPASS_SD_DEG
    assert sight.heading_sd_deg(replace(photo, heading_sd_deg=2.0)) == 2.0


def test_a_position_alone_tells_no_line() -> None:
    assert sight.sight_of(replace(PHONE, phone=False), Click(400, 300)) is None
    assert sight.sight_of(replace(PHONE, position=None), Click(400, 300)) is None


def test_a_told_height_comes_before_all_others() -> None:
    assert sight.camera_height(replace(DRONE, height_m=7.0, height_sd_m=0.7)) == (7.0, 0.7)


@pytest.mark.parametrize(("told", "radius"), [(None, sight.POSITION_M), (30.0, 30.0), (0.1, sight.LEAST_POSITION_M)])
def test_the_error_of_a_position_is_what_the_file_tells(told: float | None, radius: float) -> None:
    assert sight.position_sd_m(replace(PHONE, position_error_m=told)) == pytest.approx(radius / 1.5096, rel=1e-3)


def test_what_is_at_eye_level() -> None:
    assert sight.at_eye_level(PHONE)
    assert sight.at_eye_level(PANORAMA)
    assert not sight.at_eye_level(DRONE)
    assert not sight.at_eye_level(replace(PHONE, height_m=7.0))
    # Nothing tells.
    assert not sight.at_eye_level(replace(PHONE, phone=False))


@pytest.mark.parametrize("azimuth", [0.0, 77.0, 200.0])
def test_the_line_goes_up_through_the_middle_of_the_strip_before_the_camera(azimuth: float) -> None:
    told = sight.Sight((15.0, 51.0), 1.0, 1.6, 0.1, azimuth - 30.0, 0.1, 0.01, 30.0, 1.0)
    grid = told.strip(0.5)
    assert (grid.height, grid.width) == (sight.STRIP_LONG_M / 0.5, sight.STRIP_WIDE_M / 0.5)
    to_degrees = transformer("EPSG:3857", WGS84)
    lon, lat = to_degrees.transform(*(grid.affine * (grid.width / 2, grid.height)))
    assert (lon, lat) == pytest.approx(told.position, abs=1e-9)
    for right_m, ahead_m in ((0.0, 100.0), (-12.0, 40.0)):
        at = grid.affine * (grid.width / 2 + right_m / 0.5, grid.height - ahead_m / 0.5)
        bearing, _, away = GEOD.inv(*told.position, *to_degrees.transform(*at))
        # The ellipsoid is a third of a percent flatter than Web Mercator takes it.
        assert away == pytest.approx(math.hypot(right_m, ahead_m), rel=0.005)
        assert (bearing - azimuth - math.degrees(math.atan2(right_m, ahead_m)) + 180) % 360 - 180 == pytest.approx(
            0, abs=0.3
        )
