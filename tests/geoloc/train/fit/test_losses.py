"""Each part of the loss is least for a perfect output, pulls towards it, and stays finite where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from geoloc.model.baselines.anchor_head import AnchorHead
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import Output
from geoloc.model.network.features import STRIDE, Features
from geoloc.model.network.head import CellHead
from geoloc.model.presets import new_network
from geoloc.train.fit.losses import WEIGHTS, correspondence, losses, total
from geoloc.train.samples.batch import Batch

QUERY_CELLS, REFERENCE_PX = 16, 384

COLUMNS = REFERENCE_PX // STRIDE
CELLS = COLUMNS**2
BOX = [101.0, 150.0, 139.0, 178.0]


def batch(*, present: bool, sized: bool = True, known: bool = True) -> Batch:
    generator = torch.Generator().manual_seed(0)
    matches = torch.rand((2, QUERY_CELLS, QUERY_CELLS, 2), generator=generator) * REFERENCE_PX
    return Batch(
        query=torch.randint(0, 256, (2, 3, 256, 256), dtype=torch.uint8, generator=generator),
        click=torch.tensor([[128.0, 128.0], [60.0, 200.0]]),
        reference=torch.randint(0, 256, (2, 3, REFERENCE_PX, REFERENCE_PX), dtype=torch.uint8, generator=generator),
        box=torch.tensor([BOX, BOX]),
        present=torch.tensor([present, present]),
        sized=torch.tensor([sized, sized]),
        gsd_m=torch.tensor([0.2, 0.2]),
        matches=matches if known else torch.full_like(matches, torch.nan),
        view=torch.zeros(2, 3),
    )


def cell_parts(raw: Tensor, labels: Batch) -> dict[str, Tensor]:
    """The parts of the loss for a map that the cell head might have made."""
    head = CellHead(16, 8)
    return losses(SimpleNamespace(head=head), Output(head.decode(raw), ()), labels)  # type: ignore[arg-type]


def perfect() -> Tensor:
    """The true place certain, every cell's offset and size exact. 2 x 5 x 48 x 48."""
    n = REFERENCE_PX // CellHead.stride
    y, x = torch.meshgrid(torch.arange(n) + 0.5, torch.arange(n) + 0.5, indexing="ij")
    cx, cy = (BOX[0] + BOX[2]) / 2 / CellHead.stride, (BOX[1] + BOX[3]) / 2 / CellHead.stride
    dx, dy = cx - x, cy - y
    size = [np.log((BOX[2] - BOX[0]) / CellHead.typical_px), np.log((BOX[3] - BOX[1]) / CellHead.typical_px)]
    score = 20 - (dx**2 + dy**2) / (2 * 0.8**2)
    raw = torch.stack([score, dx, dy, torch.full_like(dx, size[0]), torch.full_like(dx, size[1])])
    return raw.expand(2, -1, -1, -1).clone()


def test_a_perfect_map_has_no_centre_or_size_loss_and_the_least_score_loss() -> None:
    parts = cell_parts(perfect(), batch(present=True))
    assert set(parts) == {"score", "centre", "size"}
    assert float(parts["centre"]) == pytest.approx(0, abs=1e-6)
    assert float(parts["size"]) == pytest.approx(0, abs=1e-6)
    # The place is soft, so what is left is its entropy; a Gaussian of 0.8 cells has ln(2 pi e 0.64).
    assert float(parts["score"]) == pytest.approx(np.log(2 * np.pi * np.e * 0.8**2), abs=0.02)


@pytest.mark.parametrize(("channel", "part"), [(1, "centre"), (2, "centre"), (3, "size"), (4, "size")])
@pytest.mark.parametrize("by", [0.4, -0.4])
def test_what_is_wrong_costs_and_is_pulled_back(channel: int, part: str, by: float) -> None:
    raw = perfect()
    raw[:, channel] += by
    raw.requires_grad_()
    parts = cell_parts(raw, batch(present=True))
    assert float(parts[part].detach()) > 0.1
    (gradient,) = torch.autograd.grad(parts[part], raw)
    assert float(gradient[:, channel].sum()) * by > 0
    others = [c for c in range(5) if c != channel]
    assert gradient[:, others].abs().max() < 1e-6


def test_the_score_is_pulled_up_at_the_object_and_down_elsewhere() -> None:
    raw = torch.zeros(2, 5, 48, 48, requires_grad=True)
    score = cell_parts(raw, batch(present=True))["score"]
    (gradient,) = torch.autograd.grad(score, raw)
    column, row = int((BOX[0] + BOX[2]) / 16), int((BOX[1] + BOX[3]) / 16)
    assert (gradient[:, 0, row, column] < 0).all()
    assert (gradient[:, 0, :5] > 0).all()


def test_without_the_object_all_scores_are_pulled_down_and_boxes_left_alone() -> None:
    raw = perfect().requires_grad_()
    parts = cell_parts(raw, batch(present=False))
    assert float(parts["score"].detach()) > 15
    assert float(parts["centre"].detach()) == float(parts["size"].detach()) == 0
    (gradient,) = torch.autograd.grad(total(parts), raw)
    assert torch.isfinite(gradient).all()
    assert (gradient[:, 0] >= 0).all()
    assert gradient[:, 0].max() > 0
    assert not gradient[:, 1:].any()
    nothing = torch.zeros(2, 5, 48, 48)
    nothing[:, 0] = -20
    assert float(cell_parts(nothing, batch(present=False))["score"]) == pytest.approx(0, abs=1e-4)


def test_a_made_up_size_is_not_learnt() -> None:
    raw = perfect()
    raw[:, 3:] += 1
    assert float(cell_parts(raw, batch(present=True, sized=False))["size"]) == 0
    assert float(cell_parts(raw, batch(present=True, sized=True))["size"]) > 0.5


@pytest.mark.parametrize("present", [True, False])
def test_the_anchor_head_is_finite_and_learns_from_what_is_there(present: bool) -> None:
    head = AnchorHead(16)
    raw = torch.zeros(2, 9, 5, COLUMNS, COLUMNS, requires_grad=True)
    net = SimpleNamespace(head=head)
    parts = losses(net, Output(head.decode(raw), ()), batch(present=present))  # type: ignore[arg-type]
    (gradient,) = torch.autograd.grad(total(parts), raw)
    assert torch.isfinite(gradient).all()
    assert bool(gradient[:, :, :4].any()) == present
    # The best anchor for 38 x 28 px is the first, of 37 x 41; its confidence at the object rises where it is there.
    column, row = int((BOX[0] + BOX[2]) / 32), int((BOX[1] + BOX[3]) / 32)
    assert ((gradient[:, 0, 4, row, column] < 0) == present).all()


def at_cells(rows: list[float], columns: list[float]) -> Tensor:
    """Matches at fractional reference cells (0.5 is the middle of the first), 1 x 1 x N x 2 pixels."""
    return (torch.tensor([columns, rows]).T * STRIDE)[None, None]


def test_a_perfect_similarity_has_no_correspondence_loss() -> None:
    similarity = torch.full((1, 3, CELLS), -1.0)
    for query, (row, column) in enumerate([(0, 0), (5, 7), (23, 23)]):
        similarity[0, query, row * COLUMNS + column] = 1
    matches = at_cells([0.5, 5.5, 23.5], [0.5, 7.5, 23.5])
    assert float(correspondence(similarity, matches, COLUMNS)) == pytest.approx(0, abs=1e-6)
    # Rows and columns are not exchanged.
    assert float(correspondence(similarity, matches.flip(-1), COLUMNS)) > 5


def test_the_last_round_is_dense_and_those_before_are_between() -> None:
    labels = batch(present=True)
    place = (labels.matches.flatten(1, 2) / STRIDE).long()
    cell = place[..., 1] * COLUMNS + place[..., 0]
    # The middles of cells: nothing is shared with neighbours.
    exact = replace(labels, matches=((labels.matches / STRIDE).floor() + 0.5) * STRIDE)
    # One direction for every cell of the reference, and a last one that none of them has a part of.
    places = torch.eye(CELLS, CELLS + 1).expand(2, -1, -1)
    at = torch.nn.functional.one_hot(cell, CELLS + 1).float()
    nowhere = torch.zeros_like(at)
    nowhere[..., -1] = 1
    # Of the rounds, the first knows nothing, the second the opposite of the truth, the last the truth.
    rounds = (nowhere, places), (-at, places), (at, places)
    head = CellHead(16, 8)
    parts = losses(SimpleNamespace(head=head), Output(head.decode(perfect()), rounds), exact)  # type: ignore[arg-type]
    assert float(parts["dense"]) == pytest.approx(0, abs=0.005)
    assert float(parts["between"]) == pytest.approx(np.log(CELLS) + 6, abs=0.01)


def test_a_flat_similarity_costs_the_logarithm_of_the_cells() -> None:
    similarity = torch.zeros(1, 2, CELLS)
    found = correspondence(similarity, at_cells([3.1, 9.9], [2.2, 20.7]), COLUMNS)
    assert float(found) == pytest.approx(np.log(CELLS), abs=1e-4)


def test_the_place_is_shared_among_the_four_nearest_cells() -> None:
    similarity = torch.zeros(1, 1, CELLS, requires_grad=True)
    found = correspondence(similarity, at_cells([5.75], [7.0]), COLUMNS)
    (gradient,) = torch.autograd.grad(found, similarity)
    pulled = {divmod(int(i), COLUMNS): -float(gradient[0, 0, i]) for i in torch.nonzero(gradient[0, 0] < 0)}
    assert set(pulled) == {(5, 6), (5, 7), (6, 6), (6, 7)}
    # A quarter of a cell below the middle of row 5, half-way between columns 6 and 7.
    assert pulled[5, 6] == pytest.approx(pulled[5, 7], rel=1e-4)
    assert pulled[5, 6] / pulled[6, 6] == pytest.approx(3, rel=0.03)
    assert float(gradient.sum()) == pytest.approx(0, abs=1e-5)


def test_matches_near_the_window_edge_stay_in_it() -> None:
    similarity = torch.full((1, 2, CELLS), -1.0)
    similarity[0, 0, 0] = similarity[0, 1, CELLS - 1] = 1
    found = correspondence(similarity, at_cells([0.0, 23.99], [0.0, 23.99]), COLUMNS)
    assert float(found) == pytest.approx(0, abs=1e-6)


def test_cells_without_a_place_do_not_count() -> None:
    similarity = torch.randn(1, 2, CELLS, generator=torch.Generator().manual_seed(0)) / 4
    both = at_cells([5.0, torch.nan], [5.0, torch.nan])
    one = correspondence(similarity[:, :1], both[:, :, :1], COLUMNS)
    assert float(correspondence(similarity, both, COLUMNS)) == pytest.approx(float(one))


def test_no_known_place_at_all_costs_nothing_and_has_a_gradient() -> None:
    similarity = torch.randn(1, 2, CELLS, requires_grad=True)
    found = correspondence(similarity, at_cells([torch.nan] * 2, [torch.nan] * 2), COLUMNS)
    (gradient,) = torch.autograd.grad(found, similarity)
    assert float(found.detach()) == 0
    assert not gradient.any()


@pytest.mark.parametrize(("present", "known"), [(True, True), (False, False)])
def test_all_parts_reach_the_network_and_are_finite(tiny: Config, present: bool, known: bool) -> None:
    torch.manual_seed(0)
    net = new_network(tiny)
    labels = batch(present=present, known=known)
    output = net(
        net.encode_query(labels.query.float(), labels.click),
        labels.click,
        net.encode_reference(labels.reference.float()),
    )
    parts = losses(net, output, labels)
    assert set(parts) == set(WEIGHTS)
    loss = total(parts)
    assert float(loss.detach()) == pytest.approx(
        sum(WEIGHTS[name] * float(v.detach()) for name, v in parts.items()), rel=1e-5
    )
    loss.backward()
    gradients = [p.grad for p in net.parameters() if p.grad is not None]
    assert all(torch.isfinite(g).all() for g in gradients)
    assert any(g.any() for g in gradients)
    assert (float(parts["dense"].detach()) > 0) == known
    assert (float(parts["between"].detach()) > 0) == known


def test_encoded_references_are_as_wide_as_their_images() -> None:
    images = batch(present=True)
    assert images.reference_px == (REFERENCE_PX, REFERENCE_PX)
    rows, columns = 20, 24
    features = Features(torch.zeros(2, 112, rows, columns), torch.zeros(2, 40, 2 * rows, 2 * columns))
    assert replace(images, reference=features).reference_px == (16 * columns, 16 * rows)
