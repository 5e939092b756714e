"""Blocks lie side by side, windows are put together from them, and those used last are kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoloc.features.blocks import Assembler, Block, BlockIndex, BlockLayout, Cells
from geoloc.model.network.features import STRIDE, Features
from tiling.plan import Window

LAYOUT = BlockLayout(100, 200, 4)


class Fetching:
    """Makes blocks whose every value tells its place, and notes which."""

    def __init__(self) -> None:
        self.fetched: list[BlockIndex] = []

    def __call__(self, index: BlockIndex) -> Block:
        self.fetched.append(index)
        return shown(LAYOUT.cells_of(index))


def shown(cells: Cells) -> Block:
    """Coarse features are column and row of a cell, and every second column of pixels is valid."""
    x, y = torch.meshgrid(torch.arange(cells.left, cells.right), torch.arange(cells.top, cells.bottom), indexing="xy")
    coarse = torch.stack([x, y])[None].float()
    valid = np.zeros([STRIDE * side for side in cells.shape], bool)
    valid[:, ::2] = True
    return Block(cells, Features(coarse, coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)), valid)


boxes = st.builds(
    lambda left, top, width, height: Cells(left, top, left + width, top + height),
    st.integers(80, 120),
    st.integers(180, 220),
    st.integers(1, 13),
    st.integers(1, 13),
)
BYTES = shown(LAYOUT.cells_of((0, 0))).size


@given(boxes)
def test_a_box_is_put_together_in_its_place(cells: Cells) -> None:
    block, expected = Assembler(LAYOUT, Fetching(), 10 * BYTES).box(cells), shown(cells)
    assert block.cells == cells
    assert torch.equal(block.features.coarse, expected.features.coarse)
    assert torch.equal(block.features.fine, expected.features.fine)
    assert (block.valid == expected.valid).all()


@given(boxes, boxes)
def test_boxes_meet_and_are_enclosed(one: Cells, other: Cells) -> None:
    def inside(cells: Cells) -> set[tuple[int, int]]:
        return {(x, y) for x in range(cells.left, cells.right) for y in range(cells.top, cells.bottom)}

    assert inside(one.intersection(other)) == inside(one) & inside(other)
    assert inside(one.hull(other)) >= inside(one) | inside(other)
    rows, columns = one.hull(other).shape
    assert rows == max(one.bottom, other.bottom) - min(one.top, other.top)
    assert columns == max(one.right, other.right) - min(one.left, other.left)


def test_a_window_is_four_quarters() -> None:
    window = Window(20, 100, 200, 2, 8 * STRIDE, 1.0)
    x, y = (at // (4 * STRIDE) for at in window.corner)
    quarters = [Cells.of_quarter(x + i, y + j, 4) for j in (0, 1) for i in (0, 1)]
    whole = Cells.of_window(window)
    assert whole.shape == (8, 8)
    assert quarters[0].hull(quarters[3]) == whole
    assert quarters[1].intersection(quarters[2]).shape == (0, 0)


@given(st.lists(boxes, min_size=1, max_size=12), st.integers(0, 30))
def test_memory_is_bounded_but_for_what_one_box_needs(searched: list[Cells], kept: int) -> None:
    fetch = Fetching()
    assembler = Assembler(LAYOUT, fetch, kept * BYTES)
    for cells in searched:
        needed = sum(map(len, LAYOUT.blocks_of(cells)))
        before = len(fetch.fetched)
        block = assembler.box(cells)
        assert torch.equal(block.features.coarse, shown(cells).features.coarse)
        new = fetch.fetched[before:]
        assert len(set(new)) == len(new) <= needed, "nothing that a box needs goes while it is put together"
        assert len(assembler._blocks) <= max(kept, needed)
        assert assembler._blocks.currsize == len(assembler._blocks) * BYTES
        assembler.box(cells)
        assert len(fetch.fetched) == before + len(new), "what a box needs is kept while it is used"


def test_what_was_used_longest_ago_goes_first() -> None:
    fetch = Fetching()
    assembler = Assembler(LAYOUT, fetch, 3 * BYTES)
    for column in (0, 1, 2, 0, 3):
        assembler.box(LAYOUT.cells_of((column, 0)))
    assert fetch.fetched == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assembler.box(LAYOUT.cells_of((0, 0)))
    assembler.box(LAYOUT.cells_of((2, 0)))
    assert len(fetch.fetched) == 4, "only the second had to go"
    assembler.box(LAYOUT.cells_of((1, 0)))
    assert fetch.fetched[4:] == [(1, 0)]


def test_a_box_that_needs_an_old_and_a_new_block_keeps_the_old() -> None:
    fetch = Fetching()
    assembler = Assembler(LAYOUT, fetch, BYTES)
    old, new = LAYOUT.cells_of((1, 0)), LAYOUT.cells_of((0, 0))
    assembler.box(old)
    assembler.box(new.hull(old))
    assert fetch.fetched == [(1, 0), (0, 0)]


def test_what_cannot_be_fetched_is_tried_again() -> None:
    attempts: list[BlockIndex] = []

    def failing(index: BlockIndex) -> Block:
        attempts.append(index)
        raise ValueError("no block")

    assembler = Assembler(LAYOUT, failing, BYTES)
    for _ in range(2):
        with pytest.raises(ValueError, match="no block"):
            assembler.box(LAYOUT.cells_of((0, 0)))
    assert attempts == [(0, 0), (0, 0)]


def test_windows_show_of_blocks_what_they_touch() -> None:
    windows = [Window(20, x, 200, 2, 8 * STRIDE, 1.0) for x in (100, 101)]
    layout = BlockLayout.over(windows, 8)
    first = Cells.of_window(windows[0])
    assert (layout.left, layout.top) == first[:2]
    # The second lies half a window farther east.
    assert layout.cells_by_block(windows) == {
        (0, 0): first,
        (1, 0): Cells(first.right, first.top, first.right + 4, first.bottom),
    }
