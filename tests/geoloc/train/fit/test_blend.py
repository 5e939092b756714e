"""What an adaptation learnt is kept as far as it helps on held-out ground, and where it does not nothing changes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.presets import new_network
from geoloc.train.fit import blend
from geoloc.train.fit.blend import SHARES, Beginning


def _net(config: Config, seed: int) -> CrossViewNet:
    torch.manual_seed(seed)
    return new_network(config)


def _state(net: CrossViewNet) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


@pytest.mark.parametrize("best", [0.0, 0.25, 0.5, 1.0])
def test_weights_go_back_as_far_as_is_best(tiny: Config, monkeypatch: pytest.MonkeyPatch, best: float) -> None:
    before, after = _net(tiny, 1), _net(tiny, 2)
    start, end = _state(before), _state(after)
    name = "pooled.weight"
    wanted = torch.lerp(start[name], end[name], best)

    def loss(net: CrossViewNet, held_out: object) -> float:
        return float((net.state_dict()[name] - wanted).abs().mean())

    monkeypatch.setattr(blend, "held_out_score", loss)
    lines: list[str] = []
    assert Beginning(before, [], SHARES).keep_what_helps(after, lines.append) == best
    for key, value in after.state_dict().items():
        expected = torch.lerp(start[key], end[key], best) if value.is_floating_point() else start[key]
        torch.testing.assert_close(value, expected)
    assert lines[0].endswith(f"; {best:.0%} is kept" if best else "nothing is kept, and the network stays as it was")
