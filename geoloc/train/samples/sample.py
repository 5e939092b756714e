"""A query with what is known of it, before a reference is cut for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from geoloc.train.grounds.ground import Ground

HEADING_SPREAD_DEG = 50.0
SHARE_OBJECT = 0.7
PLACE_M = (2.0, 14.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One query of a ground.

    ground: its number in the collection. image: 3 x H x W in [0, 255]. click: (x, y) in query pixels. cells: H/16 x
    W/16 x 2, the pixel of the ground that each query cell's centre sees, NaN where none. box: 4, in pixels of the
    ground; sized: whether it is that of an object and not only round the clicked place. turn_deg: how far the
    reference window is to be turned against the ground; the query's up is within `HEADING_SPREAD_DEG` of its up.
    """

    ground: int
    image: Tensor = field(repr=False)
    click: np.ndarray
    cells: np.ndarray
    box: np.ndarray
    sized: bool
    turn_deg: float


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform between those of low and high."""
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, low)))))


def place_box(ground: Ground, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square of some size about a place where no object is known."""
    half = log_uniform(rng, *PLACE_M) / ground.gsd_m / 2
    return np.concatenate([at - half, at + half])


def box_at(ground: Ground, at: np.ndarray, slack_px: float) -> np.ndarray | None:
    """The smallest box of the ground that holds a place, grown by `slack_px`; None where there is none."""
    low, high = ground.boxes[:, :2] - slack_px, ground.boxes[:, 2:] + slack_px
    inside = np.flatnonzero((low <= at).all(1) & (at <= high).all(1))
    if len(inside) == 0:
        return None
    sizes = (ground.boxes[inside, 2:] - ground.boxes[inside, :2]).prod(1)
    return np.asarray(ground.boxes[inside[sizes.argmin()]])


def pick_box(ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """An object of the ground: as many small ones as large ones, whatever it has more of."""
    sizes = (ground.boxes[:, 2:] - ground.boxes[:, :2]).max(1)
    counts, edges = np.histogram(sizes, bins=5)
    weight = 1 / counts[np.digitize(sizes, edges[1:-1])]
    return np.asarray(ground.boxes[rng.choice(len(sizes), p=weight / weight.sum())])


def draw_turn(sized: bool, rng: np.random.Generator) -> float:
    """Degrees: boxes stay boxes only in windows turned by about a quarter."""
    return float(90.0 * rng.integers(4) + rng.normal(0, 4)) if sized else float(rng.uniform(0, 360))


def turned(angle_deg: float) -> np.ndarray:
    """2 x 2, clockwise where y is down."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, -s], [s, c]])
