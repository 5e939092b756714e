"""How many steps of every training fit into the minutes of an ablation, by the speed that is measured first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch.utils.data import DataLoader, IterableDataset

from geoloc.errors import TrainingError
from geoloc.train.samples.batch import Batch

PILOT_STEPS = 12
"""Steps of a training that only tells how fast it is."""
SHARED = 0.92
"""Of the time that is left, what is shared out; the rest is for what takes longer than it did."""
LEAST_STEPS = 50
"""Steps of a training from which on presets can be told apart at all."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What a training takes.

    Attributes:
        step_s: seconds a step.
        besides_s: seconds besides its steps: to begin, to validate, to save, to be measured.
    """

    step_s: float
    besides_s: float


def time_training(train: Callable[[DataLoader[Batch]], object], batches: Sequence[Batch]) -> Speed:
    """Measure what a training takes.

    Args:
        train: trains for `PILOT_STEPS` on the batches it is given, and does all else that a training is followed by.
        batches: to train on.
    """
    asked: list[float] = []
    began = time.monotonic()
    train(DataLoader(_Noted(batches, asked), batch_size=None))
    took = time.monotonic() - began
    # The first steps load what is used; between some a validation lies, which the median leaves out.
    step_s = float(np.median(np.diff(asked)[PILOT_STEPS // 3 :]))
    return Speed(step_s, max(0.0, took - PILOT_STEPS * step_s))


def steps_within(seconds: float, speeds: Sequence[Speed], seeds: int, draw_s: float, most_batches: int) -> int:
    """Return how many steps each of several trainings may have so that all of them end in time.

    Each step of one training has a batch of its own, which all trainings share, as long as there are enough.

    Args:
        seconds: for all of it.
        speeds: of each preset.
        seeds: trainings of each preset.
        draw_s: seconds that it takes to draw a batch.
        most_batches: that are drawn at the most.

    Raises:
        TrainingError: fewer than `LEAST_STEPS`.
    """
    besides = seeds * sum(speed.besides_s for speed in speeds)
    a_step = seeds * sum(speed.step_s for speed in speeds)
    left = SHARED * seconds - besides
    steps = int(max(left / (a_step + draw_s), (left - draw_s * most_batches) / a_step))
    if steps < LEAST_STEPS:
        needed = (besides + LEAST_STEPS * (a_step + draw_s)) / SHARED
        raise TrainingError(
            f"{seconds / 60:.1f} minutes are left for trainings that need {needed / 60:.1f} at the least: "
            "give more minutes, fewer seeds or fewer presets"
        )
    return steps


class _Noted(IterableDataset[Batch]):
    """Batches again and again, and when each was asked for."""

    def __init__(self, batches: Iterable[Batch], asked: list[float]) -> None:
        self._batches, self._asked = batches, asked

    def __iter__(self) -> Iterator[Batch]:
        while True:
            for batch in self._batches:
                self._asked.append(time.monotonic())
                yield batch
