"""A query with what is known of it, before a reference is cut for it; what all ways to draw one share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from geoloc.train.grounds.ground import Ground

HEADING_SPREAD_DEG = 50.0
SHARE_OBJECT = 0.7
PLACE_M = (2.0, 14.0)


Picture = TypeVar("Picture", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True, eq=False)
class Sample(Generic[Picture]):
    """One query of a ground.

    Attributes:
        ground: the number of its ground in the collection.
        picture: how its image is painted, see `photo_views.PhotoPicture` and `simulated_views.ViewPicture`.
        click: (x, y) in query pixels.
        cells: H/16 x W/16 x 2, the pixel of the ground that each query cell's centre sees, NaN where none.
        box: 4, xmin, ymin, xmax, ymax in pixels of the ground.
        sized: whether `box` is that of an object and not only round the clicked place.
        turn_deg: how far the reference window is to be turned against the ground; the query's up is within
            `HEADING_SPREAD_DEG` of its up.
        view: 3, how it is seen, see `geoloc.plane.lean`; zeros as taken.
    """

    ground: int
    picture: Picture = field(repr=False)
    click: np.ndarray
    cells: np.ndarray
    box: np.ndarray
    sized: bool
    turn_deg: float
    view: np.ndarray = field(default_factory=lambda: np.zeros(3))


def stacked(parts: Sequence[Picture]) -> Picture:
    """Stack named tuples of arrays and tensors into one of the same type, its first axis that of the parts."""
    made: Any = type(parts[0])
    return made(*(torch.stack(v) if isinstance(v[0], Tensor) else np.stack(v) for v in zip(*parts, strict=True)))


def on_device(values: np.ndarray | Tensor, device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """Put values on a device; what has fractions is of this type there."""
    tensor = values if isinstance(values, Tensor) else torch.from_numpy(values)
    if device.type == "cuda":
        # Only from pinned memory they are on their way without a wait for all that the device has to do before.
        tensor = tensor.pin_memory()
    moved = tensor.to(device, non_blocking=True)
    return moved.to(dtype) if moved.is_floating_point() else moved


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform between those of low and high."""
    return float(np.exp(rng.uniform(np.log(low), np.log(max(high, low)))))


def box_around(ground: Ground, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a square about a place (x, y) where no object is known, in pixels of the ground."""
    half = log_uniform(rng, *PLACE_M) / ground.gsd_m / 2
    return np.concatenate([place - half, place + half])


def box_at(ground: Ground, place: np.ndarray, slack_px: float) -> np.ndarray | None:
    """Return the smallest box that, grown by `slack_px`, holds a place (x, y) of the ground; None where none does.

    Args:
        ground: the image with its objects.
        place: (x, y), pixels.
        slack_px: how far beside a box a place may lie.
    """
    low, high = ground.boxes[:, :2] - slack_px, ground.boxes[:, 2:] + slack_px
    inside = np.flatnonzero((low <= place).all(1) & (place <= high).all(1))
    if len(inside) == 0:
        return None
    sizes = (ground.boxes[inside, 2:] - ground.boxes[inside, :2]).prod(1)
    return np.asarray(ground.boxes[inside[sizes.argmin()]])


def pick_box(ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """Draw the box of an object: small ones as often as large ones, whatever the ground has more of."""
    sizes = (ground.boxes[:, 2:] - ground.boxes[:, :2]).max(1)
    counts, edges = np.histogram(sizes, bins=5)
    weight = 1 / counts[np.digitize(sizes, edges[1:-1])]
    return np.asarray(ground.boxes[rng.choice(len(sizes), p=weight / weight.sum())])


def draw_turn(sized: bool, rng: np.random.Generator) -> float:
    """Draw the turn of a window, degrees: boxes stay boxes only in windows turned by about a quarter."""
    return float(90.0 * rng.integers(4) + rng.normal(0, 4)) if sized else float(rng.uniform(0, 360))
