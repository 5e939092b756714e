"""What a photograph's metadata tell of the line from its camera to a click, and how far each may be off.

A telephone's position is some 5 to 15 m off and its compass some 20 degrees, or missing. So nothing here is a limit:
`geoloc.search.prior` makes of it how likely each place on the map is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import EYE_HEIGHT_M, Tilt, ground_of, known_tilt
from geoloc.photo.target import Click
from geoloc.plane.equirectangular import ray_of
from tiling.grid import WGS84, Grid, as_crs, transformer

POSITION_M = 10.0
"""Radius of the circle that holds 68 % of positions whose file does not tell how good they are."""
LEAST_POSITION_M = 1.5
"""The same, of any position: mosaics are off by as much."""
RADIUS_68 = math.sqrt(-2 * math.log(1 - 0.68))
"""Radius of that circle over the standard deviation along an axis, of a normal distribution in the plane."""
COMPASS_SD_DEG, GIMBAL_YAW_SD_DEG = 20.0, 5.0
"""Errors of headings: a telephone's compass, and what a drone's gimbal or a person tells."""
LEVEL_SD_DEG = 1.0
"""Error of the tilt of panoramas, which are levelled."""
HELD_TILT = Tilt(84.0, sd_deg=6.0)
"""How people hold a telephone that tells nothing of it, and by how much they do otherwise."""
PANORAMA_HEIGHT_M = 2.0
"""Of panoramas' cameras: from 1.6 m on a stick to 2.5 m on a car."""
EYE_LEVEL_M = 6.0
"""Cameras below are at eye level: what is higher sees ground that local features match."""
STRIP_LONG_M, STRIP_WIDE_M = 128.0, 32.0
"""The ground before a camera in which a thing is looked for: along the line to it, and across."""
LEAST_OFF_M, MOST_OFF_M, MOST_SDS = 8.0, 40.0, 3.3
"""How far from the told position a camera may have been: at least, at most, and in standard deviations of its error."""
_MIN_HEIGHT_M = 2.0
_STEEPEST = 20.0
"""Slope of rays that point straight down for all that matters."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The line from a camera to what was clicked; errors are standard deviations.

    Attributes:
        position: (lon, lat) of the camera, WGS 84.
        position_sd_m: its error along each axis.
        height_m: of the camera over the ground.
        height_sd_m: its error.
        aside_deg: azimuth of the line from that of the photo's up (a panorama's middle column), clockwise.
        slope: how far the line falls in a metre along the ground; negative above the horizon.
        slope_sd: its error.
        heading_deg: azimuth of the photo's up, clockwise from true north; None where it is not known.
        heading_sd_deg: its error.
    """

    position: tuple[float, float]
    position_sd_m: float
    height_m: float
    height_sd_m: float
    aside_deg: float
    slope: float
    slope_sd: float
    heading_deg: float | None
    heading_sd_deg: float

    @property
    def below_deg(self) -> float:
        """How far below level the line points."""
        return math.degrees(math.atan(self.slope))

    def strip(self, step_m: float) -> Grid:
        """The strip of ground that the line goes along, of a heading that is known; see `strip_ahead`."""
        assert self.heading_deg is not None, "asked for where there is one"
        return strip_ahead(self.position, self.heading_deg + self.aside_deg, step_m)


def strip_ahead(position: tuple[float, float], azimuth_deg: float, step_m: float) -> Grid:
    """Return the ground before a camera as a grid whose columns go away from it, the camera below the middle one.

    Args:
        position: (lon, lat) of the camera, WGS 84.
        azimuth_deg: away from it, clockwise from true north.
        step_m: side of a pixel, metres on the ground.

    Returns:
        A grid in EPSG:3857, `STRIP_LONG_M` x `STRIP_WIDE_M`.
    """
    rows, columns = round(STRIP_LONG_M / step_m), round(STRIP_WIDE_M / step_m)
    # Web Mercator is longer than the ground by this.
    step = step_m / math.cos(math.radians(position[1]))
    x, y = transformer(WGS84, "EPSG:3857").transform(*position)
    to_camera = Affine.translation(x, y) * Affine.rotation(-azimuth_deg) * Affine.scale(step, -step)
    return Grid(as_crs("EPSG:3857"), to_camera * Affine.translation(-columns / 2, -rows), columns, rows)


def ground_round(position: tuple[float, float], reach_m: float, step_m: float) -> Grid:
    """Return the ground round a place as a grid, north up in EPSG:3857.

    Args:
        position: (lon, lat), WGS 84, in its middle.
        reach_m: to every side, metres on the ground.
        step_m: side of a pixel, metres on the ground.
    """
    side = 2 * math.ceil(reach_m / step_m)
    # Web Mercator is longer than the ground by this.
    step = step_m / math.cos(math.radians(position[1]))
    x, y = transformer(WGS84, "EPSG:3857").transform(*position)
    return Grid.north_up("EPSG:3857", x - side / 2 * step, y + side / 2 * step, step, width=side, height=side)


def sight_of(photo: Photo, click: Click) -> Sight | None:
    """Return the line from the camera to a click.

    Returns:
        The line; None where the file tells no position, or nothing tells how high the camera was over the ground.
    """
    height = camera_height(photo)
    if photo.position is None or height is None:
        return None
    aside, slope, slope_sd = _ray(photo, click)
    return Sight(
        position=photo.position,
        position_sd_m=position_sd_m(photo),
        height_m=height[0],
        height_sd_m=height[1],
        aside_deg=aside,
        slope=slope,
        slope_sd=slope_sd,
        heading_deg=photo.heading_deg,
        heading_sd_deg=heading_sd_deg(photo),
    )


def position_sd_m(photo: Photo) -> float:
    """Return the standard deviation of a photo's position along each axis, metres."""
    return (POSITION_M if photo.position_error_m is None else max(photo.position_error_m, LEAST_POSITION_M)) / RADIUS_68


def most_off_m(photo: Photo) -> float:
    """Return how far from its told position a photo may have been taken, metres."""
    return min(max(LEAST_OFF_M, MOST_SDS * position_sd_m(photo)), MOST_OFF_M)


def heading_sd_deg(photo: Photo) -> float:
    """Return the standard deviation of a photo's heading, degrees."""
    if photo.heading_sd_deg is not None:
        return photo.heading_sd_deg
    return COMPASS_SD_DEG if photo.compass else GIMBAL_YAW_SD_DEG


def camera_height(photo: Photo) -> tuple[float, float] | None:
    """Return how high a camera was over the ground, and the standard deviation of that, metres.

    It is what somebody told, else the drone's height over its take-off point, else that of an eye, where the photo is a
    panorama, shows the horizon or is a telephone's. None where nothing tells it.
    """
    if photo.height_m is not None:
        return photo.height_m, photo.height_sd_m
    relative_m = photo.relative_altitude_m
    if relative_m is not None and relative_m >= _MIN_HEIGHT_M:
        return relative_m, max(2.0, 0.08 * relative_m)
    if photo.panorama:
        return PANORAMA_HEIGHT_M, 0.4
    if photo.phone or (photo.pitch_deg is None and known_tilt(photo) is not None):
        return EYE_HEIGHT_M, 0.15
    return None


def supposed_tilt(photo: Photo) -> Tilt:
    """Return how a photo was tilted, as far as that is known, else as people hold a telephone."""
    return known_tilt(photo) or HELD_TILT


def at_eye_level(photo: Photo) -> bool:
    """Whether a camera is known to have been so low that local features hardly match the ground that it saw."""
    height = camera_height(photo)
    return height is not None and height[0] <= EYE_LEVEL_M


def _ray(photo: Photo, click: Click) -> tuple[float, float, float]:
    """Return the azimuth of a click's ray from the photo's up, degrees, its slope and the slope's error."""
    if photo.panorama:
        azimuth, from_down = ray_of(click.x, click.y, photo.size)
        down = min(max(math.pi / 2 - from_down, -1.5), 1.5)
        return (math.degrees(azimuth), *_slope(math.tan(down), LEVEL_SD_DEG))
    tilt = supposed_tilt(photo)
    x, y, down = ground_of(photo, tilt) @ np.array([click.x, click.y, 1.0])
    along = max(math.hypot(x, y), 1e-9)
    return (math.degrees(math.atan2(x, -y)), *_slope(down / along, tilt.sd_deg))


def _slope(slope: float, sd_deg: float) -> tuple[float, float]:
    slope = min(max(slope, -_STEEPEST), _STEEPEST)
    return slope, math.radians(sd_deg) * (1 + slope**2)
