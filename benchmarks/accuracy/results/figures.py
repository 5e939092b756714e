"""Statistics of the benchmark: bootstrap intervals over photographs, AUROC and calibration error of the scores.

Clicks in one photograph are not independent, so whole photographs are drawn (cluster bootstrap; Davison and Hinkley,
"Bootstrap Methods and their Application", 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.results.record import QueryRecord
from geoloc.results.detection import PRESENT

DRAWS = 4000
LEVEL = 0.95
BINS = 10
_SEED = 20
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, whose ends are None where there are fewer than two photographs to draw from."""

    value: float
    low: float | None
    high: float | None


def share(values: Sequence[float], photos: Sequence[str]) -> Estimate:
    """Return the mean of one value a query, with its interval.

    Raises:
        ValueError: no values, or not as many photos.
    """
    if not values or len(values) != len(photos):
        raise ValueError(f"{len(values)} values of {len(photos)} photos")
    drawn, group = _draws(photos)
    sums = np.bincount(group, np.asarray(values, float))
    sizes = np.bincount(group).astype(float)
    return _estimate(float(np.mean(values)), None if drawn is None else (drawn @ sums) / (drawn @ sizes))


def right_of_answered(records: Sequence[QueryRecord]) -> Estimate | None:
    """Return the share of hits of the queries that are answered, not "not here"; None where none is."""
    answered = [record for record in records if record.score >= PRESENT]
    return share([record.hit for record in answered], [record.photo for record in answered]) if answered else None


def auroc(present: Sequence[QueryRecord], wrong: Sequence[QueryRecord]) -> Estimate:
    """Return how often a query whose object is on the mosaic scores above one whose is not, ties counting half.

    Raises:
        ValueError: one of the two is empty.
    """
    if not present or not wrong:
        raise ValueError("an AUROC needs queries of both kinds")
    high, low = _scores(present), _scores(wrong)
    wins = (high[:, None] > low) + 0.5 * (high[:, None] == low)
    drawn = None
    first, group = _draws([r.photo for r in present])
    second, others = _draws([r.photo for r in wrong], stream=1)
    if first is not None and second is not None:
        # A record counts as often as its photograph was drawn.
        a, b = first[:, group], second[:, others]
        drawn = ((a @ wins) * b).sum(1) / (a.sum(1) * b.sum(1))
    return _estimate(float(wins.mean()), drawn)


def calibration_error(present: Sequence[QueryRecord], wrong: Sequence[QueryRecord]) -> float:
    """Return the expected calibration error of the score as the probability that the best answer is right.

    In 10 bins of equal width. Both kinds weigh one half, whatever their numbers: scores are fitted so (see
    `geoloc.train.calibration.score_law`). The error is the mean, by weight, of |mean score - share of right answers| in
    each bin (Guo et al., 2017, arXiv 1706.04599).
    """
    every = [*present, *wrong]
    score = _scores(every)
    right = np.array([r.hit for r in every])
    weight = np.concatenate([np.full(len(part), 0.5 / len(part)) for part in (present, wrong)])
    number = np.minimum((score * BINS).astype(int), BINS - 1)
    gaps = np.bincount(number, weight * (score - right), BINS)
    return float(np.abs(gaps).sum())


def _scores(records: Sequence[QueryRecord]) -> Floats:
    return np.array([r.score for r in records])


def _draws(photos: Sequence[str], stream: int = 0) -> tuple[Floats | None, NDArray[np.intp]]:
    """Draw how often each photograph counts, DRAWS x photographs; and return that of each query, by number.

    stream: another one draws independently.
    """
    names, group = np.unique(np.asarray(photos), return_inverse=True)
    if len(names) < 2:
        return None, group
    rng = np.random.default_rng([_SEED, stream])
    return rng.multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS).astype(float), group


def _estimate(value: float, drawn: Floats | None) -> Estimate:
    if drawn is None:
        return Estimate(value, None, None)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
