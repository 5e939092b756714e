"""Descriptors: unit vectors of parts, each of its own cells, weighed by the click."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.network.descriptor import PARTS, SQUARES, Describer, part_weights
from geoloc.model.presets import BASE, new_network


def test_each_part_is_described_by_its_own_cells() -> None:
    torch.manual_seed(0)
    describer = Describer(5, 4)
    features = torch.randn(2, 5, 12, 24)
    changed = features.clone()
    changed[0, :, 4, 9] += 1
    with torch.no_grad():
        before, after = describer(features, 3, 6), describer(changed, 3, 6)
    assert before.shape == (2, 4, 3, 6)
    assert torch.allclose(before.norm(dim=1), torch.ones(1), atol=1e-5)
    assert (before - after).abs().sum(1).nonzero().tolist() == [[0, 1, 2]]


def test_parts_near_the_click_count_most() -> None:
    weight = part_weights(torch.tensor([[2.5, 6.5]]), PARTS, 2 * PARTS)
    assert weight.sum() == pytest.approx(1)
    rows = weight.unflatten(1, (PARTS, 2 * PARTS))[0]
    assert divmod(int(weight.argmax()), 2 * PARTS) == (6, 2)
    assert rows[6, 4] == pytest.approx(rows[4, 2])
    assert rows[6, 2] > rows[6, 3] > rows[6, 4] > rows[6, 15]


def test_queries_and_windows_are_described_in_parts_and_squares() -> None:
    torch.manual_seed(0)
    net = new_network(BASE).eval()
    with torch.no_grad():
        panorama = net.encode_reference(torch.rand(1, 3, 128, 256) * 255)
        parts, weight = net.describe_query(panorama, torch.tensor([[128.0, 64.0]]))
        squares = net.describe_reference(net.encode_reference(torch.rand(3, 3, 192, 192) * 255))
    assert parts.shape == (1, BASE.descriptor, PARTS * 2 * PARTS)
    assert weight.shape == (1, PARTS * 2 * PARTS)
    assert squares.shape == (3, BASE.descriptor, SQUARES, SQUARES)
