"""Where a camera at eye level stood and which way it looked, by the ground round it.

The ground that the photo shows is unrolled to a map at every heading, tilt and height that its metadata leave likely,
and correlated with the mosaic round the position that they tell. What comes of it is a better pose with a weight, and
what is left of the weight stays with the metadata.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    heading_sd_deg,
    position_sd_m,
)
from tiling.grid import WGS84, Grid, transformer
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
DOUBT = 0.1
"""Share of the weight that stays with the metadata at the least."""
BY_CHANCE, PANORAMA_BY_CHANCE = 11.0, 17.0
"""Log weight that ground which is not there comes to by chance, that of all poses which are tried being the best: of
photographs, and of panoramas, which show the ground to all sides."""
_APART_M, _APART_DEG = 2.0, 8.0
_MOST_STEPS = 4
_LEAST_SD_M = 0.02
_LEAST_OFF_M, _MOST_OFF_M, _MOST_SDS = 8.0, 40.0, 3.3
"""How far from the told position a place is tried: at least, at most, and in standard deviations of its error."""
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
    """A pose that is tried, its place in metres from the told one, with the log of its weight and its correlation."""

    east: float
    north: float
    heading_deg: float
    height_m: float
    tilt: Tilt | None
    log_weight: float
    correlation: float

    def like(self, other: _Pose) -> bool:
        turn = abs((self.heading_deg - other.heading_deg + 180) % 360 - 180)
        return math.hypot(self.east - other.east, self.north - other.north) < _APART_M and turn < _APART_DEG


def find_stands(photo: Photo, mosaic: Mosaic) -> list[FoundPose]:
    """Find the likeliest poses of a photo taken at eye level.

    Returns:
        Poses, the likeliest first; none where the photo has no position, is not from eye level, or the mosaic shows
        nothing like the ground round it.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    height = camera_height(photo)
    if photo.position is None or height is None or not at_eye_level(photo):
        return []
    ground = _Ground(photo, height, mosaic)
    if not ground.known:
        return []
    tried = [
        ground.best_place(heading, height_m, tilt)
        for height_m in _heights(photo, height)
        for tilt in _tilts(photo)
        for heading in _headings(photo)
    ]
    coarse = _apart([pose for pose in tried if pose is not None])
    poses = _apart([ground.refined(pose) for pose in coarse])
    if not poses or poses[0].correlation < LEAST_CORRELATION:
        return []
    by_chance = PANORAMA_BY_CHANCE if photo.panorama else BY_CHANCE
    weights = np.exp([pose.log_weight - by_chance for pose in poses])
    shares = (1 - DOUBT) * weights / (1 + weights.sum())
    return [FoundPose(_posed(photo, pose), float(share)) for pose, share in zip(poses, shares, strict=True)]


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
        self._sd_m = position_sd_m(photo)
        off_m = min(max(_LEAST_OFF_M, _MOST_SDS * self._sd_m), _MOST_OFF_M)
        side = 2 * math.ceil((off_m + REACH_M) / STEP_M)
        x, y = transformer(WGS84, "EPSG:3857").transform(*photo.position)
        # Web Mercator is longer than the ground by this.
        step = STEP_M / math.cos(math.radians(photo.position[1]))
        grid = Grid.north_up("EPSG:3857", x - side / 2 * step, y + side / 2 * step, step, width=side, height=side)
        pixels = mosaic.read(grid)
        self.known = float(pixels.valid.mean()) > _LEAST_KNOWN
        self._colours = _colours(pixels.rgb)
        self._colours -= cv2.GaussianBlur(self._colours, (0, 0), _HIGH_PASS_M / STEP_M)

    def best_place(self, heading_deg: float, height_m: float, tilt: Tilt | None) -> _Pose | None:
        """Return the likeliest place of a camera with this pose otherwise; None where the photo shows no ground."""
        seen = unrolled(self._photo, tilt, heading_deg=heading_deg, height_m=height_m, step_m=STEP_M)
        trusted = float(seen.trust.sum()) * STEP_M**2 / _WHOLE_M2
        if trusted < _LEAST_TRUSTED:
            return None
        mask = np.repeat(seen.trust[..., None], 3, axis=2)
        found = cv2.matchTemplate(self._colours, _colours(seen.pixels), cv2.TM_CCOEFF_NORMED, mask=mask)
        # Where either is all alike there is nothing to compare.
        correlation = np.where(np.isfinite(found) & (np.abs(found) <= 1.0), found, -1.0)
        rows, columns = correlation.shape
        east = (np.arange(columns) - (columns - 1) / 2) * STEP_M
        north = ((rows - 1) / 2 - np.arange(rows)) * STEP_M
        off = (east[None, :] ** 2 + north[:, None] ** 2) / self._sd_m**2
        weight = SHARP * math.sqrt(trusted) * correlation - off / 2 + self._log_likely(heading_deg, height_m, tilt)
        row, column = np.unravel_index(int(weight.argmax()), weight.shape)
        return _Pose(
            east=float(east[column]),
            north=float(north[row]),
            heading_deg=heading_deg,
            height_m=height_m,
            tilt=tilt,
            log_weight=float(weight[row, column]),
            correlation=float(correlation[row, column]),
        )

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
                tried = [found for step in steps if (found := self.best_place(*step)) is not None]
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
            known = known_tilt(photo) or HELD_TILT
            off.append((tilt.degrees - known.degrees) / known.sd_deg)
        if photo.heading_deg is not None:
            off.append(((heading_deg - photo.heading_deg + 180.0) % 360.0 - 180.0) / heading_sd_deg(photo))
        return -sum(by**2 for by in off) / 2


def _colours(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return colours that differ as they look different (CIE 1976 L*a*b*), rows x columns x 3."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def _apart(poses: Sequence[_Pose]) -> list[_Pose]:
    """Return the likeliest poses of which none is like a likelier one, `MOST` of them."""
    kept: list[_Pose] = []
    for pose in sorted(poses, key=lambda pose: -pose.log_weight):
        if not any(pose.like(other) for other in kept):
            kept.append(pose)
        if len(kept) == MOST:
            break
    return kept


def _posed(photo: Photo, pose: _Pose) -> Photo:
    """Return a photo with the metadata of a pose."""
    assert photo.position is not None, "asked for where there is one"
    lon, lat = photo.position
    told = replace(
        photo,
        position=(
            lon + pose.east / (METRES_A_DEGREE * math.cos(math.radians(lat))),
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
