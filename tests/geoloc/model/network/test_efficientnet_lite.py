"""How far the backbone looks."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.network.efficientnet_lite import REACH_PX, EfficientNetLite0
from geoloc.model.network.features import MARGIN, STRIDE


def test_a_feature_depends_on_its_reach_and_no_further() -> None:
    backbone = EfficientNetLite0().double()
    # Positive weights that keep all values between the bends of ReLU6: every pixel in reach has a share.
    for parameter in backbone.parameters():
        parameter.data.fill_(0.01 if parameter.ndim == 1 else 0.5 / parameter[0].numel())
    at = 12
    for axis, side in ((2, 32), (3, 30)):
        shape = [1, 3, 64, 64]
        shape[axis] = side * STRIDE
        rgb = torch.full(shape, 200.0, dtype=torch.float64, requires_grad=True)
        coarse = backbone(rgb)[1]
        coarse.select(axis, at).sum().backward()
        assert rgb.grad is not None
        seen = (rgb.grad.abs().sum([i for i in range(4) if i != axis]) > 0).nonzero().flatten()
        assert (int(seen[0]), int(seen[-1])) == (at * STRIDE - REACH_PX, at * STRIDE + REACH_PX)
        assert len(seen) == 2 * REACH_PX + 1
    assert REACH_PX == 169
    # The first and the last cell that are kept of a block.
    assert MARGIN * STRIDE >= REACH_PX
    assert (MARGIN + 1) * STRIDE > REACH_PX


@pytest.mark.parametrize("shape", [(2, 3, 256, 256), (1, 3, 544, 784), (1, 3, 32, 528)])
def test_tiles_change_nothing(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    backbone = EfficientNetLite0().eval()
    rgb = torch.randint(0, 255, shape).float()
    with torch.no_grad():
        for one, other in zip(backbone(rgb), backbone.by_tiles(rgb), strict=True):
            assert one.std() > 0
            # Such small sums depend on the order that a library adds in.
            assert (one - other).abs().max() <= 1e-5 * one.std()
