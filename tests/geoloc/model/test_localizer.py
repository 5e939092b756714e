"""Reading the network out: peaks, their odds, and what is not to be proposed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from affine import Affine

from geoloc.model.localizer import PEAK_PX, Localizer, _peaks
from geoloc.model.network import CrossViewNet
from geoloc.model.presets import preset
from geoloc.model.weights import Calibration
from geoloc.query import Query

TINY = replace(preset("base"), dim=16, attention_heads=2, rounds=1, mhsam_groups=1)
SIDE = 96
CELLS = SIDE // 8


def _boxes(crops: int, half: float = 6.0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(CELLS) * 8 + 4.0, torch.arange(CELLS) * 8 + 4.0, indexing="ij")
    centre = torch.stack([x.flatten(), y.flatten()], 1)
    return torch.cat([centre - half, centre + half], 1).expand(crops, -1, -1)


def _cell(column: int, row: int) -> int:
    return row * CELLS + column


VALID = torch.ones(SIDE, SIDE, dtype=torch.bool)


def test_one_peak_has_the_probability_of_its_cells() -> None:
    odds = torch.full((1, CELLS**2), -50.0)
    odds[0, _cell(3, 7)] = 2.0
    odds[0, _cell(4, 7)] = 1.0
    first, *_ = _peaks(0, odds, _boxes(1), VALID, 1)
    assert first.box.centre == (28.0, 60.0)
    # exp(2) + exp(1) against the null class of exp(0) is the log odds itself.
    assert first.log_odds == pytest.approx(math.log(math.exp(2) + math.exp(1)), abs=1e-3)
    share = math.exp(1) / (math.exp(1) + math.exp(2))
    assert first.spread_px == pytest.approx(8 * math.sqrt(share), rel=1e-3)


def test_crops_that_agree_are_surer_than_one_alone() -> None:
    alone = torch.full((2, CELLS**2), -50.0)
    alone[0, _cell(3, 7)] = 3.0
    agreed = alone.clone()
    agreed[1, _cell(3, 7)] = 3.0
    (one,), (both,) = (_peaks(0, odds, _boxes(2), VALID, 1) for odds in (alone, agreed))
    assert both.log_odds == pytest.approx(3.0, abs=1e-3)
    assert one.log_odds < 0


def test_peaks_come_best_first_and_apart() -> None:
    odds = torch.full((1, CELLS**2), -50.0)
    for column, row, value in ((2, 2, 1.0), (8, 8, 3.0), (9, 8, 2.0)):
        odds[0, _cell(column, row)] = value
    found = _peaks(5, odds, _boxes(1), VALID, 2)
    assert [p.box.centre for p in found] == [(68.0, 68.0), (20.0, 20.0)]
    assert all(p.target == 5 for p in found)
    assert max(abs(a - b) for a, b in zip(found[0].box.centre, found[1].box.centre, strict=True)) > PEAK_PX


def test_nothing_is_proposed_on_invalid_ground() -> None:
    odds = torch.full((1, CELLS**2), -50.0)
    odds[0, _cell(8, 8)] = 5.0
    odds[0, _cell(2, 2)] = 1.0
    valid = VALID.clone()
    valid[40:] = False
    found = _peaks(0, odds, _boxes(1), valid, 1)
    assert [p.box.centre for p in found] == [(20.0, 20.0)]
    assert _peaks(0, odds, _boxes(1), torch.zeros_like(VALID), 3) == []


def test_scores_follow_the_calibration_and_never_overflow() -> None:
    localizer = Localizer(CrossViewNet(TINY), Calibration(2.0, 0.5, -1.0))
    assert localizer.score(4.0) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert localizer.score(-1e9) == 0.0
    assert localizer.score(1e9) == 1.0


def test_batches_of_crops_do_not_influence_each_other() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    localizer = Localizer(CrossViewNet(TINY).eval(), Calibration())
    window = rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    valid = np.ones((SIDE, SIDE), bool)
    queries = [
        Query(rng.integers(0, 255, (64, 64, 3), np.uint8), (20.0 + i, 30.0), 1.0, 0.0, Affine.identity())
        for i in range(20)
    ]
    features = localizer.encode_window(window, valid)

    def odds(part: list[Query]) -> list[float]:
        encoded = localizer.encode_queries(part, list(range(len(part))))
        return [p.log_odds for p in localizer.propose(encoded, features, valid, 1)]

    together = odds(queries)
    assert len(together) == 20
    assert together == pytest.approx([odds([query])[0] for query in queries], abs=1e-4)


def test_what_lies_under_no_data_does_not_matter() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    localizer = Localizer(CrossViewNet(TINY).eval(), Calibration())
    valid = np.ones((SIDE, SIDE), bool)
    valid[:, 60:] = False
    window = rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    changed = np.where(valid[..., None], window, 0).astype(np.uint8)
    first, second = (localizer.encode_window(w, valid).coarse for w in (window, changed))
    assert torch.equal(first, second)
