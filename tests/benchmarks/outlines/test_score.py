"""What `outline_score` is worth: the law that is fitted, and the table."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.outlines.score import Judged, fit_law, reliability


def test_the_law_that_made_them_is_found_again() -> None:
    rng = np.random.default_rng(3)
    confidences = rng.uniform(0.75, 0.97, 20_000)
    hits = rng.random(len(confidences)) < 1 / (1 + np.exp(18 - 22.5 * confidences))
    slope, offset = fit_law(list(confidences), list(hits))
    assert slope == pytest.approx(22.5, rel=0.06)
    assert offset == pytest.approx(-18, rel=0.06)


def test_without_a_miss_it_is_finite_and_sure() -> None:
    slope, offset = fit_law([0.8, 0.85, 0.9], [True] * 3)
    assert np.isfinite([slope, offset]).all()
    assert slope * 0.85 + offset > 1


def test_the_table_tells_what_is_told_and_what_is_true() -> None:
    judged = [Judged(0.8, 0.5, iou) for iou in (0.2, 0.9)] + [Judged(0.92, 1.0, 0.8)]
    lines = reliability(judged)
    assert lines[2:5] == [
        "| 0.8 to 0.85 | 2 | 0.80 | 0.55 | 0.50 | 0.50 |",
        "| 0.9 to 0.95 | 1 | 0.92 | 0.80 | 1.00 | 1.00 |",
        "| all | 3 | 0.84 | 0.63 | 0.67 | 0.67 |",
    ]
    assert "mean squared error of the score: 0.167" in lines
