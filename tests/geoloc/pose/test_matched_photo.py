"""A matched photo: from its pixels to the map and back, and where it was taken."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyproj
import pytest
from shapely.geometry import Point

from geoloc.api import Locator
from geoloc.photo.photo import Photo
from geoloc.pose.matched_photo import MatchedPhoto
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, SIDE, clicked, flown
from tiling.mosaic import Mosaic

Oblique = tuple[MatchedPhoto, np.ndarray]


def test_pixels_lie_where_the_photo_shows_them(oblique: Oblique) -> None:
    matched, matrix = oblique
    pixels = np.array([[400.0, 300.0], [150.0, 450.0], [700.0, 250.0]])
    found = matched.to_map(pixels)
    true = np.array([clicked(matrix, (float(x), float(y))) for x, y in pixels])
    off = np.linalg.norm(found.points - true, axis=1)
    assert (off < 0.5).all()
    assert (off < found.error_m).all()
    assert found.reliable.all()
    assert np.allclose(matched.to_photo(found.points).points, pixels, atol=0.1)


def test_many_pixels_have_the_errors_of_few(oblique: Oblique) -> None:
    matched, _ = oblique
    many = np.random.default_rng(0).uniform((0, 150), (800, 600), (4000, 2))
    errors, one_by_one = matched.to_map(many).error_m, matched.to_map(many[:40]).error_m
    assert np.median(np.abs(errors[:40] / one_by_one - 1)) < 0.02


def test_the_horizon_is_the_end(oblique: Oblique) -> None:
    matched, _ = oblique
    assert matched.pose.tilt_deg == pytest.approx(50, abs=1)
    # 40 degrees above the middle the axis is level.
    level = 300 - 700 * math.tan(math.radians(40))
    found = matched.to_map(np.array([[400.0, level - 20], [400.0, level + 20], [400.0, 10.0], [900.0, 300.0]]))
    assert np.isnan(found.points[0]).all()
    assert math.isnan(found.error_m[0])
    assert np.isfinite(found.points[1:]).all()
    assert list(found.reliable) == [False, False, True, False]
    # So steep that the photo's upper edge is well before the line.
    assert matched.reliable_part.area == 800 * 600


def test_a_place_behind_the_camera_has_no_pixel(oblique: Oblique) -> None:
    matched, _ = oblique
    x, y = matched.pose.place
    ahead = np.array([math.sin(math.radians(30)), math.cos(math.radians(30))])
    found = matched.to_photo(np.array([[x, y] - 200 * ahead]))
    assert np.isnan(found.points).all()
    assert not found.reliable.any()


def test_the_pose_is_that_of_the_flight(oblique: Oblique) -> None:
    pose = oblique[0].pose
    high, back = 70 * math.cos(math.radians(50)), 70 * math.sin(math.radians(50))
    middle = EAST + GSD_M * SIDE / 2, NORTH - GSD_M * SIDE / 2
    true = middle[0] - back * math.sin(math.radians(30)), middle[1] - back * math.cos(math.radians(30))
    assert Point(pose.place).distance(Point(true)) < min(0.02 * high, pose.place_error_m)
    assert pose.height_m == pytest.approx(high, rel=0.02)
    convergence = pyproj.Proj("EPSG:32615").get_factors(*pose.lonlat).meridian_convergence
    assert pose.heading_deg == pytest.approx(30 + convergence, abs=0.3)
    assert pose.roll_deg == pytest.approx(0, abs=0.5)
    assert pose.focal == "file"
    assert pose.field_of_view_deg[0] == pytest.approx(2 * math.degrees(math.atan(400 / 700)), rel=0.03)


def test_the_footprint_is_what_the_photo_shows(oblique: Oblique) -> None:
    matched, matrix = oblique
    corners = [clicked(matrix, at) for at in ((0.0, 0.0), (800.0, 0.0), (800.0, 600.0), (0.0, 600.0))]
    found = matched.footprint
    assert max(Point(corner).distance(found.exterior) for corner in corners) < 2.0
    assert found.is_valid


def test_what_is_not_verified_is_none(oblique: Oblique, mosaic: Mosaic) -> None:
    photo, _ = flown(0, 0, told=True)
    noise = np.random.default_rng(9).integers(0, 255, photo.pixels.shape, dtype=np.uint8)
    locator = Locator(mosaic)
    assert locator.match(replace(photo, pixels=noise)) is None
    assert locator.match(replace(photo, panorama=True)) is None
    assert isinstance(photo, Photo)
