"""A search as work for this process or for several: opened once, then given one photograph after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.finder import Finder
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource, open_source
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
