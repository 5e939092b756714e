"""The turned rectangle whose upright envelope, seen through a linear map, is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SINGULAR = 0.25
"""Below this sine of the angle between the two equations, at turns of 38 to 52 degrees, a side is known four times
worse than the envelope: no more is taken from them than how large the rectangle is."""


def sides_filling(matrix: NDArray[np.float64], width: float, height: float) -> tuple[float, float]:
    """Return the sides of the rectangle whose envelope after a linear map has a width and a height.

    The envelope of a rectangle with half sides a, b along its axes u, v is |Mu| a + |Mv| b, for each coordinate: two
    equations for two sides. Where they are nearly one (a square turned by 45 degrees and a long one alike have a square
    envelope), or no rectangle has such an envelope, the sides are equal, and as long as the geometric mean of both
    equations says.

    Args:
        matrix: 2 x 2, the rectangle's axes (columns: along, across) as the map makes them.
        width: of the envelope.
        height: of the envelope.

    Returns:
        Sides along and across, in units of the rectangle.

    >>> turned = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> sides_filling(turned, 2.0, 6.0)
    (6.0, 2.0)
    """
    spread, envelope = np.abs(matrix), np.array([width, height])
    rows = spread / np.linalg.norm(spread, axis=1, keepdims=True)
    if abs(np.linalg.det(rows)) > SINGULAR:
        along, across = np.linalg.solve(spread, envelope)
        if along > 0 and across > 0:
            return float(along), float(across)
    side = float(np.sqrt(np.prod(envelope / spread.sum(axis=1))))
    return side, side
