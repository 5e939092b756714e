"""What stays warm from one request to the next: the network, and what was read of what is searched."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from geoloc.model.packaged import find_weights
from geoloc.searched import Searched, opened
from geoloc.worker.fields import Search, Source
from geoloc.worker.told import Told

if TYPE_CHECKING:
    from geoloc.finder import Finder
    from geoloc.model.localizer import Localizer

_State = tuple[tuple[str, int, int], ...]
"""Files with their times and sizes."""


class _Open(NamedTuple):
    source: Source
    state: _State
    searched: Searched
    finder: Finder | None


class Session:
    """One network and one thing to search are kept, those asked for last. For one thread: mosaics are."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._open: _Open | None = None
        self._network: tuple[tuple[str, _State, str], Localizer] | None = None

    def searched(self, source: Source, told: Told) -> Searched:
        """What a request searches, opened.

        Raises:
            GeolocError: it cannot be.
        """
        known = self._open
        if known is not None and known.source == source and known.state == _state(known.searched.paths):
            return known.searched
        self.close()
        told.check()
        how: dict[str, Any] = {"bands": source.bands, "gsd": source.gsd}
        opening = opened(source.mosaics, source.index, preset=source.preset, weights=source.weights, **how)
        searched = self._stack.enter_context(opening)
        self._open = _Open(source, _state(searched.paths), searched, None)
        return searched

    def finder(self, search: Search, told: Told) -> Finder:
        """Finds in what `searched` opened last; what it read and encoded for one request serves the next."""
        from geoloc.finder import Finder

        localizer = self.network(search.source, told)
        assert self._open is not None
        if self._open.finder is None:
            self._open = self._open._replace(finder=Finder(self._open.searched, localizer, refined=True))
        kept = self._open.finder
        assert kept is not None
        return kept.asked(
            refined=search.refined, exhaustive=search.exhaustive, top=search.top, min_score=search.min_score
        )

    def network(self, source: Source, told: Told) -> Localizer:
        """The network of a request.

        Raises:
            WeightsError: no such preset or weights.
        """
        path = find_weights(source.preset, source.weights)
        wanted = (source.preset, _state((path,)), source.device)
        if self._network is not None and self._network[0] == wanted:
            return self._network[1]
        told.stage("loading")
        from geoloc import model

        self._network = None
        if self._open is not None:
            # It holds features of the other network.
            self._open = self._open._replace(finder=None)
        self._network = wanted, model.load(source.preset, source.weights, source.device)
        return self._network[1]

    def close(self) -> None:
        """Let go of the files."""
        self._open = None
        self._stack.close()


def _state(paths: tuple[Path, ...]) -> _State:
    found = []
    for path in paths:
        try:
            stat = path.stat()
            found.append((str(path.absolute()), stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append((str(path), 0, 0))
    return tuple(found)
