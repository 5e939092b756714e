"""Both networks tell of each strip by its own views, and the head by what is seen where its cells are, too."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COARSE, COLUMNS, CUT, FINE, ROWS, Views, cell_middles
from geoloc.model.sight.likeness_net import NEAREST_ROWS, LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.model.sight.seen_cells import HEIGHTS_M, _places
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG


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


def test_many_strips_are_compared_with_one_look() -> None:
    torch.manual_seed(0)
    net, (views, strip) = LikenessNet().eval(), shown(3)
    one = Views(*(Features(*(side[:1] for side in part)) for part in views))
    many = Views(*(Features(*(side[:1].expand(3, -1, -1, -1) for side in part)) for part in views))
    told = torch.tensor([1.6]), torch.tensor([4.0])
    with torch.inference_mode():
        ground = net.seen.ground(strip)[:, :, -NEAREST_ROWS:].flatten(2).transpose(1, 2)
        compared = net.log_odds(ground, net.seen.looked(one, *told))
        assert torch.allclose(compared, net(many, strip, *(number.expand(3) for number in told)), atol=1e-5)


def test_a_cells_layer_takes_the_ground_then_what_is_seen_there_and_how_alike_it_is() -> None:
    """Weights files hold it as one layer, whose parts are worked out apart."""
    torch.manual_seed(0)
    seen, (views, strip), told = LikenessNet().eval().seen, shown(2), (torch.full((2,), 1.6), torch.full((2,), 4.0))
    layer, whole = seen.cell[0], list[torch.Tensor]()
    assert isinstance(layer, torch.nn.Linear)
    seen.cell[1].register_forward_hook(lambda module, taken, given: whole.append(taken[0]))
    with torch.inference_mode():
        looked = seen.looked(views, *told)
        ground = seen.ground(strip)[:, :, -NEAREST_ROWS:].flatten(2).transpose(1, 2)
        seen.cells(ground, looked)
        along, across = (side[-NEAREST_ROWS * COLUMNS :] for side in cell_middles())
        asked = seen.asked(ground).unflatten(2, looked.found.shape[2:])
        parts, masks = [ground], list[torch.Tensor]()
        for features, view in zip(views, zip(VIEWS_DEG, CUT, strict=True), strict=True):
            for at_m in HEIGHTS_M:
                number = len(masks)
                places, inside = _places(along, across, told[0] - at_m, told[1], view)
                there = torch.nn.functional.grid_sample(seen.view(features), places[:, None], align_corners=False)
                found = seen.shown[number](there[:, :, 0].transpose(1, 2)) * inside[..., None]
                alike = normalize(found, dim=2) * normalize(asked[:, :, number], dim=2) * math.sqrt(found.shape[2])
                parts += [found, alike]
                masks.append(inside)
        known = torch.stack([torch.hypot(along, across).log() / 3 - 1, torch.atan2(across, along)], dim=1)
        known = torch.cat([known, along[:, None] / 50, across[:, None] / 16], dim=1).expand(2, -1, -1)
        expected = layer(torch.cat([*parts, torch.stack(masks, dim=2), known], dim=2))
    assert torch.allclose(whole[0], expected, atol=1e-4)


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
