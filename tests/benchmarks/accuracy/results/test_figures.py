from dataclasses import replace

import numpy as np
import pytest

from benchmarks.accuracy.results import figures
from benchmarks.accuracy.results.record import QueryRecord

PLAIN = QueryRecord("a", "m", (0, 0), (0, 0, 1, 1), 32615, 0.0, 0.0, 0.0, 0.5, None, None)


def scored(*pairs: tuple[float, float]) -> list[QueryRecord]:
    """Score and hit, each of its own photo."""
    return [replace(PLAIN, photo=f"p{i}", score=score, hit=hit) for i, (score, hit) in enumerate(pairs)]


def test_a_share_of_independent_clicks_has_the_binomial_interval() -> None:
    values = [1.0] * 70 + [0.0] * 30
    found = figures.share(values, [str(i) for i in range(100)])
    assert found.value == 0.7
    spread = 1.96 * np.sqrt(0.7 * 0.3 / 100)
    assert found.low == pytest.approx(0.7 - spread, abs=0.015)
    assert found.high == pytest.approx(0.7 + spread, abs=0.015)


def test_clicks_of_one_photo_count_together() -> None:
    # Ten photos, each all right or all wrong: as much as ten clicks tell, not a hundred.
    values = [float(i < 70) for i in range(100)]
    found = figures.share(values, [str(i // 10) for i in range(100)])
    spread = 1.96 * np.sqrt(0.7 * 0.3 / 10)
    assert found.high - found.low == pytest.approx(2 * spread, rel=0.15)


def test_photos_with_many_clicks_weigh_more() -> None:
    assert figures.share([1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]).value == 0.75


def test_answers_that_are_not_told_count_neither_as_right_nor_as_wrong() -> None:
    found = figures.right_of_answered(scored((0.9, 1.0), (0.5, 0.0), (0.49, 1.0), (0.0, 0.0)))
    assert found is not None
    assert found.value == 0.5
    assert figures.right_of_answered(scored((0.4, 1.0))) is None


def test_one_photo_has_no_interval() -> None:
    assert figures.share([1.0, 0.0], ["a", "a"]) == figures.Estimate(0.5, None, None)


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 values"):
        figures.share([], [])


def test_auroc_counts_pairs() -> None:
    present, wrong = scored((0.9, 1), (0.5, 0), (0.2, 0)), scored((0.5, 0), (0.1, 0))
    # 0.9 beats both, 0.5 one and a half, 0.2 one: 4.5 of 6.
    found = figures.auroc(present, wrong)
    assert found.value == pytest.approx(4.5 / 6)
    assert found.low < found.value < found.high


def test_auroc_of_scores_that_tell_nothing_is_one_half_and_its_interval_says_so() -> None:
    rng = np.random.default_rng(0)
    present, wrong = (scored(*((value, 0) for value in rng.random(200))) for _ in range(2))
    found = figures.auroc(present, wrong)
    assert found.low < 0.5 < found.high
    # Variance of the Mann-Whitney statistic without ties, (m + n + 1) / (12 m n).
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(401 / (12 * 200 * 200)), rel=0.15)


def test_auroc_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        figures.auroc(scored((1, 1)), [])


def test_honest_scores_have_no_calibration_error() -> None:
    # Of four answers at 0.75 three are right; what is elsewhere scores nothing and is nothing.
    present = scored((0.75, 1), (0.75, 1), (0.75, 1), (0.75, 0))
    assert figures.calibration_error(present, scored((0.0, 0))) == pytest.approx(0)


def test_both_kinds_weigh_one_half_in_the_calibration_error() -> None:
    present, wrong = scored((1.0, 1)), scored((0.6, 0), (0.6, 0), (0.6, 0))
    assert figures.calibration_error(present, wrong) == pytest.approx(0.5 * 0.6)


def test_errors_of_opposite_sign_cancel_within_a_bin_only() -> None:
    assert figures.calibration_error(scored((0.52, 1), (0.58, 0)), scored((0.0, 0))) == pytest.approx(0.5 * 0.05)
    assert figures.calibration_error(scored((0.49, 1), (0.51, 0)), scored((0.0, 0))) == pytest.approx(0.5 * 0.51)
