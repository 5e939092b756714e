"""Reading the network out: peaks, their mass, and what is not to be proposed."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from geoloc.model import load
from geoloc.model.localizer import (
    LOOK_PX,
    PEAK_PX,
    EncodedQueries,
    Localizer,
    Proposal,
    _Candidates,
)
from geoloc.model.network.cross_view import Output
from geoloc.model.network.features import Features
from geoloc.model.network.head import Candidates
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.plane.gaussian import Gaussian

TINY = replace(preset_config("base"), dim=16, attention_heads=2, rounds=1, mhsam_groups=1)
SIDE = 96
CELLS = SIDE // 8


def _boxes(crops: int, half: float = 6.0) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(CELLS) * 8 + 4.0, torch.arange(CELLS) * 8 + 4.0, indexing="ij")
    centre = torch.stack([x.flatten(), y.flatten()], 1)
    return torch.cat([centre - half, centre + half], 1).expand(crops, -1, -1)


def _cell(column: int, row: int) -> int:
    return row * CELLS + column


VALID = torch.ones(SIDE, SIDE, dtype=torch.bool)


def _found(logits: torch.Tensor, valid: torch.Tensor = VALID, most: int = 1, target: int = 0) -> list[Proposal]:
    boxes = _boxes(len(logits))
    numbers = torch.arange(len(logits))
    return _Candidates.of(logits, boxes, valid, len(logits)).peaks(target, numbers, most)


def test_one_peak_has_the_mass_of_its_cells() -> None:
    logits = torch.full((1, CELLS**2), -50.0)
    logits[0, _cell(3, 7)] = 2.0
    logits[0, _cell(4, 7)] = 1.0
    (first,) = _found(logits)
    share = math.exp(1) / (math.exp(1) + math.exp(2))
    assert first.box.centre == pytest.approx((28.0 + 8 * share, 60.0))
    assert first.log_mass == pytest.approx(math.log(math.exp(2) + math.exp(1)), abs=1e-3)
    assert first.spread_px == pytest.approx(8 * math.sqrt(share * (1 - share)), rel=1e-3)


def test_crops_that_agree_are_surer_than_one_alone() -> None:
    alone = torch.full((2, CELLS**2), -50.0)
    alone[0, _cell(3, 7)] = 3.0
    agreed = alone.clone()
    agreed[1, _cell(3, 7)] = 3.0
    (one,), (both,) = (_found(logits) for logits in (alone, agreed))
    assert both.log_mass == pytest.approx(3.0, abs=1e-3)
    assert one.log_mass == pytest.approx(3.0 - math.log(2), abs=1e-3)


def test_a_weak_match_is_as_weak_where_nothing_better_is_beside_it() -> None:
    lonely = torch.full((2, CELLS**2), -50.0)
    lonely[0, _cell(2, 2)] = 1.0
    beside = lonely.clone()
    beside[1, _cell(9, 9)] = 6.0
    (one,) = _found(lonely)
    _, second = _found(beside, most=2)
    assert second.log_mass == pytest.approx(one.log_mass)


def test_peaks_come_best_first_and_apart() -> None:
    logits = torch.full((1, CELLS**2), -50.0)
    for column, row, value in ((2, 2, 1.0), (8, 8, 3.0), (9, 8, -20.0)):
        logits[0, _cell(column, row)] = value
    found = _found(logits, most=2, target=5)
    assert [p.box.centre for p in found] == [pytest.approx((68.0, 68.0)), pytest.approx((20.0, 20.0))]
    assert all(p.target == 5 for p in found)
    assert max(abs(a - b) for a, b in zip(found[0].box.centre, found[1].box.centre, strict=True)) > PEAK_PX


def test_nothing_is_proposed_on_invalid_ground() -> None:
    logits = torch.full((1, CELLS**2), -50.0)
    logits[0, _cell(8, 8)] = 5.0
    logits[0, _cell(2, 2)] = 1.0
    valid = VALID.clone()
    valid[40:] = False
    assert [p.box.centre for p in _found(logits, valid)] == [pytest.approx((20.0, 20.0))]
    assert _found(logits, torch.zeros_like(VALID), most=3) == []


def test_a_peak_tells_which_crop_led_to_it() -> None:
    logits = torch.full((3, CELLS**2), -50.0)
    logits[2, _cell(8, 8)] = 5.0
    logits[1, _cell(2, 2)] = 1.0
    assert [p.crop for p in _found(logits, most=2)] == [2, 1]


class _Finding(Localizer):
    """Finds the logits that it was given."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__(new_network(TINY), Calibration())
        self._logits = logits

    def _match(self, queries: object, window: object, where: object = None, **_: bool) -> list[Output]:
        return [Output(Candidates(self._logits, _boxes(len(self._logits)), torch.zeros(0), (CELLS, CELLS)), ())]

    def encoded(self) -> EncodedQueries:
        nothing, count = torch.zeros(len(self._logits)), len(self._logits)
        features = Features(nothing, nothing)
        return EncodedQueries(
            features, nothing, torch.full((count,), 4), torch.arange(count), torch.full((count,), count), ()
        )


def test_some_of_the_crops_are_still_as_many_suppositions() -> None:
    number = torch.arange(5)
    features = Features(number.float()[:, None], 2 * number.float()[:, None])
    target, prepared = torch.tensor([0, 0, 0, 1, 1]), (3 * number, 4 * number[:, None, None])
    crops = EncodedQueries(features, number[:, None].float(), target, number, number + 10, prepared)
    some = crops.select([3, 1])
    assert [side.flatten().tolist() for side in some.prepared] == [[9, 3], [12, 4]]
    assert some.features.fine.flatten().tolist() == [6, 2]
    assert some.click.flatten().tolist() == [3, 1]
    assert (some.target.tolist(), some.crop.tolist(), some.crop_count.tolist()) == ([1, 0], [3, 1], [13, 11])


def test_a_second_look_counts_what_is_near_the_place() -> None:
    logits = torch.full((2, CELLS**2), -50.0)
    logits[:, _cell(3, 7)] = torch.tensor([2.0, 1.0])
    logits[0, _cell(9, 7)] = 9.0
    valid = np.ones((SIDE, SIDE), bool)
    finding = _Finding(logits)
    features = Features(torch.zeros(1), torch.zeros(1))
    found, _ = finding.rescore(finding.encoded(), features, valid, (30.0, 62.0))
    assert found is not None
    assert found.target == 4
    assert found.box.centre == pytest.approx((28.0, 60.0), abs=0.01)
    assert found.log_mass == pytest.approx(math.log((math.exp(2) + math.exp(1)) / 2), abs=1e-3)
    valid[40:] = False
    assert finding.rescore(finding.encoded(), features, valid, (30.0, 80.0)) == (None, None)


def test_what_is_known_of_the_place_decides_between_peaks() -> None:
    logits = torch.full((2, CELLS**2), -50.0)
    logits[:, _cell(3, 7)] = torch.tensor([2.0, 1.0])
    logits[0, _cell(9, 7)] = 4.0
    valid = np.ones((SIDE, SIDE), bool)
    finding = _Finding(logits)
    features = Features(torch.zeros(1), torch.zeros(1))

    def matched(x: float, deviation: float) -> Proposal | None:
        return finding.match_with_prior(
            finding.encoded(), features, valid, Gaussian(np.array([x, 60.0]), deviation**2 * np.eye(2))
        )

    loose, near, far = matched(30.0, 60.0), matched(30.0, 20.0), matched(70.0, 6.0)
    assert loose is not None
    assert near is not None
    assert far is not None
    # The stronger peak, 48 px off, unless what is known speaks against it.
    assert loose.box.centre == pytest.approx((76.0, 60.0), abs=0.01)
    assert near.box.centre == pytest.approx((28.0, 60.0), abs=0.01)
    assert far.box.centre == pytest.approx((76.0, 60.0), abs=0.01)
    # What the crops say, without what is known.
    assert near.log_mass == pytest.approx(math.log((math.exp(2) + math.exp(1)) / 2), abs=1e-3)
    assert (near.target, near.crop, loose.crop) == (4, 0, 0)
    valid[:] = False
    assert matched(30.0, 20.0) is None


def test_scores_follow_the_calibration_and_never_overflow() -> None:
    localizer = Localizer(new_network(TINY), Calibration(2.0, 0.0, 0.5, -1.0, -3.0))
    assert localizer.score(4.0) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert localizer.score(4.0, unverified=True) == pytest.approx(1 / (1 + math.exp(2.0)))
    assert localizer.score(-1e9) == 0.0
    assert localizer.score(1e9) == 1.0


def test_batches_of_crops_do_not_influence_each_other() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    localizer = Localizer(new_network(TINY).eval(), Calibration())
    window = rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    valid = np.ones((SIDE, SIDE), bool)
    crops = [Crop(rng.integers(0, 255, (64, 64, 3), np.uint8), (20.0 + i, 30.0), 0.0, np.eye(3)) for i in range(20)]
    features = localizer.encode_reference(window, valid)

    def masses(part: list[Crop]) -> list[tuple[float, float]]:
        encoded = localizer.encode_queries(part, list(range(len(part))))
        matches = localizer.propose(encoded, features, valid, 1)
        return [(p.log_mass, matches.log_mass[p.target]) for p in matches.proposals]

    together = masses(crops)
    assert len(together) == 20
    assert all(peak <= whole for peak, whole in together)
    for i, crop in enumerate(crops):
        assert together[i] == pytest.approx(masses([crop])[0], abs=1e-4)


def test_the_network_is_told_how_each_crop_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    net = new_network(TINY).eval()
    told: list[torch.Tensor] = []

    def prepare(query: Features, click: torch.Tensor, view: torch.Tensor) -> tuple[torch.Tensor, ...]:
        told.append(view)
        return (click,)

    monkeypatch.setattr(net, "prepare", prepare)
    taken = Crop(np.zeros((64, 64, 3), np.uint8), (20.0, 30.0), 0.0, np.eye(3))
    views = [taken, replace(taken, view=(0.5, -0.25, 1.0))]
    Localizer(net, Calibration()).encode_queries(views, [0, 0])
    assert told[0].tolist() == [[0, 0, 0], [0.5, -0.25, 1]]


def test_what_lies_under_no_data_does_not_matter() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    localizer = Localizer(new_network(TINY).eval(), Calibration())
    valid = np.ones((SIDE, SIDE), bool)
    valid[:, 60:] = False
    window = rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    changed = np.where(valid[..., None], window, 0).astype(np.uint8)
    first, second = (localizer.encode_reference(w, valid).coarse for w in (window, changed))
    assert torch.equal(first, second)


@pytest.fixture(scope="module")
def real() -> tuple[Localizer, EncodedQueries, Features]:
    """The packaged network, crops and a window of blurred noise."""
    rng = np.random.default_rng(3)
    localizer = load()
    picture = cv2.GaussianBlur(rng.integers(0, 255, (384, 384, 3), np.uint8), (0, 0), 3)
    crops = [Crop(picture[i : i + 256, 40:296].copy(), (128.0, 120.0), 0.0, np.eye(3)) for i in (20, 60, 90)]
    window = localizer.encode_reference(picture, np.ones((384, 384), bool))
    return localizer, localizer.encode_queries(crops, [0, 0, 0]), window


@pytest.mark.parametrize("place", [(168.0, 170.0), (3.0, 380.0), (-40.0, 200.0)])
def test_a_second_look_at_a_part_says_what_one_at_all_of_the_window_says(
    real: tuple[Localizer, EncodedQueries, Features], place: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    localizer, crops, window = real
    valid = np.ones((384, 384), bool)
    known = Gaussian(np.array(place), np.diag([90.0, 200.0]))

    def both() -> list[Proposal | None]:
        return [
            localizer.rescore(crops, window, valid, place)[0],
            localizer.match_with_prior(crops, window, valid, known),
        ]

    some = both()
    match = localizer._match
    monkeypatch.setattr(localizer, "_match", lambda queries, window, where=None, **_: match(queries, window))
    for one, other in zip(some, both(), strict=True):
        assert (one is None) == (other is None) == (place[0] < -LOOK_PX)
        if one is not None and other is not None:
            assert one.log_mass == pytest.approx(other.log_mass, abs=1e-4)
            assert one.box.centre == pytest.approx(other.box.centre, abs=1e-2)
            assert one.spread_px == pytest.approx(other.spread_px, abs=1e-2)


def test_what_is_done_to_crops_alone_is_done_once(real: tuple[Localizer, EncodedQueries, Features]) -> None:
    localizer, crops, window = real
    (found,) = localizer._match(crops.select([2, 0]), window)
    with torch.inference_mode():
        whole = localizer._net(crops.features, crops.click, window).candidates
    assert torch.allclose(found.candidates.logits, whole.logits[[2, 0]], atol=1e-3)
    assert torch.allclose(found.candidates.boxes, whole.boxes[[2, 0]], atol=1e-2)


def test_the_network_reads_no_rasters() -> None:
    """So that it starts without what reads them, and runs where they are read elsewhere."""
    program = "import sys, geoloc.model.localizer; print('rasterio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"False\n"
