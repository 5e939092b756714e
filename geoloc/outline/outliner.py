"""Draws the outline of an object: looks at a scale that fits it, and at another where that turns out not to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.model.network.config import CHIP_PX
from geoloc.outline.chip import Chip, Known, cut_chip
from geoloc.outline.mask_model import MaskModel
from geoloc.outline.shape import shape_of
from geoloc.results.detection import iou
from tiling.mosaic import PixelReader

SIDE = 2.8
"""Side of a chip over the object's longest, as the network is trained."""
LOOKS = 3
"""Chips that are looked at for one object at most."""
FILLS = (0.16, 0.62)
"""Longest side of the object over the chip's, least and most, that the next chip is not fitted better to."""
MOST_ENLARGED = 3.0
"""How much finer than the mosaic a chip is at most."""
LEAST = 0.75
"""Confidence from which a segment is an outline: below, boxes were nearer to the truth (docs/outlines.md)."""
SHARED = 0.5
"""IoU with the true outline that `FoundOutline.score` is the probability of exceeding."""
SCORE_LAW = (22.54, -18.01)
"""Slope and offset of the log odds of that by confidence, where it is at least `LEAST`: confidence itself says too
much. Fitted on towns that nobody trained on, by `python -m benchmarks.outlines.score` (docs/outlines.md)."""
LEVELS = (0.5, 0.25, 0.75)
"""Shares of a mask that outlines are drawn at; the first is the answer's, the others are what else it may be."""
NOTHING = 0.1
"""Shares below this are no doubt, however large the chip."""
ALIKE = 0.9
"""Outlines of this IoU are one."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundOutline:
    """An object's outline.

    Attributes:
        polygon: valid, in the CRS that the place was given in.
        confidence: IoU with the true outline that the network's own doubts let expect, in [0, 1].
        alternatives: other outlines that it might be and itself, the smallest first.
    """

    polygon: Polygon
    confidence: float
    alternatives: tuple[Polygon, ...] = field(repr=False)

    @property
    def sure(self) -> bool:
        """Whether it is an outline; else it says no more than how the object lies, and how large it is, about."""
        return self.confidence >= LEAST

    @property
    def score(self) -> float:
        """The probability that it shares more than `SHARED` with the true outline, if the place is right."""
        slope, offset = SCORE_LAW
        return 1 / (1 + math.exp(-(slope * self.confidence + offset)))


class Outliner:
    """Draws outlines on one mosaic."""

    def __init__(self, read: PixelReader, model: MaskModel, pixel: float) -> None:
        """Take what is looked at.

        Args:
            read: of the mosaic.
            model: the mask head.
            pixel: side of the mosaic's pixels, units of the CRS that places are in.
        """
        self._read, self._model, self._pixel = read, model, pixel

    def outline(self, known: Known, most: float) -> FoundOutline | None:
        """Draw the outline of an object.

        Args:
            known: what is known of it.
            most: the longest side that it may have, units of the CRS.

        Returns:
            The likeliest, which need not be `sure`; None where nothing can be told from what surrounds it, or what can
            is longer than it may be.

        Raises:
            MosaicError: pixels cannot be read.
        """
        if known.drawn is not None:
            x0, y0, x1, y1 = known.drawn.bounds
            known = known.resized(_longest(known.drawn) * 0.8, ((x0 + x1) / 2, (y0 + y1) / 2))
        side = min(max(SIDE * known.side, self._least), SIDE * most)
        seen: list[tuple[Chip, NDArray[np.float32], Polygon, float]] = []
        for _ in range(LOOKS):
            chip = cut_chip(self._read, known, side)
            share = self._model.share(chip)
            shape = self._shape(chip, share, LEVELS[0])
            if shape is None:
                break
            x0, y0, x1, y1 = shape.bounds
            fills = _longest(shape) / len(share)
            edge = 1.5
            cut = min(x0, y0) <= edge or max(x1, y1) >= len(share) - edge
            # What the chip cuts off is worth less than what it shows whole.
            if fills * side <= most:
                seen.append((chip, share, shape, _confidence(share) * (0.5 if cut else 1.0)))
            wanted = side * (1.7 if cut else fills * SIDE)
            wanted = min(max(wanted, self._least), SIDE * most)
            if (not cut and FILLS[0] <= fills <= FILLS[1]) or abs(wanted / side - 1) < 0.1:
                break
            side = wanted
        if not seen:
            return None
        chip, share, shape, confidence = max(seen, key=lambda one: one[3])
        return FoundOutline(chip.to_map(shape), confidence, self._alternatives(chip, share, shape, seen, most))

    @property
    def _least(self) -> float:
        """Side of the smallest chip."""
        return CHIP_PX * self._pixel / MOST_ENLARGED

    def _shape(self, chip: Chip, share: NDArray[np.float32], level: float) -> Polygon | None:
        return shape_of(share, level, chip.click, self._pixel / chip.grid.affine.a)

    def _alternatives(
        self,
        chip: Chip,
        share: NDArray[np.float32],
        shape: Polygon,
        seen: list[tuple[Chip, NDArray[np.float32], Polygon, float]],
        most: float,
    ) -> tuple[Polygon, ...]:
        found = [chip.to_map(shape)]
        others = [chip.to_map(other) for level in LEVELS[1:] if (other := self._shape(chip, share, level)) is not None]
        others += [one.to_map(polygon) for one, _, polygon, _ in seen if one is not chip]
        for other in others:
            if _longest(other) <= most and all(iou(other, one) < ALIKE for one in found):
                found.append(other)
        return tuple(sorted(found, key=lambda polygon: float(polygon.area)))


def _longest(shape: Polygon) -> float:
    """The longer side of a shape's envelope."""
    x0, y0, x1, y1 = shape.bounds
    return float(max(x1 - x0, y1 - y0))


def _confidence(share: NDArray[np.float32]) -> float:
    """The IoU that the shares let expect of all that is above one half: those inside over those of the union."""
    inside = share >= 0.5
    union = float(inside.sum() + share[~inside & (share >= NOTHING)].sum())
    return float(share[inside].sum()) / union if union > 0 else 0.0
