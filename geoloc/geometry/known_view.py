"""How a photo whose plane is verified sees an object: all that attention need not suppose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.plane.gaussian import Gaussian
from tiling.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class KnownView:
    """How a photo sees an object.

    Attributes:
        grid: pixels as the plan's windows have them: EPSG:3857, as large as theirs.
        place: where the object is, in pixels of `grid`.
        heading_deg: heading of the photo's up there, clockwise from north.
        px_per_m: photo pixels a metre of ground there.
        to_photo: 3 x 3, metres on the ground, to the east and to the south of the place, to photo pixels.
    """

    grid: Grid
    place: Gaussian
    heading_deg: float
    px_per_m: float
    to_photo: NDArray[np.float64]
