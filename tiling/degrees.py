"""Angles and longitudes, which are the same after a whole turn."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Degrees = TypeVar("_Degrees", float, NDArray[np.float64])


def wrapped_deg(degrees: _Degrees) -> _Degrees:
    """Return an angle or a longitude as the same one of -180 to 180; of a difference, the shorter way round.

    Examples:
        >>> wrapped_deg(350.0 - 20.0), wrapped_deg(180.0), wrapped_deg(-10.0)
        (-30.0, -180.0, -10.0)
    """
    return (degrees + 180.0) % 360.0 - 180.0


def angle_between_deg(one: _Degrees, other: _Degrees) -> _Degrees:
    """Return the angle between two directions, 0 to 180 degrees.

    Examples:
        >>> angle_between_deg(350.0, 20.0)
        30.0
    """
    return abs(wrapped_deg(one - other))
