"""Where something lies and how surely, in two dimensions: what matches and attention tell become one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BY_CHANCE = 9.2
"""Squared Mahalanobis distance beyond which two places are not the same; 1 % of the same ones are farther apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """A normal distribution. mean: (x, y), pixels; covariance: 2 x 2, pixels squared."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Root mean square distance from the mean, pixels."""
        return math.sqrt(float(np.trace(self.covariance)))

    def blurred(self, covariance: NDArray[np.float64]) -> Gaussian:
        """Of the sum with an independent error of mean zero."""
        return Gaussian(self.mean, self.covariance + covariance)

    def joined(self, other: Gaussian) -> Gaussian:
        """Of a place that two independent sources tell of: their product."""
        gain = self.covariance @ np.linalg.inv(self.covariance + other.covariance)
        return Gaussian(self.mean + gain @ (other.mean - self.mean), (np.eye(2) - gain) @ self.covariance)

    def apart(self, other: Gaussian) -> float:
        """Squared Mahalanobis distance of the two means, by the error of both."""
        return float(self.blurred(other.covariance).distances(other.mean[None])[0])

    def distances(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Squared Mahalanobis distances of points, N x 2, from the mean, N."""
        off = points - self.mean
        return np.asarray((off * np.linalg.solve(self.covariance, off.T).T).sum(1))

    def within(self, size: NDArray[np.float64]) -> float:
        """Least probability of being within a box of this width and height about the mean (Sidak 1967)."""
        deviations = np.sqrt(np.diag(self.covariance))
        ratios = size / 2 / np.maximum(deviations, 1e-9)
        return math.prod(math.erf(ratio / math.sqrt(2)) for ratio in ratios)
