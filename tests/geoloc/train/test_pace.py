"""Minutes shared out among trainings: sums worked out by hand, and speeds by a clock that only trainings move."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace

import pytest
import torch

from geoloc.errors import TrainingError
from geoloc.train import pace
from geoloc.train.pace import PILOT_STEPS, Speed, steps_within, time_training
from geoloc.train.samples.batch import Batch

SPEEDS = [Speed(0.1, 4.0), Speed(0.05, 2.0)]


@pytest.fixture(autouse=True)
def _all_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SHARED", 1.0)


def test_all_trainings_have_as_many_steps_as_fit_together() -> None:
    # Three seeds: 18 s besides, and 0.45 s a step of all, beside 0.05 s to draw its batch.
    assert steps_within(118.01, SPEEDS, 3, 0.05, 10_000) == 200
    # No more than 100 batches are drawn, in 5 s.
    assert steps_within(113.01, SPEEDS, 3, 0.05, 100) == 200


def test_too_few_minutes_are_refused_with_what_is_needed() -> None:
    # 18 s and fifty steps of half a second.
    with pytest.raises(TrainingError, match=r"0\.5 minutes are left for trainings that need 0\.7 at the least"):
        steps_within(30.0, SPEEDS, 3, 0.05, 10_000)


def test_a_step_is_told_from_what_a_training_takes_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now[0]))
    batch = Batch(*(torch.zeros(1) for _ in range(9)))

    def train(batches: Iterable[Batch]) -> None:
        now[0] += 7
        for step, _ in zip(range(PILOT_STEPS), batches, strict=False):
            # What is loaded once, and a validation.
            now[0] += 5.0 if step == 0 else 2.0 if step == PILOT_STEPS // 2 else 0.5

    speed = time_training(train, [batch, batch])
    assert speed.step_s == pytest.approx(0.5)
    assert speed.besides_s == pytest.approx(7 + 4.5 + 1.5)
