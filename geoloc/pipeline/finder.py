"""The search as a request asks for it: attention over a plan, geometry where it holds, and "not here"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from geoloc.features.reference import Reference
from geoloc.geometry.guided_look import GuidedLook
from geoloc.geometry.refine import Refiner
from geoloc.model.localizer import Localizer
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.cascade import find_targets
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.source import SearchSource
from geoloc.results.detection import Detection, present
from geoloc.search.locate import PRESENT
from tiling.plan import Plan

KEPT = 2
"""Plans whose features are kept, up to `blocks.MEMORY` each: with photos of which some know where they were taken,
the plan of those that do not stays beside that of the others."""


class Found(NamedTuple):
    """What a search found.

    Attributes:
        answers: all answers, ranked from 1 within each target.
        here: those among them that count; a target without any is "not here".
    """

    answers: list[Detection]
    here: list[Detection]


class _Ground(NamedTuple):
    plan: Plan
    reference: Reference
    refiner: Refiner | None


class Finder:
    """Finds what is clicked in photographs in one source; photos that search the same plan share its features."""

    def __init__(self, source: SearchSource, model: Localizer, request: SearchRequest) -> None:
        """Search a source by a network.

        Args:
            source: what is searched, open as long as this is used.
            model: the network; an index in the source is of the same one.
            request: how to search: its top, min_score, refine and exhaustive count.
        """
        self._source, self._model, self._request = source, model, request
        self._grounds: list[_Ground] = []

    def with_request(self, request: SearchRequest) -> Finder:
        """Return a finder for the same source and network, which shares with this one all that was read and encoded."""
        other = Finder(self._source, self._model, request)
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
        """Search a plan for targets in a photo.

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it, in pixels of the photo.
            plan: the windows of the source to search.
            progress: called with the number of windows done and of all.
            verifying: called before geometry checks the answers.

        Raises:
            PhotoError: a click is outside the photo.
            MosaicError: the mosaic cannot be read.
        """
        ground, request = self._ground(plan), self._request
        answers = find_targets(
            photo,
            targets,
            reference=ground.reference,
            refiner=ground.refiner,
            model=self._model,
            request=request,
            progress=progress,
            verifying=verifying,
        )
        if request.min_score is None:
            return Found(answers, present(answers, PRESENT))
        return Found(answers, [answer for answer in answers if answer.score >= request.min_score])

    def _ground(self, plan: Plan) -> _Ground:
        known = [ground for ground in self._grounds if ground.plan == plan]
        others = [ground for ground in self._grounds if ground.plan != plan]
        # What has to go goes before anything new is read.
        self._grounds[:] = others[-(KEPT - 1) :] + known
        if not known:
            reference = self._source.reference(plan, self._model)
            refiner, mosaic = None, self._source.mosaic
            if mosaic is not None:
                refiner = Refiner(mosaic, plan, GuidedLook(reference, self._model))
            self._grounds.append(_Ground(plan, reference, refiner))
        return self._grounds[-1]
