"""The session of a worker: the network and what was read, warm from one request to the next."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from geoloc.model.packaged import find_weights
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.source import SearchSource, open_source
from geoloc.system.file_state import file_state
from geoloc.worker.progress import JobProgress

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer
    from geoloc.pipeline.finder import Finder

_State = tuple[tuple[str | int, ...], ...]
"""Files, each with its state."""


class _Open(NamedTuple):
    request: SearchRequest
    state: _State
    source: SearchSource
    finder: Finder | None


class Session:
    """Keeps one network and one source, those of the last request. For one thread: mosaics are."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        self._stack = ExitStack()
        self._open: _Open | None = None
        self._network: tuple[tuple[str, _State, str], Localizer] | None = None

    def source(self, request: SearchRequest, progress: JobProgress) -> SearchSource:
        """Open what a request searches, if it is not open already and unchanged.

        Raises:
            GeolocError: it cannot be opened.
            CancelledError: the job was cancelled.
        """
        known = self._open
        if known is not None and known.request == request.source and known.state == _state(known.source.paths):
            return known.source
        self.close()
        progress.check()
        source = self._stack.enter_context(open_source(request))
        self._open = _Open(request.source, _state(source.paths), source, None)
        return source

    def finder(self, request: SearchRequest, progress: JobProgress) -> Finder:
        """Return a finder for what `source` opened last; what one request made it read and encode serves the next.

        Raises:
            WeightsError: no such preset or weights.
            CancelledError: the job was cancelled.
        """
        from geoloc.pipeline.finder import Finder

        localizer = self.network(request, progress)
        assert self._open is not None
        kept = self._open.finder
        if kept is None:
            kept = Finder(self._open.source, lambda: localizer, request)
            self._open = self._open._replace(finder=kept)
        return kept.with_request(request)

    def network(self, request: SearchRequest, progress: JobProgress) -> Localizer:
        """Load the network of a request, if it is not the one that is kept.

        Raises:
            WeightsError: no such preset or weights.
            CancelledError: the job was cancelled.
        """
        path = find_weights(request.preset, request.weights)
        wanted = (request.preset, _state((path,)), request.device)
        if self._network is not None and self._network[0] == wanted:
            return self._network[1]
        progress.stage("loading")
        from geoloc import model

        self._network = None
        if self._open is not None:
            # It holds features of the other network.
            self._open = self._open._replace(finder=None)
        self._network = wanted, model.load(request.preset, request.weights, request.device)
        return self._network[1]

    def close(self) -> None:
        """Close the files; the network is kept."""
        self._open = None
        self._stack.close()


def _state(paths: tuple[Path, ...]) -> _State:
    return tuple((str(path.absolute()), *file_state(path)) for path in paths)
