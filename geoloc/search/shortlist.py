"""The first stage of a search: which windows, and which crops in each, are worth the network's whole attention.

Every square of ground has a descriptor, every part of a crop too (`geoloc.model.network.descriptor`). A window is worth as much
as its squares answer the parts of the crop that it suits best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.features.reference import Reference
from geoloc.model.localizer import UNIT, DescribedQueries
from geoloc.model.network.descriptor import SQUARES
from tiling.plan import Window

LOOKS = 100
"""Windows that each target is looked for in at the most. Smaller plans are searched whole."""
FIRST = 20
"""Of these the first, with which a search ends if they leave no doubt."""
CROPS = 2
"""Crops of a target that a window is shown: those it suits best."""
_QUADS = 128
"""Quarters of windows that are compared at once: bounds memory."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Best cosines of parts of crops, Q x P x N, in quarters of windows of one row. columns: theirs, ascending."""

    columns: NDArray[np.int64]
    best: NDArray[np.float32]

    def at(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those of some of the columns."""
        return self.best[:, :, np.searchsorted(self.columns, columns)]


@dataclass(frozen=True, slots=True)
class Look:
    """A window and the crops to show it, by their number among all."""

    window: Window
    crops: tuple[int, ...]


def shortlist(
    reference: Reference,
    queries: DescribedQueries,
    *,
    looks: Sequence[int] = (FIRST, LOOKS),
    crops: int = CROPS,
    progress: Callable[[int], None] = lambda done: None,
) -> list[list[Look]]:
    """The windows to look at for each target, best first: those of rank 1 to `looks[0]`, those up to `looks[1]` and so
    on, each part in the plan's order. progress: called with windows compared.

    Of windows that overlap the best is taken: the one that shows the likely place nearest to its middle.

    Raises:
        GeolocError: the reference cannot be read.
    """
    windows = reference.plan.windows
    worth = _worth(reference, queries, progress)
    at = [_quad(window) for window in windows]
    chosen: list[dict[int, set[int]]] = [{} for _ in looks]
    for target in np.unique(queries.target):
        mine = np.flatnonzero(queries.target == target)
        best = worth[mine].max(axis=0)
        taken: set[tuple[int, int]] = set()
        part = count = 0
        for number in np.argsort(-best, kind="stable").tolist():
            x, y = at[number]
            if (x, y) in taken:
                continue
            if count == looks[part]:
                part += 1
            if part == len(looks):
                break
            taken.update((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
            count += 1
            suited = mine[np.argsort(-worth[mine, number], kind="stable")[:crops]]
            chosen[part].setdefault(number, set()).update(suited.tolist())
    return [[Look(windows[n], tuple(sorted(part[n]))) for n in sorted(part)] for part in chosen]


def _quad(window: Window) -> tuple[int, int]:
    """Column and row of its upper left quarter among all of the lattice that windows lie on."""
    x, y = window.corner
    half = window.px // 2
    return x // half, y // half


def _worth(reference: Reference, queries: DescribedQueries, progress: Callable[[int], None]) -> NDArray[np.float32]:
    """How well each window answers each crop, Q x W: the mean, by weight, of the cosines of its parts."""
    windows = reference.plan.windows
    rows: dict[int, list[int]] = {}
    for number, window in enumerate(windows):
        rows.setdefault(_quad(window)[1], []).append(number)
    needed: dict[int, set[int]] = {}
    for y, numbers in rows.items():
        columns = {x + i for x in (_quad(windows[n])[0] for n in numbers) for i in (0, 1)}
        for row in (y, y + 1):
            needed.setdefault(row, set()).update(columns)
    worth = np.empty((len(queries.parts), len(windows)), np.float32)
    known: dict[int, _Row] = {}
    done = 0
    for y, numbers in sorted(rows.items()):
        for row in (y, y + 1):
            if row not in known:
                known[row] = _answers(reference, queries, row, sorted(needed[row]))
        known = {row: known[row] for row in (y, y + 1)}
        left = np.array([_quad(windows[number])[0] for number in numbers])
        quads = [known[y + j].at(left + i) for j in (0, 1) for i in (0, 1)]
        worth[:, numbers] = (np.maximum.reduce(quads) * queries.weight[:, :, None]).sum(axis=1)
        done += len(numbers)
        progress(done)
    return worth


def _answers(reference: Reference, queries: DescribedQueries, row: int, columns: Sequence[int]) -> _Row:
    """The best answers in each quarter of a row."""
    count, parts, size = queries.parts.shape
    asked = queries.parts.reshape(count * parts, size) / np.float32(UNIT)
    best = np.empty((count * parts, len(columns)), np.float32)
    for start in range(0, len(columns), _QUADS):
        some = columns[start : start + _QUADS]
        squares = reference.squares(row, some).astype(np.float32)
        cosines = asked @ squares.transpose(1, 0, 2).reshape(size, len(some) * SQUARES**2)
        best[:, start : start + len(some)] = cosines.reshape(count * parts, len(some), SQUARES**2).max(axis=2)
    return _Row(np.array(columns), best.reshape(count, parts, len(columns)))
