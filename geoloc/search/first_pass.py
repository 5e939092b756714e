"""The first pass: every crop of every target shown to the windows, and what share of all mass each place has.

Headings a quarter turn apart and few scales have to be supposed, since every crop is shown to every window. Of many
windows only those are looked at that descriptors speak for (`shortlist`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np
from shapely.prepared import prep

from geoloc.model.localizer import EncodedQueries, Matches
from geoloc.photo.crops import make_crops
from geoloc.search.candidate import Answer
from geoloc.search.look import Looker
from geoloc.search.shortlist import LOOKS, PlannedLook, Shortlist, shortlist

LEAST_SHARE = 1e-4
"""Answers with a smaller share of what was searched are not kept: they would only fill memory on a large mosaic."""
_Progress = Callable[[int, int], None]


class FirstPass:
    """Looks for every target in all windows of the plan, or in those worth while."""

    def __init__(self, looker: Looker, *, exhaustive: bool, progress: _Progress) -> None:
        """Cut the crops; nothing is looked at yet.

        Args:
            looker: of the photograph.
            exhaustive: show every window to the whole network, however many there are.
            progress: called with the number of windows done and of all.

        Raises:
            PhotoError: a click is outside the photo.
        """
        self._looker, self._exhaustive, self._progress = looker, exhaustive, progress
        self._crops = [make_crops(looker.photo, target, looker.model.query_shape) for target in looker.targets]
        self._numbered = [(target, crop) for target, group in enumerate(self._crops) for crop in group]

    @cached_property
    def worth_looking(self) -> Shortlist | None:
        """The windows that descriptors speak for; None where all are looked at.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        plan, model = self._looker.reference.plan, self._looker.model
        if self._exhaustive or not model.descriptor:
            return None
        # How many looks there will be is not known before, and hardly matters beside so many windows.
        total = len(plan.windows) + LOOKS
        described = model.describe_queries(self._encoded)
        return shortlist(self._looker.reference, described, progress=lambda done: self._progress(done, total))

    def answers(self, top: int) -> list[Answer]:
        """Return the places found.

        Args:
            top: places asked of a window, for each target.

        Returns:
            Answers whose centres lie in the plan's area, unmerged; the evidence of each is the log of its share, and
            its score that share.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        looker, plan = self._looker, self._looker.reference.plan
        every_crop = tuple(range(len(self._numbered)))
        parts, compared = [[PlannedLook(window, every_crop) for window in plan.windows]], 0
        if self.worth_looking is not None:
            parts, compared = [self.worth_looking.first, self.worth_looking.more], len(plan.windows)
        total = compared + sum(map(len, parts))
        mass = _SearchedMass(len(looker.targets), plan.overlap)
        area = prep(plan.area)
        found: list[Answer] = []
        done = 0
        for done, look in enumerate(_until(lambda: mass.leaves_no_doubt(found), parts), start=1):
            window = looker.window(look.window)
            if window.valid.any():
                matches = looker.model.propose(self._shown(look), window.features, window.valid, top)
                mass.add(matches)
                # What was searched only grows: a share that is too small now stays so.
                likely = [p for p in matches.proposals if mass.log_share(p.target, p.log_mass) > math.log(LEAST_SHARE)]
                answers = (looker.answer(looker.candidate(p, window, self._crops[p.target])) for p in likely)
                found.extend(answer for answer in answers if area.contains(answer.detection.centre_lonlat))
            self._progress(compared + done, total)
        if done < total:
            self._progress(total, total)
        shares = [mass.log_share(answer.candidate.target, answer.candidate.log_mass) for answer in found]
        return [answer.scored(math.exp(share), share) for answer, share in zip(found, shares, strict=True)]

    @cached_property
    def _encoded(self) -> EncodedQueries:
        return self._looker.model.encode_queries(
            [crop for _, crop in self._numbered], [target for target, _ in self._numbered]
        )

    def _shown(self, look: PlannedLook) -> EncodedQueries:
        return self._encoded if len(look.crops) == len(self._numbered) else self._encoded.select(look.crops)


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


def _until(enough: Callable[[], bool], parts: Sequence[Sequence[PlannedLook]]) -> Iterator[PlannedLook]:
    """What to look at, part by part, until there is no need of more."""
    for part in parts:
        yield from part
        if enough():
            return
