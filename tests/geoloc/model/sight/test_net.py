"""Both networks tell of each strip by its own views, and the head by what is seen where its cells are, too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COARSE, COLUMNS, CUT, FINE, ROWS, Views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.photo.click_view import SIDE_PX


def noise(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.tensor(rng.normal(size=shape), dtype=torch.float32)


def shown(count: int) -> tuple[Views, Features]:
    rng, cells = np.random.default_rng(0), SIDE_PX // 16
    narrow, wide = (
        Features(noise(rng, count, COARSE, cells, last - first), noise(rng, count, FINE, 2 * cells, 2 * (last - first)))
        for first, last in CUT
    )
    strip = Features(noise(rng, count, COARSE, ROWS // 2, COLUMNS // 2), noise(rng, count, FINE, ROWS, COLUMNS))
    return Views(narrow, wide), strip


@pytest.mark.parametrize("kind", [LikenessNet, SightNet])
def test_each_strip_is_compared_with_its_own_views(kind: type[LikenessNet | SightNet]) -> None:
    torch.manual_seed(0)
    net, (views, strip) = kind().eval(), shown(3)
    height_m, below_deg = torch.tensor([1.5, 1.6, 2.0]), torch.tensor([2.0, 4.0, 6.0])
    with torch.inference_mode():
        together = net(views, strip, height_m, below_deg)
        turned = torch.tensor([2, 0, 1])
        narrow, wide, other = (Features(*(side[turned] for side in part)) for part in (*views, strip))
        again = net(Views(narrow, wide), other, height_m[turned], below_deg[turned])
    assert together.shape[0] == 3
    assert torch.allclose(together[turned], again, atol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_the_head_is_told_what_is_seen_where_cells_are() -> None:
    torch.manual_seed(0)
    net, (views, strip) = SightNet().eval(), shown(1)
    for layer in net.layers:
        # What attention finds in the views.
        torch.nn.init.zeros_(layer.out.weight)
        torch.nn.init.zeros_(layer.out.bias)
    told = strip, torch.tensor([1.6]), torch.tensor([4.0])
    with torch.inference_mode():
        before = net(views, *told)
        views.wide.fine[:] = -views.wide.fine
        after = net(views, *told)
        for weights in (net.to_cells[1].weight, net.unlike[-1].weight):
            weights.zero_()
        blind = net(views, *told)
        views.wide.fine[:] = -views.wide.fine
        again = net(views, *told)
    moved = (before - after).abs()[0]
    # Where something is and whether it is, both.
    assert (moved[:-1] > 1e-4).float().mean() > 0.1
    assert moved[-1] > 1e-4
    assert torch.equal(blind, again)
