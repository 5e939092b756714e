"""The presets as networks: their size, what depends on what, and that everything learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from geoloc.errors import WeightsError
from geoloc.model.network.cross_view import CrossViewNet, Output
from geoloc.model.network.features import Features
from geoloc.model.network.head import presence
from geoloc.model.presets import PRESETS, new_network, preset

MILLIONS = {
    "base": 3.37,
    "attengeo": 6.44,
    "summation+cvcam": 3.86,
    "summation+mhsam": 4.66,
    "summation": 2.08,
    "detgeo": 2.04,
}


def views(batch: int, width: int = 64, side: int = 96) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    query = torch.randint(0, 255, (batch, 3, 64, width), generator=generator).float()
    click = torch.rand(batch, 2, generator=generator) * torch.tensor([width, 64.0])
    return query, click, torch.randint(0, 255, (batch, 3, side, side), generator=generator).float()


def answer(net: CrossViewNet, query: Tensor, click: Tensor, reference: Tensor) -> Output:
    return net(net.encode_query(query, click), click, net.encode_reference(reference))


@pytest.fixture(scope="module", params=PRESETS)
def net(request: pytest.FixtureRequest) -> CrossViewNet:
    torch.manual_seed(0)
    return new_network(preset(request.param)).eval()


def test_parameters_are_as_many_as_documented(net: CrossViewNet) -> None:
    count = sum(p.numel() for p in net.parameters()) / 1e6
    assert count == pytest.approx(MILLIONS[net.config.name], rel=0.01)


@pytest.mark.parametrize("width", [64, 128])
def test_every_preset_answers_photos_and_panoramas(net: CrossViewNet, width: int) -> None:
    with torch.no_grad():
        output = answer(net, *views(2, width))
    logits, boxes, _, (rows, columns) = output.candidates
    stride = 8 if net.config.head == "cell" else 16
    assert (rows, columns) == (96 // stride, 96 // stride)
    assert logits.shape == (2, rows * columns * (1 if net.config.head == "cell" else 9))
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
        if net.config.click_map == "distance":
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


def test_matching_starts_as_feature_similarity() -> None:
    torch.manual_seed(0)
    # In training the projections standardise by the batch.
    net = new_network(replace(preset("base"), local_mixing=False)).train()
    net.backbone.load_imagenet()
    scene = torch.nn.functional.interpolate(torch.rand(1, 3, 48, 48) * 255, size=384, mode="bicubic").clamp(0, 255)
    # The query is a part of the reference, 64 px from its corner: cell (i, j) there is cell (i + 4, j + 4) here.
    query, click = scene[..., 64:320, 64:320], torch.tensor([[128.0, 128.0]])
    with torch.no_grad():
        cosines = answer(net, query, click, scene).similarities[-1][0]
    best = cosines.argmax(1).unflatten(0, (16, 16))
    place = torch.arange(16)
    off = (best // 24 - place[:, None] - 4).abs() + (best % 24 - place - 4).abs()
    # At the edges of the query the backbone sees padding. By chance one cell in 576 would be right.
    assert (off[4:12, 4:12] == 0).float().mean() > 0.5


def test_presence_is_the_share_of_all_candidates_against_the_null_class() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0], [-50.0, -50.0, -50.0]])
    assert presence(logits).tolist() == pytest.approx([0.75, 0.0], abs=1e-6)


def test_unknown_presets_name_the_known_ones() -> None:
    with pytest.raises(WeightsError, match=r"known are base, attengeo, summation\+cvcam"):
        preset("bas")
