"""By how much places in a window count more or less, by what else is known of them than what the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class PlaceWeights:
    """By how much boxes in a window count more or less than their mass, by where they are and how large.

    Attributes:
        by_size: sizes x rows x columns.
        sizes_px: of the boxes that each is of, the root of their area in window pixels, ascending; between these the
            weights are interpolated, by the logarithm of the size.
        step: window pixels along a row or a column.
        trust: share of the network's logits that counts beside them.
    """

    by_size: NDArray[np.float32]
    sizes_px: tuple[float, ...]
    step: int
    trust: float = 1.0

    def of(self, boxes: Tensor) -> Tensor:
        """Return the weights of boxes, M x 4 window pixels, by their sizes and centres; M."""
        rows, columns = self.by_size.shape[1:]
        column = ((boxes[:, 0] + boxes[:, 2]) / 2 / self.step).long().clamp(0, columns - 1)
        row = ((boxes[:, 1] + boxes[:, 3]) / 2 / self.step).long().clamp(0, rows - 1)
        known = torch.tensor(self.sizes_px).log()
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        size = area.clamp(min=1.0).log().div(2).clamp(float(known[0]), float(known[-1]))
        larger = torch.bucketize(size, known).clamp(1, len(known) - 1)
        share = (size - known[larger - 1]) / (known[larger] - known[larger - 1])
        values = torch.from_numpy(self.by_size)
        return (1 - share) * values[larger - 1, row, column] + share * values[larger, row, column]


def weighted(logits: Tensor, boxes: Tensor, weights: Sequence[PlaceWeights | None]) -> Tensor:
    """Add the log of weights to logits, as far as these are trusted.

    Args:
        logits: Q x M.
        boxes: Q x M x 4, window pixels.
        weights: of each of the Q crops, or None; nothing where all count alike.
    """
    out = logits.clone()
    for crop, weight in enumerate(weights):
        if weight is not None:
            out[crop] = weight.trust * out[crop] + weight.of(boxes[crop]).log()
    return out
