"""The fit of the foot head learns what the features tell."""

from __future__ import annotations

import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.model.foot_net import BAND, angles_deg
from geoloc.model.network.features import Features
from geoloc.train.feet.clicks import FootClicks
from geoloc.train.feet.fit import fit_feet


def photo(count: int, seed: int) -> FootClicks:
    """Clicks whose foot shows: the rows of the narrow view's fine features below it are bright."""
    generator = torch.Generator().manual_seed(seed)
    below = torch.rand(count, generator=generator) * 4
    row = torch.randint(18, 30, (count,), generator=generator)
    foot = (row - 16) * 20.0 / 32
    fine = torch.randn(count, 2, 40, 32, 4 * BAND, generator=generator) * 0.1
    fine[:, 0, :8] += (torch.arange(32)[None] >= row[:, None]).float()[:, None, :, None]
    coarse = torch.zeros(count, 2, 112, 16, 2 * BAND)
    views = Features(coarse.flatten(0, 1).half(), fine.flatten(0, 1).half())
    distance = 1.6 / torch.tan(torch.deg2rad(below + foot))
    return FootClicks(views, below, foot, distance)


def test_a_head_learns_where_feet_are() -> None:
    lines: list[str] = []
    net = fit_feet([photo(256, 1), photo(256, 2)], [photo(64, 3)], epochs=6, report=lines.append)
    assert len(lines) == 6
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in lines]
    assert losses[-1] < 0.8 * losses[0]
    check = photo(64, 4)
    with torch.inference_mode():
        share = net(Features(*(side.float() for side in check.views)), check.below_deg).softmax(1)
    told = angles_deg()[(share.cumsum(1) < 0.5).sum(1)]
    assert (told / check.foot_deg).log().abs().median() < 0.25


def test_too_few_clicks_are_refused() -> None:
    for training, held_out in (([photo(20, 1)], [photo(20, 2)]), ([photo(80, 1)], [])):
        with pytest.raises(TrainingError, match="give more --towns"):
            fit_feet(training, held_out, epochs=1)
