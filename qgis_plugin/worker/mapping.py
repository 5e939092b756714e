# SPDX-License-Identifier: GPL-2.0-or-later
"""Where pixels of a matched photo lie on the map, and places of the map in the photo, without asking the worker.

`docs/worker.md` gives the formulas. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence, Tuple

Point = Tuple[float, float]
"""(x, y)."""
_BACK_ROUNDS = 6
_BACK_PX = 1e-3


@dataclass(frozen=True)
class PixelLattice:
    """Values at nodes that are spread evenly over a photo, between which they go bilinearly.

    Attributes:
        columns: nodes along x; the first is at 0, the last at the photo's width.
        rows: nodes along y, likewise.
        size: the photo's width and height, pixels.
        values: row by row.
    """

    columns: int
    rows: int
    size: Tuple[int, int]
    values: Tuple[float, ...]

    def __post_init__(self) -> None:
        """Check that there are as many values as nodes, so that no pixel can fail later."""
        if min(self.columns, self.rows) < 2 or len(self.values) != self.columns * self.rows:
            raise ValueError(f"{len(self.values)} values for {self.columns} x {self.rows} nodes")

    def at(self, x: float, y: float) -> float:
        """Return the value at a pixel, outside the photo that of its edge."""
        left, right, across = _between(x, self.size[0], self.columns)
        above, below, down = _between(y, self.size[1], self.rows)
        upper = (1 - across) * self._value(left, above) + across * self._value(right, above)
        lower = (1 - across) * self._value(left, below) + across * self._value(right, below)
        return (1 - down) * upper + down * lower

    def _value(self, column: int, row: int) -> float:
        return self.values[row * self.columns + column]


@dataclass(frozen=True)
class PhotoMapping:
    """The way from pixels of a matched photo to the map and back.

    Pixels are those of the upright photo, corner origin; places are in `crs`.

    Attributes:
        size: the photo's width and height, pixels.
        crs: of places, a code such as "EPSG:32615", or WKT.
        origin: place that `matrix` counts from.
        matrix: homography from pixels, 3 x 3 row by row; its third row is above 0 before the horizon.
        back: its inverse.
        moves: what is to be added to x and y of a place, by pixel, in units of `crs`.
        reliable: ring of pixels within which places can be told, the first one not repeated; may be empty.
        error: nine places of ten are nearer to the true one than this, metres, by pixel.
    """

    size: Tuple[int, int]
    crs: str
    origin: Point
    matrix: Tuple[float, ...]
    back: Tuple[float, ...]
    moves: Tuple[PixelLattice, PixelLattice]
    reliable: Tuple[Point, ...]
    error: PixelLattice

    @classmethod
    def of(cls, told: dict) -> PhotoMapping:
        """Return the mapping that the worker told.

        Args:
            told: `mapping` of the result of a request `match`; see `docs/worker.md`.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        width, height = told["size"]
        size = (int(width), int(height))
        reliable = tuple((float(x), float(y)) for x, y in _open_ring(told["reliable"]))
        matrix = tuple(map(float, told["to_map"]))
        moves = told["corrections"]
        x, y = told["origin"]
        return cls(
            size=size,
            crs=str(told["crs"]),
            origin=(float(x), float(y)),
            matrix=matrix,
            back=_inverse(matrix),
            moves=(_lattice(moves, "dx", size), _lattice(moves, "dy", size)),
            reliable=reliable,
            error=_lattice(told["error_m"], "metres", size),
        )

    def to_map(self, x: float, y: float) -> Point | None:
        """Return the place of a pixel; None beyond the horizon."""
        place = _mapped(self.matrix, x, y)
        if place is None:
            return None
        dx, dy = self._move(x, y)
        return self.origin[0] + place[0] + dx, self.origin[1] + place[1] + dy

    def to_photo(self, x: float, y: float) -> Point | None:
        """Return the pixel, in the photo or beside it, that shows a place; None for what lies behind the camera."""
        x, y = x - self.origin[0], y - self.origin[1]
        pixel = self._back(x, y)
        for _ in range(_BACK_ROUNDS):
            if pixel is None:
                return None
            dx, dy = self._move(*pixel)
            before, pixel = pixel, self._back(x - dx, y - dy)
            if pixel is not None and abs(pixel[0] - before[0]) + abs(pixel[1] - before[1]) < _BACK_PX:
                break
        return pixel

    def holds(self, x: float, y: float) -> bool:
        """Return whether the place of a pixel can be told: it is in the photo and before its far line."""
        inside = False
        ahead = (*self.reliable[1:], *self.reliable[:1])
        for (ax, ay), (bx, by) in zip(self.reliable, ahead):  # noqa: B905 (Python 3.9)
            if (ay > y) != (by > y) and x < ax + (bx - ax) * (y - ay) / (by - ay):
                inside = not inside
        return inside

    def error_m(self, x: float, y: float) -> float:
        """Return within how many metres the place of a pixel is in nine cases of ten."""
        return self.error.at(x, y)

    def _move(self, x: float, y: float) -> Point:
        dx, dy = (lattice.at(x, y) for lattice in self.moves)
        return dx, dy

    def _back(self, x: float, y: float) -> Point | None:
        # What is mapped to the other side of the horizon lies behind the camera.
        pixel = _mapped(self.back, x, y, signed=False)
        return pixel if pixel is not None and _depth(self.matrix, *pixel) > 0 else None


def _lattice(told: dict, name: str, size: tuple[int, int]) -> PixelLattice:
    values = tuple(map(float, told[name]))
    return PixelLattice(int(told["columns"]), int(told["rows"]), size, values)


def _open_ring(ring: Sequence[Sequence[float]]) -> Sequence[Sequence[float]]:
    return ring[:-1] if len(ring) > 1 and list(ring[0]) == list(ring[-1]) else ring


def _between(at: float, length: float, nodes: int) -> tuple[int, int, float]:
    """Return the nodes before and after a place along a side, and how far it is from the one to the other, 0 to 1."""
    along = min(max(at / length, 0.0), 1.0) * (nodes - 1)
    before = min(int(along), nodes - 2)
    return before, before + 1, along - before


def _depth(matrix: Sequence[float], x: float, y: float) -> float:
    return matrix[6] * x + matrix[7] * y + matrix[8]


def _mapped(matrix: Sequence[float], x: float, y: float, signed: bool = True) -> Point | None:
    depth = _depth(matrix, x, y)
    if depth == 0 or (signed and depth < 0):
        return None
    return (
        (matrix[0] * x + matrix[1] * y + matrix[2]) / depth,
        (matrix[3] * x + matrix[4] * y + matrix[5]) / depth,
    )


def _inverse(matrix: Sequence[float]) -> tuple[float, ...]:
    """Return the inverse of a matrix, 3 x 3 row by row, up to its scale, which no homography has."""
    a, b, c, d, e, f, g, h, i = matrix
    adjoint = (
        *(e * i - f * h, c * h - b * i, b * f - c * e),
        *(f * g - d * i, a * i - c * g, c * d - a * f),
        *(d * h - e * g, b * g - a * h, a * e - b * d),
    )
    largest = max(map(abs, adjoint))
    if a * adjoint[0] + b * adjoint[3] + c * adjoint[6] == 0 or largest == 0:
        raise ValueError("the photo's plane is seen from its edge")
    return tuple(value / largest for value in adjoint)
