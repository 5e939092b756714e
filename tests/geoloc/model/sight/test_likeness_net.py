"""What compares poses tells of each strip by its own views."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COLUMNS, CUT, ROWS, Views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.photo.click_view import SIDE_PX


def test_each_strip_is_compared_with_its_own_views() -> None:
    torch.manual_seed(0)
    net, rng = LikenessNet().eval(), np.random.default_rng(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.tensor(rng.normal(size=shape), dtype=torch.float32)

    cells = SIDE_PX // 16
    views = Views(
        *(
            Features(noise(3, 112, cells, last - first), noise(3, 40, 2 * cells, 2 * (last - first)))
            for first, last in CUT
        )
    )
    strip = Features(noise(3, 112, ROWS // 2, COLUMNS // 2), noise(3, 40, ROWS, COLUMNS))
    height_m, below_deg = torch.tensor([1.5, 1.6, 2.0]), torch.tensor([2.0, 4.0, 6.0])
    with torch.inference_mode():
        together = net(views, strip, height_m, below_deg)
        turned = torch.tensor([2, 0, 1])
        narrow, wide, other = (Features(*(side[turned] for side in part)) for part in (*views, strip))
        again = net(Views(narrow, wide), other, height_m[turned], below_deg[turned])
    assert together.shape == (3,)
    assert together[turned].tolist() == pytest.approx(again.tolist(), abs=1e-4)
    assert len(set(together.tolist())) == 3
