"""The first stage of a search: which windows, and which crops in each, are worth the network's whole attention.

Every square of ground has a descriptor, every part of a crop too (`geoloc.model.network.descriptor`). A window is worth
as much as its squares answer the parts of the crop that it suits best.
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

FIRST_LOOKS = 12
"""Windows that each target is looked for in first; a search ends with them if they leave no doubt."""
BEST_LOOKS = 4
"""Of these the best, whether they overlap or not: as many as show one place. Near a window's border a neighbour of the
object may be all that is seen."""
LOOKS = 32
"""Windows that each target is looked for in at the most."""
CROPS, LATER_CROPS = 2, 1
"""Crops of a target that a window is shown, one of the first and a later one: those it suits best."""
_QUARTERS = 128
"""Quarters of windows that are compared at once: bounds memory."""


@dataclass(frozen=True, slots=True)
class PlannedLook:
    """A window to look at, and what to show it.

    Attributes:
        window: of the plan.
        crops: numbers of the crops, counted over all targets.
    """

    window: Window
    crops: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The windows to look at.

    Attributes:
        first: where the likeliest places are, in the plan's order.
        more: what is to be looked at if those leave doubt, in the plan's order.
        best: windows by how well descriptors speak for them, first those of which none overlaps a better one; targets
            take turns.
    """

    first: list[PlannedLook]
    more: list[PlannedLook]
    best: list[Window]


@dataclass(frozen=True, slots=True)
class _QuarterRow:
    """How well the quarters of windows in one row of the lattice answer crops.

    Attributes:
        columns: the quarters' columns, N, ascending.
        cosines: the best of each part of each crop, Q x P x N.
    """

    columns: NDArray[np.int64]
    cosines: NDArray[np.float32]

    def at(self, columns: NDArray[np.int64]) -> NDArray[np.float32]:
        """The cosines of some of the columns."""
        return self.cosines[:, :, np.searchsorted(self.columns, columns)]


def shortlist(
    reference: Reference,
    queries: DescribedQueries,
    *,
    first: int = FIRST_LOOKS,
    most: int = LOOKS,
    likely: Sequence[Sequence[int]] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> Shortlist:
    """Choose the windows to look at for each target, best first.

    After the best ones none of the first overlaps a better one: each shows another place, as near to its middle as any
    does. What lies between them is left to the others.

    Args:
        reference: what to search.
        queries: descriptors of the crops of all targets.
        first: how many windows a target is looked for in first.
        most: how many in all.
        likely: for each target numbers of windows that something else speaks for: they are among the first, and shown
            all crops.
        progress: called with the number of windows compared.

    Raises:
        GeolocError: the reference cannot be read.
    """
    windows = reference.plan.windows
    worth = _worth(reference, queries, progress)
    chosen: tuple[dict[int, set[int]], dict[int, set[int]]] = {}, {}
    ranked: list[tuple[int, int]] = []
    for target in np.unique(queries.target):
        mine = np.flatnonzero(queries.target == target)
        by_worth = np.argsort(-worth[mine].max(axis=0), kind="stable").tolist()
        apart = _apart(windows, by_worth, first)
        told = likely[int(target)] if likely else ()
        at_first = list(dict.fromkeys([*told, *by_worth[:BEST_LOOKS], *apart]))[:first]
        in_all = list(dict.fromkeys([*at_first, *by_worth]))[:most]
        # Whoever asks for the best windows wants places, each once.
        ranked += enumerate(dict.fromkeys([*apart, *in_all]))
        for rank, number in enumerate(in_all):
            shown = len(mine) if number in told else CROPS if rank < len(at_first) else LATER_CROPS
            suited = mine[np.argsort(-worth[mine, number], kind="stable")[:shown]]
            chosen[rank >= len(at_first)].setdefault(number, set()).update(suited.tolist())
    at_first, more = ([PlannedLook(windows[n], tuple(sorted(part[n]))) for n in sorted(part)] for part in chosen)
    best = dict.fromkeys(number for _, number in sorted(ranked, key=lambda rank: rank[0]))
    return Shortlist(at_first, more, [windows[number] for number in best])


def _apart(windows: Sequence[Window], by_worth: Sequence[int], most: int) -> list[int]:
    """Return the first numbers of windows of which none overlaps one before it."""
    taken: set[tuple[int, int]] = set()
    apart: list[int] = []
    for number in by_worth:
        x, y = windows[number].quarter
        if (x, y) not in taken:
            apart.append(number)
            taken.update((x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
        if len(apart) == most:
            break
    return apart


def _worth(reference: Reference, queries: DescribedQueries, progress: Callable[[int], None]) -> NDArray[np.float32]:
    """How well each window answers each crop, Q x W: the mean, by weight, of the cosines of its parts."""
    windows = reference.plan.windows
    by_row: dict[int, list[int]] = {}
    for number, window in enumerate(windows):
        by_row.setdefault(window.quarter[1], []).append(number)
    needed: dict[int, set[int]] = {}
    for y, numbers in by_row.items():
        columns = {x + i for x in (windows[n].quarter[0] for n in numbers) for i in (0, 1)}
        for row in (y, y + 1):
            needed.setdefault(row, set()).update(columns)
    worth = np.empty((len(queries.parts), len(windows)), np.float32)
    compared: dict[int, _QuarterRow] = {}
    done = 0
    for y, numbers in sorted(by_row.items()):
        for row in (y, y + 1):
            if row not in compared:
                compared[row] = _compare(reference, queries, row, sorted(needed[row]))
        compared = {row: compared[row] for row in (y, y + 1)}
        left = np.array([windows[number].quarter[0] for number in numbers])
        quarters = [compared[y + j].at(left + i) for j in (0, 1) for i in (0, 1)]
        worth[:, numbers] = (np.maximum.reduce(quarters) * queries.weight[:, :, None]).sum(axis=1)
        done += len(numbers)
        progress(done)
    return worth


def _compare(reference: Reference, queries: DescribedQueries, row: int, columns: Sequence[int]) -> _QuarterRow:
    """The best cosines in each quarter of a row."""
    count, parts, size = queries.parts.shape
    scaled = queries.parts.reshape(count * parts, size) / np.float32(UNIT)
    best = np.empty((count * parts, len(columns)), np.float32)
    for start in range(0, len(columns), _QUARTERS):
        some = columns[start : start + _QUARTERS]
        squares = reference.descriptors(row, some).astype(np.float32)
        cosines = scaled @ squares.transpose(1, 0, 2).reshape(size, len(some) * SQUARES**2)
        best[:, start : start + len(some)] = cosines.reshape(count * parts, len(some), SQUARES**2).max(axis=2)
    return _QuarterRow(np.array(columns), best.reshape(count, parts, len(columns)))
