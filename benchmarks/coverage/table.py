"""The tables of what is told and what is true."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from benchmarks.coverage.measure import Told

ANGLES = (0, 30, 45, 60, 70, 75, 80, 90)
BEYOND = (0.0, 0.25, 0.5, 1.0, math.inf)
SCORES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
HEADS = ("", "clicks", "covered", "error: median, 90 % m", "told: median, 90 % m", "told / error", "score", "hits")


def table(title: str, rows: Sequence[tuple[str, Sequence[Told]]]) -> list[str]:
    """Return lines of a table, one for each group that has clicks.

    "told / error" is the median told error over the 90 % quantile of the true one: 1 would be neither more nor less
    than needed, were all of the group alike.
    """
    lines = [f"| {' | '.join((title, *HEADS[1:]))} |", f"|{'---|' * len(HEADS)}"]
    return lines + [_line(name, found) for name, found in rows if found]


def by_angle(told: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Group answers by the angle from straight down at which they are seen."""
    return _grouped(told, lambda one: one.angle_deg, ANGLES, " degrees")


def by_distance(told: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Group answers by how far they are from the inliers."""
    inside = [one for one in told if one.beyond == 0]
    outside = [one for one in told if one.beyond > 0]
    return [("inside", inside), *_grouped(outside, lambda one: one.beyond, BEYOND, " hulls beyond")]


def by_score(told: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Group answers by their score."""
    return _grouped(told, lambda one: one.score, SCORES, "")


def by_size(told: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """Group answers by how large the error that they tell is, in sizes of the object."""
    return _grouped(told, lambda one: one.accuracy_m / one.size_m, (0, 0.25, 0.5, 1, 2, math.inf), " sizes told")


def _grouped(
    told: Sequence[Told], value: Callable[[Told], float], edges: Sequence[float], unit: str
) -> list[tuple[str, list[Told]]]:
    groups = []
    for low, high in pairwise(edges):
        name = f"over {low:g}{unit}" if high == math.inf else f"{low:g} to {high:g}{unit}"
        groups.append((name, [one for one in told if low <= value(one) < high]))
    return groups


def _line(name: str, found: Sequence[Told]) -> str:
    errors, told = (np.array([getattr(one, key) for one in found]) for key in ("error_m", "accuracy_m"))
    high = float(np.quantile(errors, 0.9))
    cells = (
        name,
        f"{len(found)}",
        f"{(errors <= told).mean():.2f}",
        f"{np.median(errors):.2f}, {high:.2f}",
        f"{np.median(told):.2f}, {np.quantile(told, 0.9):.2f}",
        f"{np.median(told) / max(high, 1e-9):.1f}",
        f"{np.mean([one.score for one in found]):.2f}",
        f"{np.mean([one.hit for one in found]):.2f}",
    )
    return f"| {' | '.join(cells)} |"
