"""The published networks: how the click joins the image, and how query and reference are fused."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geoloc.model.baselines.network import BaselineNet, distance_map
from geoloc.model.network.head import Candidates, Head, Truth
from geoloc.model.presets import PRESETS, new_network
from tests.helpers.networks import views


class Shown(nn.Module):
    """A backbone that keeps the images that it is given."""

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        self.rgb = rgb
        return rgb, rgb


class Fused(Head):
    """Keeps the map that it is given."""

    def forward(self, fused: Tensor, fine: Tensor, prior: Tensor | None) -> Candidates:
        assert prior is None
        self.fused = fused
        return Candidates(fused, fused, fused, (0, 0))

    def loss(self, candidates: Candidates, truth: Truth) -> dict[str, Tensor]:
        raise NotImplementedError


def network(name: str) -> BaselineNet:
    torch.manual_seed(0)
    net = new_network(PRESETS[name]).eval()
    assert isinstance(net, BaselineNet)
    return net


def fused(net: BaselineNet, query: Tensor, click: Tensor, reference: Tensor) -> Tensor:
    net.head, net.mhsam = head, _ = Fused(), nn.Identity()
    net(net.encode_query(query, click), click, net.encode_reference(reference))
    return head.fused


def test_the_distance_map_is_detgeos() -> None:
    shown = distance_map(torch.tensor([[10.5, 20.5]]), 64, 128)[0, 0]
    assert shown[20, 10] == pytest.approx(1)
    assert shown[20, 40] == pytest.approx((1 - 30 / math.hypot(64, 128)) ** 2, abs=1e-6)
    assert shown[50, 10] == pytest.approx((1 - 30 / math.hypot(64, 128)) ** 2, abs=1e-6)


@torch.no_grad()
def test_the_click_joins_the_image_as_a_channel_that_begins_without_weight() -> None:
    net = network("detgeo")
    net.backbone = backbone = Shown()
    query, click, _ = views(2)
    net.encode_query(query, click)
    assert torch.equal(backbone.rgb, query)
    net.click_fold.weight[0, 3] = 0.5
    net.encode_query(query, click)
    # The fourth channel is in [0, 255], as the others.
    assert torch.allclose(backbone.rgb[:, :1], query[:, :1] + 127.5 * distance_map(click, 64, 64), atol=1e-3)
    assert torch.equal(backbone.rgb[:, 1:], query[:, 1:])


@torch.no_grad()
def test_pooled_fusion_weighs_the_reference_by_its_likeness_to_the_mean_of_the_query() -> None:
    net = network("detgeo")
    query, click, reference = views(2)
    found = fused(net, query, click, reference)
    mean = net.project_query(net.encode_query(query, click)).mean((2, 3))
    cells = net.project_reference(net.encode_reference(reference))
    for i in range(2):
        cosine = F.cosine_similarity(mean[i][:, None, None].expand_as(cells[i]), cells[i], dim=0)
        share = (cosine - cosine.min()) / (cosine.max() - cosine.min())
        assert torch.allclose(found[i], cells[i] * share, atol=1e-4)


@torch.no_grad()
def test_summation_adds_the_clicked_token_to_all_of_the_reference() -> None:
    net = network("summation")
    query, _, reference = views(2)
    # In the middle of the cell in row 1 and column 2, so far from the edges that all of the weight is inside.
    click = torch.tensor([[40.0, 24.0], [40.0, 24.0]])
    found = fused(net, query, click, reference)
    cells = net.project_reference(net.encode_reference(reference))
    added = found - cells
    one = added[:, :, 0, 0]
    assert torch.allclose(added, one[:, :, None, None].expand_as(added), atol=1e-4 * float(one.abs().max()))
    tokens = net.project_query(net.encode_query(query, click))
    # Cells beside the clicked one count by the Gaussian of 0.06 of 64 px, hardly at all.
    near, far = (net.pooled(tokens[:, :, row, column]) for row, column in ((1, 2), (3, 0)))
    assert (one - near).norm() < 0.05 * (one - far).norm()
