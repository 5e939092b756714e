"""Whether matches agree on one plane (a homography), and how well they tell where a point lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from geoloc.plane.homography import map_points, translation

LEAST_INLIERS = 12
"""Twice what photographs of other places may reach, see docs/geometry.md."""
REACH_PX = 3.0
"""How far an inlier may be off, reference pixels."""
LEAST_ERROR_PX = 0.35
"""What an inlier is off along each axis however well it fits."""
ALIKE = 4.0
"""Neighbouring inliers are off alike, by relief above all: so many of them are one witness."""
NEAR = 12
"""Inliers next to a point that tell how well it is known."""
_PART = 512
"""Points whose distances to all inliers are held at a time."""
LONGEST_SIDE_RATIO = 12.0
"""How much longer than wide a small square of the photo may lie on the ground."""


@dataclass(frozen=True, eq=False)
class HomographyFit:
    """A homography from the photo to the reference, and the matches that agree with it.

    Attributes:
        matrix: 3 x 3, photo pixels to reference pixels.
        photo: places of the inliers in the photo, N x 2 pixels (x, y).
        reference: places of the inliers in the reference, N x 2 pixels (x, y).
    """

    matrix: NDArray[np.float64]
    photo: NDArray[np.float64]
    reference: NDArray[np.float64]

    @property
    def inliers(self) -> int:
        """Number of matches that agree."""
        return len(self.photo)

    @property
    def place(self) -> NDArray[np.float64]:
        """The middle of what agrees, (x, y) in the reference, whatever single match lies far off."""
        return np.median(self.reference, axis=0)

    def moved(self, by: NDArray[np.float64]) -> HomographyFit:
        """Return it in pixels that count from elsewhere: a place (x, y) of the reference is then (x, y) + `by`."""
        return HomographyFit(translation(*by) @ self.matrix, self.photo, self.reference + by)

    def map_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map photo points (N x 2) to reference pixels, moved as the inliers next to them are off.

        Ground is no plane.
        """
        return np.asarray(map_points(self.matrix, points) + self.shifts(points))

    def shifts(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how much `map_points` moves photo points, N x 2, off the plane, reference pixels."""
        off = self._residuals
        parts = [np.median(off[self._near(part)], axis=1) for part in np.array_split(points, len(points) // _PART + 1)]
        return np.concatenate(parts)

    def covariance(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariance of a photo point's place by `map_points`, 2 x 2, reference pixels squared.

        What the inliers next to it are off, and how loosely the inliers hold the plane there (first-order propagation
        of a least-squares fit, Hartley and Zisserman 2004, 5.2): beyond the part of the photo that they cover it grows.
        """
        (near,), off = self._near(point[None]), self._residuals
        rest = off[near] - np.median(off[near], axis=0)
        local = max(float((rest**2).mean()), LEAST_ERROR_PX**2)
        varied = max(float((off**2).sum()) / (off.size - 8), LEAST_ERROR_PX**2)
        slope = self._slopes(point[None])[0]
        loose = slope @ np.linalg.solve(self._information, slope.T)
        return np.asarray(local * np.eye(2) + ALIKE * varied * loose)

    def beyond(self, place: NDArray[np.float64]) -> float:
        """Return how far a place (x, y) of the reference is from the hull of the inliers, pixels; 0 inside."""
        return float(self._hull.distance(Point(place)))

    @property
    def hull_side(self) -> float:
        """Root of the area of the inliers' hull, reference pixels."""
        return math.sqrt(self._hull.area)

    @cached_property
    def _hull(self) -> BaseGeometry:
        """Hull of the inliers in the reference: every point that is carried over asks for it."""
        return MultiPoint(self.reference).convex_hull

    @cached_property
    def _residuals(self) -> NDArray[np.float64]:
        """What the inliers are off the plane, N x 2, reference pixels."""
        return self.reference - map_points(self.matrix, self.photo)

    @cached_property
    def _information(self) -> NDArray[np.float64]:
        """What the inliers tell of the homography's eight numbers, 8 x 8: every covariance asks for it."""
        slopes = self._slopes(self.photo).reshape(-1, 8)
        information = slopes.T @ slopes
        # What nothing tells is uncertain, not impossible.
        return np.asarray(information + 1e-9 * np.trace(information) * np.eye(8))

    def _slopes(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """How the places of photo points (N x 2) change with the homography's eight numbers, N x 2 x 8.

        Photo points are brought to the size of 1 first: their units do not matter, numbers of a like size do.
        """
        middle, size = self.photo.mean(axis=0), max(float(self.photo.std()), 1e-9)
        back = np.array([[size, 0, middle[0]], [0, size, middle[1]], [0, 0, 1.0]])
        matrix = self.matrix @ back
        matrix = matrix / matrix[2, 2]
        unit = np.column_stack([(points - middle) / size, np.ones(len(points))])
        depth = unit @ matrix[2]
        place = unit @ matrix[:2].T / depth[:, None]
        out = np.zeros((len(points), 2, 8))
        out[:, 0, 0:3] = out[:, 1, 3:6] = unit / depth[:, None]
        out[:, :, 6:8] = -place[:, :, None] * unit[:, None, :2] / depth[:, None, None]
        return out

    def _near(self, points: NDArray[np.float64]) -> NDArray[np.intp]:
        """Numbers of the inliers next to photo points, N x `NEAR`, the nearest first."""
        away = np.linalg.norm(self.photo - points[:, None], axis=2)
        nearest = np.argpartition(away, min(NEAR, self.inliers) - 1, axis=1)[:, :NEAR]
        order = np.argsort(np.take_along_axis(away, nearest, axis=1), axis=1)
        return np.take_along_axis(nearest, order, axis=1)


def fit_homography(photo: NDArray[np.float64], reference: NDArray[np.float64]) -> HomographyFit | None:
    """Find the plane that most of the matched points agree on.

    Args:
        photo: places in the photo, N x 2 pixels (x, y).
        reference: the same places in the reference, N x 2 pixels (x, y).

    Returns:
        The fit; None where too few agree or it makes no sense. Sense: seen from the same side (not mirrored) at every
        inlier, and no square of the photo becomes a sliver.
    """
    if len(photo) < LEAST_INLIERS:
        return None
    cv2.setRNGSeed(0)
    matrix, mask = cv2.findHomography(photo, reference, cv2.USAC_MAGSAC, REACH_PX, maxIters=20_000, confidence=0.9999)
    if matrix is None:
        return None
    kept = one_of_each(reference, mask.ravel().astype(bool))
    # OpenCV's sign is that of the photo's upper left corner, which is above the horizon of a steeply oblique photo.
    depths = photo[kept] @ matrix[2, :2] + matrix[2, 2]
    signed = np.asarray(matrix, float) * (1.0 if np.median(depths) > 0 else -1.0)
    found = HomographyFit(signed, photo[kept], reference[kept])
    if found.inliers < LEAST_INLIERS or not _sensible(found):
        return None
    return found


def one_of_each(reference: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the numbers of the matches that are `inside`, one of each place: its scales are one witness.

    Args:
        reference: places of all matches in the reference, N x 2 pixels.
        inside: N, which of them count.
    """
    places = np.round(reference / 2).astype(int)
    _, first = np.unique(places[inside], axis=0, return_index=True)
    return np.flatnonzero(inside)[np.sort(first)]


def _sensible(found: HomographyFit) -> bool:
    mapped = map_points(found.matrix, found.photo)
    if np.isnan(mapped).any():
        return False
    jacobians = _jacobians(found.matrix, found.photo, 1e-3 * max(float(np.ptp(found.photo, axis=0).max()), 1.0))
    if np.isnan(jacobians).any() or (np.linalg.det(jacobians) <= 0).any():
        return False
    sides = np.linalg.svd(jacobians, compute_uv=False)
    return bool((sides[:, 0] <= LONGEST_SIDE_RATIO * sides[:, 1]).mean() > 0.9)


def _jacobians(matrix: NDArray[np.float64], points: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Of the homography at photo points (N x 2), N x 2 x 2: reference (x, y) by photo (x, y)."""
    mapped = map_points(matrix, points)
    sides = [(map_points(matrix, points + np.array(to)) - mapped) / step for to in ((step, 0.0), (0.0, step))]
    return np.stack(sides, axis=-1)
