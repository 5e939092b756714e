"""The presets as networks: their size, what depends on what, and that everything learns."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.baselines.network import BaselineNet
from geoloc.model.network.cross_view import CrossViewNet, MatchedCells, Output
from geoloc.model.network.features import Features
from geoloc.model.network.head import Candidates
from geoloc.model.presets import PRESETS, new_network
from tests.helpers.networks import answer, views

MILLIONS = {
    "base": 3.37,
    "attengeo": 6.44,
    "summation+cvcam": 3.86,
    "summation+mhsam": 4.66,
    "summation": 2.08,
    "detgeo": 2.04,
}


@pytest.fixture(scope="module", params=PRESETS)
def net(request: pytest.FixtureRequest) -> CrossViewNet:
    torch.manual_seed(0)
    return new_network(PRESETS[request.param]).eval()


def test_matched_cells_tell_where_the_tokens_are_most_alike() -> None:
    """On a reference of 3 rows and 5 columns, of 15 tokens that are nothing alike."""
    tokens = torch.eye(15)[None]
    # Two cells of a corner and a border, and one between two neighbours.
    query = torch.stack([tokens[0, 0], tokens[0, 9], tokens[0, 6] + tokens[0, 7]])[None]
    nothing = Candidates(torch.zeros(1), torch.zeros(1), torch.zeros(1), (3, 5))
    places, sure = Output(nothing, ((tokens, query), (query, tokens))).matched_cells(5)
    assert places.shape == (1, 3, 2)
    assert places[0].tolist() == pytest.approx([pytest.approx(p, abs=0.1) for p in ([8, 8], [72, 24], [32, 24])])
    assert (sure > 0.99).all()
    # Where everything is alike a cell says as much.
    _, unsure = Output(nothing, ((torch.ones(1, 1, 15), torch.ones(1, 15, 15)),)).matched_cells(5)
    assert unsure.max() < 9 / 15 + 1e-3


def test_cells_are_counted_row_by_row() -> None:
    matched = MatchedCells.of(torch.zeros(2, 6, 2), torch.ones(2, 6), 3)
    assert matched.cells.tolist() == [[8, 8], [24, 8], [40, 8], [8, 24], [24, 24], [40, 24]]
    assert matched.places.shape == (2, 6, 2)


def test_parameters_are_as_many_as_documented(net: CrossViewNet) -> None:
    count = sum(p.numel() for p in net.parameters()) / 1e6
    assert count == pytest.approx(MILLIONS[net.config.name], rel=0.01)


@pytest.mark.parametrize("width", [64, 128])
def test_every_preset_answers_photos_and_panoramas(net: CrossViewNet, width: int) -> None:
    with torch.no_grad():
        output = answer(net, *views(2, width))
    assert net.click_joins_image == isinstance(net, BaselineNet)
    logits, boxes, _, (rows, columns) = output.candidates
    stride, boxes_a_cell = (8, 1) if net.config.name == "base" else (16, 9)
    assert (rows, columns) == (96 // stride, 96 // stride)
    assert logits.shape == (2, rows * columns * boxes_a_cell)
    assert boxes.shape == (*logits.shape, 4)
    assert (boxes[..., 2:] > boxes[..., :2]).all()
    assert torch.isfinite(logits).all()
    for cosines in output.similarities:
        assert cosines.shape == (2, 4 * width // 16, 36)
        assert cosines.abs().max() <= 1 + 1e-5


def test_entries_of_a_batch_do_not_see_each_other(net: CrossViewNet) -> None:
    query, click, reference = views(3)
    with torch.no_grad():
        together = answer(net, query, click, reference).candidates.logits
        alone = answer(net, query[1:2], click[1:2], reference[1:2]).candidates.logits
    assert torch.allclose(together[1:2], alone, atol=1e-4)


def test_the_answer_depends_on_query_and_click(net: CrossViewNet) -> None:
    query, click, reference = views(1)
    with torch.no_grad():
        if isinstance(net, BaselineNet):
            # The fourth channel begins with no weight.
            net.click_fold.weight[:, 3] = 0.5
        logits = answer(net, query, click, reference).candidates.logits
        other_query = answer(net, query.flip(3), click, reference).candidates.logits
        other_click = answer(net, query, 64 - click, reference).candidates.logits
    assert not torch.allclose(logits, other_query)
    assert not torch.allclose(logits, other_click)


def test_every_trained_parameter_learns_and_frozen_ones_do_not(net: CrossViewNet) -> None:
    net.zero_grad()
    output = answer(net, *views(2))
    parts = [output.candidates.logits.logsumexp(1).sum(), output.candidates.boxes.square().mean()]
    torch.stack([*parts, *(cosines.square().sum() for cosines in output.similarities)]).sum().backward()
    still = {name for name, p in net.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())}
    # A bias of keys moves all similarities of a query alike, which the softmax undoes.
    # Descriptors are trained by themselves (`geoloc.train.fit.descriptors`).
    assert not {name for name in still if not name.endswith("key.bias") and not name.startswith("describer.")}
    frozen = {name for name, p in net.named_parameters() if not p.requires_grad}
    assert bool(frozen) == (net.config.frozen_stages > 0)
    assert all(name.startswith("backbone.") for name in frozen)


def test_one_reference_serves_all_queries(net: CrossViewNet) -> None:
    query, click, reference = views(3)
    with torch.no_grad():
        features = net.encode_query(query, click)
        one = net.encode_reference(reference[:1])
        alone = net(features, click, one)
        repeated = net(features, click, Features(*(side.expand(3, -1, -1, -1) for side in one)))
    assert torch.allclose(alone.candidates.logits, repeated.candidates.logits, atol=1e-4)
    assert torch.allclose(alone.candidates.boxes, repeated.candidates.boxes, atol=1e-3)
    for a, b in zip(alone.similarities, repeated.similarities, strict=True):
        assert torch.allclose(a, b, atol=1e-5)
