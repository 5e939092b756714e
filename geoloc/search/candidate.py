"""A place that the network sees a target in, and the answer on the map that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from geoloc.photo.crops import Crop
from geoloc.results.detection import Detection, ranking
from tiling.box import PixelBox
from tiling.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A box in pixels that were looked at.

    Attributes:
        target: number of what was asked for.
        grid: the pixels that `box` is in.
        window: their name in the answer.
        box: round the object, in pixels of `grid`.
        log_mass: see `Proposal`.
        spread_px: see `Proposal`.
        crop: the crop of the photo that led to it.
    """

    target: int
    grid: Grid
    window: str
    box: PixelBox
    log_mass: float
    spread_px: float
    crop: Crop


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A candidate on the map. What a later look says goes into `detection`; `candidate` is what it was found as."""

    candidate: Candidate
    detection: Detection


def merge_answers(answers: list[Answer], *, top: int) -> list[Answer]:
    """Rank the answers to each target without those that repeat a better one; see `ranking`."""
    ranks = ranking([answer.detection for answer in answers], top=top)
    return [replace(answers[i], detection=replace(answers[i].detection, rank=rank)) for i, rank in ranks]
