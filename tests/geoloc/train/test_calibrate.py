"""Calibration: made photographs whose truth is known, and a fit that tells what a score means."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from geoloc.train.calibrate import PHOTO_PX, Answer, describe, fit, made_trial
from geoloc.train.orthophoto import Orthophoto


@pytest.fixture
def spotted() -> Orthophoto:
    """Grey noise with red discs, each in a box."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 160, (800, 800, 3), np.uint8)
    centres = [(x, y) for x in range(60, 760, 80) for y in range(60, 760, 80)]
    for centre in centres:
        cv2.circle(pixels, centre, 15, (255, 0, 0), -1)
    boxes = np.array([(x - 15, y - 15, x + 15, y + 15) for x, y in centres], float)
    return Orthophoto("spotted", pixels, 0.15, boxes)


def test_clicks_of_a_made_photo_are_on_the_objects(spotted: Orthophoto) -> None:
    rng = np.random.default_rng(3)
    red = total = 0
    for _ in range(6):
        trial = made_trial(spotted, rng, clicks=4)
        assert trial is not None
        assert trial.photo.size == (PHOTO_PX, PHOTO_PX)
        assert len(trial.truth) == len(trial.clicks)
        for click in trial.clicks:
            r, g, b = trial.photo.pixels[int(click.y), int(click.x)].astype(int)
            red += r > g + 40 and r > b + 40
            total += 1
    # Recolouring, which training does too, may turn a disc grey.
    assert red > 0.5 * total > 0


def _answers(scale: float, offset: float) -> list[Answer]:
    rng = np.random.default_rng(5)
    shares = rng.uniform(-6, 6, 4000)
    hits = rng.random(4000) < 1 / (1 + np.exp(-(scale * shares + offset)))
    return [Answer(float(x), bool(h), 3.0 if h else 99.0, 1.0) for x, h in zip(shares, hits, strict=True)]


def test_the_fit_finds_the_law_that_made_the_hits() -> None:
    calibration = fit(_answers(0.7, -1.2))
    assert calibration.score_scale == pytest.approx(0.7, abs=0.08)
    assert calibration.score_offset == pytest.approx(-1.2, abs=0.2)
    assert calibration.centre_error_px == pytest.approx(3.0)
    assert calibration.spread_scale == 0


def test_the_error_grows_with_the_spread_as_it_did() -> None:
    rng = np.random.default_rng(6)
    answers = []
    for _ in range(4000):
        spread = rng.uniform(0, 8)
        answers.append(Answer(0.0, True, float(np.hypot(2.0, 0.5 * spread) * rng.choice([0.5, 1.3])), spread))
    calibration = fit(answers)
    size = math.sqrt((0.5**2 + 1.3**2) / 2)
    assert calibration.centre_error_px == pytest.approx(2.0 * size, rel=0.1)
    assert calibration.spread_scale == pytest.approx(0.5 * size, rel=0.1)


def test_the_fit_stays_finite_where_hits_and_misses_do_not_mix() -> None:
    answers = [Answer(float(x), x > 0, 1.0, 1.0) for x in (-3, -2, -1, 1, 2, 3)]
    calibration = fit(answers)
    assert math.isfinite(calibration.score_scale)
    assert calibration.score_scale > 0


def test_the_description_counts_hits_among_searches_with_the_object() -> None:
    answers = [Answer(2.0, True, 1.0, 1.0), Answer(-2.0, False, 50.0, 1.0)] * 5
    assert describe(answers, fit(answers)).startswith("5 hits of 5 searches with the object; AUROC of the score 1.000")
