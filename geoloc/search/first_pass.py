"""The first pass: every crop of every target shown to the windows, and what share of all mass each place has.

Headings a quarter turn apart and few scales have to be supposed, since every crop is shown to every window. Of many
windows only those are looked at that descriptors speak for (`shortlist`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from shapely.prepared import PreparedGeometry, prep

from geoloc.model.localizer import EncodedQueries, Matches
from geoloc.photo.crops import make_crops
from geoloc.search.candidate import Answer
from geoloc.search.look import Looker
from geoloc.search.shortlist import LOOKS, PlannedLook, Shortlist, shortlist
from tiling.plan import Window

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
        return shortlist(
            self._looker.reference,
            described,
            likely=[[] if prior is None else prior.likely_windows(plan) for prior in self._looker.priors],
            progress=lambda done: self._progress(done, total),
        )

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
        plan = self._looker.reference.plan
        every_crop = tuple(range(len(self._numbered)))
        parts, compared = [[PlannedLook(window, every_crop) for window in plan.windows]], 0
        if self.worth_looking is not None:
            parts, compared = [self.worth_looking.first, self.worth_looking.more], len(plan.windows)
        total = compared + sum(map(len, parts))
        mass = _SearchedMass(len(self._looker.targets))
        found: list[Answer] = []
        shown: tuple[Window, ...] = ()
        done = compared
        for part in parts:
            shown += tuple(look.window for look in part)
            mass.overlap = replace(plan, windows=shown).overlap
            doubtful = mass.doubtful(found)
            for look in part:
                crops = [number for number in look.crops if self._numbered[number][0] in doubtful]
                found += self._places(look.window, crops, mass, top)
                done += 1
                self._progress(done, total)
            if not mass.doubtful(found):
                break
        if done < total:
            self._progress(total, total)
        shares = [mass.log_share(answer.candidate.target, answer.candidate.log_mass) for answer in found]
        return [answer.scored(math.exp(share), share) for answer, share in zip(found, shares, strict=True)]

    def _places(self, shown: Window, crops: Sequence[int], mass: _SearchedMass, top: int) -> Iterator[Answer]:
        """Show some of the crops to a window; the answers are those that may come to something."""
        looker = self._looker
        window = looker.window(shown)
        if not crops or not window.valid.any():
            return
        queries = self._encoded if len(crops) == len(self._numbered) else self._encoded.select(crops)
        weights = looker.weights(window, [self._numbered[number] for number in crops])
        matches = looker.model.propose(queries, window.features, window.valid, top, weights)
        mass.add(matches)
        for place in matches.proposals:
            # What was searched only grows: a share that is too small now stays so.
            if mass.log_share(place.target, place.log_mass) > math.log(LEAST_SHARE):
                answer = looker.answer(looker.candidate(place, window, self._crops[place.target]))
                if self._area.contains(answer.detection.centre_lonlat):
                    yield answer

    @cached_property
    def _encoded(self) -> EncodedQueries:
        return self._looker.model.encode_queries(
            [crop for _, crop in self._numbered], [target for target, _ in self._numbered]
        )

    @cached_property
    def _area(self) -> PreparedGeometry:
        return prep(self._looker.reference.plan.area)


class _SearchedMass:
    """The mass of everything searched so far, by target. Windows overlap, and what each place has is to count once.

    Attributes:
        overlap: how many of the windows that are looked at show a place, on average.
    """

    def __init__(self, targets: int) -> None:
        self.overlap = 1.0
        self._log_mass = np.full(targets, -math.inf)

    def add(self, matches: Matches) -> None:
        """Count what another window has."""
        for target, log_mass in matches.log_mass.items():
            self._log_mass[target] = np.logaddexp(self._log_mass[target], log_mass)

    def log_share(self, target: int, log_mass: float) -> float:
        """Log of the share of a place in what all places have and the null class, "nowhere", whose mass is 1."""
        log_searched = self._log_mass[target] - math.log(self.overlap)
        return float(log_mass - np.logaddexp(0.0, max(log_mass, log_searched)))

    def doubtful(self, found: Sequence[Answer]) -> set[int]:
        """Return the targets of which no place has more of the mass than all others and "nowhere"."""
        candidates = [answer.candidate for answer in found]
        sure = {c.target for c in candidates if self.log_share(c.target, c.log_mass) > math.log(0.5)}
        return set(range(len(self._log_mass))) - sure
