"""The first pass: every crop of every target shown to the windows, and what share of all mass each place has.

Headings a quarter turn apart and few scales have to be supposed, since every crop is shown to every window. Of many
windows only those are looked at that descriptors speak for (`shortlist`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from shapely.prepared import prep

from geoloc.model.localizer import EncodedQueries, Matches
from geoloc.photo.crops import make_crops
from geoloc.results.detection import place
from geoloc.search.candidate import Answer
from geoloc.search.look import Looker
from geoloc.search.shortlist import LOOKS, Look, shortlist

LEAST_SHARE = 1e-4
"""Answers with a smaller share of what was searched are not kept: they would only fill memory on a large mosaic."""
Progress = Callable[[int, int], None]


def first_pass(looker: Looker, *, top: int, exhaustive: bool, progress: Progress) -> list[Answer]:
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
    crops = [make_crops(looker.photo, target, looker.model.query_shape) for target in looker.targets]
    numbered = [(target, crop) for target, group in enumerate(crops) for crop in group]
    encoded = looker.model.encode_queries([crop for _, crop in numbered], [target for target, _ in numbered])
    parts, compared = _parts(looker, encoded, exhaustive, progress)
    total = compared + sum(map(len, parts))
    shares = _Shares(len(looker.targets), looker.reference.plan.overlap)
    inside = prep(looker.reference.plan.area)
    found: list[Answer] = []
    done = 0
    for done, look in enumerate(_until(lambda: shares.certain(found), parts), start=1):
        sight = looker.window(look.window)
        if sight.wanted.any():
            shown = encoded if len(look.crops) == len(numbered) else encoded.some(look.crops)
            matches = looker.model.propose(shown, sight.features, sight.wanted, top)
            shares.add(matches)
            # What was searched only grows: a share that is too small now stays so.
            likely = [p for p in matches.proposals if shares.log_of(p.target, p.log_mass) > math.log(LEAST_SHARE)]
            answers = (looker.answer(looker.candidate(p, sight, crops[p.target])) for p in likely)
            found.extend(answer for answer in answers if inside.contains(place(answer.detection)))
        progress(compared + done, total)
    if done < total:
        progress(total, total)
    return [_shared(answer, shares) for answer in found]


class _Shares:
    """The mass of everything searched so far, by target. Windows overlap, and what each place has is to count once."""

    def __init__(self, targets: int, overlap: float) -> None:
        self._searched = np.full(targets, -math.inf)
        self._overlap = math.log(overlap)

    def add(self, matches: Matches) -> None:
        """Count the mass of another window."""
        for target, log_mass in matches.log_mass.items():
            self._searched[target] = np.logaddexp(self._searched[target], log_mass)

    def log_of(self, target: int, log_mass: float) -> float:
        """Log of the share of a place in what all places have and the null class, "nowhere", whose mass is 1."""
        log_searched = self._searched[target] - self._overlap
        return float(log_mass - np.logaddexp(0.0, max(log_mass, log_searched)))

    def certain(self, found: Sequence[Answer]) -> bool:
        """Whether every target has a place with more of the mass than all others and "nowhere"."""
        candidates = [answer.candidate for answer in found]
        sure = {c.target for c in candidates if self.log_of(c.target, c.log_mass) > math.log(0.5)}
        return len(sure) == len(self._searched)


def _shared(answer: Answer, shares: _Shares) -> Answer:
    share = shares.log_of(answer.candidate.target, answer.candidate.log_mass)
    return replace(answer, detection=replace(answer.detection, score=math.exp(share), evidence=share))


def _parts(
    looker: Looker, encoded: EncodedQueries, exhaustive: bool, progress: Progress
) -> tuple[list[list[Look]], int]:
    """What to look at, in parts of which the last ones may not be needed, and how many windows were compared for it."""
    plan, model = looker.reference.plan, looker.model
    if exhaustive or not model.descriptor or len(plan.windows) <= LOOKS:
        everything = tuple(range(len(encoded.target)))
        return [[Look(window, everything) for window in plan.windows]], 0
    total = len(plan.windows)
    described = model.describe_queries(encoded)
    # How many looks there will be is not known before, and hardly matters beside so many windows.
    return shortlist(looker.reference, described, progress=lambda done: progress(done, total + LOOKS)), total


def _until(enough: Callable[[], bool], parts: Sequence[Sequence[Look]]) -> Iterator[Look]:
    """What to look at, part by part, until there is no need of more."""
    for part in parts:
        yield from part
        if enough():
            return
