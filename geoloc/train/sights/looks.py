"""Directions in which photographs of synthetic towns look, each with the mosaic before right and before wrong poses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from geoloc.town.picture.camera import Camera
from geoloc.train.sights.drawn import DrawnSights
from geoloc.train.sights.seen_town import SeenTown, TakenPhoto

LOOKS, PANORAMA_LOOKS = 4, 6
"""Of a photograph."""
BELOW_DEG = 1.0, 8.0
RIGHT = ((0.5, 1.0), (1.0, 2.0))
"""Errors of right poses: of the position along each axis, metres, and of the heading, degrees; standard deviations."""
WRONG = 3
"""Poses of each look: near the right one, in its street, and elsewhere in the town."""
LOOK_STRIPS = len(RIGHT) + WRONG
"""Of a look, those of right poses first."""
NEAR_M, NEAR_DEG = 4.0, 15.0
"""Errors of wrong poses that are near."""
STREET_M = 15.0
"""How far along either axis those are that are in the street."""
SQUARE_SHARE, SQUARE_SD_DEG = 0.6, 8.0
"""Of the others so many look along a street or across it."""
LEAST_OFF_M, LEAST_OFF_DEG = 2.5, 6.0
"""What is off by less of either is no wrong pose."""
_MOST_TRIED = 100

Pose = tuple[NDArray[np.float64], float]
"""A place in the town, metres, and the azimuth of a look, radians."""


@dataclass(frozen=True, slots=True, eq=False)
class SightLooks(DrawnSights):
    """N looks in one photograph, with `LOOK_STRIPS` strips of each."""


def looks_in(
    photo: TakenPhoto, elsewhere: Callable[[], tuple[float, float]], town: SeenTown, rng: np.random.Generator
) -> SightLooks | None:
    """Draw looks in a photograph; None where it shows no ground.

    Args:
        photo: the photograph.
        elsewhere: draws a place in a street of the town.
        town: what is seen, and on the mosaic.
        rng: draws looks and errors of poses.
    """
    drawn = [_direction(photo.camera, rng) for _ in range(_MOST_TRIED)]
    within = [direction for direction in drawn if photo.shows(*direction)]
    looks = [_look(look, photo, elsewhere, town, rng) for look in within[: PANORAMA_LOOKS if photo.panorama else LOOKS]]
    return SightLooks.joined(looks) if looks else None


def _direction(camera: Camera, rng: np.random.Generator) -> tuple[float, float]:
    _, (east, north, _) = camera.ray(rng.uniform(0, camera.width), camera.height / 2)
    return math.atan2(east, north), math.radians(rng.uniform(*BELOW_DEG))


def _look(
    look: tuple[float, float],
    photo: TakenPhoto,
    elsewhere: Callable[[], tuple[float, float]],
    town: SeenTown,
    rng: np.random.Generator,
) -> SightLooks:
    aside, below = look
    right = np.array(photo.camera.fixed[:2], np.float64), aside
    return SightLooks(
        town.views(photo, aside, below),
        town.strips([*(_near(right, *errors, rng) for errors in RIGHT), *_wrong(right, elsewhere, rng)]),
        torch.tensor([float(photo.camera.fixed[2])]),
        torch.tensor([math.degrees(below)]),
        torch.tensor([town.seed]),
    )


def _near(pose: Pose, sd_m: float, sd_deg: float, rng: np.random.Generator) -> Pose:
    place, azimuth = pose
    return place + rng.normal(0, sd_m, 2), azimuth + math.radians(rng.normal(0, sd_deg))


def _wrong(right: Pose, elsewhere: Callable[[], tuple[float, float]], rng: np.random.Generator) -> list[Pose]:
    place, azimuth = right
    draws: tuple[Callable[[], Pose], ...] = (
        lambda: _near(right, NEAR_M, NEAR_DEG, rng),
        lambda: (place + rng.uniform(-STREET_M, STREET_M, 2), _other_way(azimuth, rng)),
        lambda: (np.array(elsewhere()), _other_way(azimuth, rng)),
    )
    return [_until_wrong(right, draw) for draw in draws]


def _other_way(azimuth: float, rng: np.random.Generator) -> float:
    if rng.random() < SQUARE_SHARE:
        return azimuth + math.radians(90.0 * int(rng.integers(4)) + rng.normal(0, SQUARE_SD_DEG))
    return float(rng.uniform(0, 2 * math.pi))


def _until_wrong(right: Pose, draw: Callable[[], Pose]) -> Pose:
    while True:
        place, azimuth = draw()
        turn = abs(math.remainder(azimuth - right[1], 2 * math.pi))
        if math.hypot(*(place - right[0])) > LEAST_OFF_M or turn > math.radians(LEAST_OFF_DEG):
            return place, azimuth
