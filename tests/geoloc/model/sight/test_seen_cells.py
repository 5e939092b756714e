"""The cells of a strip are looked for where the views show them, and what no view shows tells nothing."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoloc.model.sight.cells import CUT
from geoloc.model.sight.seen_cells import SeenCells, _places
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG, directions


@given(
    below_deg=st.floats(0.5, 15.0),
    lower_m=st.floats(0.5, 4.0),
    view=st.sampled_from(list(zip(VIEWS_DEG, CUT, strict=True))),
    row=st.integers(0, SIDE_PX - 1),
    column=st.integers(0, SIDE_PX - 1),
)
def test_a_place_is_where_a_view_looks_at_it(
    below_deg: float, lower_m: float, view: tuple[float, tuple[int, int]], row: int, column: int
) -> None:
    right, ahead, down = (side[row, column] for side in directions(0.0, math.radians(below_deg), view[0]))
    if down < 0.01:
        return
    along, across = (torch.tensor([side * lower_m / down], dtype=torch.float64) for side in (ahead, right))
    told = torch.tensor([lower_m], dtype=torch.float64), torch.tensor([below_deg], dtype=torch.float64)
    place, inside = _places(along, across, *told, view)
    first, last = (cell * SIDE_PX / 16 for cell in view[1])
    x, y = (column + 0.5 - first) / (last - first) * 2 - 1, (row + 0.5) / SIDE_PX * 2 - 1
    assert bool(inside[0, 0]) == (abs(x) < 1)
    if abs(x) < 1:
        assert place[0, 0].tolist() == pytest.approx([x, y], abs=1e-6)


def test_what_is_behind_a_view_is_not_in_it() -> None:
    along, across = torch.tensor([-10.0, 10.0]), torch.zeros(2)
    _, inside = _places(along, across, torch.tensor([1.6]), torch.tensor([5.0]), (VIEWS_DEG[1], CUT[1]))
    assert inside.tolist() == [[0.0, 1.0]]


def test_what_neither_view_shows_tells_nothing() -> None:
    told = torch.tensor([[[[1.0, 5.0], [1.0, 9.0]]]])
    cells = SeenCells(told, torch.tensor([[False, True, False, True]]))
    assert cells.weights(cast(Any, lambda logarithms: logarithms)).tolist() == [[[0.5, 0.0, 0.5, 0.0]]]
