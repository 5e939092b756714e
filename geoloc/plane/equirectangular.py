"""Full equirectangular panoramas: which way a pixel looks, and where level ground round the camera is seen.

Places on the ground are (x to the right, y back) of the middle column's azimuth, from below the camera. Columns turn
clockwise; a panorama cut at its top or bottom is centred on the horizon. A radian is as many rows as columns.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any


def ray_of(x: Any, y: Any, size: tuple[float, float]) -> tuple[Any, Any]:
    """Return the azimuth, from that of the middle column, and the angle from straight down of pixels, radians.

    Args:
        x: column, a number or an array.
        y: row, likewise.
        size: width and height of the panorama.
    """
    a_radian = size[0] / (2 * math.pi)
    return (x - size[0] / 2) / a_radian, math.pi / 2 - (y - size[1] / 2) / a_radian


def seen_at(x: Any, y: Any, height: Any, size: tuple[Any, Any], library: ModuleType) -> Any:
    """Return the pixels that show places on the ground, also those beyond the rows of a panorama that is cut.

    Args:
        x: of the places, an array of NumPy's or a tensor of torch's.
        y: of the places, likewise.
        height: of the camera, in the places' unit; where these are tensors, one that goes with them.
        size: width and height of the panorama, likewise.
        library: numpy or torch, whichever made the places.

    Returns:
        Columns within the panorama and rows, in a last axis of 2.
    """
    a_radian = size[0] / (2 * math.pi)
    column = (size[0] / 2 + library.atan2(x, -y) * a_radian) % size[0]
    row = size[1] / 2 + library.atan2(height, library.hypot(x, y)) * a_radian
    return library.stack([column, row], -1)
