"""Normal distributions of a place in the plane, by which what matches and attention tell of it becomes one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHI2_99 = 9.2
"""Squared Mahalanobis distance beyond which two places are not the same; 1 % of the same ones are farther apart."""
HOLDING = 0.9
"""How probably an object is within the `accuracy_m` that is told."""
BOUND = math.sqrt(-math.log(1 - HOLDING))
"""Radius that holds so much of a distribution that is alike in all directions, over its root mean square distance."""


def rounding_bound(pixel: float) -> float:
    """Return within what distance a place is that was rounded to a pixel, by its side and as `BOUND` is meant."""
    return BOUND * pixel / math.sqrt(12)


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """A normal distribution of a place in the plane.

    Attributes:
        mean: (x, y), pixels.
        covariance: 2 x 2, pixels squared.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Root mean square distance from the mean, pixels."""
        return math.sqrt(float(np.trace(self.covariance)))

    def with_error(self, covariance: NDArray[np.float64]) -> Gaussian:
        """Add an independent error of mean zero: the distribution of the sum."""
        return Gaussian(self.mean, self.covariance + covariance)

    def product(self, other: Gaussian) -> Gaussian:
        """Combine two independent sources that tell of one place: the normalised product of their densities.

        >>> sure, unsure = Gaussian(np.array([0.0, 0.0]), np.eye(2)), Gaussian(np.array([10.0, 0.0]), 9 * np.eye(2))
        >>> sure.product(unsure).mean.tolist()
        [1.0, 0.0]
        """
        gain = self.covariance @ np.linalg.inv(self.covariance + other.covariance)
        return Gaussian(self.mean + gain @ (other.mean - self.mean), (np.eye(2) - gain) @ self.covariance)

    def squared_distance(self, other: Gaussian) -> float:
        """Return the squared Mahalanobis distance of the two means, by the error of both."""
        return float(self.with_error(other.covariance).squared_distances(other.mean[None])[0])

    def squared_distances(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return squared Mahalanobis distances from the mean, N, of points, N x 2."""
        off = points - self.mean
        return np.asarray((off * np.linalg.solve(self.covariance, off.T).T).sum(1))

    def probability_within(self, size: NDArray[np.float64]) -> float:
        """Bound from below how probably the place lies in a box about the mean (Sidak 1967).

        Args:
            size: (width, height) of the box, pixels.
        """
        deviations = np.sqrt(np.diag(self.covariance))
        ratios = size / 2 / np.maximum(deviations, 1e-9)
        return math.prod(math.erf(ratio / math.sqrt(2)) for ratio in ratios)
