"""The way between a matched photo's pixels and the map, as a few numbers: for many points, and for other programs.

A homography to a CRS, the mosaic's or another, and over the photo a lattice of what is to be added: docs/worker.md has
the formula.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from geoloc.plane.homography import map_points, translation
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.columns import crs_text

CELLS = 24
"""Of a lattice along the photo's longer side."""
BACK_ROUNDS = 4
"""Steps from a place back to its pixel; what is added changes little from one pixel to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class PhotoLattice:
    """Values that are known at evenly spaced nodes of a photo, from its corner to the opposite one.

    Attributes:
        size: (width, height) of the photo.
        values: rows x columns x K.
    """

    size: tuple[int, int]
    values: NDArray[np.float64]

    def at(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values at pixels, N x 2, as N x K: bilinear, and outside the photo those of its edge."""
        rows, columns, _ = self.values.shape
        cells = np.array([columns - 1, rows - 1])
        where = np.clip(pixels / self.size * cells, 0, cells)
        low = np.minimum(where.astype(int), cells - 1)
        (right, down), (column, row) = (where - low).T[..., None], low.T
        upper = (1 - right) * self.values[row, column] + right * self.values[row, column + 1]
        lower = (1 - right) * self.values[row + 1, column] + right * self.values[row + 1, column + 1]
        return np.asarray((1 - down) * upper + down * lower)

    def to_json(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return its shape, and its values by name, row by row."""
        rows, columns, _ = self.values.shape
        parts = np.moveaxis(self.values, -1, 0).reshape(len(names), -1)
        listed = {name: [float(f"{value:.6g}") for value in part] for name, part in zip(names, parts, strict=True)}
        return {"columns": columns, "rows": rows, **listed}


@dataclass(frozen=True, slots=True, eq=False)
class PixelMapping:
    """Where pixels of a photo lie on the map, and back.

    Attributes:
        size: (width, height) of the upright photo.
        origin: (x, y) in `crs` that the homography's results count from.
        matrix: 3 x 3, photo pixels to units of the CRS from `origin`; its depth is positive before the horizon.
        corrections: what is to be added to that, units of the CRS.
        errors: within how many metres a place is in nine cases of ten.
        reliable: what of the photo it holds for, see `MatchedPhoto.reliable_part`.
        crs: of places: the mosaic's, or another that was asked for.
    """

    size: tuple[int, int]
    origin: NDArray[np.float64]
    matrix: NDArray[np.float64]
    corrections: PhotoLattice
    errors: PhotoLattice
    reliable: Polygon
    crs: pyproj.CRS

    @classmethod
    def of(cls, matched: MatchedPhoto, crs: pyproj.CRS | None = None) -> PixelMapping:
        """Take the way from a matched photo. Between nodes it goes evenly where the photo's own goes by steps.

        Args:
            matched: the photo.
            crs: of places; None for the mosaic's.
        """
        fit, size = matched.fit, matched.photo.size
        frame = matched.frame if crs is None else matched.frame.in_crs(crs)
        middle = fit.place
        (place,) = frame.to_map(middle[None])
        origin = place.round(3)
        # Pixels of the grid to units of the CRS, as they are next to its middle; what is left goes into the lattice.
        slope = np.eye(3)
        slope[:2, :2] = frame.slope(middle)
        matrix = translation(*(place - origin)) @ slope @ translation(*-middle) @ fit.matrix
        matrix = matrix / (matrix[2] @ [*np.median(fit.photo, axis=0), 1.0])
        columns, rows = (round(CELLS * side / max(size)) + 1 for side in size)
        columns, rows = max(columns, 2), max(rows, 2)
        x, y = np.meshgrid(np.linspace(0, size[0], columns), np.linspace(0, size[1], rows))
        nodes = np.column_stack([x.ravel(), y.ravel()])
        seen = replace(matched, frame=frame)
        moved = [seen.to_map(near).points - origin - map_points(matrix, near) for near in _round(nodes, matched)]
        values = np.column_stack([np.median(moved, axis=0), matched.to_map(nodes).error_m])
        values = _filled(nodes, values).reshape(rows, columns, 3)
        corrections, errors = PhotoLattice(size, values[..., :2]), PhotoLattice(size, values[..., 2:])
        return cls(size, origin, matrix, corrections, errors, matched.reliable_part, frame.crs)

    def to_map(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places in `crs`, N x 2, of pixels, N x 2; NaN beyond the horizon."""
        return np.asarray(map_points(self.matrix, pixels) + self.corrections.at(pixels) + self.origin)

    def to_photo(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pixels, N x 2, of places in `crs`, N x 2; NaN behind the camera."""
        goals, back = places - self.origin, np.linalg.inv(self.matrix)
        found = map_points(back, goals)
        for _ in range(BACK_ROUNDS):
            known = np.isfinite(found).all(axis=1)
            found[known] = map_points(back, goals[known] - self.corrections.at(found[known]))
        return found

    def is_reliable(self, pixels: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell for pixels, N x 2, whether they are in the reliable part; NaN is not."""
        return np.asarray(shapely.contains_xy(self.reliable, pixels[:, 0], pixels[:, 1]))

    def to_json(self) -> dict[str, Any]:
        """Return what docs/worker.md calls `mapping`."""
        corners = np.array(self.reliable.exterior.coords).reshape(-1, 2)
        return {
            "size": list(self.size),
            "crs": crs_text(self.crs),
            "origin": self.origin.tolist(),
            "to_map": self.matrix.ravel().tolist(),
            "corrections": self.corrections.to_json(("dx", "dy")),
            "error_m": self.errors.to_json(("metres",)),
            "reliable": corners.round(3).tolist(),
        }


def _round(nodes: NDArray[np.float64], matched: MatchedPhoto) -> list[NDArray[np.float64]]:
    """The nodes; on terrain others about them too, since what stands on one node would count for a whole cell."""
    if matched.terrain is None:
        return [nodes]
    step = max(matched.photo.size) / CELLS / 4
    return [nodes + step * np.array(by) for by in ((0, 0), (-1, -1), (1, -1), (1, 1), (-1, 1))]


def _filled(nodes: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give nodes beyond the horizon, whose values are NaN, those of the nearest node before it."""
    known = np.isfinite(values).all(axis=1)
    away = np.linalg.norm(nodes[:, None] - nodes[known], axis=2)
    return np.asarray(values[known][away.argmin(axis=1)])
