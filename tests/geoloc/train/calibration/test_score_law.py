"""Calibration: searches whose truth is known, and the law by which a score is the probability of a hit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from geoloc.model.weights import Calibration
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.results.detection import Detection
from geoloc.search.first_pass import LEAST_SHARE
from geoloc.train.calibration import score_law
from geoloc.train.calibration.score_law import MISTOLD, TrialAnswer, _likeliest, fit_scores, run_trials, summary_line
from geoloc.train.calibration.trials import Trial
from geoloc.train.grounds.ground import Ground
from tests.helpers.rough_ground import flown, rough
from tiling.mosaic import Mosaic

NEARER = math.sqrt((1 - 0.1 * (1 + math.log(10))) / 0.9)
"""The root mean square of errors without their largest tenth, over that of all, as it is with normal ones."""


def _answers(scale: float, offset: float) -> list[TrialAnswer]:
    rng = np.random.default_rng(5)
    shares = rng.uniform(-6, 6, 4000)
    hits = rng.random(4000) < 1 / (1 + np.exp(-(scale * shares + offset)))
    hits ^= rng.random(4000) < MISTOLD
    return [TrialAnswer(float(x), bool(h), 3.0 if h else 99.0, 1.0) for x, h in zip(shares, hits, strict=True)]


def test_the_fit_finds_the_law_that_made_the_hits() -> None:
    calibration = fit_scores(_answers(0.7, -1.2))
    assert calibration.score_scale == pytest.approx(0.7, abs=0.08)
    assert calibration.score_offset == pytest.approx(-1.2, abs=0.2)
    assert calibration.centre_error_px == pytest.approx(3.0 / NEARER)
    assert calibration.spread_scale == 0


def test_the_law_is_that_of_the_penalised_likelihood() -> None:
    """Its gradient is zero: of the losses, some answers mistold, and of a tenth of half the squared slope."""
    rng = np.random.default_rng(8)
    evidence = rng.normal(-4, 3, 60)
    hit = rng.random(60) < 1 / (1 + np.exp(-(0.6 * evidence + 2)))
    calibration = fit_scores([TrialAnswer(float(x), bool(h), 3.0, 1.0) for x, h in zip(evidence, hit, strict=True)])
    standardised = (evidence - evidence.mean()) / evidence.std()
    slope = calibration.score_scale * evidence.std()
    score = np.array([calibration.score(float(x)) for x in evidence])
    told = MISTOLD + (1 - 2 * MISTOLD) * score
    # Of -log(told) and -log(1 - told), by the log odds of the score.
    by_odds = np.where(hit, -1 / told, 1 / (1 - told)) * (1 - 2 * MISTOLD) * score * (1 - score)
    assert by_odds.sum() == pytest.approx(0, abs=1e-4)
    assert by_odds @ standardised + 0.1 * slope == pytest.approx(0, abs=1e-4)


def test_a_few_mistold_answers_do_not_make_the_law_flat() -> None:
    rng = np.random.default_rng(9)
    evidence = rng.uniform(-8, 8, 80)
    hit = rng.random(80) < 1 / (1 + np.exp(-2 * evidence))
    clean = [TrialAnswer(float(x), bool(h), 3.0, 1.0) for x, h in zip(evidence, hit, strict=True)]
    mistold = [TrialAnswer(7.0, False, 99.0, 1.0), TrialAnswer(-7.0, True, 3.0, 1.0)]
    assert fit_scores([*clean, *mistold]).score_scale > 0.75 * fit_scores(clean).score_scale


def test_of_two_kinds_of_evidence_the_law_has_the_log_odds_of_each() -> None:
    def kind(evidence: float, hits: int) -> list[TrialAnswer]:
        return [TrialAnswer(evidence, i < hits, 3.0, 1.0) for i in range(20_000)]

    calibration = fit_scores([*kind(-1.0, 4_000), *kind(3.0, 18_000)])
    # By hand: of 0.2 and 0.9 two in a hundred each way are mistold. So many answers hardly feel the pull.
    low, high = (0.2 - 0.02) / 0.96, (0.9 - 0.02) / 0.96
    assert calibration.score(-1.0) == pytest.approx(low, abs=1e-4)
    assert calibration.score(3.0) == pytest.approx(high, abs=1e-4)
    apart = math.log(high / (1 - high)) - math.log(low / (1 - low))
    assert calibration.score_scale == pytest.approx(apart / 4, rel=1e-3)


def test_evidence_that_lies_far_apart_does_not_lead_the_fit_astray() -> None:
    """As it does of searches where the object is not: plain Newton steps ran away there."""
    rng = np.random.default_rng(7)
    evidence = np.concatenate([rng.normal(2, 2, 90), rng.normal(-12, 9, 180)])
    hits = rng.random(270) < 1 / (1 + np.exp(-(0.9 * evidence + 1)))
    calibration = fit_scores([TrialAnswer(float(x), bool(h), 3.0, 1.0) for x, h in zip(evidence, hits, strict=True)])
    assert 0.5 < calibration.score_scale < 1.6
    assert abs(calibration.score_offset - 1) < 1


def test_the_error_grows_with_the_spread_as_it_did() -> None:
    rng = np.random.default_rng(6)
    answers = []
    for _ in range(4000):
        spread = rng.uniform(0, 8)
        error = np.hypot(2.0, 0.5 * spread) * np.sqrt(rng.exponential())
        answers.append(TrialAnswer(0.0, True, float(error), spread))
    calibration = fit_scores(answers)
    assert calibration.centre_error_px == pytest.approx(2.0, rel=0.15)
    assert calibration.spread_scale == pytest.approx(0.5, rel=0.15)


def test_few_hits_of_large_spread_do_not_decide_for_all_others() -> None:
    near = [TrialAnswer(0.0, True, error, spread) for error in (2.0, 3.0, 4.0) for spread in (0.5, 1.0, 2.0)] * 4
    far = [TrialAnswer(0.0, True, 40.0, 10.0)] * 3
    calibration = fit_scores([*near, *far])
    assert 2 < calibration.centre_error_px < 4.5


@pytest.mark.parametrize("seed", range(12))
def test_no_other_law_of_the_error_is_likelier(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spreads = rng.lognormal(0.5, 1.0, 40) ** 2
    errors = (rng.uniform(0, 6) ** 2 + rng.uniform(0, 2) ** 2 * spreads) * rng.exponential(size=40)
    found = _likeliest(errors, spreads)

    def surprise(a: float, b: float) -> float:
        expected = np.maximum(a**2 + b**2 * spreads, 1e-3 * errors.mean())
        return float(np.sum(np.log(expected) + errors / expected))

    others = [surprise(a, b) for a in np.linspace(0, 8, 81) for b in np.linspace(0, 3, 61)]
    assert surprise(*found) <= min(others) + 1e-3


def test_exact_hits_are_no_error() -> None:
    assert fit_scores([TrialAnswer(0.0, True, 0.0, 1.0)] * 5).centre_error_px < 1e-3


def test_a_few_hits_on_large_roofs_do_not_make_all_the_others_look_bad() -> None:
    near = [TrialAnswer(0.0, True, 4.0, 1.0)] * 38
    assert fit_scores([*near, *[TrialAnswer(0.0, True, 80.0, 1.0)] * 2]).centre_error_px == pytest.approx(4.0 / NEARER)


def test_the_fit_stays_finite_where_hits_and_misses_do_not_mix() -> None:
    answers = [TrialAnswer(float(x), x > 0, 1.0, 1.0) for x in (-3, -2, -1, 1, 2, 3)]
    calibration = fit_scores(answers)
    assert math.isfinite(calibration.score_scale)
    assert calibration.score_scale > 0


def test_where_nothing_was_missed_the_law_stays_that_of_training() -> None:
    calibration = fit_scores([TrialAnswer(float(x), True, 3.0, 1.0) for x in range(5)])
    assert (calibration.score_scale, calibration.score_offset) == (1.0, 0.0)
    assert calibration.centre_error_px == pytest.approx(3.0 / NEARER)


@pytest.mark.parametrize(
    ("verified", "offset"),
    [
        # By hand, Laplace's rule: 1 + 1 of 8 + 2, 0 + 1 of 38 + 2; where no photograph was counted nothing is known.
        ([True] * 7 + [False], math.log(0.2)),
        ([True] * 38, math.log(1 / 40)),
        ([None] * 9, 0.0),
    ],
)
def test_right_answers_that_nothing_verified_tell_what_that_is_worth(
    verified: list[bool | None], offset: float
) -> None:
    hits = [TrialAnswer(2.0, True, 3.0, 1.0, one) for one in verified]
    misses = [TrialAnswer(-2.0, False, 99.0, 1.0, one) for one in (True, False, None)]
    assert fit_scores([*hits, *misses]).unverified_offset == pytest.approx(offset)


def test_the_description_counts_hits_among_searches_with_the_object() -> None:
    answers = [TrialAnswer(2.0, True, 1.0, 1.0), TrialAnswer(-2.0, False, 50.0, 1.0)] * 5
    told = [(2.0, True, True), (2.0, True, False), (2.0, True, True)]
    answers += [TrialAnswer(evidence, hit, 1.0, 1.0, verified) for evidence, hit, verified in told]
    answers += [TrialAnswer(-2.0, False, 50.0, 1.0)] * 3
    line = summary_line(answers, fit_scores(answers))
    assert line.startswith("8 hits of 8 searches with the object; AUROC of the score 1.000")
    assert "; local features verify 2 of 3 photographs; " in line
    plain = [replace(answer, verified=None) for answer in answers]
    assert "; no photograph from above was counted, so scores do not go" in summary_line(plain, fit_scores(plain))


class Model:
    """Stands in for the network: `calibrated` is all that is asked of it beside the search."""

    gsd_m, window_px = 0.2, 96

    def calibrated(self, calibration: object) -> Model:
        return self


def _trial(site: str, coloured_pixels: object) -> Trial:
    pixels = coloured_pixels(300, 400)  # type: ignore[operator]
    none = np.zeros((0, 4))
    mosaic = Ground(site, pixels, 0.2, none, none[:, :2], none[:, :3])
    photo = Photo(Path("p.jpg"), np.zeros((50, 50, 3), np.uint8))
    return Trial(photo, (Click(10.0, 10.0), Click(20.0, 20.0)), np.array([[100, 50, 120, 90.0]] * 2), mosaic, site)


def _found(mosaic: Mosaic, click: Click, **changes: float) -> Detection:
    """An answer whose centre is 110, 70 px from the upper left corner at 0.2 m, and one metre to the east of it."""
    west, _, _, north = mosaic.bounds
    x, y = west + 110 * 0.2 + 1.0, north - 70 * 0.2
    found = Detection(
        rank=1, score=0.8, click=click, photo="p.jpg", polygon=box(x - 1, y - 1, x + 1, y + 1), crs=mosaic.crs,
        gsd_m=0.25, accuracy_m=1.0, accuracy_parts={"spread": 0.9}, model="m", window="w", method="attention",
        evidence=1.4, spread_m=0.5,
    )  # fmt: skip
    return replace(found, **changes)


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Mosaic, Sequence[Target]], list[Detection]]], None]:
    """`search(answer)`: what `locate` finds in a mosaic is what `answer(mosaic, targets)` returns."""

    def answer_by(answer: Callable[[Mosaic, Sequence[Target]], list[Detection]]) -> None:
        def locate(
            photo: Photo, targets: Sequence[Target], mosaic: Mosaic, model: Model, *, top: int
        ) -> list[Detection]:
            return answer(mosaic, targets)

        monkeypatch.setattr(score_law, "locate", locate)
        monkeypatch.setattr(score_law, "MosaicFeatures", lambda mosaic, plan, model: mosaic)

    return answer_by


def test_every_trial_is_searched_at_home_and_elsewhere_and_measured_in_the_mosaics_pixels(
    coloured_pixels: object, search: Callable[..., None]
) -> None:
    searched: list[tuple[int, int]] = []

    def answer(mosaic: Mosaic, targets: Sequence[Target]) -> list[Detection]:
        west, south, _, north = mosaic.bounds
        searched.append((round(west), round(north - south)))
        return [_found(mosaic, targets[0].click)]

    search(answer)
    trials = [_trial("a", coloured_pixels), _trial("b", coloured_pixels)]
    lines: list[str] = []
    answers = run_trials(Model(), trials, lines.append)  # type: ignore[arg-type]
    assert len(searched) == 4
    assert len(answers) == 8
    # At home the first click is a hit, 1 m off; the second was not found; elsewhere nothing is right.
    assert [a.hit for a in answers] == [True, False, False, False] * 2
    assert answers[0].error_px == pytest.approx(1.0 / 0.25, rel=1e-3)
    assert answers[0].spread_px == pytest.approx(0.5 / 0.25)
    assert answers[0].evidence == 1.4
    assert answers[1].evidence == math.log(LEAST_SHARE)
    assert answers[1].error_px == math.inf
    assert lines[-1].startswith("trial 2 of 2: 2 hits of 4")


def test_what_lies_beside_is_searched_in_place_of_another_trials_mosaic(
    coloured_pixels: object, search: Callable[..., None]
) -> None:
    sizes: list[int] = []

    def answer(mosaic: Mosaic, targets: Sequence[Target]) -> list[Detection]:
        west, _, east, _ = mosaic.bounds
        sizes.append(round((east - west) / 0.2))
        return [_found(mosaic, targets[0].click)]

    search(answer)
    first, second = _trial("a", coloured_pixels), _trial("b", coloured_pixels)
    beside = replace(first.mosaic, pixels=first.mosaic.pixels[:, :350])
    answers = run_trials(Model(), [replace(first, beside=beside), second], lambda line: None)  # type: ignore[arg-type]
    assert sizes == [400, 350, 400, 400]
    assert [a.hit for a in answers] == [True, False, False, False] * 2


def test_real_photographs_from_above_are_matched_with_their_own_mosaic(search: Callable[..., None]) -> None:
    search(lambda mosaic, targets: [_found(mosaic, target.click) for target in targets])
    photo, _ = flown(0, 0, told=True)
    nothing = np.zeros((0, 4))

    def trial(seed: int, photo: Photo, **changes: bool) -> Trial:
        mosaic = Ground(f"ground {seed}", rough(seed), 0.2, nothing, nothing[:, :2], nothing[:, :3])
        truth = np.array([[100, 50, 120, 90.0]] * 2)
        return replace(Trial(photo, (Click(10.0, 10.0), Click(9.0, 9.0)), truth, mosaic, mosaic.name), **changes)

    low = replace(photo, height_m=1.6)
    blank = replace(photo, pixels=np.full_like(photo.pixels, 120))
    trials = [trial(0, photo), trial(1, photo), trial(2, low), trial(3, photo, simulated=True), trial(4, blank)]
    answers = run_trials(Model(), trials, lambda line: None)  # type: ignore[arg-type]
    assert [a.hit for a in answers] == [True, True, False, False] * 5
    assert [a.verified for a in answers if a.hit] == [True, None, False, None, *[None] * 6]
    assert not any(a.verified is not None for a in answers if not a.hit)


def test_evidence_is_taken_as_it_is_however_sure_the_score(
    coloured_pixels: object, search: Callable[..., None]
) -> None:
    """A score of exactly 1 or 0 has lost what it was made of: log odds of it are infinite."""

    def answer(mosaic: Mosaic, targets: Sequence[Target]) -> list[Detection]:
        first, second = (target.click for target in targets)
        return [
            _found(mosaic, first, evidence=60.0, score=Calibration().score(60.0)),
            _found(mosaic, second, evidence=-800.0, score=Calibration().score(-800.0)),
        ]

    search(answer)
    trials = [_trial("a", coloured_pixels), _trial("b", coloured_pixels)]
    answers = run_trials(Model(), trials, lambda line: None)  # type: ignore[arg-type]
    assert [a.evidence for a in answers[:2]] == [60.0, -800.0]
    assert (Calibration().score(60.0), Calibration().score(-800.0)) == (1.0, 0.0)
    calibration = fit_scores([*answers, *_answers(0.7, -1.2)])
    assert math.isfinite(calibration.score_scale)
    assert calibration.score_scale > 0
    assert 0 <= calibration.score(-800.0) < 0.5 < calibration.score(60.0) <= 1
    assert "AUROC" in summary_line(answers, calibration)
