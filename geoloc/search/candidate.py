"""A place that the network sees a target in, and the answer on the map that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoloc.photo.crop import Crop
from geoloc.results.detection import Detection, ranking
from geoloc.search.own_plane import OwnPlane
from tiling.box import PixelBox
from tiling.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class CandidateBox:
    """A box that the network proposes for a target, in the pixels that it was shown.

    Attributes:
        target: number of the target.
        grid: the pixels that `box` is in, EPSG:3857.
        window: id of these pixels in the answer.
        box: bounds of the object, pixels of `grid`.
        log_mass: log of the network's mass here; the null class, "the object is not here", has the mass 1.
        spread_px: standard deviation of the centre under the network's own weights near it, pixels of `grid`.
        crop: the crop of the photo that led to it.
        plane: on which matches round the target agree, to pixels of `grid`; None where that was not asked.
    """

    target: int
    grid: Grid
    window: str
    box: PixelBox
    log_mass: float
    spread_px: float
    crop: Crop
    plane: OwnPlane | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A candidate and what it is on the map.

    Attributes:
        candidate: what it was found as.
        detection: the answer, with what later looks say.
    """

    candidate: CandidateBox
    detection: Detection

    @property
    def evidence(self) -> float:
        """That of the detection, which has been scored."""
        assert self.detection.evidence is not None, "each look tells it"
        return self.detection.evidence

    def scored(self, score: float, evidence: float) -> Answer:
        """Return the answer with a score and the evidence that it was made of."""
        return replace(self, detection=replace(self.detection, score=score, evidence=evidence))


def merge_answers(answers: Sequence[Answer], *, top: int) -> list[Answer]:
    """Rank the answers to each target without those that repeat a better one; see `ranking`."""
    ranks = ranking([answer.detection for answer in answers], top=top)
    return [replace(answers[i], detection=replace(answers[i].detection, rank=rank)) for i, rank in ranks]
