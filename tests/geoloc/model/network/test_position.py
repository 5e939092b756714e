"""Positions, and cells about a click."""

from __future__ import annotations

import math

import pytest
import torch

from geoloc.model.network.position import click_offsets, gaussian_cells, sine_positions


def test_every_place_has_a_code_of_its_own() -> None:
    codes = sine_positions(24, 32, 192, torch.device("cpu"))
    assert codes.shape == (24 * 32, 192)
    distance = torch.cdist(codes, codes) + 1e3 * torch.eye(len(codes))
    assert distance.min() > 0.1
    near, far = (codes[0] - codes[1]).norm(), (codes[0] - codes[20]).norm()
    assert near < far


def test_odd_sizes_are_padded() -> None:
    assert sine_positions(3, 4, 18, torch.device("cpu")).shape == (12, 18)


def test_offsets_are_of_the_centres_of_pixels() -> None:
    dx, dy = click_offsets(torch.tensor([[10.5, 20.5], [0.0, 0.0]]), 64, 128)
    assert dx.shape == dy.shape == (2, 64, 128)
    assert (dx[0, 20, 10], dy[0, 20, 10]) == (0, 0)
    assert (dx[0, 50, 12], dy[0, 50, 12]) == (2, 30)
    assert (dx[1, 0, 0], dy[1, 0, 0]) == (0.5, 0.5)


def test_the_gaussian_is_round_the_click_in_pixels() -> None:
    weight, offset = gaussian_cells(torch.tensor([[40.0, 24.0]]), 64, 128, 8.0, 16)
    assert weight.shape == (1, 4 * 8)
    assert offset.shape == (1, 4 * 8, 2)
    best = int(weight.argmax())
    assert divmod(best, 8) == (1, 2), "the cell whose centre is (40, 24)"
    assert weight[0, best] == pytest.approx(1)
    assert weight[0, best + 1] == pytest.approx(math.exp(-(16**2) / (2 * 8**2)))
    assert offset[0, best + 1].tolist() == pytest.approx([16 / 64, 0])
    assert offset[0, best + 8].tolist() == pytest.approx([0, 16 / 64])
