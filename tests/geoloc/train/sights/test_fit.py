"""The fit of the sight head learns where the features tell that a thing is."""

from __future__ import annotations

import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.model.network.features import Features
from geoloc.model.sight.net import CELL_M, COLUMNS, CUT, ROWS, Views
from geoloc.photo.click_view import SIDE_PX
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M
from geoloc.train.sights.clicks import STRIPS, SightClicks
from geoloc.train.sights.fit import _some, fit_sights

CELLS = SIDE_PX // 16


def photo(count: int, seed: int) -> SightClicks:
    """Clicks on one of two colours, of each of which the strip has one thing."""
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * 0.1

    red = torch.rand(count, generator=generator) < 0.5
    narrow, wide = (
        Features(noise(count, 112, CELLS, high - low), noise(count, 40, 2 * CELLS, 2 * (high - low)))
        for low, high in CUT
    )
    for view in (narrow, wide):
        view.fine[red, :8] += 1.0
        view.fine[~red, 8:16] += 1.0
    strip = Features(noise(count, STRIPS, 112, ROWS // 2, COLUMNS // 2), noise(count, STRIPS, 40, ROWS, COLUMNS))
    at = torch.zeros(count, STRIPS, 2)
    for click in range(count):
        for number in range(STRIPS):
            rows = 30 + torch.randperm(16, generator=generator)[:2] * 2
            for row, first in zip(rows.tolist(), (0, 8), strict=True):
                strip.fine[click, number, first : first + 8, row, 8] += 3.0
            row = int(rows[0] if red[click] else rows[1])
            at[click, number, 0] = STRIP_LONG_M - (row + 0.5) * CELL_M
            at[click, number, 1] = 8.5 * CELL_M - STRIP_WIDE_M / 2
    return SightClicks(
        Views(*(Features(*(side.half() for side in view)) for view in (narrow, wide))),
        Features(*(side.flatten(0, 1).half() for side in strip)),
        torch.full((count,), 1.6),
        torch.full((count,), 2.0),
        at,
        torch.full((count,), 4.0),
        torch.ones(count, dtype=torch.bool),
    )


def test_a_head_learns_what_is_alike() -> None:
    lines: list[str] = []
    net = fit_sights([photo(320, 1)], [photo(64, 3)], epochs=8, report=lines.append)
    assert len(lines) == 8
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in lines]
    assert losses[-1] < 0.6 * losses[0]
    # Either colour alone would be right half of the time.
    assert float(lines[-1].split("box ")[1].split(",")[0]) > 0.8
    assert not net.training


def test_mirrored_clicks_have_mirrored_targets() -> None:
    batch = _some(photo(4, 5), torch.arange(4), 1)
    there = batch.mirrored().target()[:, :-1].unflatten(1, (ROWS, COLUMNS))
    assert torch.allclose(there.flip(-1), batch.target()[:, :-1].unflatten(1, (ROWS, COLUMNS)), atol=1e-6)
    assert torch.equal(batch.mirrored().strip.fine.flip(-1), batch.strip.fine)


def test_what_is_not_on_the_strip_is_nowhere() -> None:
    batch = _some(photo(3, 5), torch.arange(3), 0)
    batch.at_m[1, 1] = STRIP_WIDE_M
    batch.present[2] = False
    target = batch.target()
    assert target.sum(1) == pytest.approx(torch.ones(3))
    assert target[:, -1].tolist() == [0.0, 1.0, 1.0]


def test_too_few_clicks_are_refused() -> None:
    for training, held_out in (([photo(20, 1)], [photo(20, 2)]), ([photo(80, 1)], [])):
        with pytest.raises(TrainingError, match="give more --towns"):
            fit_sights(training, held_out, epochs=1)
