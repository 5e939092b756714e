"""A search as work for this process or for several: opened once, then given one photograph after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geoloc.model.packaged import find_weights
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Target
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.loading import load_when_needed
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource, open_source
from geoloc.pose.matched_photo import MatchedPhoto
from geoloc.results.detection import Detection

PhotoSearch = Callable[[Photo, Sequence[Target]], Sequence[Detection]]
"""Finds targets in a photo: the answers that count, best first; none to what is "not here"."""


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
    finder = Finder(source, lambda: localizer, request)
    return lambda photo, targets: finder.find(photo, targets, scope).here


def load_matching(source: SearchSource, scope: Scope, request: SearchRequest) -> Callable[[Path], MatchedPhoto | None]:
    """Return what reads a photo and finds the plane that it shows; None where local features verify none.

    Args:
        source: what the request searches, open.
        scope: where, of the same source and request.
        request: by which network descriptors tell where to match, where that is asked.

    Raises:
        WeightsError: no such preset or weights.
    """
    find_weights(request.preset, request.weights)
    finder = Finder(source, load_when_needed(request), request)
    return lambda path: finder.match(load_photo(path), scope)
