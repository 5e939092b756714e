"""An index made by the processes of a cluster: each reads, encodes and writes blocks of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.features.blocks import BlockIndex, Cells
from geoloc.index.store import Store
from geoloc.index.writer import BlockWriter, Done
from geoloc.pipeline.request import SearchRequest
from geoloc.system.processes import spread
from tiling.mosaic import open_mosaic

if TYPE_CHECKING:
    from distributed import Client

GROUP = 4
"""Blocks in a row that a process makes at a time: those beside each other share pixels, and reading, encoding and
writing overlap."""


@dataclass(frozen=True, slots=True)
class IndexJob:
    """Blocks of the index at `path` to make, as every process sees it.

    Attributes:
        path: of the index.
        request: its mosaics, and the network; see `geoloc.pipeline.index_build`.
        compare: see `BlockWriter.run`.
    """

    path: Path
    request: SearchRequest
    compare: bool

    def absolute(self) -> IndexJob:
        """The same in whatever folder another process runs."""
        return replace(self, path=self.path.absolute(), request=self.request.absolute())

    @contextmanager
    def opened(self) -> Iterator[tuple[BlockWriter, bool]]:
        """The work as one process does it."""
        from geoloc import model

        store = Store.open(self.path, writable=True)
        asked, preset = store.header.request, store.header.preset
        localizer = model.load(preset, self.request.weights, self.request.device).compiled()
        with open_mosaic(list(self.request.mosaics), asked.bands, asked.gsd_m or 0.0) as mosaic:
            yield BlockWriter(store, mosaic, store.plan(), localizer), self.compare


def spread_blocks(client: Client, job: IndexJob, todo: Mapping[BlockIndex, Cells]) -> Iterator[Done]:
    """Make blocks; what became of each group of them, as it is done."""
    blocks = list(todo.items())
    groups = (tuple(blocks[start : start + GROUP]) for start in range(0, len(blocks), GROUP))
    return (done for _, done in spread(client, _made, job, groups))


def _made(tools: tuple[BlockWriter, bool], group: tuple[tuple[BlockIndex, Cells], ...]) -> Done:
    work, compare = tools
    # What a process that died had finished is not done again.
    there = set() if compare else {place for place, _ in group if any(work.store.pixels_digest(place))}
    done = work.run({place: cells for place, cells in group if place not in there}, compare=compare)
    return Done(done.encoded, done.kept + len(there))
