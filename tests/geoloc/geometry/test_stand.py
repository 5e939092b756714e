"""A camera at eye level is found by the ground round it, which is unrolled for that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from geoloc.geometry import stand
from geoloc.geometry.stand import METRES_A_DEGREE, TellsFarther, find_stands
from geoloc.geometry.unrolled import OWN_FEET_M, REACH_M, unrolled
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, ground_of
from geoloc.photo.sight import heading_sd_deg, most_off_m
from tests.helpers.rough_ground import GSD_M, SIDE, rough
from tiling.grid import WGS84, ground_distance_m
from tiling.mosaic import Mosaic, open_mosaic

GROUND = rough(3)
MIDDLE = SIDE * GSD_M / 2
"""The camera stands in the middle of the ground, which lies at the equator, where Web Mercator is as long as it."""
HEIGHT_M = 1.6


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    with written(tmp_path_factory.mktemp("stand") / "m.tif", GROUND) as opened:
        yield opened


@contextmanager
def written(path: Path, ground: NDArray[np.uint8]) -> Iterator[Mosaic]:
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "crs": "EPSG:3857"}
    with rasterio.open(path, "w", transform=Affine(GSD_M, 0, -MIDDLE, 0, -GSD_M, MIDDLE), **profile) as file:
        file.write(ground.transpose(2, 0, 1))
    with open_mosaic([path]) as opened:
        yield opened


def seen(
    east: NDArray[np.float64], north: NDArray[np.float64], shown: NDArray[np.bool_], ground: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The picture whose pixels look at places round the camera, the sky where they look at no ground."""
    x = ((east + MIDDLE) / GSD_M - 0.5).astype(np.float32)
    y = ((MIDDLE - north) / GSD_M - 0.5).astype(np.float32)
    picture = cv2.remap(ground, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    picture[~shown] = (200, 220, 255)
    return np.asarray(picture, np.uint8)


def panorama(heading_deg: float, ground: NDArray[np.uint8] = GROUND) -> Photo:
    columns, rows = np.meshgrid(np.arange(1024) + 0.5, np.arange(512) + 0.5)
    azimuth = np.radians((columns - 512) * 360 / 1024 + heading_deg)
    down = (rows - 256) * math.pi / 512
    away = HEIGHT_M / np.tan(np.maximum(down, 1e-3))
    pixels = seen(away * np.sin(azimuth), away * np.cos(azimuth), down > 1e-3, ground)
    return Photo(Path("p.jpg"), pixels, position=(0.0, 0.0), heading_deg=heading_deg, panorama=True)


def held(heading_deg: float, tilt: Tilt) -> Photo:
    black = np.zeros((600, 800, 3), np.uint8)
    blank = Photo(Path("p.jpg"), black, position=(0.0, 0.0), focal_px=550.0, compass=True, phone=True)
    columns, rows = np.meshgrid(np.arange(800) + 0.5, np.arange(600) + 0.5)
    q = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ ground_of(blank, tilt).T
    below = q[..., 2] > 1e-3
    right, back = (HEIGHT_M * q[..., axis] / np.where(below, q[..., 2], 1.0) for axis in (0, 1))
    sin, cos = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    pixels = seen(right * cos - back * sin, -right * sin - back * cos, below, GROUND)
    return replace(blank, pixels=pixels, heading_deg=heading_deg)


def off(photo: Photo, east: float, north: float, turn_deg: float) -> Photo:
    """The same photo with a position and a compass that are wrong by so much."""
    assert photo.heading_deg is not None
    position = (east / METRES_A_DEGREE, north / METRES_A_DEGREE)
    return replace(photo, position=position, heading_deg=(photo.heading_deg + turn_deg) % 360, compass=True)


def check(found: Photo, heading_deg: float) -> None:
    assert found.position is not None
    assert found.heading_deg is not None
    assert ground_distance_m(0.0, 0.0, *found.position, WGS84) < 1.5
    assert abs((found.heading_deg - heading_deg + 180) % 360 - 180) <= 5.0


def test_the_ground_of_a_panorama_is_the_mosaics() -> None:
    photo = panorama(70.0)
    drawn = unrolled(photo, None, heading_deg=70.0, height_m=HEIGHT_M, step_m=GSD_M)
    half = len(drawn.pixels) // 2
    truth = GROUND[SIDE // 2 - half : SIDE // 2 + half, SIDE // 2 - half : SIDE // 2 + half]
    near = drawn.trust > 0.6
    assert np.abs(drawn.pixels[near].astype(float) - truth[near]).mean() < 12.0
    at = (np.arange(2 * half) + 0.5 - half) * GSD_M
    away = np.hypot(*np.meshgrid(at, at))
    assert not drawn.trust[(away < OWN_FEET_M) | (away > REACH_M)].any()


def test_a_photo_unrolls_what_is_before_it() -> None:
    drawn = unrolled(held(0.0, Tilt(80.0)), Tilt(80.0), heading_deg=0.0, height_m=HEIGHT_M, step_m=GSD_M)
    half = len(drawn.pixels) // 2
    assert drawn.trust[:half].any()
    assert not drawn.trust[half:].any()


@pytest.mark.parametrize("turn", [0.0, 30.0])
def test_a_panorama_is_found_metres_and_degrees_off(mosaic: Mosaic, turn: float) -> None:
    best = find_stands(off(panorama(200.0), 9.0, -6.0, turn), mosaic)[0]
    assert best.weight > 0.5
    check(best.photo, 200.0)
    assert best.photo.height_m == pytest.approx(HEIGHT_M)


def test_without_a_compass_all_headings_are_tried(mosaic: Mosaic) -> None:
    check(find_stands(replace(off(panorama(120.0), -8.0, 5.0, 0.0), heading_deg=None), mosaic)[0].photo, 120.0)


def test_a_telephone_is_found_and_how_it_was_held(mosaic: Mosaic) -> None:
    best = find_stands(off(held(30.0, Tilt(81.0)), 6.0, 7.0, -15.0), mosaic)[0]
    check(best.photo, 30.0)
    assert best.photo.pitch_deg == pytest.approx(-9.0, abs=3.1)


def test_weights_leave_some_to_the_metadata(mosaic: Mosaic) -> None:
    assert 0.5 < sum(found.weight for found in find_stands(panorama(10.0), mosaic)) < 0.95


@pytest.mark.parametrize("heading", [0.0, 130.0])
def test_ground_that_is_alike_by_chance_leaves_the_weight_with_the_metadata(mosaic: Mosaic, heading: float) -> None:
    photo = panorama(heading)
    mirrored = replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, ::-1]), compass=True)
    assert sum(found.weight for found in find_stands(mirrored, mosaic)) < 0.3


def test_a_found_heading_is_known_better_than_a_compass_tells(mosaic: Mosaic) -> None:
    photo = off(panorama(200.0), 4.0, 3.0, 15.0)
    assert heading_sd_deg(find_stands(photo, mosaic)[0].photo) < 0.2 * heading_sd_deg(photo)


def test_other_ground_is_not_taken_for_it(mosaic: Mosaic) -> None:
    elsewhere = replace(panorama(0.0), position=(0.1, 0.0))
    assert find_stands(elsewhere, mosaic) == []


def test_drones_and_photos_without_a_position_are_left_alone(mosaic: Mosaic) -> None:
    photo = panorama(0.0)
    assert find_stands(replace(photo, position=None), mosaic) == []
    assert find_stands(replace(photo, relative_altitude_m=60.0), mosaic) == []


def away_m(photo: Photo, east: float = 0.0, north: float = 0.0) -> float:
    assert photo.position is not None
    return ground_distance_m(east / METRES_A_DEGREE, north / METRES_A_DEGREE, *photo.position, WGS84)


def telling(of: Callable[[Photo], tuple[float, float]]) -> TellsFarther:
    """TellsFarther that poses are told one by one."""

    def told(poses: Sequence[Photo], *, glance: bool = False) -> list[tuple[float, float]]:
        return [of(posed) for posed in poses]

    return told


def test_of_ground_that_is_alike_the_one_is_told_that_what_is_farther_off_speaks_for(tmp_path: Path) -> None:
    """Ground that comes again every 10 m, by a position that is nearer to the next one."""
    again = repeated(10.0)
    photo = off(panorama(50.0, again), 6.0, 0.0, 0.0)
    with written(tmp_path / "m.tif", again) as mosaic:
        assert away_m(find_stands(photo, mosaic)[0].photo, 10.0) < 1.5
        best = find_stands(photo, mosaic, telling(lambda posed: (10.0 - 4.0 * away_m(posed), 1.0)))[0]
        assert away_m(best.photo) < 1.5
        assert best.weight > 0.5
        # What is like none of them makes none likely.
        assert sum(found.weight for found in find_stands(photo, mosaic, telling(lambda posed: (-60.0, 1.0)))) < 0.05


def test_places_are_sought_beside_those_that_the_ground_speaks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ground all alike at steps of 2.4 m: the likeliest ones are next to the told position."""
    monkeypatch.setattr(stand, "GLANCED", 5)
    again = repeated(2.4)
    asked: list[float] = []

    def likeness(posed: Photo) -> tuple[float, float]:
        asked.append(away_m(posed))
        return -4.0 * asked[-1], 1.0

    with written(tmp_path / "m.tif", again) as mosaic:
        told = replace(off(panorama(0.0, again), 0.0, -7.2, 0.0), position_error_m=2.5)
        best = find_stands(told, mosaic, telling(likeness))[0]
    assert away_m(best.photo) < 1.0
    assert min(asked[:5]) > 3.0


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_where_little_is_compared_the_ground_round_the_camera_counts_as_without(mosaic: Mosaic, share: float) -> None:
    """A photo that looks down, or the edge of a mosaic."""
    photo = off(held(30.0, Tilt(70.0)), 3.0, -2.0, 6.0)
    alone, compared = (
        sum(found.weight for found in find_stands(photo, mosaic, likeness))
        for likeness in (None, telling(lambda posed: (9.0 * share, share)))
    )
    assert alone > 0.6
    assert compared == pytest.approx(alone, abs=0.1)


def test_a_photo_is_likely_by_what_is_farther_off_and_unlikely_without(mosaic: Mosaic) -> None:
    photo = off(held(30.0, Tilt(81.0)), 6.0, 7.0, -15.0)
    for log_odds, least, most in ((12.0, 0.8, 0.9), (-4.0, 0.0, 0.3)):
        stands = find_stands(photo, mosaic, telling(lambda posed, log_odds=log_odds: (log_odds, 1.0)))  # type: ignore[misc]
        assert least <= sum(found.weight for found in stands) <= most
        check(stands[0].photo, 30.0)


def test_many_poses_are_glanced_at_and_the_likeliest_compared_thoroughly(
    mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a glance the right one is not the likeliest; wrong ones that look as well then do not by all looks."""
    monkeypatch.setattr(stand, "GLANCED", 40)
    monkeypatch.setattr(stand, "COMPARED", 10)
    photo, asked = off(panorama(40.0), 6.0, -5.0, 12.0), list[tuple[bool, int]]()

    def likeness(poses: Sequence[Photo], *, glance: bool = False) -> list[tuple[float, float]]:
        asked.append((glance, len(poses)))
        off_m = [away_m(posed) for posed in poses]
        return [(9.0 + min(away, 5.0) if glance else 20.0 - 4.0 * away, 1.0) for away in off_m]

    best = find_stands(photo, mosaic, likeness)[0]
    assert asked[0] == (True, 40)
    assert asked[1] == (False, 10)
    assert not any(glance for glance, _ in asked[1:])
    # Of eight poses the six beside each, at the most four times, and four that are made finer.
    assert sum(count for _, count in asked[2:]) <= 4 * stand.CLIMBED * 6 + stand.MOST
    check(best.photo, 40.0)


def test_nothing_is_asked_off_the_mosaic_and_of_a_photo_of_nothing(mosaic: Mosaic) -> None:
    def likeness(poses: Sequence[Photo], *, glance: bool = False) -> list[tuple[float, float]]:
        raise AssertionError("asked")

    elsewhere = replace(panorama(0.0), position=(0.1, 0.0))
    assert find_stands(elsewhere, mosaic, likeness) == []
    blank = replace(panorama(0.0), pixels=np.full((512, 1024, 3), 90, np.uint8))
    assert find_stands(blank, mosaic, likeness) == []


def test_no_pose_is_farther_off_than_the_position_may_be(mosaic: Mosaic) -> None:
    """Both ways it is within that, and together it is not: the ground that is read has corners."""
    told = replace(panorama(40.0), position_error_m=3.0)
    most_m = most_off_m(told)
    assert most_m < 20
    told = off(told, 0.8 * most_m, 0.8 * most_m, 0.0)
    assert told.position is not None
    asked: list[Photo] = []

    def likeness(poses: Sequence[Photo], *, glance: bool = False) -> list[tuple[float, float]]:
        asked.extend(poses)
        return [(20.0 - 2.0 * away_m(posed), 1.0) for posed in poses]

    found = [each.photo for likely in (None, likeness) for each in find_stands(told, mosaic, likely)]
    assert asked
    away = [ground_distance_m(*told.position, *pose.position, WGS84) for pose in [*found, *asked] if pose.position]
    assert max(away) <= most_m + 0.01


def test_a_pose_that_is_likely_farther_off_is_made_finer(mosaic: Mosaic) -> None:
    """Headings that are tried are 2 degrees off."""
    photo = replace(panorama(42.0), heading_deg=None)
    best = find_stands(photo, mosaic, telling(lambda posed: (9.0, 1.0)))[0].photo
    assert best.heading_deg == pytest.approx(42.0, abs=0.6)


class Line:
    """In place of the ground: poses beside one are 2.5 m farther east and west, and none is made finer."""

    def beside(self, pose: stand._Pose) -> list[stand._Pose]:
        return [replace(pose, east=pose.east + by, farther=0.0) for by in (-2.5, 2.5)]

    def refined(self, pose: stand._Pose) -> stand._Pose:
        return pose


def tried(east: float, heading_deg: float = 40.0) -> stand._Pose:
    return stand._Pose(east, 0.0, heading_deg, HEIGHT_M, None, 0.0, 0.9)


def test_what_is_likeliest_is_kept_while_others_are_made_likelier() -> None:
    """One pose is right, another climbs 10 m: no pose is compared twice."""
    rounds: list[list[float]] = []

    def likeness(poses: Sequence[Photo], *, glance: bool = False) -> list[tuple[float, float]]:
        east = [round(pose.position[0] * METRES_A_DEGREE, 3) for pose in poses if pose.position]
        if not glance:
            rounds.append(east)
        return [(max(30.0 - abs(x), 20.0 - abs(x - 40.0)), 1.0) for x in east]

    photo = panorama(40.0)
    poses = stand._likely(cast(Any, Line()), [tried(0.0), tried(30.0)], photo, likeness)
    assert [round(pose.east, 3) for pose in poses] == [0.0, 40.0]
    # The last ones are told when they were made finer.
    compared = [east for some in rounds[:-1] for east in some]
    assert len(compared) == len(set(compared))
    assert set(compared) == {-2.5, 0.0, 2.5, 27.5, 30.0, 32.5, 35.0, 37.5, 40.0}


def test_poses_that_look_alike_are_one() -> None:
    poses = [tried(0.0, 40.0), tried(0.0, 44.0), tried(0.0, 48.0), tried(1.5, 40.0), tried(2.5, 40.0)]
    best = replace(poses[0], log_weight=1.0)
    kept = stand._apart([best, *poses[1:]], 5)
    assert [(pose.east, pose.heading_deg) for pose in kept] == [(0.0, 40.0), (0.0, 48.0), (2.5, 40.0)]


def test_a_camera_is_turned_to_where_what_is_farther_off_speaks_for(
    mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all headings one that is 12 degrees off is compared first."""
    monkeypatch.setattr(stand, "GLANCED", 1)
    photo = off(panorama(40.0), 1.0, -1.0, 12.0)
    ask: list[float] = []

    def likeness(posed: Photo) -> tuple[float, float]:
        assert posed.heading_deg is not None
        turned = abs((posed.heading_deg - 52.0 + 180) % 360 - 180)
        ask.append(turned)
        return 20.0 - 2.0 * turned, 1.0

    best = find_stands(photo, mosaic, telling(likeness))[0].photo
    assert ask[0] > 8.0
    assert best.heading_deg == pytest.approx(52.0, abs=4.1)


def repeated(side_m: float) -> NDArray[np.uint8]:
    """Ground that comes again every so many metres."""
    tile = GROUND[: round(side_m / GSD_M), : round(side_m / GSD_M)]
    many = SIDE // len(tile) + 1
    return np.tile(tile, (many, many, 1))[:SIDE, :SIDE]
