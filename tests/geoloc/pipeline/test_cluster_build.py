"""An index made by two processes, one of them killed midway, is that of one process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from geoloc import model
from geoloc.features.blocks import BlockIndex, Cells
from geoloc.index.header import IndexRequest
from geoloc.index.store import Store
from geoloc.index.writer import BlockCounts, build
from geoloc.model.localizer import Localizer
from geoloc.pipeline.cluster_build import IndexJob, spread_blocks
from geoloc.pipeline.request import SearchRequest
from tests.helpers.plain_index import write_mosaic
from tiling.area import Area
from tiling.mosaic import open_mosaic
from tiling.plan import make_plan

pytest.importorskip("distributed")
BLOCK = 12
"""Cells: many small blocks, so that there is a midway."""


def _built(mosaic_path: Path, path: Path, localizer: Localizer, job: IndexJob | None = None) -> BlockCounts:
    from geoloc.system.processes import Workers, connected

    request = IndexRequest(None, None, Area.everywhere().polygon)
    with open_mosaic([mosaic_path]) as mosaic:
        plan = make_plan(mosaic, localizer.gsd_m, localizer.window_px, Area.everywhere())
        if job is None:
            return build(path, mosaic, plan, localizer, weights="w", request=request, block=BLOCK)
        with connected(Workers(count=2)) as client:
            first, second = client.run(os.getpid).values()
            assert first != second

            def make_blocks(todo: Mapping[BlockIndex, Cells]) -> Iterable[BlockCounts]:
                return _killing(first, spread_blocks(client, job, todo))

            return build(
                path, mosaic, plan, localizer, weights="w", request=request, block=BLOCK, make_blocks=make_blocks
            )


def _killing(pid: int, parts: Iterator[BlockCounts]) -> Iterator[BlockCounts]:
    """A process is killed when a part is done."""
    yield next(parts)
    os.kill(pid, signal.SIGKILL)
    yield from parts


def test_two_processes_one_killed_make_the_same_index(tmp_path: Path) -> None:
    mosaic = write_mosaic(tmp_path / "m.tif")
    # As in the workers: with OpenVINO where that is installed.
    localizer = model.load().compiled()
    alone = _built(mosaic, tmp_path / "alone.zarr", localizer)
    job = IndexJob(tmp_path / "together.zarr", SearchRequest(mosaics=(mosaic,)), compare=False)
    together = _built(mosaic, tmp_path / "together.zarr", localizer, job)
    # A process may die between a block's features and its local features: such a block is completed by another.
    assert together.done == alone.encoded > 8
    assert alone.done == alone.encoded
    one, other = Store.open(tmp_path / "alone.zarr"), Store.open(tmp_path / "together.zarr")
    assert one.header == other.header
    assert one.finished() == other.finished()
    for place in one.finished():
        a, b = one.read(place), other.read(place)
        assert a is not None
        assert b is not None
        for name in ("coarse", "fine", "valid", "squares"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
        assert one.pixels_digest(place) == other.pixels_digest(place)
        assert np.array_equal(one.read_keypoints(place), other.read_keypoints(place))
