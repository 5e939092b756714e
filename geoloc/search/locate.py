"""The search: a first pass over windows, a second look at the likeliest places, a last one at the best answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from geoloc.features.reference import Reference
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer, merge_answers
from geoloc.search.carried import last_looks
from geoloc.search.closer import second_looks
from geoloc.search.first_pass import LEAST_SHARE, FirstPass
from geoloc.search.look import Looker
from geoloc.search.prior import PlacePrior
from tiling.plan import Middles, Window

PEAKS = 5
"""Answers asked of a window at least: its best single place need not be where the most mass is."""
PLACES = 6
"""Places that are looked at a second time, for each target; the right one is hardly ever farther down."""
LEAD_SHARE, MOST_LEAD = 0.5, 6.0
"""So much of the lead of the best answer over the next, up to this lead, is evidence for it at eye level."""


class AttentionSearch:
    """The search for the targets of one photo, in steps: what descriptors speak for may be asked before the rest."""

    def __init__(
        self,
        photo: Photo,
        targets: Sequence[Target],
        reference: Reference,
        model: Localizer,
        *,
        exhaustive: bool = False,
        priors: Sequence[PlacePrior | None] = (),
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> None:
        """Begin; nothing is looked at yet.

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it, in pixels of the photo.
            reference: what to search, at the model's GSD or another one; encoded by the same weights.
            model: the network with its weights.
            exhaustive: show every window to the whole network, however many there are.
            priors: of each target's place, or None; nothing where there are none.
            progress: called with the number of looks done and of all: those of the first pass, and later ones.

        Raises:
            PhotoError: a click is outside the photo.
        """
        self._looker = Looker(photo, targets, reference, model, Middles(reference.plan), priors=priors)
        self._progress, self._first, self._places = progress, (0, 0), PLACES
        self._first_pass = FirstPass(self._looker, exhaustive=exhaustive, progress=self._count)

    def likeliest_windows(self, most: int) -> list[Window]:
        """Return the windows that descriptors speak for, the best first; none where all windows are looked at.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        worth_looking = self._first_pass.worth_looking
        return [] if worth_looking is None else worth_looking.best[:most]

    def answers(self, top: int) -> list[Detection]:
        """Look for the targets.

        Args:
            top: answers a target at most.

        Returns:
            Detections ranked from 1 within each target, targets in their order. Polygons are in the mosaic's CRS, their
            centres inside the plan's area.

        Raises:
            GeolocError: the mosaic or index cannot be read.
        """
        looker, self._places = self._looker, max(top, PLACES)
        found = self._first_pass.answers(max(top, PEAKS))
        likeliest = merge_answers(found, top=self._places)
        confirmed: list[Answer] = []
        for target in range(len(looker.targets)):
            confirmed += second_looks(looker, [first for first in likeliest if first.detection.target == target])
            self._progress(self._first[0] + (target + 1) * self._places, self._first[1] + self._later)
        answers = merge_answers(_by_lead(looker, merge_answers(confirmed, top=self._places)), top=top)
        close = last_looks(looker, answers, top)
        self._progress(self._first[1] + self._later, self._first[1] + self._later)
        return sorted((answer.detection for answer in close), key=lambda detection: (detection.target, detection.rank))

    @property
    def _later(self) -> int:
        """About how many looks follow the first pass: second ones at places, and a last one, for each target."""
        return (self._places + 1) * len(self._looker.targets)

    def _count(self, done: int, total: int) -> None:
        self._first = done, total
        self._progress(done, total + self._later)


def _by_lead(looker: Looker, answers: Sequence[Answer]) -> list[Answer]:
    """Add to the evidence for the best answer to each target what its lead over the next one tells.

    At eye level only: there one tree of a row is hardly told from the next. Where there is no other answer, the next
    one is what hardly was a place.
    """

    def led(answer: Answer) -> Answer:
        target, rank = answer.detection.target, answer.detection.rank
        prior = looker.priors[target]
        if rank > 1 or prior is None or not prior.at_eye_level:
            return answer
        others = [one.evidence for one in answers if one.detection.target == target and one.detection.rank > 1]
        lead = answer.evidence - max(others, default=math.log(LEAST_SHARE))
        evidence = answer.evidence + LEAD_SHARE * min(max(lead, 0.0), MOST_LEAD)
        return answer.scored(looker.score(target, evidence), evidence)

    return [led(answer) for answer in answers]


def locate(
    photo: Photo,
    targets: Sequence[Target],
    reference: Reference,
    model: Localizer,
    *,
    top: int = 5,
    exhaustive: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Detection]:
    """Find each target in the windows of a reference, by attention alone; see `AttentionSearch`."""
    search = AttentionSearch(photo, targets, reference, model, exhaustive=exhaustive, progress=progress)
    return search.answers(top)
