"""A search as work for this process or for several: opened once, then given one photograph after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

from geoloc.joint.answers import PhotoAnswers, join_answers
from geoloc.model.packaged import find_weights
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Target
from geoloc.pipeline.cascade import Watch
from geoloc.pipeline.finder import Finder, Found
from geoloc.pipeline.loading import load_when_needed
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource, open_source
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.detection import Detection, that_count
from geoloc.system.text import path_text
from tiling.heights import check_heights

CANDIDATES = 8
"""Answers that a photograph is asked for at least where others are asked with it: what is doubtful in one may be what
another is sure of."""


class PhotoSearch(Protocol):
    """Finds targets in a photo."""

    def __call__(self, photo: Photo, targets: Sequence[Target], *, doubtful: bool = False) -> Sequence[Detection]:
        """Return the answers that count, best first; none to what is "not here".

        Args:
            photo: the photograph, upright.
            targets: what was clicked in it.
            doubtful: return all candidates instead, for targets that other photographs are asked for too.
        """


@dataclass(frozen=True, slots=True)
class SearchJob:
    """A request as every process sees it; a `geoloc.system.processes.Job`."""

    request: SearchRequest

    @contextmanager
    def opened(self) -> Iterator[PhotoSearch]:
        """Open what is searched, and load the network.

        Raises:
            GeolocError: what is searched or the network cannot be opened, or a limit is senseless.
        """
        with open_source(self.request) as source:
            yield load_search(source, Scope(source, self.request), self.request)


def load_search(source: SearchSource, scope: Scope, request: SearchRequest) -> PhotoSearch:
    """Load the network of a request, to search what is open already.

    Args:
        source: what the request searches, open.
        scope: where, of the same source and request.
        request: how, and by which network.

    Raises:
        WeightsError: no such preset, weights or device.
    """
    from geoloc import model

    localizer = model.load(request.preset, request.weights, request.device)
    return photo_search(Finder(source, lambda: localizer, request), scope, request)


def photo_search(
    finder: Finder, scope: Scope, request: SearchRequest, watch: Callable[[], Watch] = Watch
) -> PhotoSearch:
    """Return a finder's search of photographs in one scope.

    Args:
        finder: of what is searched, as the request says.
        scope: where.
        request: how.
        watch: makes who is told how far the search of a photograph is.
    """

    def search(photo: Photo, targets: Sequence[Target], *, doubtful: bool = False) -> Sequence[Detection]:
        if doubtful:
            return finder.with_request(for_candidates(request)).find(photo, targets, scope, watch()).answers
        return finder.find(photo, targets, scope, watch()).here

    return search


def load_matching(source: SearchSource, scope: Scope, request: SearchRequest) -> Callable[[Path], MatchedPhoto | None]:
    """Return what reads a photo and finds the plane that it shows; None where local features verify none.

    Args:
        source: what the request searches, open.
        scope: where, of the same source and request.
        request: by which network descriptors tell where to match, where that is asked.

    Raises:
        WeightsError: no such preset, or the weights or the device that the request names cannot be used.
        MosaicError: the request's heights are none, wherever the photo was taken.
    """
    if request.dsm is not None:
        check_heights(request.dsm)
    find_weights(request.preset, request.weights)
    finder = Finder(source, load_when_needed(request), request)
    return lambda path: finder.match(load_photo(path), scope)


class FoundTogether(NamedTuple):
    """What a search in several photographs found.

    Attributes:
        answers: all joined answers, ranked from 1.
        here: those among them that count; none is "not here".
        asked: number of the photograph whose click the answers are told of.
        note: which photographs contradict the first answer.
        alone: what each photograph alone found.
    """

    answers: list[Detection]
    here: list[Detection]
    asked: int
    note: str
    alone: tuple[Found, ...]


def for_candidates(request: SearchRequest) -> SearchRequest:
    """Return a request as it is asked of each of several photographs of one object."""
    return replace(request, top=max(request.top, CANDIDATES))


def photo_twice(photos: Sequence[Path]) -> bool:
    """Whether one of several photographs of one object stands twice: two clicks in one are no two witnesses."""
    return len({path.resolve() for path in photos}) < len(photos)


def find_together(
    finder: Finder,
    name: str,
    views: Sequence[tuple[Photo, Target]],
    *,
    scope: Scope,
    request: SearchRequest,
    watch: Watch | None = None,
    begin: Callable[[int], None] = lambda number: None,
) -> FoundTogether:
    """Search for one object in several photographs; see `geoloc.joint`.

    Args:
        finder: of what is searched.
        name: what the object is called.
        views: photographs, upright, each with the object in it.
        scope: where to look; each photograph's own position counts for itself.
        request: how; its top and min_score are of the joined answers.
        watch: who is told how far the search of each photograph is.
        begin: called with the number of each photograph before it is searched.

    Raises:
        PhotoError: a click is outside its photo.
        AreaError: the limits leave nothing of the mosaic.
        MosaicError: the mosaic cannot be read.
    """
    wide = finder.with_request(for_candidates(request))
    alone = []
    for number, (photo, target) in enumerate(views):
        begin(number)
        alone.append(wide.find(photo, [target], scope, watch))
    told = [
        PhotoAnswers(path_text(photo.path), tuple(found.answers))
        for (photo, _), found in zip(views, alone, strict=True)
    ]
    joined = join_answers(name, told, request.top)
    answers = list(joined.answers)
    return FoundTogether(answers, that_count(answers, request.min_score), joined.asked, joined.note, tuple(alone))
