"""Local features of the ground in squares, wherever they come from, and the choice of those that are worth matching."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from geoloc.keypoints.matcher import LocalFeatures
from tiling.plan import Plan

SMALL_PX, LARGE_PX = 8e6, 32e6
"""Up to the first area, in pixels of the plan's GSD, all that is searched is matched at once, before anything else is
asked; up to the second in the end, where nothing tells the place. Beyond it only what lies round places is."""
ROUND_M = 90.0
"""Half the side of what is matched round a place."""
MOST = 60_000
"""Features of the ground that are matched at a time, the strongest of every square: time grows with them."""
KEPT_BYTES = 1.2e9
"""How much is kept of squares, from photo to photo: a little more than `LARGE_PX` of them at the full density of
`MosaicKeypoints`."""


class Square(NamedTuple):
    """A square of `KeypointSquares`, counted from where these begin."""

    column: int
    row: int


class KeypointSquares(Protocol):
    """Local features of the ground, square by square, in pixels of the world: those of `Plan.pixels`."""

    @property
    def origin(self) -> tuple[int, int]:
        """Column and row of the first pixel of square (0, 0)."""

    @property
    def side_px(self) -> int:
        """Pixels a side of every square."""

    def features(self, square: Square) -> LocalFeatures:
        """Return what a square has, the strongest first, in pixels of the world; nothing where there are no data.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """


class KeptSquares:
    """Squares that were asked for last, kept from photo to photo."""

    def __init__(self, find: Callable[[Square], LocalFeatures]) -> None:
        """Take what finds or reads the features of a square."""
        self._find = find
        self._kept: LRUCache[Square, LocalFeatures] = LRUCache(KEPT_BYTES, getsizeof=lambda found: found.nbytes)

    def get(self, square: Square) -> LocalFeatures:
        """Return what a square has, found now where it is not kept."""
        if square not in self._kept:
            self._kept[square] = self._find(square)
        return self._kept[square]


class SearchedKeypoints:
    """The local features of what a plan searches: all of them, or those round places.

    Attributes:
        grid: pixels as the plan's windows have them, round all of them; the features' points are in these.
        corner: column and row of the first of them in pixels of the world.
    """

    def __init__(self, squares: KeypointSquares, plan: Plan) -> None:
        """Take the features, and the windows that are searched."""
        self._squares = squares
        corners = np.array([window.corner for window in plan.windows])
        left, top = corners.min(axis=0).tolist()
        right, bottom = (corners.max(axis=0) + plan.window_px).tolist()
        self.grid = plan.pixels(left, top, right - left, bottom - top)
        self.corner = np.array([left, top], float)
        self._searched = {square for corner in corners for square in self._touched(corner, corner + plan.window_px)}

    @property
    def are_few(self) -> bool:
        """Whether all that is searched is small enough to be matched before anything else is asked."""
        return self._area_px <= SMALL_PX

    @property
    def are_too_many(self) -> bool:
        """Whether all that is searched is too large to be matched at all."""
        return self._area_px > LARGE_PX

    def all(self, density: float) -> LocalFeatures:
        """Return the features of all that is searched, so many a pixel of a square and `MOST` in all.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        return self._joined(self._searched, density)

    def near(self, places: NDArray[np.float64], density: float) -> LocalFeatures:
        """Return those within `ROUND_M` of some places, and of what shares a square with them.

        Args:
            places: N x 2, pixels of `grid`.
            density: features a pixel of a square at the most, the strongest.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        squares: set[Square] = set()
        for place in places:
            reach = ROUND_M / self.grid.ground_gsd(*map(float, place))
            squares.update(self._touched(self.corner + place - reach, self.corner + place + reach))
        return self._joined(squares & self._searched, density)

    def within(self, low: NDArray[np.float64], high: NDArray[np.float64], density: float) -> LocalFeatures:
        """Return those in a box.

        Args:
            low: (x, y) of its upper left corner, pixels of `grid`.
            high: (x, y) of its lower right corner.
            density: features a pixel of a square at the most, the strongest.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        squares = set(self._touched(self.corner + low, self.corner + high))
        found = self._joined(squares & self._searched, density)
        return found.part(np.asarray(((found.points >= low) & (found.points < high)).all(axis=1)))

    def inside(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return those of some places, N x 2 pixels of `grid`, that lie in it."""
        return places[((places >= 0) & (places < [self.grid.width, self.grid.height])).all(axis=1)]

    @property
    def _area_px(self) -> int:
        # Of a corridor the squares are fewer than the grid round it, of a small plan they reach beyond it.
        return min(self.grid.width * self.grid.height, len(self._searched) * self._squares.side_px**2)

    def _touched(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> Iterator[Square]:
        """Squares that share pixels of the world with a box."""
        side, origin = self._squares.side_px, np.array(self._squares.origin)
        first, last = ((low - origin) // side).astype(int), (-(-(high - origin) // side)).astype(int)
        return (Square(i, j) for j in range(first[1], last[1]) for i in range(first[0], last[0]))

    def _joined(self, squares: Iterable[Square], density: float) -> LocalFeatures:
        """What all of these squares have, in pixels of `grid`."""
        squares = sorted(squares)
        most = min(round(density * self._squares.side_px**2), MOST // max(len(squares), 1))
        parts = [part.strongest(most) for square in squares if len(part := self._squares.features(square))]
        found = LocalFeatures.joined(parts)
        return LocalFeatures(found.points - self.corner, found.descriptors)
