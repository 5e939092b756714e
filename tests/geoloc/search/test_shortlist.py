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
from geoloc.search.shortlist import shortlist
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
@settings(max_examples=40, deadline=None)
def test_windows_that_show_the_place_come_first(x: int, y: int, looks: int) -> None:
    reference = Squares()
    (chosen,) = shortlist(cast(Any, reference), queries_for(reference, (x, y)), looks=[looks])
    assert len(chosen) == looks
    assert any(x - 1 <= column <= x and y - 1 <= row <= y for column, row in (at(look.window) for look in chosen))


def test_windows_that_overlap_a_better_one_are_left_out_and_the_plans_order_is_kept() -> None:
    reference = Squares()
    (looks,) = shortlist(cast(Any, reference), queries_for(reference, (5, 4)), looks=[20])
    chosen = [at(look.window) for look in looks]
    apart = [max(abs(a - c), abs(b - d)) for i, (a, b) in enumerate(chosen) for c, d in chosen[:i]]
    assert min(apart) == 2
    assert chosen == sorted(chosen, key=lambda place: place[::-1])


def test_a_window_is_shown_the_crops_that_suit_it() -> None:
    reference = Squares()
    queries = queries_for(reference, (3, 3), (9, 6), crops=4)
    ((first, second),) = shortlist(cast(Any, reference), queries, looks=[1], crops=2)
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
    (chosen,) = shortlist(cast(Any, reference), queries_for(reference, (6, 8)), looks=[1000], progress=done.append)
    assert reference.rows_read == sorted(set(reference.rows_read))
    assert done[-1] == len(reference.plan.windows)
    # None of those left out is ever taken, and no window that overlaps none is lost.
    places = {at(look.window) for look in chosen}
    assert places <= {at(window) for window in reference.plan.windows}
    for window in reference.plan.windows:
        x, y = at(window)
        assert any((x + i, y + j) in places for i in (-1, 0, 1) for j in (-1, 0, 1))


def test_the_best_come_in_the_first_part_and_all_of_them_once() -> None:
    reference = Squares()
    queries = queries_for(reference, (3, 3), (9, 6))
    (together,) = shortlist(cast(Any, reference), queries, looks=[15])
    first, second = shortlist(cast(Any, reference), queries, looks=[4, 15])
    assert first == shortlist(cast(Any, reference), queries, looks=[4])[0]
    asked = [(look.window, crop) for look in (*first, *second) for crop in look.crops]
    assert sorted(asked, key=str) == sorted(((look.window, crop) for look in together for crop in look.crops), key=str)


def test_parts_count_by_their_weight() -> None:
    reference = Squares()
    queries = queries_for(reference, (2, 2), (11, 7))
    both = np.concatenate([queries.parts[0], queries.parts[1]])[None]

    def best(weight: list[float]) -> tuple[int, int]:
        weights = np.repeat(np.array(weight, np.float32), 4)[None] / 4
        described = DescribedQueries(both, weights, np.array([0]))
        ((look,),) = shortlist(cast(Any, reference), described, looks=[1])
        return at(look.window)

    assert best([0.9, 0.1])[0] in {1, 2}
    assert best([0.1, 0.9])[0] in {10, 11}


@pytest.mark.parametrize("across", [2, 5])
def test_it_does_not_matter_how_many_quarters_are_compared_at_once(
    monkeypatch: pytest.MonkeyPatch, across: int
) -> None:
    reference = Squares()
    queries = queries_for(reference, (7, 2), crops=3)
    whole = shortlist(cast(Any, reference), queries, looks=[4, 12])
    monkeypatch.setattr("geoloc.search.shortlist._QUARTERS", across)
    assert shortlist(cast(Any, reference), queries, looks=[4, 12]) == whole
