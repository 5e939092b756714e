"""The first pass: every crop of every target shown to the windows, and what share of all mass each place has.

Headings a quarter turn apart and few scales have to be supposed, since every crop is shown to every window. Of many
windows only those are looked at that descriptors speak for (`shortlist`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from shapely.prepared import prep

from geoloc.model.localizer import EncodedQueries, Matches
from geoloc.photo.crops import make_crops
from geoloc.search.candidate import Answer
from geoloc.search.look import Looker
from geoloc.search.shortlist import LOOKS, PlannedLook, shortlist

LEAST_SHARE = 1e-4
"""Answers with a smaller share of what was searched are not kept: they would only fill memory on a large mosaic."""
_Progress = Callable[[int, int], None]


def first_pass(looker: Looker, *, top: int, exhaustive: bool, progress: _Progress) -> list[Answer]:
    """Look for every target in all windows of the plan, or in those worth while.

    Args:
        looker: of the photograph.
        top: places asked of a window, for each target.
        exhaustive: show every window to the whole network, however many there are.
        progress: called with the number of windows done and of all.

    Returns:
        Answers whose centres lie in the plan's area, unmerged; the evidence of each is the log of its share, and its
        score that share.

    Raises:
        PhotoError: a click is outside the photo.
        GeolocError: the mosaic cannot be read.
    """
    model, plan = looker.model, looker.reference.plan
    crops = [make_crops(looker.photo, target, model.query_shape) for target in looker.targets]
    numbered = [(target, crop) for target, group in enumerate(crops) for crop in group]
    encoded = model.encode_queries([crop for _, crop in numbered], [target for target, _ in numbered])
    parts, compared = _planned_looks(looker, encoded, exhaustive, progress)
    total = compared + sum(map(len, parts))
    mass = _SearchedMass(len(looker.targets), plan.overlap)
    area = prep(plan.area)
    found: list[Answer] = []
    done = 0
    for done, look in enumerate(_until(lambda: mass.leaves_no_doubt(found), parts), start=1):
        window = looker.window(look.window)
        if window.valid.any():
            shown = encoded if len(look.crops) == len(numbered) else encoded.select(look.crops)
            matches = model.propose(shown, window.features, window.valid, top)
            mass.add(matches)
            # What was searched only grows: a share that is too small now stays so.
            likely = [p for p in matches.proposals if mass.log_share(p.target, p.log_mass) > math.log(LEAST_SHARE)]
            answers = (looker.answer(looker.candidate(p, window, crops[p.target])) for p in likely)
            found.extend(answer for answer in answers if area.contains(answer.detection.centre_lonlat))
        progress(compared + done, total)
    if done < total:
        progress(total, total)
    shares = [mass.log_share(answer.candidate.target, answer.candidate.log_mass) for answer in found]
    return [answer.scored(math.exp(share), share) for answer, share in zip(found, shares, strict=True)]


class _SearchedMass:
    """The mass of everything searched so far, by target. Windows overlap, and what each place has is to count once."""

    def __init__(self, targets: int, overlap: float) -> None:
        self._log_mass = np.full(targets, -math.inf)
        self._log_overlap = math.log(overlap)

    def add(self, matches: Matches) -> None:
        """Count what another window has."""
        for target, log_mass in matches.log_mass.items():
            self._log_mass[target] = np.logaddexp(self._log_mass[target], log_mass)

    def log_share(self, target: int, log_mass: float) -> float:
        """Log of the share of a place in what all places have and the null class, "nowhere", whose mass is 1."""
        log_searched = self._log_mass[target] - self._log_overlap
        return float(log_mass - np.logaddexp(0.0, max(log_mass, log_searched)))

    def leaves_no_doubt(self, found: Sequence[Answer]) -> bool:
        """Whether every target has a place with more of the mass than all others and "nowhere"."""
        candidates = [answer.candidate for answer in found]
        sure = {c.target for c in candidates if self.log_share(c.target, c.log_mass) > math.log(0.5)}
        return len(sure) == len(self._log_mass)


def _planned_looks(
    looker: Looker, encoded: EncodedQueries, exhaustive: bool, progress: _Progress
) -> tuple[list[list[PlannedLook]], int]:
    """What to look at, in parts of which the last ones may not be needed, and how many windows were compared for it."""
    plan, model = looker.reference.plan, looker.model
    if exhaustive or not model.descriptor or len(plan.windows) <= LOOKS:
        every_crop = tuple(range(len(encoded.target)))
        return [[PlannedLook(window, every_crop) for window in plan.windows]], 0
    total = len(plan.windows)
    described = model.describe_queries(encoded)
    # How many looks there will be is not known before, and hardly matters beside so many windows.
    return shortlist(looker.reference, described, progress=lambda done: progress(done, total + LOOKS)), total


def _until(enough: Callable[[], bool], parts: Sequence[Sequence[PlannedLook]]) -> Iterator[PlannedLook]:
    """What to look at, part by part, until there is no need of more."""
    for part in parts:
        yield from part
        if enough():
            return
