"""What tells an object from its ground without a trained network: colours inside and outside (GrabCut, Rother 2004)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.model.network.config import CHIP_PX
from geoloc.outline.chip import Chip

STEPS = 3
CORE, LIKELY, REACH = 0.25, 0.9, 1.7
"""Ellipses about the place that are the object's for sure, probably, and at most, over its supposed size."""


class ColourModel:
    """Tells which pixels of a chip are the object's by colours alone, as `MaskModel` does by what it learned."""

    def __init__(self, side: float) -> None:
        """Take how wide chips are over the object's longest side."""
        self._longest = CHIP_PX / side

    def share(self, chip: Chip) -> NDArray[np.float32]:
        """Return how likely each pixel of a chip is the object's, px x px."""
        rows, columns = np.indices((CHIP_PX, CHIP_PX))
        away = 2 * np.hypot(columns + 0.5 - chip.click[0], rows + 0.5 - chip.click[1]) / self._longest
        labels = np.full((CHIP_PX, CHIP_PX), cv2.GC_BGD, np.uint8)
        labels[away < REACH] = cv2.GC_PR_BGD
        labels[away < LIKELY] = cv2.GC_PR_FGD
        labels[away < CORE] = cv2.GC_FGD
        if chip.drawn.any():
            labels = np.where(chip.drawn > 0, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
            labels[away < CORE] = cv2.GC_FGD
        labels[~chip.valid] = cv2.GC_BGD
        cv2.setRNGSeed(0)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        picture = np.ascontiguousarray(chip.mosaic[..., ::-1])
        cv2.grabCut(picture, labels, (0, 0, 0, 0), *models, STEPS, cv2.GC_INIT_WITH_MASK)
        inside = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
        opened = cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        return np.asarray(cv2.GaussianBlur(opened.astype(np.float32), (0, 0), 1.5), np.float32)
