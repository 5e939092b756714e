"""Features are cut and joined without loss."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoloc.model.network.features import Features


def noise(rows: int, columns: int) -> Features:
    generator = torch.Generator().manual_seed(3)
    coarse = torch.randn(1, 2, rows, columns, generator=generator)
    return Features(coarse, torch.randn(1, 3, 2 * rows, 2 * columns, generator=generator))


@given(st.integers(1, 5), st.integers(1, 6), st.data())
def test_parts_put_together_are_the_whole(rows: int, columns: int, data: st.DataObject) -> None:
    whole = noise(rows, columns)
    y, x = data.draw(st.integers(0, rows)), data.draw(st.integers(0, columns))
    bounds_y, bounds_x = sorted({0, y, rows}), sorted({0, x, columns})
    parts = [
        [whole.cells(left, top, right, bottom) for left, right in pairwise(bounds_x)]
        for top, bottom in pairwise(bounds_y)
    ]
    for one, other in zip(Features.joined(parts), whole, strict=True):
        assert torch.equal(one, other)


def test_a_cell_of_coarse_features_is_four_fine_ones() -> None:
    part = noise(4, 5).cells(1, 2, 3, 4)
    assert part.coarse.shape == (1, 2, 2, 2)
    assert torch.equal(part.fine, noise(4, 5).fine[..., 4:8, 2:6])


def test_one_cell_repeats() -> None:
    cell = noise(3, 3).cells(1, 1, 2, 2)
    many = cell.repeated(2, 3)
    assert many.coarse.shape == (1, 2, 2, 3)
    assert many.fine.shape == (1, 3, 4, 6)
    assert (many.coarse == cell.coarse).all()
    assert (many.fine == cell.fine[..., :1, :1]).all()


def test_arrays_are_wrapped_not_copied() -> None:
    coarse, fine = np.zeros((2, 3, 4), np.int8), np.zeros((3, 6, 8), np.int8)
    features = Features.from_arrays(coarse, fine)
    coarse[1, 2, 3] = 5
    assert features.coarse.shape == (1, 2, 3, 4)
    assert features.coarse[0, 1, 2, 3] == 5
    assert features.float().coarse.dtype == features.float().fine.dtype == torch.float32
