"""The fit of the sight head learns where the features tell that a thing is, and which strip a view shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.model.network.features import Features
from geoloc.model.sight.cells import CELL_M, COLUMNS, CUT, ROWS, Views
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.photo.click_view import SIDE_PX
from geoloc.photo.sight import STRIP_LONG_M, STRIP_WIDE_M
from geoloc.train.sights import batches, fit, looks
from geoloc.train.sights.batches import ClickBatch, drawn_looks, hardest_strips
from geoloc.train.sights.clicks import STRIPS, SightClicks
from geoloc.train.sights.fit import Sights, _some_elsewhere, fit_likeness, fit_sights, new_head
from geoloc.train.sights.looks import RIGHT, SightLooks

CELLS = SIDE_PX // 16
HARD = "step with wrong strips that look right"


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
        torch.arange(count) * 2 // count + 2 * seed,
        at,
        torch.full((count,), 4.0),
        torch.ones(count, dtype=torch.bool),
    )


def seen(count: int, seed: int) -> SightLooks:
    """Looks at one of two colours, of which right strips are and wrong ones are not."""
    clicks = photo(count, seed)
    strips = clicks.strips.coarse.unflatten(0, (count, STRIPS)), clicks.strips.fine.unflatten(0, (count, STRIPS))
    numbers = [0] * looks.LOOK_STRIPS
    coarse, fine = (side[:, numbers].clone() for side in strips)
    red = clicks.views.narrow.fine[:, 0].mean((1, 2)) > 0.5
    for look in range(count):
        fine[look] = 0.1 * torch.randn(fine[look].shape)
        for number in range(looks.LOOK_STRIPS):
            first = 0 if bool(red[look]) == (number < len(RIGHT)) else 8
            fine[look, number, first : first + 8] += 1.0
    return SightLooks(clicks.views, Features(coarse.flatten(0, 1), fine.flatten(0, 1)), *clicks.tensors[6:9])


def test_a_head_learns_what_is_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    # Small batches: what is learnt here takes some dozens of steps, of whatever number of clicks.
    monkeypatch.setattr(fit, "CLICKS", 4)
    monkeypatch.setattr(batches, "HARDEST_OF", 2)
    lines: list[str] = []
    net = fit_sights(photo(64, 1), photo(24, 3), LikenessNet().eval(), epochs=4, report=lines.append)
    assert len(lines) == 4
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in lines]
    assert losses[-1] < 0.6 * losses[0]
    # Either colour alone would be right half of the time.
    assert float(lines[-1].split("box ")[1].split(",")[0]) > 0.8
    assert not net.training


def test_poses_are_told_by_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "COMPARED_LOOKS", 6)
    monkeypatch.setattr(fit, "COMPARED_CLICKS", 2)
    monkeypatch.setattr(batches, "HARDEST_OF", 2)
    lines: list[str] = []
    training = Sights.of([photo(64, 1)], [seen(64, 5)])
    net = fit_likeness(training, seen(24, 7), steps=25, hard_steps=5, report=lines.append)
    assert [line.split(":")[0] for line in lines] == ["step 25 of 25", f"{HARD} 5 of 5"]
    assert min(float(told) for told in lines[-1].rsplit("town ", 1)[1].split(", ")) > 0.9
    assert not net.training


class Brightest:
    """In place of what compares poses: tells how much of a strip is of the second colour."""

    def __call__(self, views: Views, strip: Features, height_m: torch.Tensor, below_deg: torch.Tensor) -> torch.Tensor:
        return strip.fine[:, 8].mean((1, 2))


def test_hard_strips_look_right_and_are_of_other_towns() -> None:
    sights = seen(40, 8)
    sights.strips.fine[:, 8] = 0.0
    # Of a look of its own town, and of one of the other.
    sights.strips.fine[[0, 30 * looks.LOOK_STRIPS], 8] = torch.tensor([9.0, 3.0])[:, None, None].half()
    rows = torch.full((200,), 1)
    hardest = hardest_strips(cast(Any, Brightest()), sights, rows)
    assert set((hardest // looks.LOOK_STRIPS).tolist()) <= set(range(20, 40))
    drawn = (hardest == 30 * looks.LOOK_STRIPS).float().mean()
    # One of the 100 strips of 20 looks, of 12 that are drawn each time.
    assert 0.04 < drawn < 0.25


def test_half_of_the_strips_of_others_look_right() -> None:
    clicks = photo(40, 8)
    clicks.strips.fine[:, 8] = 0.0
    clicks.strips.fine[30 * STRIPS, 8] = 3.0
    rows = torch.arange(20).repeat(20)
    shares = []
    for hard_for in (None, Brightest()):
        batch = _some_elsewhere(ClickBatch.of(clicks, rows, 0), clicks, rows, 0.5, cast(Any, hard_for))
        assert 0.4 < (~batch.present).float().mean() < 0.6
        shares.append(float((batch.shown.strip.fine[~batch.present, 8] > 0).all((1, 2)).float().mean()))
    # The one strip of 80 that looks right: of any, and of half of them of 12 out of 40.
    assert shares[0] < 0.05
    assert 0.07 < shares[1] < 0.25


def test_a_new_head_sees_cells_as_what_compares_poses() -> None:
    likeness = LikenessNet()
    head, own = new_head(likeness).seen.state_dict(), likeness.seen.state_dict()
    assert all(torch.equal(tensor, own[name]) for name, tensor in head.items())
    assert head.keys() == own.keys()


def test_mirrored_clicks_have_mirrored_targets() -> None:
    batch = ClickBatch.of(photo(4, 5), torch.arange(4), 1)
    there = batch.mirrored().target()[:, :-1].unflatten(1, (ROWS, COLUMNS))
    assert torch.allclose(there.flip(-1), batch.target()[:, :-1].unflatten(1, (ROWS, COLUMNS)), atol=1e-6)
    assert torch.equal(batch.mirrored().shown.strip.fine.flip(-1), batch.shown.strip.fine)


def test_another_clicks_strip_is_nowhere_and_not_what_is_seen() -> None:
    clicks = photo(4, 5)
    which = torch.tensor([False, True, False, True])
    batch = ClickBatch.of(clicks, torch.arange(4), 0).elsewhere(clicks, which, torch.tensor([0, 2, 0, 4]))
    assert batch.right.tolist() == batch.present.tolist() == (~which).tolist()
    for side, kept in zip(batch.shown.strip, clicks.strips, strict=True):
        assert torch.equal(side, kept[[0, 2, 4, 4]].float())


def test_half_of_the_looks_that_are_drawn_are_right() -> None:
    sights = seen(16, 6)
    for hard_for, count in ((None, 400), (LikenessNet().eval(), 40)):
        shown, right = drawn_looks(sights, count, hard_for)
        assert 0.25 < right.float().mean() < 0.75
        colour = shown.views.narrow.fine[:, 0].mean((1, 2)) > 0.5
        alike = (shown.strip.fine[:, 0].mean((1, 2)) > 0.5) == colour
        assert alike[right].all()
        # Strips of other photographs may be of the same colour.
        assert bool(alike[~right].any()) == (hard_for is not None)


def test_what_is_not_on_the_strip_is_nowhere() -> None:
    batch = ClickBatch.of(photo(3, 5), torch.arange(3), 0)
    batch.at_m[1, 1] = STRIP_WIDE_M
    batch.present[2] = False
    target = batch.target()
    assert target.sum(1) == pytest.approx(torch.ones(3))
    assert target[:, -1].tolist() == [0.0, 1.0, 1.0]


def test_too_few_clicks_are_refused() -> None:
    one_town = replace(photo(80, 1), town=torch.ones(80))
    few = ([photo(20, 1)], [seen(4, 1)]), ([photo(80, 1)], []), ([one_town], [seen(4, 1)])
    for clicks, looked_at in few:
        with pytest.raises(TrainingError, match="too few clicks, looks or towns"):
            Sights.of(clicks, looked_at)
