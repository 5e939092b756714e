"""Local features as bytes, for an index: points in steps of a pixel, RootSIFT in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.keypoints.finding import MARGIN_PX, most_features
from geoloc.keypoints.matcher import LocalFeatures

DENSITY = 0.0075
"""Features a pixel of the plan that are kept at the most; by what loss it was chosen stands in docs/mosaic-index.md."""
LEVELS = 16
"""Steps of a descriptor's number from 0 to 1, the length of the whole descriptor; as the density was chosen."""
SIZE = 128
"""Numbers of a RootSIFT descriptor."""
_STEPS = 64
"""Steps of a pixel; a block of up to 1024 px then fits 16 bits."""
_POINT = 4
_MOST = 65535


@dataclass(frozen=True, slots=True)
class KeypointPacking:
    """How the local features of a square of ground are packed.

    Attributes:
        kind: what they are, "RootSIFT".
        density: features a pixel at the most.
        levels: steps of a descriptor's number from 0 to 1.
        most: how many a square can have.
    """

    kind: str
    density: float
    levels: int
    most: int

    @classmethod
    def for_squares(cls, side_px: int) -> KeypointPacking:
        """Return how this version packs the features of squares with so many pixels a side.

        Raises:
            ValueError: they are larger than places in 16 bits reach.
        """
        if side_px * _STEPS > _MOST + 1:
            raise ValueError(f"squares of {side_px} px are too large for local features in an index")
        return cls("RootSIFT", DENSITY, LEVELS, most_features(DENSITY, (side_px + 2 * MARGIN_PX) ** 2))

    @property
    def size(self) -> int:
        """Bytes of a square, before they are compressed."""
        return self.most * (_POINT + SIZE)

    def packed(self, found: LocalFeatures) -> NDArray[np.uint8]:
        """Pack what a square has.

        Args:
            found: its features, points in pixels from the square's corner; beyond `most` they are left out.

        Returns:
            `size` bytes, the strongest first. First the points: the upper bytes of all rows, their lower ones, those of
            the columns. Then the descriptors, one after the other. Zeros follow the last of each.
        """
        rounded = np.round(found.descriptors * self.levels).astype(np.uint8)
        # One of zeros would end the list.
        kept = np.flatnonzero(rounded.any(axis=1))[: self.most]
        steps = np.floor(found.points[kept] * _STEPS).clip(0, _MOST).astype(np.uint16)
        points = np.zeros((_POINT, self.most), np.uint8)
        for plane, axis in ((0, 1), (2, 0)):
            points[plane, : len(kept)] = steps[:, axis] >> 8
            points[plane + 1, : len(kept)] = steps[:, axis] & 255
        descriptors = np.zeros((self.most, SIZE), np.uint8)
        if len(kept):
            descriptors[: len(kept)] = rounded[kept]
        return np.concatenate([points.ravel(), descriptors.ravel()])

    def unpacked(self, stored: NDArray[np.uint8]) -> LocalFeatures:
        """Return what was packed, rounded to the steps; see `packed`."""
        points, descriptors = np.split(stored, [_POINT * self.most])
        rounded = descriptors.reshape(self.most, SIZE)
        # A descriptor has the length 1, and so some number that is not rounded to 0.
        count = int(rounded.any(axis=1).sum())
        planes = points.reshape(_POINT, self.most)[:, :count].astype(np.uint16)
        steps = np.column_stack([planes[2] << 8 | planes[3], planes[0] << 8 | planes[1]])
        numbers = rounded[:count].astype(np.float32)
        numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
        return LocalFeatures((steps + 0.5) / _STEPS, numbers)
