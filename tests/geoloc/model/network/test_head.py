"""The head of cells: decoding to boxes, and losses that are least where the answer is right."""

from __future__ import annotations

import math

import pytest
import torch

from geoloc.model.network.head import CellHead, Part, Truth, null_cross_entropy, presence

BOX = torch.tensor([[33.0, 50.0, 61.0, 66.0]])
"""Centre (47, 58): in the cell (5, 7) of stride 8, 3 px right of its centre and 2 px above."""


def truth(*, present: bool = True, sized: bool = True) -> Truth:
    return Truth(BOX, torch.tensor([present]), torch.tensor([sized]))


def cell_raw() -> torch.Tensor:
    """What a cell head must say for `BOX`: 12 x 12 cells, the right one best."""
    raw = torch.zeros(1, 5, 12, 12)
    raw[:, 0] = -20
    raw[0, 0, 7, 5] = 20
    y, x = torch.meshgrid(torch.arange(12) + 0.5, torch.arange(12) + 0.5, indexing="ij")
    raw[0, 1], raw[0, 2] = 47 / 8 - x, 58 / 8 - y
    raw[0, 3], raw[0, 4] = math.log(28 / CellHead.typical_px), math.log(16 / CellHead.typical_px)
    return raw


def test_a_cell_says_its_box_from_its_own_centre() -> None:
    head = CellHead(8, 4)
    found = head.decode(cell_raw())
    best = int(found.logits.argmax())
    assert divmod(best, 12) == (7, 5)
    assert torch.allclose(found.boxes[0], BOX.expand(144, -1), atol=1e-4), "all cells point to the same box here"


def test_the_loss_of_a_cell_head_is_least_at_the_truth() -> None:
    head = CellHead(8, 4)
    right = head.loss(head.decode(cell_raw()), truth())
    assert right["centre"] < 1e-6
    assert right["size"] < 1e-6
    for channel, name in ((1, "centre"), (2, "centre"), (3, "size"), (4, "size")):
        raw = cell_raw()
        raw[:, channel] += 0.3
        assert head.loss(head.decode(raw), truth())[name] > 0.05
    away = cell_raw()
    away[0, 0, 7, 5], away[0, 0, 2, 2] = -20, 20
    assert head.loss(head.decode(away), truth())["score"] > right["score"] + 5


def test_an_absent_object_teaches_the_score_only() -> None:
    head = CellHead(8, 4)
    raw = cell_raw().requires_grad_()
    parts = head.loss(head.decode(raw), truth(present=False))
    assert parts["centre"] == parts["size"] == 0
    parts["score"].backward()
    assert raw.grad is not None
    assert raw.grad[0, 0, 7, 5] > 0.9, "what was sure is pushed down"
    assert head.loss(head.decode(cell_raw()), truth(sized=False))["size"] == 0


def test_the_null_class_takes_what_no_candidate_has() -> None:
    logits = torch.full((1, 10), -30.0)
    one = torch.zeros(1, 10)
    one[0, 3] = 1
    assert null_cross_entropy(logits, one, torch.tensor([False])) == pytest.approx(0, abs=1e-6)
    assert null_cross_entropy(logits, one, torch.tensor([True])) == pytest.approx(30, abs=1e-3)


def test_presence_is_the_share_of_all_candidates_against_the_null_class() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [-50.0, -50.0, -50.0]])
    assert presence(logits).tolist() == pytest.approx([0.75, 0.0], abs=1e-6)


@pytest.mark.parametrize(
    "part", [Part(3, 4, 6, 9), Part(0, 0, 1, 1), Part(0, 2, 10, 3), Part(9, 6, 10, 8), Part(0, 0, 10, 8)]
)
def test_a_part_is_what_all_of_it_says_there(part: Part) -> None:
    torch.manual_seed(0)
    head = CellHead(8, 4).eval()
    torch.nn.init.normal_(head.out.weight)
    fused, fine, prior = torch.randn(2, 8, 8, 10), torch.randn(1, 4, 16, 20), torch.randn(2, 1, 8, 10)
    with torch.no_grad():
        whole, some = head(fused, fine, prior), head(fused, fine, prior, part)
    rows, columns = slice(2 * part.top, 2 * part.bottom), slice(2 * part.left, 2 * part.right)
    logits = whole.logits.unflatten(1, (16, 20))[:, rows, columns].flatten(1)
    boxes = whole.boxes.unflatten(1, (16, 20))[:, rows, columns].flatten(1, 2)
    assert torch.allclose(some.logits, logits, atol=1e-5)
    assert torch.allclose(some.boxes, boxes, atol=1e-3)
