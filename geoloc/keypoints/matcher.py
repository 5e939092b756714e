"""Local features of a picture and their matches; SIFT to begin with, anything with the same two methods will do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import from_opencv, map_points


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """Local features (keypoints) of a picture, the strongest first, or of several, one after the other.

    Attributes:
        points: where they are, N x 2 pixels (x, y), corner origin.
        descriptors: what is seen there, N x D float32 of length 1.
    """

    points: NDArray[np.float64]
    descriptors: NDArray[np.float32]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.points)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that they take."""
        return self.points.nbytes + self.descriptors.nbytes

    def moved(self, matrix: NDArray[np.float64]) -> LocalFeatures:
        """Return them with their points mapped by a 3 x 3 homography."""
        return LocalFeatures(map_points(matrix, self.points), self.descriptors)

    def strongest(self, most: int) -> LocalFeatures:
        """Return the first of them."""
        return LocalFeatures(self.points[:most], self.descriptors[:most])

    def part(self, keep: NDArray[np.bool_]) -> LocalFeatures:
        """Return those that are kept."""
        return LocalFeatures(self.points[keep], self.descriptors[keep])

    @classmethod
    def joined(cls, parts: Sequence[LocalFeatures]) -> LocalFeatures:
        """Return all of them, part by part; none of none."""
        if not parts:
            return cls(np.zeros((0, 2)), np.zeros((0, 0), np.float32))
        return cls(np.concatenate([p.points for p in parts]), np.concatenate([p.descriptors for p in parts]))


class Matcher(Protocol):
    """Finds local features and matches them."""

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        """Find local features of a picture.

        Args:
            image: H x W x 3, RGB.
            valid: H x W, where they may lie; None for anywhere.
            most: about how many at the most, the strongest: those that tie with the last are kept.
        """

    def match(self, query: LocalFeatures, reference: LocalFeatures) -> NDArray[np.intp]:
        """Return pairs of numbers (query, reference), P x 2, each reference at most once."""


ROWS, COLUMNS = 256, 4096
"""Query and reference descriptors that are compared at a time: few enough for the products to stay in the cache."""


class RootSift:
    """SIFT (Lowe 2004) with the square root of its descriptors (Arandjelovic and Zisserman 2012), matched by ratio."""

    ratio = 0.85
    contrast = 0.01
    """OpenCV's own limit leaves too little on lawns and gravel."""

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        """Find local features of a picture; see `Matcher.features`."""
        # Without the precise upscale everything lies a quarter of a pixel to the lower right.
        sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=self.contrast, enable_precise_upscale=True)
        mask = None
        if valid is not None:
            # Where the data end, the descriptor would describe the end.
            mask = np.asarray(cv2.erode(valid.astype(np.uint8), np.ones((9, 9), np.uint8), borderValue=1)) * 255
        keypoints, descriptors = sift.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), mask)
        if descriptors is None or not len(keypoints):
            return LocalFeatures(np.zeros((0, 2)), np.zeros((0, 128), np.float32))
        order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")
        points = from_opencv(np.array([keypoint.pt for keypoint in keypoints], float)[order])
        descriptors = descriptors[order]
        root = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-9))
        return LocalFeatures(points, np.asarray(root, np.float32))

    def match(self, query: LocalFeatures, reference: LocalFeatures) -> NDArray[np.intp]:
        """Return pairs of numbers (query, reference); see `Matcher.match`."""
        if len(query) < 2 or len(reference) < 2:
            return np.zeros((0, 2), np.intp)
        nearest, first, second = _two_nearest(query.descriptors, reference.descriptors)
        good = np.flatnonzero(first < self.ratio * second)
        # Many to one is what repeated texture looks like: the nearest counts.
        good = good[np.argsort(first[good], kind="stable")]
        _, once = np.unique(nearest[good], return_index=True)
        kept = good[np.sort(once)]
        return np.column_stack([kept, nearest[kept]])


def _two_nearest(
    query: NDArray[np.float32], reference: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """The number of the nearest reference descriptor to each query one, its distance, and that of the next, N each."""
    nearest = np.zeros(len(query), np.intp)
    first, second = np.full((2, len(query)), -1.0, np.float32)
    for column in range(0, len(reference), COLUMNS):
        columns = np.ascontiguousarray(reference[column : column + COLUMNS].T)
        for row in range(0, len(query), ROWS):
            rows = slice(row, row + ROWS)
            products = query[rows] @ columns
            best = products.argmax(1)
            at = np.arange(len(best))
            cosines = products[at, best]
            products[at, best] = -1.0
            # The second is the best of what stands behind: here, or before.
            second[rows] = np.maximum(np.minimum(first[rows], cosines), np.maximum(second[rows], products.max(1)))
            nearest[rows] = np.where(cosines > first[rows], column + best, nearest[rows])
            first[rows] = np.maximum(first[rows], cosines)
    near, next_ = np.sqrt(np.maximum(2 - 2 * np.stack([first, second]), 0))
    return nearest, near, next_
