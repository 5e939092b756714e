"""What is searched, and how, for all queries of a run: what a process needs to answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoloc.detection import Detection
from geoloc.photo import Photo
from geoloc.query import Target
from geoloc.scope import Limits, Scope
from geoloc.searched import Searched, opened

Find = Callable[[Photo, Sequence[Target]], Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `geoloc batch` that answers depend on, and the device."""

    mosaics: tuple[Path, ...]
    index: Path | None
    preset: str
    weights: Path | None
    bands: tuple[int, ...] | None
    gsd: float | None
    limits: Limits
    gps: bool
    refined: bool
    exhaustive: bool
    top: int
    min_score: float | None
    device: str

    @contextmanager
    def scope(self) -> Iterator[tuple[Searched, Scope]]:
        """What is searched, opened, and where.

        Raises:
            GeolocError: it cannot be used, or a limit is senseless.
        """
        how: dict[str, Any] = {"weights": self.weights, "bands": self.bands, "gsd": self.gsd}
        with opened(self.mosaics, self.index, preset=self.preset, **how) as searched:
            yield searched, Scope(searched, self.limits)

    @contextmanager
    def opened(self) -> Iterator[Find]:
        """Answers to targets in a photo.

        Raises:
            GeolocError: see `scope`; or the network cannot be loaded.
        """
        with self.scope() as (searched, scope):
            yield self.find(searched, scope)

    def find(self, searched: Searched, scope: Scope) -> Find:
        """The same of what is open already."""
        from geoloc import model
        from geoloc.finder import Finder

        how: dict[str, Any] = {"exhaustive": self.exhaustive, "top": self.top, "min_score": self.min_score}
        localizer = model.load(self.preset, self.weights, self.device)
        finder = Finder(searched, localizer, refined=self.refined, **how)
        return lambda photo, targets: finder.find(photo, targets, scope.plan(photo if self.gps else None)).here
