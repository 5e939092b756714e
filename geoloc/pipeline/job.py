"""A request as work for this process or for several: opened once, then asked about one photograph after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource, open_source
from geoloc.results.detection import Detection

Find = Callable[[Photo, Sequence[Target]], Sequence[Detection]]
"""Answers to targets in a photo, those alone that count."""


@dataclass(frozen=True, slots=True)
class SearchJob:
    """A request that a process opens, see `geoloc.system.processes.Job`."""

    request: SearchRequest

    @contextmanager
    def opened(self) -> Iterator[Find]:
        """What answers it.

        Raises:
            GeolocError: what is searched or the network cannot be opened, or a limit is senseless.
        """
        with open_source(self.request) as source:
            yield find_with(source, Scope(source, self.request), self.request)


def find_with(source: SearchSource, scope: Scope, request: SearchRequest) -> Find:
    """Load the network of a request, to search what is open already.

    Raises:
        WeightsError: no such preset, weights or device.
    """
    from geoloc import model
    from geoloc.pipeline.finder import Finder

    localizer = model.load(request.preset, request.weights, request.device)
    finder = Finder(source, localizer, request)
    return lambda photo, targets: finder.find(photo, targets, scope.plan(photo)).here
