"""The ground as heights on a grid, and where rays meet it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoloc.plane.bilinear import bilinear


@dataclass(frozen=True)
class DsmSurface:
    """A DSM: heights on a north-up grid of the site's CRS.

    Attributes:
        heights: rows x columns, metres.
        west: easting of the outer corner.
        north: northing of the outer corner.
        cell: side of a cell, metres.
    """

    heights: np.ndarray
    west: float
    north: float
    cell: float

    def height(self, points: np.ndarray) -> np.ndarray:
        """Return heights at map points (..., 2), bilinear between cells' centres; beyond them, that of the nearest."""
        x = np.nan_to_num((points[..., 0] - self.west) / self.cell)
        y = np.nan_to_num((self.north - points[..., 1]) / self.cell)
        return bilinear(self.heights, x, y)

    def intersect(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Return where rays (..., 3) from `origin` first go below the surface, (..., 3); NaN where they do not.

        A march in steps of one cell, then bisection: putting the height found back into the ray does not converge
        where the ground slopes towards the camera, and reconstructions without GPS slope a lot.
        """
        rows, columns = self.heights.shape
        low = [self.west, self.north - rows * self.cell, self.heights.min() - self.cell]
        high = [self.west + columns * self.cell, self.north, self.heights.max() + self.cell]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sides = np.stack([(low - origin) / rays, (high - origin) / rays])
        near = np.fmax.reduce(sides.min(0), axis=-1).clip(min=0)
        far = np.fmin.reduce(sides.max(0), axis=-1)
        crosses = near < far
        near, far = np.where(crosses, near, 0), np.where(crosses, far, 0)

        def below(depth: np.ndarray, along: np.ndarray) -> np.ndarray:
            points = origin + depth[..., None] * along
            return np.asarray(points[..., 2] <= self.height(points[..., :2]))

        longest = ((far - near) * np.linalg.norm(rays, axis=-1)).max()
        share = np.linspace(0, 1, int(np.ceil(longest / self.cell)) + 2)
        under = below(near[..., None] + (far - near)[..., None] * share, rays[..., None, :])
        first = under.argmax(-1)
        # One that is under the ground where it enters the DSM met it before.
        meets = crosses & (first > 0)
        above = near + (far - near) * share[np.maximum(first - 1, 0)]
        beneath = near + (far - near) * share[first]
        for _ in range(20):
            middle = (above + beneath) / 2
            inside = below(middle, rays)
            above, beneath = np.where(inside, above, middle), np.where(inside, middle, beneath)
        return np.where(meets[..., None], origin + beneath[..., None] * rays, np.nan)
