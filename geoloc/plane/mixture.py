"""A place that is one of several: where what attention saw is the object, or where the plane alone puts it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.gaussian import Gaussian

_RINGS, _TURNS = 48, 32


def _standard_points() -> NDArray[np.float64]:
    """Equally likely points of the plane's standard normal distribution, N x 2: its squared radius is exponential."""
    radius = np.sqrt(-2 * np.log1p(-(np.arange(_RINGS) + 0.5) / _RINGS))
    turn = 2 * math.pi * (np.arange(_TURNS) + 0.5) / _TURNS
    return (radius[:, None, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)).reshape(-1, 2)


_POINTS = _standard_points()


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Normal distributions of a place, one of which holds.

    Attributes:
        parts: each with the probability that it holds; their sum is 1.
    """

    parts: tuple[tuple[float, Gaussian], ...]

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean place, (x, y)."""
        return np.asarray(sum(share * one.mean for share, one in self.parts), np.float64)

    def radius(self, about: NDArray[np.float64], holding: float) -> float:
        """Return the radius of the circle that holds the place with a probability.

        Args:
            about: its middle, (x, y).
            holding: the probability, below 1.
        """
        distances = np.linalg.norm(self._points - about, axis=1)
        order = np.argsort(distances)
        held = np.cumsum(self._weights[order])
        return float(distances[order][np.searchsorted(held, holding)])

    def probability_within(self, about: NDArray[np.float64], size: NDArray[np.float64]) -> float:
        """Return how probably the place lies in the box about a point (x, y), `size` being its width and height."""
        inside = (np.abs(self._points - about) <= size / 2).all(axis=1)
        return float(self._weights[inside].sum())

    def density(self, point: NDArray[np.float64]) -> float:
        """Return the density of the place at a point (x, y), one over the unit of the distributions squared."""
        return sum(
            share
            * math.exp(-float(one.squared_distances(point[None])[0]) / 2)
            / (2 * math.pi * math.sqrt(float(np.linalg.det(one.covariance))))
            for share, one in self.parts
        )

    @property
    def _points(self) -> NDArray[np.float64]:
        return np.concatenate([one.mean + _POINTS @ np.linalg.cholesky(one.covariance).T for _, one in self.parts])

    @property
    def _weights(self) -> NDArray[np.float64]:
        return np.repeat([share for share, _ in self.parts], len(_POINTS)) / len(_POINTS)
