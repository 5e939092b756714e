"""The search: a first pass over windows, a second look at the likeliest places, a last one at the best answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from geoloc.features.reference import Reference
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer, lead, merge_answers
from geoloc.search.carried import last_looks
from geoloc.search.closer import second_looks
from geoloc.search.first_pass import FirstPass
from geoloc.search.look import Looker
from geoloc.search.prior import PlacePrior
from tiling.plan import Middles, Window

PEAKS = 5
"""Answers asked of a window at least: its best single place need not be where the most mass is."""
PLACES = 6
"""Places that are looked at a second time, for each target; the right one is hardly ever farther down."""
LEAD_SHARE, MOST_LEAD = 0.5, 6.0
"""What share of how far an answer is ahead of the next counts as evidence for it, of cameras at eye level; and the most
that is counted."""


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
        # The second best tells how sure the best one is.
        answers = _by_lead(looker, merge_answers(confirmed, top=max(top, 2)))
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
    """Count in the evidence of answers how far each is ahead of the next, or behind the best.

    Of cameras at eye level, before which one tree of a row is hardly told from the next; the others' answers stay.
    """

    def led(answer: Answer) -> Answer:
        target = answer.detection.target
        prior = looker.priors[target]
        if prior is None or not prior.at_eye_level:
            return answer
        evidence = answer.evidence + LEAD_SHARE * float(np.clip(lead(answer, answers), -MOST_LEAD, MOST_LEAD))
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
