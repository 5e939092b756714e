"""Which windows are chosen, on a lattice whose validity is drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, box

from tiling.blocks import Lattice, choose_windows
from tiling.grid import HALF_WORLD, Grid

CELLS = 16
LATTICE = Lattice(100.0, 32)


class Drawn:
    """Stands for a mosaic: valid cells of 100 m / 16, the first quarter at column and row 0."""

    def __init__(self, valid: NDArray[np.bool_], known: bool = True) -> None:
        """known: whether it says without a look where nothing is."""
        self.valid, self.known, self.looks = valid, known, 0

    def may_hold(self, grid: Grid) -> bool:
        cell = LATTICE.side / CELLS
        size = round(grid.affine.a / cell)
        column, row = round((grid.affine.c + HALF_WORLD) / cell), round((HALF_WORLD - grid.affine.f) / cell)
        rows, columns = ((start, start + count * size) for start, count in ((row, grid.height), (column, grid.width)))
        part = self.valid[max(0, rows[0]) : max(0, rows[1]), max(0, columns[0]) : max(0, columns[1])]
        return not self.known or bool(part.any())

    def read_valid(self, grid: Grid, detail: int) -> NDArray[np.bool_]:
        assert detail == LATTICE.px // CELLS
        self.looks += 1
        cell = LATTICE.side / CELLS
        column, row = round((grid.affine.c + HALF_WORLD) / cell), round((HALF_WORLD - grid.affine.f) / cell)
        # Cells beyond the drawing are empty.
        large = np.pad(self.valid, 200)
        return large[row + 200 : row + 200 + grid.height, column + 200 : column + 200 + grid.width]


def chosen(valid: NDArray[np.bool_], min_valid: float) -> dict[tuple[int, int], float]:
    rows, columns = (size // CELLS for size in valid.shape)
    region = MultiPolygon([box(*LATTICE.bounds(0, 0, columns, rows))])
    return choose_windows(Drawn(valid), LATTICE, region, region, min_valid)  # type: ignore[arg-type]


def test_quarters_and_bounds_agree() -> None:
    xmin, ymin, xmax, ymax = LATTICE.bounds(3, 5, 7, 6)
    assert (xmax - xmin, ymax - ymin) == (400, 100)
    assert LATTICE.quarters(xmin + 1, ymin + 1, xmax - 1, ymax - 1) == (3, 5, 7, 6)


def test_all_windows_of_a_full_square_but_those_that_only_overhang() -> None:
    full = np.ones((4 * CELLS, 4 * CELLS), bool)
    assert set(chosen(full, 0.0)) == {(c, r) for c in range(-1, 4) for r in range(-1, 4)}
    # The corner windows have a quarter, those along the edges a half.
    assert set(chosen(full, 0.6)) == {(c, r) for c in range(3) for r in range(3)}
    assert chosen(full, 0.6)[1, 1] == 1.0


@pytest.mark.parametrize("corner", [(0, 0), (639, 1199), (511, 512), (300, 1000)])
def test_where_a_large_mosaic_says_that_nothing_is_nobody_looks(corner: tuple[int, int]) -> None:
    valid = np.zeros((40 * CELLS, 75 * CELLS), bool)
    valid[corner] = True
    region = MultiPolygon([box(*LATTICE.bounds(0, 0, 75, 40))])
    drawn = [Drawn(valid, known) for known in (True, False)]
    windows, wanted = (choose_windows(one, LATTICE, region, region, 0.25) for one in drawn)  # type: ignore[arg-type]
    assert windows == wanted != {}
    assert drawn[0].looks < drawn[1].looks / 2


def test_a_lone_cell_gets_one_window() -> None:
    valid = np.zeros((4 * CELLS, 4 * CELLS), bool)
    valid[20, 21] = True
    windows = chosen(valid, 0.25)
    assert len(windows) == 1
    ((column, row),) = windows
    assert column in (0, 1)
    assert row in (0, 1)
    assert windows[column, row] == 1 / (4 * CELLS * CELLS)


def test_a_strip_over_a_seam_keeps_the_windows_in_which_it_is_whole() -> None:
    valid = np.zeros((4 * CELLS, 6 * CELLS), bool)
    valid[2 * CELLS - 2 : 2 * CELLS + 2] = True
    # The row of windows whose middle the strip follows, each of which may hold an object that no other holds.
    assert {row for _, row in chosen(valid, 0.9)} == {1}
    assert {column for column, _ in chosen(valid, 0.9)} >= set(range(5))


@settings(max_examples=100)
@given(
    st.lists(st.tuples(*[st.integers(0, 63)] * 2, *[st.integers(1, 40)] * 2), min_size=1, max_size=4),
    st.floats(0, 1),
    st.tuples(*[st.floats(0, 1)] * 4),
)
def test_nothing_is_missed_and_nothing_cut(
    patches: list[tuple[int, int, int, int]], min_valid: float, place: tuple[float, float, float, float]
) -> None:
    valid = np.zeros((64, 64), bool)
    for x, y, width, height in patches:
        valid[y : y + height, x : x + width] = True
    windows = chosen(valid, min_valid)
    shown = np.zeros((64 + 4 * CELLS,) * 2, bool)
    for (column, row), share in windows.items():
        assert 0 < share <= 1
        y, x = (row + 2) * CELLS, (column + 2) * CELLS
        shown[y : y + 2 * CELLS, x : x + 2 * CELLS] = True
    assert shown[2 * CELLS : -2 * CELLS, 2 * CELLS : -2 * CELLS][valid].all()
    # An object inside the first patch, up to half a window.
    x, y, width, height = patches[0]
    w, h = min(width, 64 - x, CELLS), min(height, 64 - y, CELLS)
    w, h = max(1, round(place[0] * w)), max(1, round(place[1] * h))
    x, y = x + int(place[2] * (min(width, 64 - x) - w)), y + int(place[3] * (min(height, 64 - y) - h))
    assert any(
        c * CELLS <= x and x + w <= (c + 2) * CELLS and r * CELLS <= y and y + h <= (r + 2) * CELLS for c, r in windows
    )
