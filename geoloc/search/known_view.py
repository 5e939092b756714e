"""How a photo whose plane is known sees an object: all that attention need not suppose."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.rectify import focal_px
from geoloc.photo.target import Click
from geoloc.plane.gaussian import Gaussian
from geoloc.plane.homography import jacobian, map_points, translation
from geoloc.plane.view_line import STANDS_M, height_covariance, view_line
from tiling.grid import Grid

FARTHEST_PX = 1e5
"""Places farther off a grid are too near the horizon to mean anything."""


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

    @classmethod
    def by_plane(cls, matrix: NDArray[np.float64], grid: Grid, photo: Photo, click: Click) -> KnownView | None:
        """Tell how a photo sees what is clicked by its plane alone; None where that has no place for the click.

        The place is as uncertain as heights make it; how far the plane may be off is to be added.

        Args:
            matrix: 3 x 3, photo pixels to pixels of `grid`.
            grid: as the plan's windows have them.
            photo: the photograph.
            click: what is clicked.
        """
        at = np.array([click.x, click.y])
        (level,) = map_points(matrix, at[None])
        if not (np.abs(level) < FARTHEST_PX).all():
            return None
        gsd_m = grid.ground_gsd(*map(float, level))
        sight = view_line(matrix, at, photo.size, focal_px(photo))
        # Things stand on the ground and not below it, so their place is nearer to the camera than the plane has it.
        place = Gaussian(level - STANDS_M * sight.lean / gsd_m, height_covariance(sight.lean) / gsd_m**2)
        linear = jacobian(matrix, at)
        east, south = linear @ [0.0, -1.0]
        return cls(
            grid,
            place,
            math.degrees(math.atan2(east, -south)) % 360,
            1 / (math.sqrt(abs(float(np.linalg.det(linear)))) * gsd_m),
            np.linalg.inv(matrix) @ translation(*map(float, level)) @ np.diag([1 / gsd_m, 1 / gsd_m, 1.0]),
        )
