"""Weights of places: whose boxes they count for, and how much."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from geoloc.model.place_weights import PlaceWeights, weighted

SIDE, PLACES = 128, 9


def test_weights_of_places_count_by_crop() -> None:
    logits = torch.full((2, PLACES), -50.0)
    logits[0, 3] = 1.0
    logits[1, 7] = 1.0
    boxes = torch.zeros(2, PLACES, 4)
    for row, place in ((0, 3), (1, 7)):
        boxes[row, place] = torch.tensor([10.0, 30.0, 30.0, 50.0])
    by_size = np.ones((2, SIDE // 2, SIDE // 2), np.float32)
    by_size[0, 20, 10] = math.e**2
    out = weighted(logits, boxes, [None, PlaceWeights(by_size, (20.0, 80.0), step=2)])
    assert out[0, 3] == 1.0
    assert out[1, 7] == pytest.approx(3.0)
    # Logits count as far as they are trusted.
    weights = PlaceWeights(by_size, (20.0, 80.0), step=2)
    (whole,), (half,) = (weighted(logits[1:], boxes[1:], [replace(weights, trust=trust)]) for trust in (1.0, 0.5))
    assert torch.allclose(whole - half, logits[1] / 2)


@pytest.mark.parametrize(("side", "weight"), [(10.0, 4.0), (20.0, 4.0), (40.0, 3.0), (80.0, 2.0), (200.0, 2.0)])
def test_weights_of_places_are_those_of_a_boxs_size(side: float, weight: float) -> None:
    by_size = np.stack([np.full((8, 8), 4.0, np.float32), np.full((8, 8), 2.0, np.float32)])
    box = torch.tensor([[30.0, 30.0, 30.0 + side / 2, 30.0 + side * 2]])
    assert PlaceWeights(by_size, (20.0, 80.0), step=8).of(box).tolist() == [pytest.approx(weight)]
