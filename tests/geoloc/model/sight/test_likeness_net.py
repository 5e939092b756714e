"""What compares poses looks for each cell of a strip where the views show it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geoloc.model.network.features import Features
from geoloc.model.sight.cells import COLUMNS, CUT, ROWS, Views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.seen_cells import _places
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG, directions


@given(
    below_deg=st.floats(0.5, 15.0),
    lower_m=st.floats(0.5, 4.0),
    view=st.sampled_from(list(zip(VIEWS_DEG, CUT, strict=True))),
    row=st.integers(0, SIDE_PX - 1),
    column=st.integers(0, SIDE_PX - 1),
)
def test_a_place_is_where_a_view_looks_at_it(
    below_deg: float, lower_m: float, view: tuple[float, tuple[int, int]], row: int, column: int
) -> None:
    right, ahead, down = (side[row, column] for side in directions(0.0, math.radians(below_deg), view[0]))
    if down < 0.01:
        return
    along, across = (torch.tensor([side * lower_m / down], dtype=torch.float64) for side in (ahead, right))
    told = torch.tensor([lower_m], dtype=torch.float64), torch.tensor([below_deg], dtype=torch.float64)
    place, inside = _places(along, across, *told, view)
    first, last = (cell * SIDE_PX / 16 for cell in view[1])
    x, y = (column + 0.5 - first) / (last - first) * 2 - 1, (row + 0.5) / SIDE_PX * 2 - 1
    assert bool(inside[0, 0]) == (abs(x) < 1)
    if abs(x) < 1:
        assert place[0, 0].tolist() == pytest.approx([x, y], abs=1e-6)


def test_what_is_behind_a_view_is_not_in_it() -> None:
    along, across = torch.tensor([-10.0, 10.0]), torch.zeros(2)
    _, inside = _places(along, across, torch.tensor([1.6]), torch.tensor([5.0]), (VIEWS_DEG[1], CUT[1]))
    assert inside.tolist() == [[0.0, 1.0]]


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
