"""The session of a worker: the network and what was read, warm from one request to the next."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cachetools import LRUCache

from geoloc.model.packaged import find_weights
from geoloc.photo.files.photo_state import photo_state
from geoloc.photo.photo import Photo, load_photo
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import SearchSource, open_source
from geoloc.worker.progress import JobProgress
from tiling.heights import check_heights

if TYPE_CHECKING:
    from geoloc.model.localizer import Localizer
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.finder import Finder
    from geoloc.pose.matched_photo import MatchedPhoto

_State = tuple[tuple[str | int, ...], ...]
"""Files, each with its state."""


_Network = tuple[str, _State, str]
"""What tells one network from another: preset, weights, device."""
KEPT_PHOTOS = 3
"""Photographs that are kept, decoded and matched, those asked for last: one of 20 megapixels takes 60 MB."""


@dataclass(slots=True)
class _Open:
    """A source, and all that was found out about it; `network` is that of the finder."""

    request: SearchRequest
    state: _State
    source: SearchSource
    network: _Network | None = None
    finder: Finder | None = None
    matched: LRUCache[tuple[_State, SearchRequest], MatchedPhoto] = field(default_factory=lambda: LRUCache(KEPT_PHOTOS))


class Session:
    """Keeps one network and one source, those of the last request, and the last photos. For one thread: mosaics are."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        self._stack = ExitStack()
        self._open: _Open | None = None
        self._network: tuple[_Network, Localizer] | None = None
        self._progress: JobProgress | None = None
        self._photos: LRUCache[_State, Photo] = LRUCache(KEPT_PHOTOS)

    def photo(self, path: Path) -> Photo:
        """Read a photo, if it is not kept and unchanged.

        Raises:
            PhotoError: it cannot be used.
        """
        state = _state((path,))
        if state not in self._photos:
            self._photos[state] = load_photo(path)
        return self._photos[state]

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
        self._open = _Open(request.source, _state(source.paths), source)
        return source

    def finder(self, request: SearchRequest, progress: JobProgress) -> Finder:
        """Return a finder for what `source` opened last; what one request made it read and encode serves the next.

        Raises:
            WeightsError: no such preset or weights.
            CancelledError: the job was cancelled.
        """
        kept = self._kept_finder(request, progress)
        self.network(request, progress)
        return kept

    def matched(self, path: Path, request: SearchRequest, progress: JobProgress, watch: Watch) -> MatchedPhoto | None:
        """Match a photo with what a request searches, if it is not matched already; the network is mostly not needed.

        Args:
            path: of the photo.
            request: what to search, where and by which network.
            progress: of the job.
            watch: who is told how far the search is.

        Returns:
            The photo, matched; None where local features verify nothing.

        Raises:
            GeolocError: the photo, what is searched or the network cannot be used.
            CancelledError: the job was cancelled.
        """
        photo = self.photo(path)
        source = self.source(request, progress)
        finder = self._kept_finder(request, progress)
        assert self._open is not None
        kept, key = self._open.matched, (_state((path, *request.files)), request)
        if key not in kept:
            found = finder.match(photo, Scope(source, request), watch)
            if found is None:
                return None
            kept[key] = found
        return kept[key]

    def _kept_finder(self, request: SearchRequest, progress: JobProgress) -> Finder:
        """Return the finder of a request, which loads the network when it first needs it.

        Raises:
            MosaicError: the request's heights are none, wherever a photo was taken.
        """
        from geoloc.pipeline.finder import Finder

        if request.dsm is not None:
            check_heights(request.dsm)
        network, opened = _network_of(request), self._open
        assert opened is not None
        if opened.finder is None or opened.network != network:
            opened.finder, opened.network = None, network
            opened.matched.clear()
            opened.finder = Finder(opened.source, lambda: self._network_now(request), request)
        self._progress = progress
        return opened.finder.with_request(request)

    def network(self, request: SearchRequest, progress: JobProgress) -> Localizer:
        """Load the network of a request, if it is not the one that is kept.

        Raises:
            WeightsError: no such preset or weights.
            CancelledError: the job was cancelled.
        """
        wanted = _network_of(request)
        if self._network is not None and self._network[0] == wanted:
            return self._network[1]
        progress.stage("loading")
        from geoloc import model

        self._network = None
        self._network = wanted, model.load(request.preset, request.weights, request.device)
        return self._network[1]

    def _network_now(self, request: SearchRequest) -> Localizer:
        """Return the network of a request, in the middle of a search."""
        assert self._progress is not None
        return self.network(request, self._progress)

    def close(self) -> None:
        """Close the files; the network is kept."""
        self._open = None
        self._stack.close()


def _state(paths: tuple[Path, ...]) -> _State:
    return tuple((str(path.absolute()), *photo_state(path)) for path in paths)


def _network_of(request: SearchRequest) -> _Network:
    return request.preset, _state((find_weights(request.preset, request.weights),)), request.device
