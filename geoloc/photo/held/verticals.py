"""How a camera was held, by the upright edges that its photograph shows: of walls, windows, posts and trunks.

Lines that are plumb meet in the photograph at one point, where the direction straight down pierces it. Of all ways to
hold a camera the one is taken under which the most of the photograph's steep line segments point there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo

LONGEST_PX = 1600
"""Longer side of the picture that segments are found in."""
LEAST_LENGTH = 0.015
"""Length of the segments that count, at the least, as a share of the longer side."""
MOST_SEGMENTS = 500
"""The longest that count: a picture of grass has thousands."""
MOST_LENGTH = 0.15
"""Longer ones count no more: a kerb that runs away from the camera is long, too."""
STEEP_DEG = 30.0
"""Segments that lie farther from upright in the picture do not count."""
DOWN_DEG, ROLL_DEG = (-30.0, 45.0), (-15.0, 15.0)
"""How far below level a camera that is held may look, and how far it may be turned about its axis."""
PLUMB_DEG = 0.3
"""How far plumb things and straight lenses are off, standard deviation."""
END_PX = 0.7
"""How far a segment's end is off to the side, pixels."""
LEAST_SEGMENTS = 8
"""Segments that have to point to the same place."""
LEAST_AHEAD = 1.15
"""By how much more must speak for it than for any other way to hold the camera that is `APART_DEG` off."""
APART_DEG = 4.0
LEAST_SD_DEG, MOST_SD_DEG = 0.5, 1.5
"""What is told of its error: houses are not built better, and what is known worse is left to the horizon."""
_STEPS_DEG = (0.25, 0.1, 0.05)
_AT_ONCE = 200
"""Ways to hold the camera that are looked at together: of all of them the segments' errors fill gigabytes."""
_NEXT_TO_NOTHING = 1e-3
"""Known of the tilt and the roll before, in squared degrees the other way round."""


@dataclass(frozen=True, slots=True)
class Upright:
    """How a camera was held.

    Attributes:
        tilt_deg: of the optical axis from straight down.
        roll_deg: by how much the camera was turned clockwise about its axis.
        sd_deg: error of the tilt, standard deviation.
    """

    tilt_deg: float
    roll_deg: float
    sd_deg: float


def find_verticals(photo: Photo, focal_px: float) -> Upright | None:
    """Find how a camera that somebody held was tilted and turned.

    Args:
        photo: the photograph, no panorama.
        focal_px: its focal length in pixels of the photo.

    Returns:
        What the upright edges tell; None where they are too few, or speak as much for something else.
    """
    segments = _Segments.of(photo, focal_px)
    if len(segments.weight) < LEAST_SEGMENTS:
        return None
    down, roll = np.meshgrid(np.arange(*DOWN_DEG, 0.5), np.arange(*ROLL_DEG, 0.5), indexing="ij")
    support = segments.support(down.ravel(), roll.ravel()).reshape(down.shape)
    row, column = np.unravel_index(int(support.argmax()), support.shape)
    at = float(down[row, column]), float(roll[row, column])
    rival = support[np.hypot(down - at[0], roll - at[1]) > APART_DEG].max()
    for step in _STEPS_DEG:
        near = np.arange(-3, 4) * step
        down, roll = (side.ravel() for side in np.meshgrid(at[0] + near, at[1] + near, indexing="ij"))
        support = segments.support(down, roll)
        best = int(support.argmax())
        at = float(down[best]), float(roll[best])
    if not (DOWN_DEG[0] < at[0] < DOWN_DEG[1] and ROLL_DEG[0] < at[1] < ROLL_DEG[1]):
        # What speaks for even less likely ways is no upright edge.
        return None
    agree = np.abs(segments.off(*map(np.array, ([at[0]], [at[1]])))[0]) < 2.5 * segments.error
    if agree.sum() < LEAST_SEGMENTS or support[best] < LEAST_AHEAD * rival:
        return None
    sd_deg = segments.error_of_tilt(*at, agree)
    if sd_deg > MOST_SD_DEG:
        return None
    return Upright(90.0 - at[0], at[1], max(sd_deg, LEAST_SD_DEG))


class _Segments(NamedTuple):
    """Steep line segments of a photograph, N of them.

    Attributes:
        middle: N x 2, of the ray through its middle, x to the right and y down, where the optical axis is 1 long.
        along: N x 2, its direction, unit vectors.
        error: N, of that direction, degrees.
        weight: N, how much it counts.
    """

    middle: NDArray[np.float64]
    along: NDArray[np.float64]
    error: NDArray[np.float64]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, photo: Photo, focal_px: float) -> _Segments:
        """Find them; von Gioi et al. (2010), "LSD: a fast line segment detector with a false detection control"."""
        scale = min(1.0, LONGEST_PX / max(photo.size))
        grey = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
        if scale < 1.0:
            size = [max(1, round(side * scale)) for side in photo.size]
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        found = cv2.createLineSegmentDetector().detect(grey)[0]
        ends = np.zeros((0, 2, 2)) if found is None else found.reshape(-1, 2, 2).astype(np.float64)
        along = ends[:, 1] - ends[:, 0]
        length = np.hypot(*along.T)
        longer = max(grey.shape)
        steep = np.abs(along[:, 1]) > length * math.cos(math.radians(STEEP_DEG))
        counts = steep & (length > LEAST_LENGTH * longer)
        longest = np.flatnonzero(counts)[np.argsort(-length[counts], kind="stable")[:MOST_SEGMENTS]]
        length, along, ends = length[longest], along[longest], ends[longest]
        centre = np.array(grey.shape[::-1]) / 2
        return cls(
            middle=(ends.mean(1) - centre) / (focal_px * scale),
            along=along / length[:, None],
            error=np.hypot(PLUMB_DEG, np.degrees(END_PX / length)),
            weight=np.minimum(length, MOST_LENGTH * longer),
        )

    def off(self, down_deg: NDArray[np.float64], roll_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much each segment would be off plumb, were the camera held in each of P ways; P x N degrees."""
        down, roll = np.radians(down_deg)[:, None, None], np.radians(roll_deg)[:, None, None]
        straight_down = np.concatenate([np.sin(roll) * np.cos(down), np.cos(roll) * np.cos(down)], axis=-1)
        plumb = straight_down - np.sin(down) * self.middle[None]
        cross = plumb[..., 0] * self.along[:, 1] - plumb[..., 1] * self.along[:, 0]
        dot = np.abs(plumb[..., 0] * self.along[:, 0] + plumb[..., 1] * self.along[:, 1])
        return np.asarray(np.degrees(np.arctan2(cross, dot)))

    def support(self, down_deg: NDArray[np.float64], roll_deg: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much speaks for each of P ways to hold the camera; P."""
        found = [
            (self.weight * np.exp(-((self.off(down, roll) / self.error) ** 2) / 2)).sum(1)
            for down, roll in zip(
                *(np.array_split(side, -(-len(side) // _AT_ONCE)) for side in (down_deg, roll_deg)), strict=True
            )
        ]
        return np.concatenate(found)

    def error_of_tilt(self, down_deg: float, roll_deg: float, agree: NDArray[np.bool_]) -> float:
        """Return the standard deviation of the tilt by least squares over the segments that agree, degrees."""
        step = 0.1
        ways = np.array([[down_deg, roll_deg], [down_deg + step, roll_deg], [down_deg, roll_deg + step]])
        off = self.off(*ways.T)[:, agree]
        slope = (off[1:] - off[0]) / step / self.error[agree]
        information = slope @ slope.T + _NEXT_TO_NOTHING * np.eye(2)
        return math.sqrt(float(np.linalg.inv(information)[0, 0]))
