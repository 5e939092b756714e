"""DetGeo's head: boxes from anchors, and a loss that is least where the answer is right."""

from __future__ import annotations

import math

import torch

from geoloc.model.baselines.anchor_head import AnchorHead
from geoloc.model.network.head import Truth

BOX = torch.tensor([[33.0, 50.0, 61.0, 66.0]])
"""Centre (47, 58): in the cell (2, 3) of stride 16."""


def truth(*, present: bool = True) -> Truth:
    return Truth(BOX, torch.tensor([present]), torch.tensor([True]))


def anchor_raw() -> torch.Tensor:
    """What an anchor head must say for `BOX`: stride 16, cell (2, 3), anchor 37 x 41."""
    raw = torch.zeros(1, 9, 5, 6, 6)
    raw[:, :, 4] = -20
    at = torch.tensor([47 / 16 - 2, 58 / 16 - 3])
    raw[0, 0, :2, 3, 2] = torch.logit(at)
    raw[0, 0, 2:4, 3, 2] = torch.tensor([math.log(28 / 37), math.log(16 / 41)])
    raw[0, 0, 4, 3, 2] = 20
    return raw


def test_anchors_are_decoded_as_in_detgeo() -> None:
    head = AnchorHead(8)
    found = head.decode(anchor_raw())
    best = int(found.logits.argmax())
    assert best == 3 * 6 + 2
    assert torch.allclose(found.boxes[0, best], BOX[0], atol=1e-3)
    parts = head.loss(found, truth())
    assert all(value < 1e-4 for value in parts.values())
    assert head.loss(found, truth(present=False))["score"] > 10
