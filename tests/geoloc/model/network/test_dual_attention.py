"""Our network begins to learn from feature similarity."""

from __future__ import annotations

from dataclasses import replace

import torch

from geoloc.model.presets import BASE, new_network
from tests.helpers.networks import answer


def test_matching_starts_as_feature_similarity() -> None:
    torch.manual_seed(0)
    # In training the projections standardise by the batch.
    net = new_network(replace(BASE, local_mixing=False)).train()
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
