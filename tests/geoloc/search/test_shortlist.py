"""The first stage of a search, on made descriptors: what is looked at, and what it does not depend on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geoloc.model.localizer import UNIT, DescribedQueries
from geoloc.model.network.descriptor import SQUARES
from geoloc.search.shortlist import _worth, shortlist
from tiling.plan import Window

PX, SIZE = 384, 8
EACH = SQUARES**2
COLUMNS, ROWS = 14, 9


class Squares:
    """A reference of noise, COLUMNS x ROWS windows, of which some may be missing."""

    def __init__(self, left: int = 0, missing: frozenset[int] = frozenset()) -> None:
        # Tiles of half a window, far from the edge of the world.
        self.left = left
        rng = np.random.default_rng(1)
        values = rng.normal(size=(ROWS + 1, COLUMNS + 1, SIZE, EACH))
        values /= np.linalg.norm(values, axis=2, keepdims=True)
        self.values = np.round(values * UNIT).astype(np.int8)
        cells = [(x, y) for y in range(ROWS) for x in range(COLUMNS)]
        windows = [Window(20, 100 + x, 200 + y, 2, PX, 1.0) for i, (x, y) in enumerate(cells) if i not in missing]
        self.plan = SimpleNamespace(windows=tuple(windows))
        self.rows_read: list[int] = []

    def descriptors(self, row: int, columns: list[int]) -> NDArray[np.int8]:
        self.rows_read.append(row)
        return np.stack([self.values[row - 200, column - 100] for column in columns])


def queries_for(reference: Squares, *quads: tuple[int, int], crops: int = 1) -> DescribedQueries:
    """Crops of one target a quad; the last crop of each shows what is in the quad, the others noise."""
    rng = np.random.default_rng(2)
    parts, target = [], []
    for number, (x, y) in enumerate(quads):
        for crop in range(crops):
            shown = rng.normal(size=(4, SIZE))
            if crop == crops - 1:
                shown = reference.values[y, x][:, :4].T.astype(float)
            parts.append(shown / np.linalg.norm(shown, axis=1, keepdims=True))
            target.append(number)
    weight = np.full((len(parts), 4), 0.25, np.float32)
    return DescribedQueries(np.array(parts, np.float32), weight, np.array(target))


def at(window: Window) -> tuple[int, int]:
    return window.x - 100, window.y - 200


@given(st.integers(0, COLUMNS), st.integers(0, ROWS), st.integers(1, 5))
@settings(max_examples=40)
def test_windows_that_show_the_place_come_first(x: int, y: int, looks: int) -> None:
    reference = Squares()
    chosen = shortlist(cast(Any, reference), queries_for(reference, (x, y)), first=looks).first
    assert len(chosen) == looks
    assert any(x - 1 <= column <= x and y - 1 <= row <= y for column, row in (at(look.window) for look in chosen))


def test_the_best_and_others_apart_come_first_and_then_the_best_of_all_that_are_left() -> None:
    reference = Squares()
    queries = queries_for(reference, (5, 4))
    found = shortlist(cast(Any, reference), queries, first=12, most=20)
    worth = _worth(cast(Any, reference), queries, lambda done: None).max(axis=0)
    by_worth = [at(reference.plan.windows[number]) for number in np.argsort(-worth, kind="stable")]
    for part in (found.first, found.more):
        places = [at(look.window) for look in part]
        assert places == sorted(places, key=lambda place: place[::-1]), "in the plan's order"
    first, more = ({at(look.window) for look in part} for part in (found.first, found.more))
    assert (len(first), len(more)) == (12, 8)
    # The four that show the place are the best, and one of them is the first of those that are apart.
    assert set(by_worth[:4]) == {(4, 3), (5, 3), (4, 4), (5, 4)} <= first
    apart = [place for place in by_worth if place in first - set(by_worth[1:4])]
    assert all(max(abs(a - c), abs(b - d)) >= 2 for i, (a, b) in enumerate(apart) for c, d in apart[:i])
    assert list(more) != []
    assert [place for place in by_worth if place not in first][:8] == [place for place in by_worth if place in more]
    # Who asks for places gets each once.
    assert [at(window) for window in found.best][: len(apart)] == apart


def test_a_window_is_shown_the_crops_that_suit_it() -> None:
    reference = Squares()
    queries = queries_for(reference, (3, 3), (9, 6), crops=4)
    first, second = shortlist(cast(Any, reference), queries, first=1, most=1).first
    assert len(first.crops) == len(second.crops) == 2
    # The crop that shows it is the last of its target's four.
    assert 3 in first.crops
    assert set(first.crops) <= {0, 1, 2, 3}
    assert 7 in second.crops
    assert set(second.crops) <= {4, 5, 6, 7}


def test_every_row_is_read_once_and_rows_may_be_missing() -> None:
    missing = frozenset(range(3 * COLUMNS, 5 * COLUMNS)) | {0, 1, COLUMNS}
    reference = Squares(missing=missing)
    done: list[int] = []
    chosen = shortlist(cast(Any, reference), queries_for(reference, (6, 8)), first=1000, progress=done.append).first
    assert reference.rows_read == sorted(set(reference.rows_read))
    assert done[-1] == len(reference.plan.windows)
    # None of those left out is ever taken, and no window that overlaps none is lost.
    places = {at(look.window) for look in chosen}
    assert places <= {at(window) for window in reference.plan.windows}
    for window in reference.plan.windows:
        x, y = at(window)
        assert any((x + i, y + j) in places for i in (-1, 0, 1) for j in (-1, 0, 1))


def test_no_target_is_looked_for_twice_in_a_window_and_all_windows_are_enough() -> None:
    reference = Squares()
    queries = queries_for(reference, (3, 3), (9, 6))
    everything = shortlist(cast(Any, reference), queries, first=4, most=1000)
    asked = [(look.window, crop) for look in (*everything.first, *everything.more) for crop in look.crops]
    assert len(asked) == len(set(asked)) == 2 * len(reference.plan.windows)
    assert len(everything.best) == len(reference.plan.windows)
    assert everything.first == shortlist(cast(Any, reference), queries, first=4, most=4).first


def test_parts_count_by_their_weight() -> None:
    reference = Squares()
    queries = queries_for(reference, (2, 2), (11, 7))
    both = np.concatenate([queries.parts[0], queries.parts[1]])[None]

    def best(weight: list[float]) -> tuple[int, int]:
        weights = np.repeat(np.array(weight, np.float32), 4)[None] / 4
        described = DescribedQueries(both, weights, np.array([0]))
        (look,) = shortlist(cast(Any, reference), described, first=1).first
        return at(look.window)

    assert best([0.9, 0.1])[0] in {1, 2}
    assert best([0.1, 0.9])[0] in {10, 11}


@pytest.mark.parametrize("across", [2, 5])
def test_it_does_not_matter_how_many_quarters_are_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, across: int
) -> None:
    reference = Squares()
    queries = queries_for(reference, (7, 2), crops=3)
    whole = shortlist(cast(Any, reference), queries, first=4, most=12)
    monkeypatch.setattr("geoloc.search.shortlist._QUARTERS", across)
    assert shortlist(cast(Any, reference), queries, first=4, most=12) == whole


def test_windows_that_something_else_speaks_for_come_first_and_are_shown_all_crops() -> None:
    reference = Squares()
    queries = queries_for(reference, (3, 2), crops=4)
    told = len(reference.plan.windows) - 1
    for likely in ([], [told]):
        chosen = shortlist(cast(Any, reference), queries, likely=[likely])
        found = [look for look in chosen.first if look.window == reference.plan.windows[told]]
        assert [look.crops for look in found] == [(0, 1, 2, 3)] * len(likely)
