"""Pictures for networks of any preset, and what a network answers to them."""

from __future__ import annotations

import torch
from torch import Tensor

from geoloc.model.network.cross_view import CrossViewNet, Output


def views(batch: int, width: int = 64, side: int = 96) -> tuple[Tensor, Tensor, Tensor]:
    """Queries of noise 64 px high, clicks in them, and references of noise."""
    generator = torch.Generator().manual_seed(1)
    query = torch.randint(0, 255, (batch, 3, 64, width), generator=generator).float()
    click = torch.rand(batch, 2, generator=generator) * torch.tensor([width, 64.0])
    return query, click, torch.randint(0, 255, (batch, 3, side, side), generator=generator).float()


def answer(net: CrossViewNet, query: Tensor, click: Tensor, reference: Tensor) -> Output:
    view = torch.tensor([[0.5, -0.3, 1.0]]).expand(len(query), -1)
    return net(net.encode_query(query, click), click, net.encode_reference(reference), view)
