"""Values between the centres of a grid's cells."""

from __future__ import annotations

import numpy as np


def bilinear(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate bilinearly between the centres of cells; beyond the outermost, return the value of the nearest.

    Args:
        values: rows x columns, or rows x columns x channels.
        x: any shape; cells from the outer corner of the first one, to the right.
        y: as `x`, downwards.

    Returns:
        The shape of `x`, with channels where the values have them.

    >>> bilinear(np.array([[1.0, 3.0], [5.0, 7.0]]), np.array([0.5, 1.0, 9.0]), np.array([0.5, 0.5, 1.0])).tolist()
    [1.0, 2.0, 5.0]
    """
    rows, columns = values.shape[:2]
    x, y = (x - 0.5).clip(0, columns - 1), (y - 0.5).clip(0, rows - 1)
    left, top = x.astype(int), y.astype(int)
    right, below = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    by_channel = (*x.shape, *(1,) * (values.ndim - 2))
    dx, dy = (x - left).reshape(by_channel), (y - top).reshape(by_channel)
    upper = (1 - dx) * values[top, left] + dx * values[top, right]
    lower = (1 - dx) * values[below, left] + dx * values[below, right]
    return np.asarray((1 - dy) * upper + dy * lower)
