"""An index made by the processes of a cluster: each reads, encodes and writes blocks of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.blocks import Cells, Place
from geoloc.cluster import spread
from geoloc.index.build import Done, Work
from geoloc.index.store import Store
from tiling.mosaic import open_mosaic

if TYPE_CHECKING:
    from distributed import Client

GROUP = 4
"""Blocks in a row that a process makes at a time: those beside each other share pixels, and reading, encoding and
writing overlap."""


@dataclass(frozen=True, slots=True)
class Making:
    """What is made: blocks of the index at `path`, as every process sees it. compare: see `Work.run`."""

    path: Path
    mosaics: tuple[Path, ...]
    preset: str
    weights: Path | None
    device: str
    compare: bool

    def everywhere(self) -> Making:
        """The same in whatever folder another process runs."""
        mosaics = tuple(path.absolute() for path in self.mosaics)
        return replace(
            self, path=self.path.absolute(), mosaics=mosaics, weights=self.weights and self.weights.absolute()
        )

    @contextmanager
    def opened(self) -> Iterator[tuple[Work, bool]]:
        """The work as one process does it."""
        from geoloc import model

        store = Store.open(self.path, writable=True)
        request = store.header.request
        localizer = model.load(self.preset, self.weights, self.device).compiled()
        with open_mosaic(list(self.mosaics), request.bands, request.gsd_m or 0.0) as mosaic:
            yield Work(store, mosaic, store.plan(), localizer), self.compare


def spread_blocks(client: Client, making: Making, todo: Mapping[Place, Cells]) -> Iterator[Done]:
    """Make blocks; what became of each group of them, as it is done."""
    blocks = list(todo.items())
    groups = (tuple(blocks[start : start + GROUP]) for start in range(0, len(blocks), GROUP))
    return (done for _, done in spread(client, _made, making, groups))


def _made(tools: tuple[Work, bool], group: tuple[tuple[Place, Cells], ...]) -> Done:
    work, compare = tools
    # What a process that died had finished is not done again.
    there = set() if compare else {place for place, _ in group if any(work.store.pixels_digest(place))}
    done = work.run({place: cells for place, cells in group if place not in there}, compare=compare)
    return Done(done.encoded, done.kept + len(there))
