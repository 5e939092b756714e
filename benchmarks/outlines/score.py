"""What `outline_score` is worth: `python -m benchmarks.outlines.score --fit GROUNDS --check GROUNDS`.

Fits the law of `FoundOutline.score` on the first grounds (folders as `python -m benchmarks.outlines` takes them) and
tells how true the law that is in use is on both: of segments sure enough to be an answer, how many share more than a
half with the true outline. Grounds that nobody trained on, and others to check on than to fit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outlines import tables
from benchmarks.outlines.measure import outline_of
from benchmarks.outlines.trials import trials
from geoloc.errors import GeolocError
from geoloc.model.outline_weights import load_outline_net
from geoloc.outline.mask_model import MaskModel
from geoloc.outline.outliner import SHARED, FoundOutline

EDGES = (0.75, 0.8, 0.85, 0.9, 0.95, 1.01)
"""Of confidences, in the tables."""
_STEPS = 50
_PULL = 0.1
"""Weight of half the squared slope and offset, on confidences of unit deviation: they stay finite without a miss."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A segment sure enough to be an answer.

    Attributes:
        confidence: the mask head's own.
        score: the probability that is told.
        iou: with the true outline, or of both boxes where only the true box is known.
    """

    confidence: float
    score: float
    iou: float


def main() -> None:
    """Fit, and print the law and the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outlines.score",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--fit", type=Path, nargs="+", default=[], help="folders of grounds to fit on")
    parser.add_argument("--check", type=Path, nargs="+", default=[], help="folders of others")
    parser.add_argument("--most", type=int, default=250, help="objects of a ground")
    args = parser.parse_args()
    try:
        network = MaskModel(load_outline_net())
        for name, folders in (("fitted on", args.fit), ("checked on", args.check)):
            judged = [one for folder in folders for one in judged_segments(folder, args.most, network)]
            if not judged:
                continue
            lines = reliability(judged)
            if name == "fitted on":
                slope, offset = fit_law([one.confidence for one in judged], [one.iou > SHARED for one in judged])
                lines += ["", f"law: slope {slope:.2f}, offset {offset:.2f}"]
            heading = f"## {name} {', '.join(folder.name for folder in folders)}"
            sys.stdout.write("\n".join([heading, "", *lines, "", ""]))
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")


def judged_segments(folder: Path, most: int, network: MaskModel) -> Iterator[Judged]:
    """Yield the sure segments among up to `most` objects of a ground that are clicked."""
    for trial in trials(folder, most):
        found: FoundOutline | None = outline_of(trial, network, trial.photo_known)
        if found is not None and found.sure:
            yield Judged(found.confidence, found.score, trial.iou(found.polygon))


def fit_law(confidences: Sequence[float], hits: Sequence[bool]) -> tuple[float, float]:
    """Return slope and offset of the log odds of a hit by confidence: logistic regression, by Newton's steps."""
    values = np.array(confidences)
    middle, width = float(values.mean()), max(float(values.std()), 1e-6)
    columns = np.stack([(values - middle) / width, np.ones_like(values)], axis=1)
    law: NDArray[np.float64] = np.zeros(2)
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-columns @ law))
        bent = columns.T @ (columns * (told * (1 - told))[:, None]) + _PULL * np.eye(2)
        law -= np.linalg.solve(bent, columns.T @ (told - np.array(hits)) + _PULL * law)
    return float(law[0] / width), float(law[1] - law[0] * middle / width)


def reliability(judged: Sequence[Judged]) -> list[str]:
    """Return a table of what is told and what is true by confidence, and how far off the two are."""
    lines = tables.head("confidence", "count", "mean confidence", "mean IoU", f"IoU > {SHARED:g}", "mean score")
    for low, high in pairwise(EDGES):
        chosen = [one for one in judged if low <= one.confidence < high]
        if chosen:
            lines.append(tables.line(f"{low:g} to {min(high, 1):g}", len(chosen), *_means(chosen)))
    lines.append(tables.line("all", len(judged), *_means(judged)))
    hits = np.array([one.iou > SHARED for one in judged])
    for name, told in (("confidence", [one.confidence for one in judged]), ("score", [one.score for one in judged])):
        lines += ["", f"mean squared error of the {name}: {np.mean((np.array(told) - hits) ** 2):.3f}"]
    return lines


def _means(judged: Sequence[Judged]) -> list[str]:
    rows = [(one.confidence, one.iou, one.iou > SHARED, one.score) for one in judged]
    return [f"{value:.2f}" for value in np.mean(np.array(rows, float), axis=0)]


if __name__ == "__main__":
    main()
