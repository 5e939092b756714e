"""Chips to train the mask head on: an object of a ground as a search would come upon it.

Where a search looks is a little off, at a scale that fits the object only about; the photograph, where it is laid over
the mosaic, is off too, and what stands up leans in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from geoloc.model.network.config import CHIP_PX, FILL, MASK_STRIDE
from geoloc.plane.homography import for_opencv, map_points, translation
from geoloc.plane.shapes import filled
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, MaskedObject
from geoloc.train.outlines.grounds import SEGMENT

SIDE = 2.8
"""Side of a chip over the object's longest, the middle of what is drawn."""
SIDE_SPREAD = 0.45
"""Standard deviation of its logarithm."""
MOST_ENLARGED = 3.0
"""How much finer a chip is than the pixels that it shows, at most."""
COARSEST_M = 0.5
"""Grounds are shown as if they had been read at up to this GSD."""
PHOTO_SHARE = 0.6
"""Of the chips with the photograph laid over them."""
DRAWN_SHARE = 0.25
"""Of the chips with what somebody drew round the object."""
SHARES = {"true": 0.55, "boxed": 0.3, "segment": 0.15}
"""Of the chips that show objects with true masks, with masks guessed from boxes, and segments."""
BALANCED_ROUNDS = 6
ENOUGH = 40
"""Objects of a size or kind that make it count in full."""
WEAK = 0.4
"""How much a guessed mask counts inside the object's box; that nothing outside it belongs to it is sure."""


@dataclass(frozen=True, slots=True, eq=False)
class ChipSample:
    """A chip with its truth.

    Attributes:
        mosaic: px x px x 3, RGB.
        photo: the photograph laid over it, likewise.
        click: (x, y), chip pixels.
        drawn: px x px, 1 inside of what was drawn.
        shown: px x px, 1 where the photograph shows anything.
        mask: share of each pixel of the mask that is the object's, px / 2 x px / 2.
        weight: how much each pixel of the mask counts, likewise.
        kind: of the object.
    """

    mosaic: np.ndarray = field(repr=False)
    photo: np.ndarray = field(repr=False)
    click: np.ndarray
    drawn: np.ndarray = field(repr=False)
    shown: np.ndarray = field(repr=False)
    mask: np.ndarray = field(repr=False)
    weight: np.ndarray = field(repr=False)
    kind: str


class ChipSampler:
    """Draws chips from grounds, large objects as often as small ones, and no kind much oftener than another."""

    def __init__(self, grounds: Sequence[MaskedGround], seed: int | Sequence[int]) -> None:
        """Take the grounds; the same seed draws the same chips."""
        self._rng = np.random.default_rng(seed)
        self._items = [(ground, item) for ground in grounds for item in ground.objects]
        sizes = np.array([math.log2(_longest_px(item) * ground.gsd_m) for ground, item in self._items])
        bins = np.floor(2 * sizes).astype(int)
        groups = np.array([_group(item) for _, item in self._items])
        kinds = np.array([item.kind for _, item in self._items])
        weights = np.zeros(len(sizes))
        for group, share in SHARES.items():
            mine = np.flatnonzero(groups == group)
            if len(mine):
                weights[mine] = share * _balanced(bins[mine], kinds[mine])
        self._weights = weights / weights.sum()
        self._until = np.cumsum(self._weights)

    def draw(self) -> ChipSample:
        """Draw a chip."""
        drawn = self._rng.random() * self._until[-1]
        ground, item = self._items[int(np.searchsorted(self._until, drawn, side="right"))]
        return draw_chip(self._rng, ground, item)


def _balanced(*labels: np.ndarray) -> np.ndarray:
    """Return weights of items, of sum 1, by which each value of each kind of label counts alike, as far as it goes.

    Iterative proportional fitting (Deming and Stephan 1940); the last kind of label is met best. A value that few items
    have counts less: each of them would be shown again and again.
    """
    weights = np.ones(len(labels[0]))
    values = [np.unique(label, return_inverse=True, return_counts=True)[1:] for label in labels]
    for _ in range(BALANCED_ROUNDS):
        for which, counts in values:
            weights *= (np.minimum(1.0, counts / ENOUGH) / np.bincount(which, weights))[which]
    return weights / weights.sum()


def draw_chip(rng: np.random.Generator, ground: MaskedGround, item: MaskedObject) -> ChipSample:
    """Draw a chip that shows an object of a ground."""
    longest = _longest_px(item)
    finest = 1.0 / MOST_ENLARGED
    most = COARSEST_M / ground.gsd_m
    # So coarse that the object is still to be made out.
    coarse = math.exp(rng.uniform(0, math.log(max(1.0, min(most, longest / 6)))))
    step = max(longest * SIDE * math.exp(rng.normal(0, SIDE_SPREAD)) / CHIP_PX, coarse * finest)
    x0, y0, x1, y1 = item.box
    centre = np.array([x0 + x1, y0 + y1]) / 2
    side = step * CHIP_PX
    off = rng.normal(0, 0.06 * side, 2).clip(-0.2 * side, 0.2 * side)
    angle = rng.uniform(0, 2 * math.pi)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if rng.random() < 0.5:
        turn = turn @ np.diag([-1.0, 1.0])
    to_ground = np.eye(3)
    to_ground[:2, :2] = step * turn
    to_ground[:2, 2] = centre + off - to_ground[:2, :2] @ [CHIP_PX / 2, CHIP_PX / 2]
    mosaic = warped(ground.pixels, to_ground, step, coarse)
    mask, box = _mask_of(item, to_ground)
    truth = cv2.resize(mask, None, fx=1 / MASK_STRIDE, fy=1 / MASK_STRIDE, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(box, None, fx=1 / MASK_STRIDE, fy=1 / MASK_STRIDE, interpolation=cv2.INTER_AREA)
    weight = np.ones_like(truth) if item.exact else np.where(inside > 0, WEAK, 1.0).astype(np.float32)
    photo, shown = _photo(rng, ground, item, to_ground, step)
    return ChipSample(
        mosaic=mosaic,
        photo=photo,
        click=_click(rng, mask, longest / step),
        drawn=_drawn(rng, mask) if rng.random() < DRAWN_SHARE else np.zeros((CHIP_PX, CHIP_PX), np.uint8),
        shown=shown,
        mask=truth,
        weight=weight,
        kind=item.kind,
    )


def warped(pixels: np.ndarray, to_source: np.ndarray, step: float, least_step: float = 1.0) -> np.ndarray:
    """Return a chip of an image.

    Args:
        pixels: H x W x 3.
        to_source: 3 x 3, chip pixels (corner origin) to pixels of the image.
        step: pixels of the image along a pixel of the chip, about.
        least_step: as if the image had been read with so many of its pixels along one.
    """
    corners = map_points(to_source, np.array([[0, 0], [CHIP_PX, 0], [CHIP_PX, CHIP_PX], [0, CHIP_PX]], float))
    shrink = 1.0 / max(step, least_step, 1.0)
    if not np.isfinite(corners).all():
        return np.zeros((CHIP_PX, CHIP_PX, 3), np.uint8)
    margin = 2 / shrink
    low = np.floor(corners.min(0) - margin).clip(0, None).astype(int)
    high = np.minimum(np.ceil(corners.max(0) + margin), pixels.shape[1::-1]).astype(int)
    if (high - low < 2).any():
        return np.full((CHIP_PX, CHIP_PX, 3), FILL, np.uint8)
    part = pixels[low[1] : high[1], low[0] : high[0]]
    if shrink < 1:
        size = tuple(int(s) for s in np.maximum(2, np.round((high - low) * shrink)))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    to_part = np.diag([*(np.array(part.shape[1::-1]) / (high - low)), 1.0]) @ translation(*-low) @ to_source
    matrix = for_opencv(to_part)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(
        part, matrix, (CHIP_PX, CHIP_PX), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(FILL, FILL, FILL)
    )


def _mask_of(item: MaskedObject, to_ground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The object's mask and its box, chip pixels."""
    matrix = for_opencv(translation(*-np.array(item.corner, float)) @ to_ground)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    mask = cv2.warpPerspective(item.mask.astype(np.float32), matrix, (CHIP_PX, CHIP_PX), flags=flags)
    x0, y0, x1, y1 = item.box
    corners = map_points(np.linalg.inv(to_ground), np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
    return mask, filled(corners, CHIP_PX).astype(np.float32)


def _photo(
    rng: np.random.Generator, ground: MaskedGround, item: MaskedObject, to_ground: np.ndarray, step: float
) -> tuple[np.ndarray, np.ndarray]:
    """The photograph laid over a chip, not quite rightly, and where it shows anything."""
    nothing = np.full((CHIP_PX, CHIP_PX, 3), FILL, np.uint8), np.zeros((CHIP_PX, CHIP_PX), np.uint8)
    if rng.random() > PHOTO_SHARE:
        return nothing
    off = rng.normal(0, 0.4 / (ground.gsd_m * step), 2)
    angle, size = rng.normal(0, 0.03), math.exp(rng.normal(0, 0.03))
    cos, sin = size * math.cos(angle), size * math.sin(angle)
    half = CHIP_PX / 2
    nudge = np.array([[cos, -sin, half + off[0]], [sin, cos, half + off[1]], [0, 0, 1]]) @ translation(-half, -half)
    if not ground.photos:
        finest = step * math.exp(rng.uniform(-0.7, 0.3))
        return warped(ground.pixels, to_ground @ nudge, finest), np.ones((CHIP_PX, CHIP_PX), np.uint8)
    x0, y0, x1, y1 = item.box
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    for number in rng.permutation(len(ground.photos)):
        taken: FlatPhoto = ground.photos[number]
        to_photo = np.linalg.inv(taken.to_ground)
        seen = map_points(to_photo, corners)
        if np.isfinite(seen).all() and (seen > 2).all() and (seen < np.array(taken.pixels.shape[1::-1]) - 2).all():
            matrix = to_photo @ to_ground @ nudge
            whole = np.full(taken.pixels.shape[:2], 255, np.uint8)[..., None].repeat(3, 2)
            # Photo pixels a pixel of the ground, squared, by the shoelace formula.
            x, y = seen.T
            area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2 / ((x1 - x0) * (y1 - y0))
            fine = step * math.sqrt(max(area, 1e-4))
            shown = (warped(whole, matrix, fine)[..., 0] == 255).astype(np.uint8)
            return warped(taken.pixels, matrix, fine), shown
    return nothing


def _click(rng: np.random.Generator, mask: np.ndarray, longest: float) -> np.ndarray:
    """Where the click lies: its middle or anywhere on the object, a little off."""
    rows, columns = np.nonzero(mask > 0.5)
    if len(rows) == 0:
        return np.full(2, CHIP_PX / 2, np.float32)
    if rng.random() < 0.5:
        at = np.array([columns.mean(), rows.mean()]) + 0.5
    else:
        depth = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)[rows, columns]
        chosen = rng.choice(len(rows), p=depth / depth.sum())
        at = np.array([columns[chosen], rows[chosen]]) + 0.5
    return (at + rng.normal(0, 1.5 + 0.05 * longest, 2)).astype(np.float32)


def _drawn(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """A box that somebody drew round the object in a photograph turned anyhow, as it comes to lie on the chip."""
    rows, columns = np.nonzero(mask > 0.5)
    if len(rows) == 0:
        return np.zeros(mask.shape, np.uint8)
    points = np.stack([columns, rows], -1) + 0.5
    angle = rng.uniform(0, math.pi / 2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    # Seen from the side the ground is shorter than it is wide.
    seen = np.diag([1.0, rng.uniform(0.5, 1.0)]) @ turn
    low, high = (points @ seen.T).min(0), (points @ seen.T).max(0)
    slack = rng.normal(0.02, 0.04, 4).reshape(2, 2) * (high - low)
    low, high = low - slack[0], high + slack[1]
    corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    return filled(corners @ np.linalg.inv(seen).T, CHIP_PX)


def _group(item: MaskedObject) -> str:
    if not item.exact:
        return "boxed"
    return SEGMENT if item.kind == SEGMENT else "true"


def _longest_px(item: MaskedObject) -> float:
    x0, y0, x1, y1 = item.box
    return max(x1 - x0, y1 - y0)
