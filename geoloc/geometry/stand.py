"""Where a camera at eye level stood and which way it looked, by the ground round it.

The ground that the photo shows is unrolled to a map at every heading, tilt and height that its metadata leave likely,
and correlated with the mosaic round the position that they tell. Of the poses that come of it those are kept from which
the mosaic farther off is as the photo shows it, where something can tell that: one piece of road is much like the next.
What is left of the weight stays with the metadata.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.geometry.unrolled import REACH_M, TRUSTED_M, unrolled
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import GIMBAL_SD_DEG, Tilt, known_tilt
from geoloc.photo.sight import (
    HELD_TILT,
    at_eye_level,
    camera_height,
    ground_round,
    heading_sd_deg,
    most_off_m,
    position_sd_m,
    supposed_tilt,
)
from tiling.degrees import angle_between_deg, wrapped_deg
from tiling.mosaic import Mosaic

STEP_M = 0.4
"""Side of a pixel that ground and mosaic are compared at."""
TURN_DEG = 4.0
"""Between headings that are tried."""
SLANT_DEG = 3.0
"""Between tilts that are tried."""
SHARP = 40.0
"""Weight of a pose: the exponential of so much times the correlation, where all the ground round the camera is seen."""
FINER = ((2.0, 1.0, 0.07), (1.0, 0.5, 0.035), (0.5, 0.25, 0.02))
"""Steps by which a pose that was found is made likelier: turns and slants, degrees, and shares of the height."""
FOUND_M, FOUND_SD_DEG, FOUND_SHARE = 1.0, 1.5, 0.05
"""Errors of the position, of the heading and of the height, as a share of it, of a pose that is found; see `Photo`."""
LEAST_CORRELATION = 0.25
"""What correlates less is no ground that the mosaic shows."""
MOST = 4
"""Poses that are kept."""
PLACES = 12
"""Of every heading, tilt and height, of which the likeliest are compared with what is farther off."""
GLANCED, COMPARED, CLIMBED = 400, 60, 8
"""Poses that are compared so at a glance, of these, thoroughly, and of these, that are made likelier."""
GLANCED_DEG = 3.0
"""By which headings at one place differ at the least that are glanced at: less than `TURN_DEG`, all that are tried."""
MOVED_M = 2.5
"""By which they are moved to be made likelier; they are turned by `TURN_DEG`."""
NEAR_M = 1.3
"""How far from it, along an axis, a place is sought that is moved to, or made likelier."""
DOUBT = 0.1
"""Share of the weight that stays with the metadata at the least."""
BY_CHANCE, PANORAMA_BY_CHANCE = 11.0, 17.0
"""Log weight that ground which is not there comes to by chance, that of all poses which are tried being the best: of
photographs, and of panoramas, which show the ground to all sides."""
MORE_BY_CHANCE, PANORAMA_MORE_BY_CHANCE = 8.0, 15.0
"""So much more does it come to where all that is farther off is compared: of more poses, and what is like it too."""
_APART_M, _APART_DEG = 2.0, 7.0
"""Poses that are as near, and nearer in heading, are one: two of `TURN_DEG` are more, as they are rounded."""
_MOST_STEPS = 4
_LEAST_SD_M = 0.02
_LEAST_KNOWN, _LEAST_TRUSTED = 0.3, 0.02
_WHOLE_M2 = 2 * math.pi * TRUSTED_M**2 * (1 - (1 + REACH_M / TRUSTED_M) * math.exp(-REACH_M / TRUSTED_M))
"""Ground all round a camera, each square metre by its trust."""
_HIGH_PASS_M = 5.0
METRES_A_DEGREE = 111_320.0
"""Of latitude: good to a share of 0.006, where places are at most 40 m apart."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundPose:
    """A pose that a photo may have.

    Attributes:
        photo: the photo, its metadata those of this pose.
        weight: how likely it is the right one; all together, with what the metadata keep, have 1.
    """

    photo: Photo
    weight: float


@dataclass(frozen=True, slots=True)
class _Pose:
    """A pose that is tried, its place in metres from the told one, with the log of its weight and its correlation.

    farther: what is farther off adds to the log of its weight.
    """

    east: float
    north: float
    heading_deg: float
    height_m: float
    tilt: Tilt | None
    log_weight: float
    correlation: float
    farther: float = 0.0


class TellsFarther(Protocol):
    """Tells of a photo in poses how much likelier the mosaic is, farther off, than for a wrong pose."""

    def __call__(self, poses: Sequence[Photo], *, glance: bool = False) -> Sequence[tuple[float, float]]:
        """Return of each pose the log of how many times, and how much of the mosaic could be compared, from 0 to 1.

        There may be no pose.
        """


def find_stands(photo: Photo, mosaic: Mosaic, likeness: TellsFarther | None = None) -> list[FoundPose]:
    """Find the likeliest poses of a photo taken at eye level.

    Args:
        photo: the photo.
        mosaic: it shows the ground.
        likeness: tells of the photo in poses what the mosaic farther off says; see `geoloc.model.sight.likeness`.

    Returns:
        Poses, the likeliest first; none where the photo has no position, is not from eye level, or the mosaic shows
        nothing like the ground round it.

    Raises:
        MosaicError: the mosaic cannot be read, by `likeness` too.
    """
    height = camera_height(photo)
    if photo.position is None or height is None or not at_eye_level(photo):
        return []
    ground = _Ground(photo, height, mosaic)
    if not ground.known:
        return []
    tried = [
        pose
        for height_m in _heights(photo, height)
        for tilt in _tilts(photo)
        for heading in _headings(photo)
        for pose in ground.best_places(heading, height_m, tilt, 1 if likeness is None else PLACES)
    ]
    if not tried:
        return []
    if likeness is None:
        poses = _apart([ground.refined(pose) for pose in _apart(tried, MOST)], MOST)
    else:
        poses = _likely(ground, tried, photo, likeness)
    by_chance = PANORAMA_BY_CHANCE if photo.panorama else BY_CHANCE
    weights = np.exp([_total(pose) - by_chance for pose in poses])
    shares = (1 - DOUBT) * weights / (1 + weights.sum())
    return [FoundPose(_posed(photo, pose), float(share)) for pose, share in zip(poses, shares, strict=True)]


def _likely(ground: _Ground, tried: Sequence[_Pose], photo: Photo, likeness: TellsFarther) -> list[_Pose]:
    """Return the likeliest of poses, made likelier, by what is seen farther off too."""
    by_chance = PANORAMA_MORE_BY_CHANCE if photo.panorama else MORE_BY_CHANCE

    def told(poses: Sequence[_Pose], *, glance: bool = False) -> list[_Pose]:
        farther = likeness([_posed(photo, pose) for pose in poses], glance=glance)
        return [
            replace(pose, farther=log_odds - by_chance * share)
            for pose, (log_odds, share) in zip(poses, farther, strict=True)
        ]

    glanced = sorted(told(_apart(tried, GLANCED, GLANCED_DEG), glance=True), key=_total, reverse=True)
    # Climbs come back to where they were, and often meet.
    known: dict[_Pose, _Pose] = {}

    def compared(poses: Sequence[_Pose]) -> list[_Pose]:
        new = list(dict.fromkeys(pose for pose in poses if pose not in known))
        known.update(zip(new, told(new), strict=True))
        return [known[pose] for pose in poses]

    poses = climbing = _apart(compared([_near_alone(pose) for pose in glanced[:COMPARED]]), CLIMBED)
    for _ in range(_MOST_STEPS):
        beside = [ground.beside(pose) for pose in climbing]
        compared([step for steps in beside for step in steps])
        higher = [
            max([pose, *(known[step] for step in steps)], key=_total)
            for pose, steps in zip(climbing, beside, strict=True)
        ]
        at_rest = [pose for pose in poses if pose not in climbing]
        before, poses = poses, _apart([*at_rest, *higher], CLIMBED)
        climbing = [pose for pose in poses if pose not in before]
        if not climbing:
            break
    poses = poses[:MOST]
    refined = compared([ground.refined(_near_alone(pose)) for pose in poses])
    return _apart([max(pair, key=_total) for pair in zip(poses, refined, strict=True)], MOST)


def _heights(photo: Photo, height: tuple[float, float]) -> Sequence[float]:
    """Return heights to try, metres."""
    middle, sd = height
    if not photo.panorama or photo.height_m is not None:
        return (middle,)
    return tuple(middle + k * sd for k in (-1.0, 0.0, 1.25))


def _tilts(photo: Photo) -> Sequence[Tilt | None]:
    """Return tilts to try; None for a panorama."""
    if photo.panorama:
        return (None,)
    known = known_tilt(photo)
    if known is None:
        return tuple(HELD_TILT.turned(float(off)) for off in np.arange(-9.0, 12.0 + SLANT_DEG, SLANT_DEG))
    return tuple(known.turned(k * known.sd_deg) for k in (-1.0, 0.0, 1.0))


def _headings(photo: Photo) -> Sequence[float]:
    """Return headings to try."""
    if photo.heading_deg is None:
        return tuple(float(heading) for heading in np.arange(0.0, 360.0, TURN_DEG))
    most = max(TURN_DEG, 3 * heading_sd_deg(photo))
    return tuple(photo.heading_deg + float(off) for off in np.arange(-most, most + 1, TURN_DEG))


class _Ground:
    """The mosaic round a told position, to be compared with the ground that a photo shows."""

    def __init__(self, photo: Photo, height: tuple[float, float], mosaic: Mosaic) -> None:
        """Read the mosaic as far as the position may be off, and the ground reaches.

        Args:
            photo: the photo.
            height: of its camera over the ground, and the standard deviation of that, metres.
            mosaic: what is read.
        """
        assert photo.position is not None, "asked for where there is one"
        self._photo, self._height = photo, height
        self._sd_m, self._most_m = position_sd_m(photo), most_off_m(photo)
        grid = ground_round(photo.position, self._most_m + REACH_M, STEP_M)
        pixels = mosaic.read(grid)
        self.known = float(pixels.valid.mean()) > _LEAST_KNOWN
        self._colours = _colours(pixels.rgb)
        self._colours -= cv2.GaussianBlur(self._colours, (0, 0), _HIGH_PASS_M / STEP_M)

    def best_places(
        self,
        heading_deg: float,
        height_m: float,
        tilt: Tilt | None,
        most: int,
        near: tuple[float, float] | None = None,
    ) -> list[_Pose]:
        """Return the likeliest places of a camera with this pose otherwise; none where no ground is like the photo's.

        Args:
            heading_deg: of the pose.
            height_m: of the pose.
            tilt: of the pose.
            most: places, none nearer to a likelier one than `_APART_M`.
            near: how far east and north of the told position they are, within `NEAR_M`; None for anywhere.
        """
        seen = unrolled(self._photo, tilt, heading_deg=heading_deg, height_m=height_m, step_m=STEP_M)
        trusted = float(seen.trust.sum()) * STEP_M**2 / _WHOLE_M2
        if trusted < _LEAST_TRUSTED:
            return []
        mask = np.repeat(seen.trust[..., None], 3, axis=2)
        template = _colours(seen.pixels)
        places = len(self._colours) - len(template) + 1
        at = (np.arange(places) - (places - 1) / 2) * STEP_M
        rows, columns = (
            (slice(0, places),) * 2 if near is None else (_near(-at, near[1], NEAR_M), _near(at, near[0], NEAR_M))
        )
        more = len(template) - 1
        searched = self._colours[rows.start : rows.stop + more, columns.start : columns.stop + more]
        if min(searched.shape[:2]) <= more:
            return []
        found = cv2.matchTemplate(searched, template, cv2.TM_CCOEFF_NORMED, mask=mask)
        # Where either is all alike there is nothing to compare.
        correlation = np.where(np.isfinite(found) & (np.abs(found) <= 1.0), found, -1.0)
        east, north = at[None, columns], -at[rows, None]
        off_m = np.hypot(east, north)
        log_likely = self._log_likely(heading_deg, height_m, tilt)
        weight = SHARP * math.sqrt(trusted) * correlation - (off_m / self._sd_m) ** 2 / 2 + log_likely
        weight[(correlation < LEAST_CORRELATION) | (off_m > self._most_m)] = -np.inf
        poses = []
        for _ in range(most):
            row, column = np.unravel_index(int(weight.argmax()), weight.shape)
            if np.isneginf(weight[row, column]):
                break
            place = float(east[0, column]), float(north[row, 0])
            likely = float(weight[row, column]), float(correlation[row, column])
            poses.append(_Pose(*place, heading_deg, height_m, tilt, *likely))
            cells = _near(north[:, 0], place[1], _APART_M), _near(east[0], place[0], _APART_M)
            away_m = np.hypot(east[:, cells[1]] - place[0], north[cells[0]] - place[1])
            weight[cells][away_m < _APART_M] = -np.inf
        return poses

    def beside(self, pose: _Pose) -> list[_Pose]:
        """Return the poses that are reached from one by a step ahead, back or to a side, or by a turn."""
        sin, cos = math.sin(math.radians(pose.heading_deg)), math.cos(math.radians(pose.heading_deg))
        steps = ((sin, cos), (-sin, -cos), (cos, -sin), (-cos, sin))
        places = [(pose.east + MOVED_M * east, pose.north + MOVED_M * north) for east, north in steps]
        tried = [(0.0, place) for place in places]
        tried += [(turn_deg, (pose.east, pose.north)) for turn_deg in (-TURN_DEG, TURN_DEG)]
        return [
            found
            for turn_deg, place in tried
            for found in self.best_places(pose.heading_deg + turn_deg, pose.height_m, pose.tilt, 1, place)
        ]

    def refined(self, pose: _Pose) -> _Pose:
        """Return the likeliest pose that is reached from one by small turns, slants and heights, ever smaller ones."""
        for turn_deg, slant_deg, share in FINER:
            for _ in range(_MOST_STEPS):
                heading, height_m, tilt = pose.heading_deg, pose.height_m, pose.tilt
                steps = [
                    *((heading + turn, height_m, tilt) for turn in (-turn_deg, turn_deg)),
                    *((heading, height_m * (1 + rise), tilt) for rise in (-share, share)),
                    *((heading, height_m, tilt.turned(by)) for by in (-slant_deg, slant_deg) if tilt is not None),
                ]
                near = pose.east, pose.north
                tried = [found for step in steps for found in self.best_places(*step, 1, near)]
                best = max(tried, key=lambda found: found.log_weight, default=pose)
                if best.log_weight <= pose.log_weight:
                    break
                pose = best
        return pose

    def _log_likely(self, heading_deg: float, height_m: float, tilt: Tilt | None) -> float:
        """Return the log of how likely the metadata leave a pose, over that of what they tell."""
        photo, (middle, sd_m) = self._photo, self._height
        off = [(height_m - middle) / max(sd_m, _LEAST_SD_M)]
        if tilt is not None:
            known = supposed_tilt(photo)
            off.append((tilt.degrees - known.degrees) / known.sd_deg)
        if photo.heading_deg is not None:
            off.append(wrapped_deg(heading_deg - photo.heading_deg) / heading_sd_deg(photo))
        return -sum(by**2 for by in off) / 2


def _colours(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return colours that differ as they look different (CIE 1976 L*a*b*), rows x columns x 3."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def _apart(poses: Sequence[_Pose], most: int, apart_deg: float = _APART_DEG) -> list[_Pose]:
    """Return the likeliest poses, so many, of which none is nearer than `_APART_M` to a likelier one and looks alike.

    apart_deg: by which the headings of poses differ that do not look alike.
    """
    ordered = sorted(poses, key=_total, reverse=True)
    east, north, heading = np.array([(pose.east, pose.north, pose.heading_deg) for pose in ordered]).reshape(-1, 3).T
    left = np.ones(len(ordered), bool)
    kept: list[_Pose] = []
    while left.any() and len(kept) < most:
        best = int(left.argmax())
        kept.append(ordered[best])
        turn = angle_between_deg(heading, heading[best])
        left &= (np.hypot(east - east[best], north - north[best]) >= _APART_M) | (turn >= apart_deg)
    return kept


def _near(places: NDArray[np.floating], middle: float, within_m: float) -> slice:
    """Return which of places along an axis are so near to one."""
    found = np.flatnonzero(np.abs(places - middle) <= within_m)
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def _near_alone(pose: _Pose) -> _Pose:
    return replace(pose, farther=0.0)


def _total(pose: _Pose) -> float:
    return pose.log_weight + pose.farther


def _posed(photo: Photo, pose: _Pose) -> Photo:
    """Return a photo with the metadata of a pose."""
    assert photo.position is not None, "asked for where there is one"
    lon, lat = photo.position
    told = replace(
        photo,
        position=(
            wrapped_deg(lon + pose.east / (METRES_A_DEGREE * math.cos(math.radians(lat)))),
            lat + pose.north / METRES_A_DEGREE,
        ),
        position_error_m=FOUND_M,
        heading_deg=pose.heading_deg % 360.0,
        compass=False,
        heading_sd_deg=FOUND_SD_DEG,
        height_m=pose.height_m,
        height_sd_m=FOUND_SHARE * pose.height_m,
    )
    if pose.tilt is None:
        return told
    sd_deg = min(pose.tilt.sd_deg, GIMBAL_SD_DEG)
    return replace(told, pitch_deg=pose.tilt.degrees - 90.0, roll_deg=pose.tilt.roll_deg, pitch_sd_deg=sd_deg)
