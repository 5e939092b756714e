"""Angles and longitudes, which are the same after a whole turn."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Degrees = TypeVar("Degrees", float, NDArray[np.float64])


def wrapped_deg(degrees: Degrees) -> Degrees:
    """Return an angle or a longitude as the same one in [-180, 180); of a difference, the shorter way round.

    Examples:
        >>> wrapped_deg(350.0 - 20.0), wrapped_deg(180.0), wrapped_deg(-10.0)
        (-30.0, -180.0, -10.0)
    """
    return (degrees + 180.0) % 360.0 - 180.0
