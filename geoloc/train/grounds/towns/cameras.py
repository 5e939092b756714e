"""Cameras over and in a town, and the days that a survey and a flight may have."""

from __future__ import annotations

import math

import numpy as np

from geoloc.town.picture.camera import Equirectangular, Pinhole
from geoloc.town.picture.shade import Day
from geoloc.town.scene.scene import Scene

DRONE_PX = (720, 540)
PANORAMA_PX = 1024
ON_FOOT_M, ON_POLE_M = (1.4, 1.9), (1.9, 5.0)
"""Heights of cameras that people hold, or carry on poles and cars."""
POLE_SHARE = 0.35


def day(rng: np.random.Generator) -> Day:
    """Draw a day, whatever any other is like: season, time of day, sky, and the sensor that saw it."""
    return Day(
        sun_azimuth=rng.uniform(85.0, 275.0),
        sun_elevation=rng.uniform(22.0, 61.0),
        sky=rng.uniform(0.27, 0.55),
        exposure=rng.uniform(0.85, 1.15),
        balance=(rng.uniform(0.94, 1.07), 1.0, rng.uniform(0.92, 1.07)),
        dryness=rng.uniform(-0.15, 0.3),
        blur_px=rng.uniform(0.0, 0.7),
        sharpen=rng.uniform(0.0, 0.6),
        noise=rng.uniform(0.6, 2.4),
    )


def drone(rng: np.random.Generator, scene: Scene) -> Pinhole:
    """Draw a drone's camera over a town, tilted by 0 to 75 degrees."""
    tilt = 75.0 * rng.random()
    height = float(np.exp(rng.uniform(np.log(25), np.log(110)))) if tilt < 50 else float(rng.uniform(20, 45))
    heading = rng.uniform(0, 360)
    aim = rng.uniform(-0.6, 0.6, 2) * scene.layout.half_m
    back = height * math.tan(math.radians(tilt))
    x, y = aim - back * np.array([math.sin(math.radians(heading)), math.cos(math.radians(heading))])
    return _pinhole(rng, (float(x), float(y), height), heading, tilt - 90.0, roll_deg=1.0)


def walker(rng: np.random.Generator, scene: Scene) -> Pinhole:
    """Draw a camera in somebody's hand or on a pole, that looks a little down."""
    x, y = street_place(rng, scene)
    return _pinhole(rng, (x, y, _held(rng)), rng.uniform(0, 360), float(rng.uniform(-25, -2)), roll_deg=2.0)


def panorama(rng: np.random.Generator, scene: Scene) -> Equirectangular:
    """Draw a camera that looks all round, in a street, held or on a pole."""
    x, y = street_place(rng, scene)
    return Equirectangular((x, y, _held(rng)), rng.uniform(0, 360), PANORAMA_PX, PANORAMA_PX // 2)


def _pinhole(
    rng: np.random.Generator, position: tuple[float, float, float], heading: float, pitch: float, *, roll_deg: float
) -> Pinhole:
    """Draw the lens and, with this standard deviation, how far the camera hangs to one side."""
    focal = DRONE_PX[0] / (2 * math.tan(math.radians(rng.uniform(38, 95)) / 2))
    return Pinhole(position, heading, pitch, focal, *DRONE_PX, roll_deg=float(rng.normal(0, roll_deg)))


def _held(rng: np.random.Generator) -> float:
    """Draw a height, metres."""
    return float(rng.uniform(*(ON_POLE_M if rng.random() < POLE_SHARE else ON_FOOT_M)))


def street_place(rng: np.random.Generator, scene: Scene) -> tuple[float, float]:
    """A place on a street of the inner town."""
    streets = scene.layout.streets
    while True:
        line = streets[rng.integers(len(streets))].line
        point = line.interpolate(rng.uniform(0.0, line.length))
        if max(abs(point.x), abs(point.y)) < 0.8 * scene.layout.half_m:
            return point.x, point.y
