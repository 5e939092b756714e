"""Figures of joined answers by the number of photographs, over all their combinations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.joint.searched import SearchedObject
from geoloc.evaluation.labelled import Outcome, error_m, is_hit
from geoloc.joint.answers import join_answers
from geoloc.results.detection import PRESENT

COMBINATIONS = 12
"""Of an object's photographs at most; it counts as one object whatever they are."""


@dataclass(frozen=True, slots=True)
class JointTrial:
    """The best answer of some photographs of an object.

    Attributes:
        weight: what it counts; all trials of an object together count 1.
        hit: whether its centre is in the true box.
        error_m: to the true place; infinite without an answer.
        told_m: the error that is told.
        here: whether it counts as an answer, not as "not here".
        contradicted: whether a photograph is named that contradicts it.
    """

    weight: float
    hit: bool
    error_m: float
    told_m: float
    here: bool
    contradicted: bool


def trials(found: Sequence[SearchedObject], together: int) -> list[JointTrial]:
    """Join so many photographs at a time; objects that fewer show are left out."""
    made = []
    for item in found:
        combinations = list(itertools.islice(itertools.combinations(item.photos, together), COMBINATIONS))
        for photos in combinations:
            joined = join_answers("object", photos, 1)
            best = joined.answers[0] if joined.answers else None
            outcome = Outcome(item.truth, best, 0.0)
            told, here = (math.inf, False) if best is None else (best.accuracy_m, best.score >= PRESENT)
            made.append(
                JointTrial(1 / len(combinations), is_hit(outcome), error_m(outcome), told, here, bool(joined.note))
            )
    return made


def line(name: str, photos: int, made: Sequence[JointTrial], *, present: bool) -> str:
    """Return a row of the table, see `HEADER`; where objects are not there only how often something is told."""
    weights = np.array([trial.weight for trial in made])
    hit, here = np.array([trial.hit for trial in made]), np.array([trial.here for trial in made])
    error, told = np.array([trial.error_m for trial in made]), np.array([trial.told_m for trial in made])

    def share(which: NDArray[np.bool_], of: NDArray[np.bool_] | None = None) -> str:
        all_of = np.ones(len(made), bool) if of is None else of
        return f"{weights[which & all_of].sum() / weights[all_of].sum():.2f}" if all_of.any() else "-"

    cells = [name, f"{weights.sum():.0f}", f"{photos}"]
    if not present:
        return _row([*cells, "-", "-", share(here), "-", "-", "-", "-"])
    right = np.isfinite(error) & hit
    cells += [share(hit), share(hit & here), share(~hit & here)]
    cells += [f"{_quantile(error, weights, 0.5):.2f}", f"{_quantile(error, weights, 0.9):.1f}"]
    cells += [share(error <= told, here), f"{_quantile(told[right], weights[right], 0.5):.2f}" if right.any() else "-"]
    return _row(cells)


HEADER = (
    "| set | objects | photos | hits | told and right | told and wrong | error: median m | 90 % m | covered "
    "| told: median m |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    """The least value up to which so much of the weight lies."""
    order = np.argsort(values)
    held = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(held, share - 1e-9)), len(values) - 1)])
