"""An index built by the processes of a cluster: each reads, encodes and writes blocks of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoloc.features.blocks import BlockIndex, Cells
from geoloc.index.store import Store
from geoloc.index.writer import BlockCounts, BlockWriter
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
    """Blocks of an index to encode and write, as every process sees it; a `geoloc.system.processes.Job`.

    Attributes:
        path: folder of the index, which has its header already.
        request: its mosaics, weights and device count; the rest is the index's own.
        compare: whether blocks that are finished are compared with the mosaic, as an update does.
    """

    path: Path
    request: SearchRequest
    compare: bool

    def absolute(self) -> IndexJob:
        """Return the same job with paths that hold in whatever folder another process runs."""
        return replace(self, path=self.path.absolute(), request=self.request.absolute())

    @contextmanager
    def opened(self) -> Iterator[tuple[BlockWriter, bool]]:
        """Open what one process needs: what encodes and writes blocks, and whether it compares."""
        from geoloc import model

        store = Store.open(self.path, writable=True)
        begun, preset = store.header.request, store.header.preset
        localizer = model.load(preset, self.request.weights, self.request.device).compiled()
        with open_mosaic(list(self.request.mosaics), begun.bands, begun.gsd_m or 0.0) as mosaic:
            yield BlockWriter(store, mosaic, store.plan(), localizer), self.compare


def spread_blocks(client: Client, job: IndexJob, todo: Mapping[BlockIndex, Cells]) -> Iterator[BlockCounts]:
    """Build blocks in other processes.

    Args:
        client: client of the cluster.
        job: the index.
        todo: blocks, and their cells that are shown.

    Returns:
        What became of each group of blocks, as it is done, in any order.

    Raises:
        ClusterError: a group killed several processes one after another, or the cluster is gone.
    """
    blocks = list(todo.items())
    groups = (tuple(blocks[start : start + GROUP]) for start in range(0, len(blocks), GROUP))
    return (done for _, done in spread(client, _write_group, job, groups))


def _write_group(tools: tuple[BlockWriter, bool], group: tuple[tuple[BlockIndex, Cells], ...]) -> BlockCounts:
    writer, compare = tools
    # What a process that died had finished is not done again.
    there = set() if compare else {place for place, _ in group if writer.store.is_finished(place)}
    done = writer.run({place: cells for place, cells in group if place not in there})
    return replace(done, kept=done.kept + len(there))
