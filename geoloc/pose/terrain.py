"""Ground of known heights as a camera sees it: where rays meet it, and which matches a camera on it agrees with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyproj
from numpy.typing import NDArray

from geoloc.plane.surface import DsmSurface
from geoloc.pose.camera import GroundCamera
from tiling.heights import heights_over

_RAYS = 256
"""Rays that are followed at a time: memory grows with them."""
_MARGIN = 0.5
"""How far beyond what a photo shows heights are read, as a share of its size: a slope may be farther off than level
ground."""
_HIDDEN = 0.02
"""A ray that ends nearer than a place, by that share of its length and a metre, does not show it."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """Heights about matched ground.

    Attributes:
        surface: metres east and north of a place, heights over `level_m`; where the raster has none those of the
            nearest cell that has one.
        level_m: height, in the raster's datum, that counts as 0: the middle one of what was matched.
    """

    surface: DsmSurface
    level_m: float

    @classmethod
    def read(cls, path: Path, local: pyproj.CRS, matched: NDArray[np.float64], shown: NDArray[np.float64]) -> Terrain:
        """Read the heights that a photo needs.

        Args:
            path: a raster of heights.
            local: metres east and north of a place.
            matched: places that were matched, N x 2 in `local`.
            shown: places that bound what the photo shows, N x 2.

        Raises:
            MosaicError: see `heights_over`.
        """
        places = np.vstack([matched, shown])
        low, high = places.min(axis=0), places.max(axis=0)
        margin = _MARGIN * float((high - low).max())
        (west, south), (east, north) = (low - margin).tolist(), (high + margin).tolist()
        grid = heights_over(path, local, (west, south, east, north))
        surface = DsmSurface(_filled(grid.heights), grid.west, grid.north, grid.cell)
        level = float(np.median(surface.height(matched)))
        return cls(DsmSurface(surface.heights - level, grid.west, grid.north, grid.cell), level)

    def points(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places, N x 2 metres, with their heights, N x 3."""
        return np.column_stack([places, self.surface.height(places)])

    def seen(self, camera: GroundCamera, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where rays of pixels, N x 2, first meet the ground, N x 3 metres; NaN where they do not."""
        rays = camera.directions(camera.undistorted(pixels))
        parts = np.array_split(rays, len(rays) // _RAYS + 1)
        return np.concatenate([self.surface.intersect(camera.centre, part) if len(part) else part for part in parts])

    def shows(self, camera: GroundCamera, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which places on the ground, N x 3, nothing of it hides from a camera."""
        rays = points - camera.centre
        parts = np.array_split(rays, len(rays) // _RAYS + 1)
        met = np.concatenate([self.surface.intersect(camera.centre, part) if len(part) else part for part in parts])
        length, reached = np.linalg.norm(rays, axis=1), np.linalg.norm(met - camera.centre, axis=1)
        return np.asarray(~(reached < (1 - _HIDDEN) * length - 1.0))


def _filled(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give cells without a height that of the nearest one that has one."""
    known = np.isfinite(heights)
    if known.all():
        return heights
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros(labels.max() + 1)
    by_label[labels[known]] = heights[known]
    return np.asarray(by_label[labels])
