"""Whether matches agree on one plane, and how well they tell where a point lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.refine.matcher import through

LEAST_INLIERS = 12
"""Twice what photographs of other places may reach, see docs/geometry.md."""
REACH_PX = 3.0
"""How far an inlier may be off, reference pixels."""
NEAR = 12
"""Inliers next to a point that tell how well it is known."""
LONGEST_SIDE_RATIO = 12.0
"""How much longer than wide a small square of the photo may lie on the ground."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """A homography from the photo to the reference and what agrees with it.

    matrix: 3 x 3. photo, reference: N x 2 pixels of the inliers.
    """

    matrix: NDArray[np.float64]
    photo: NDArray[np.float64]
    reference: NDArray[np.float64]

    @property
    def inliers(self) -> int:
        """How many matches agree."""
        return len(self.photo)

    def carry(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Photo points (N x 2) to reference pixels, moved as the inliers next to them are off: ground is no plane."""
        plane = through(self.matrix, points)
        off = self.reference - through(self.matrix, self.photo)
        out = plane.copy()
        for i, point in enumerate(points):
            near, _ = self._near(point)
            out[i] += np.median(off[near], axis=0)
        return out

    def error_px(self, point: NDArray[np.float64]) -> float:
        """Expected error at a photo point, reference pixels: what the inliers next to it are off, more the farther
        they are from it beside their own extent.
        """
        near, distance = self._near(point)
        off = self.reference - through(self.matrix, self.photo)
        rest = off[near] - np.median(off[near], axis=0)
        extent = max(float(np.linalg.norm(self.photo.std(axis=0))), 1e-9)
        return math.hypot(float(np.sqrt((rest**2).sum(1).mean())), 0.5) * (1 + float(distance) / extent)

    def _near(self, point: NDArray[np.float64]) -> tuple[NDArray[np.intp], float]:
        away = np.linalg.norm(self.photo - point, axis=1)
        near = np.argsort(away)[:NEAR]
        return near, float(away[near].mean())


def agree(photo: NDArray[np.float64], reference: NDArray[np.float64]) -> Agreement | None:
    """The plane that most of the matched points (N x 2 each) agree on; None where too few do or it makes no sense.

    Sense: seen from the same side (not mirrored) at every inlier, and no square of the photo becomes a sliver.
    """
    if len(photo) < LEAST_INLIERS:
        return None
    cv2.setRNGSeed(0)
    matrix, mask = cv2.findHomography(photo, reference, cv2.USAC_MAGSAC, REACH_PX, maxIters=20_000, confidence=0.9999)
    if matrix is None:
        return None
    inside = mask.ravel().astype(bool)
    # The same place matched at several scales is one witness.
    places = np.round(reference / 2).astype(int)
    _, first = np.unique(places[inside], axis=0, return_index=True)
    kept = np.flatnonzero(inside)[np.sort(first)]
    # OpenCV's sign is that of the photo's upper left corner, which is above the horizon of a steeply oblique photo.
    depths = photo[kept] @ matrix[2, :2] + matrix[2, 2]
    signed = np.asarray(matrix, float) * (1.0 if np.median(depths) > 0 else -1.0)
    found = Agreement(signed, photo[kept], reference[kept])
    if found.inliers < LEAST_INLIERS or not _sensible(found):
        return None
    return found


def _sensible(found: Agreement) -> bool:
    here = through(found.matrix, found.photo)
    if np.isnan(here).any():
        return False
    step = 1e-3 * max(float(np.ptp(found.photo, axis=0).max()), 1.0)
    right = (through(found.matrix, found.photo + np.array([step, 0])) - here) / step
    down = (through(found.matrix, found.photo + np.array([0, step])) - here) / step
    jacobians = np.stack([right, down], axis=-1)
    if np.isnan(jacobians).any() or (np.linalg.det(jacobians) <= 0).any():
        return False
    sides = np.linalg.svd(jacobians, compute_uv=False)
    return bool((sides[:, 0] <= LONGEST_SIDE_RATIO * sides[:, 1]).mean() > 0.9)
