"""The search as it is asked for: attention over a plan, geometry where it holds, and "not here"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from geoloc import guide, refine, search
from geoloc.detection import Detection, present
from geoloc.model.localizer import Localizer
from geoloc.photo import Photo
from geoloc.query import Target
from geoloc.reference import Reference
from geoloc.searched import Searched
from tiling.plan import Plan

KEPT = 2
"""Plans whose features are kept, up to `blocks.MEMORY` each: with photos of which some know where they were taken,
the plan of those that do not stays beside that of the others."""


class Found(NamedTuple):
    """answers: all of the search. here: those among them that count as answers; a target without any is "not here"."""

    answers: list[Detection]
    here: list[Detection]


class _Ground(NamedTuple):
    plan: Plan
    reference: Reference
    refiner: refine.Refiner | None


class Finder:
    """Finds what is clicked in photographs in what is searched; photos that search the same plan share its features."""

    def __init__(
        self,
        searched: Searched,
        model: Localizer,
        *,
        refined: bool,
        exhaustive: bool = False,
        top: int = 5,
        min_score: float | None = None,
    ) -> None:
        """refined: whether geometry checks the answers. exhaustive: see `search.locate`. top: answers a target at most.
        min_score: of every answer; None for all answers to the targets whose best one scores `search.PRESENT`.
        """
        self._searched, self._model = searched, model
        self._refined, self._exhaustive, self._top, self._min_score = refined, exhaustive, top, min_score
        self._grounds: list[_Ground] = []

    def asked(self, *, refined: bool, exhaustive: bool, top: int, min_score: float | None) -> Finder:
        """Another one for the same, which shares with this one all that was read and encoded."""
        other = Finder(
            self._searched, self._model, refined=refined, exhaustive=exhaustive, top=top, min_score=min_score
        )
        other._grounds = self._grounds
        return other

    def find(
        self,
        photo: Photo,
        targets: Sequence[Target],
        plan: Plan,
        progress: Callable[[int, int], None] = lambda done, total: None,
        verifying: Callable[[], None] = lambda: None,
    ) -> Found:
        """Search a plan for targets in a photo. progress: called with the number of windows done and of all; verifying:
        before geometry checks the answers.

        Raises:
            PhotoError: a click is outside the photo.
            MosaicError: the mosaic cannot be read.
        """
        ground = self._ground(plan)
        how: dict[str, Any] = {"top": self._top, "exhaustive": self._exhaustive, "progress": progress}
        answers = search.locate(photo, targets, ground.reference, self._model, **how)
        if self._refined and ground.refiner is not None:
            verifying()
            answers = ground.refiner.refine(photo, targets, answers)
        if self._min_score is None:
            return Found(answers, present(answers, search.PRESENT))
        return Found(answers, [answer for answer in answers if answer.score >= self._min_score])

    def _ground(self, plan: Plan) -> _Ground:
        known = [ground for ground in self._grounds if ground.plan == plan]
        others = [ground for ground in self._grounds if ground.plan != plan]
        # What has to go goes before anything new is read.
        self._grounds[:] = others[-(KEPT - 1) :] + known
        if not known:
            reference = self._searched.reference(plan, self._model)
            refiner, mosaic = None, self._searched.mosaic
            if mosaic is not None:
                refiner = refine.Refiner(mosaic, plan, guide.Guide(reference, self._model))
            self._grounds.append(_Ground(plan, reference, refiner))
        return self._grounds[-1]
