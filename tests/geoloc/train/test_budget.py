"""Each stage of a training has its part of the time, and what comes later what an earlier one leaves."""

from __future__ import annotations

import pytest

from geoloc.train.budget import GATHERED, PREPARED, Budget


def test_stages_end_one_after_the_other_and_the_last_with_the_time() -> None:
    now = [100.0]
    budget = Budget(10, clock=lambda: now[0])
    shares = [GATHERED, PREPARED, budget.training, budget.encoded, budget.described, 1.0]
    assert shares == sorted(set(shares))
    for share in shares:
        now[0] = 100 + 600 * share - 1
        assert not budget.over(share)()
        now[0] += 2
        assert budget.over(share)()


@pytest.mark.parametrize(("describes", "searches", "training"), [(False, False, 1.0), (True, False, 0.8)])
def test_what_does_not_come_leaves_its_time_to_the_training(describes: bool, searches: bool, training: float) -> None:
    assert Budget(10, describes=describes, searches=searches).training == pytest.approx(training)


def test_preparation_counts() -> None:
    now = [0.0]
    budget = Budget(10, describes=False, searches=False, clock=lambda: now[0])
    now[0] = 120
    assert budget.minutes_until(budget.training) == pytest.approx(8)
    assert budget.minutes_until(budget.training, 1.5) == pytest.approx(6.5)
    now[0] = 6000
    assert budget.minutes_until(budget.training) > 0


def test_without_a_limit_nothing_is_ever_over() -> None:
    budget = Budget(clock=lambda: 1e9, begun_s=0)
    assert not budget.over()()
    assert budget.minutes_until(budget.training) == float("inf")
