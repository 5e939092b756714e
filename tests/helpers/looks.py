"""Stand-ins for what a search looks at: a reference without pixels, and a network that says what a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon
from shapely.ops import unary_union

from geoloc.model.localizer import Matches, Proposal
from geoloc.model.network.cross_view import MatchedCells
from geoloc.model.network.descriptor import SQUARES
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.plane.gaussian import Gaussian
from tiling.box import PixelBox
from tiling.grid import Grid
from tiling.plan import Plan, Window

PX = 256
ZOOM = 20
COLUMN, ROW = 566_000, 370_000
"""Tile of the upper left window."""


def plan_of(columns: int, rows: int = 1, area: MultiPolygon | None = None) -> Plan:
    """Windows of two tiles a side, 256 px square, that lie half a window apart."""
    windows = tuple(Window(ZOOM, COLUMN + i, ROW + j, 2, PX, 1.0) for j in range(rows) for i in range(columns))
    if area is None:
        whole = unary_union([window.footprint for window in windows])
        area = MultiPolygon([whole.buffer(1e-9)])
    return Plan(windows, ZOOM, 2, PX, windows[0].grid.ground_gsd(), area)


@dataclass
class PlainReference:
    """Its features are the windows and grids themselves.

    valid: by window id, which pixels have data where not all do. closes: whether pixels for a close look are at hand.
    encoded: the grids that were asked for.
    """

    plan: Plan
    crs: int = 3857
    gsd_m: float = 0.1
    finest_m: float = 0.0
    valid: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    closes: bool = True
    squares: Callable[[int, Sequence[int]], NDArray[np.int8]] | None = None
    encoded: list[Grid] = field(default_factory=list)

    def in_turn(self, shape: Polygon) -> Polygon:
        return shape

    def features(self, window: Window) -> tuple[Window, NDArray[np.bool_]]:
        return window, self.valid.get(window.id, np.ones((window.px, window.px), bool))

    def features_once(self, window: Window) -> tuple[Window, NDArray[np.bool_]]:
        return self.features(window)

    def encode_grid(self, grid: Grid) -> tuple[Grid, NDArray[np.bool_]] | None:
        self.encoded.append(grid)
        return (grid, np.ones((grid.height, grid.width), bool)) if self.closes else None

    def descriptors(self, row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        assert self.squares is not None
        return self.squares(row, columns)


class RecordedLook(NamedTuple):
    """One look that a network was asked for. shown: the window or grid; place: what else it was told."""

    crops: list[Crop]
    targets: list[int]
    shown: Any
    valid: NDArray[np.bool_]
    place: tuple[float, float] | Gaussian


@dataclass
class Crops:
    """Crops as the network encodes them; compared by number."""

    crops: list[Crop]
    target: list[int]
    numbers: list[int]

    def select(self, rows: Sequence[int]) -> Crops:
        return Crops(*([values[row] for row in rows] for values in (self.crops, self.target, self.numbers)))  # type: ignore[arg-type]


class Scripted:
    """A network that answers what a test says.

    proposals: by window id, what `propose` finds there; other windows have next to nothing. second: what a second look
    at a place finds, from the place; close: what a look with a prior finds, from its mean.
    """

    name, gsd_m, window_px, query_shape = "scripted", 0.2, PX, (256, 256)
    nothing = -2000.0
    matched: MatchedCells | None = None
    """Where cells lie, in every second look."""

    def __init__(
        self,
        proposals: Mapping[str, Sequence[Proposal]] | None = None,
        *,
        second: Callable[[tuple[float, float]], Proposal | None] = lambda place: proposal(*place),
        close: Callable[[NDArray[np.float64]], Proposal | None] = lambda mean: proposal(*mean),
        calibration: Calibration | None = None,
        descriptor: int = 0,
    ) -> None:
        self._proposals, self._second, self._close = proposals or {}, second, close
        self.calibration = Calibration(2.0, 0.5, 1.0, 0.0) if calibration is None else calibration
        self.descriptor = descriptor
        self.proposed: list[tuple[str, list[int], int]] = []
        self.looks: list[RecordedLook] = []

    def score(self, evidence: float, *, unverified: bool = False, from_ground: bool = False) -> float:
        return self.calibration.score(evidence, unverified=unverified)

    def encode_queries(self, queries: Sequence[Crop], targets: Sequence[int]) -> Crops:
        return Crops(list(queries), list(targets), list(range(len(queries))))

    def describe_queries(self, queries: Crops) -> Any:
        parts = np.ones((len(queries.target), 1, self.descriptor), np.float32) / self.descriptor**0.5
        weight = np.ones((len(parts), 1), np.float32)
        return SimpleNamespace(parts=parts, weight=weight, target=np.array(queries.target))

    def propose(
        self, queries: Crops, window: Window, valid: NDArray[np.bool_], most: int, weights: Sequence[None]
    ) -> Matches:
        assert valid.any()
        # None of these searches knows where its photo was taken.
        assert not any(weights)
        self.proposed.append((window.id, queries.numbers, most))
        found = [one for one in self._proposals.get(window.id, ()) if one.target in queries.target][:most]
        mass = dict.fromkeys(queries.target, self.nothing)
        for one in found:
            mass[one.target] = float(np.logaddexp(mass[one.target], one.log_mass))
        return Matches(tuple(found), mass)

    def rescore(
        self,
        queries: Crops,
        shown: Any,
        valid: NDArray[np.bool_],
        place: tuple[float, float],
        weights: Sequence[None] = (),
    ) -> tuple[Proposal | None, MatchedCells | None]:
        assert not any(weights)
        self.looks.append(RecordedLook(queries.crops, queries.target, shown, valid, place))
        return _of_target(self._second(place), queries), self.matched

    def match_with_prior(
        self, queries: Crops, shown: Any, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        self.looks.append(RecordedLook(queries.crops, queries.target, shown, valid, known))
        return _of_target(self._close(known.mean), queries)


def _of_target(found: Proposal | None, queries: Crops) -> Proposal | None:
    if found is None:
        return None
    return Proposal(queries.target[0], found.box, found.log_mass, found.spread_px, found.crop)


def proposal(
    x: float,
    y: float,
    *,
    size: tuple[float, float] = (16, 10),
    log_mass: float = 3.0,
    spread_px: float = 1.5,
    target: int = 0,
    crop: int = 0,
) -> Proposal:
    """A box about (x, y), window pixels."""
    return Proposal(target, PixelBox.about(float(x), float(y), *size), log_mass, spread_px, crop)


def squares_like(likely: set[tuple[int, int]], size: int) -> Callable[[int, Sequence[int]], NDArray[np.int8]]:
    """Descriptors of quarters of windows that answer `describe_queries` at these (column, row) only."""

    def squares(row: int, columns: Sequence[int]) -> NDArray[np.int8]:
        out = np.zeros((len(columns), size, SQUARES**2), np.int8)
        for number, column in enumerate(columns):
            if (column, row) in likely:
                out[number] = round(127 / size**0.5)
        return out

    return squares
