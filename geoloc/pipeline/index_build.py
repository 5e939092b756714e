"""Indexes built, and brought up to date, as a request asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from geoloc import model
from geoloc.errors import OutputError
from geoloc.index import writer
from geoloc.index.header import IndexRequest
from geoloc.index.store import Store
from geoloc.index.writer import BlockCounts, MakeBlocks
from geoloc.model.packaged import find_weights, network_checksum
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import open_source
from geoloc.system.text import counted
from tiling.area import Area

LOG = logging.getLogger(__name__)
_Progress = Callable[[int, int], None]
_Makers = AbstractContextManager[MakeBlocks | None]
"""What makes blocks, opened when all else is checked; None for this process."""


def build_index(
    path: Path,
    request: SearchRequest,
    *,
    overwrite: bool,
    progress: _Progress,
    makers: _Makers | None = None,
) -> BlockCounts:
    """Index what a request would search, or go on where that was interrupted.

    Args:
        path: folder of the index.
        request: its mosaics, bands, GSD, limits and network count; an index in it does not.
        overwrite: replace another index.
        progress: called with the number of blocks done and of all.
        makers: other processes that make the blocks; entered when all else is checked.

    Returns:
        How many blocks were encoded, and how many were there already.

    Raises:
        GeolocError: the mosaic cannot be read, the index cannot be written, or there is another one.
    """
    checksum = network_checksum(find_weights(request.preset, request.weights))
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder to write {path.name} into; make it first")
    with open_source(replace(request, index=None)) as source:
        scope = Scope(source, request)
        plan = scope.plan()
        LOG.info("Indexing %s of %d px at %.3g m", counted(len(plan.windows), "window"), plan.window_px, plan.gsd_m)
        localizer = model.load(request.preset, request.weights, request.device).compiled()
        assert source.mosaic is not None
        with makers or nullcontext() as make_blocks:
            return writer.build(
                path,
                source.mosaic,
                plan,
                localizer,
                weights=checksum,
                request=IndexRequest(request.bands, request.gsd_m, scope.area.polygon),
                overwrite=overwrite,
                progress=progress,
                make_blocks=make_blocks,
            )


def with_known_mosaic(path: Path, request: SearchRequest) -> SearchRequest:
    """Return a request with the mosaic of an index, where it names none itself.

    Raises:
        IndexFileError: the index cannot be used.
    """
    if request.mosaics:
        return request
    return replace(request, mosaics=tuple(Path(file.path) for file in Store.open(path).header.mosaic))


def update_index(
    path: Path, request: SearchRequest, *, progress: _Progress, makers: _Makers | None = None
) -> BlockCounts:
    """Bring an index up to date with its mosaic.

    Args:
        path: folder of the index.
        request: its mosaics, weights and device count, those that were indexed where it names no mosaics; the rest is
            the index's own.
        progress: called with the number of blocks done and of all.
        makers: other processes that make the blocks; entered when all else is checked.

    Returns:
        How many blocks were encoded, and how many were there already.

    Raises:
        GeolocError: the mosaic cannot be read, the index cannot be written, or it shows something else.
    """
    request = with_known_mosaic(path, request)
    header = Store.open(path).header
    begun, preset = header.request, header.preset
    checksum = network_checksum(find_weights(preset, request.weights))
    own = SearchRequest(
        mosaics=request.mosaics, bands=begun.bands, gsd_m=begun.gsd_m, preset=preset, weights=request.weights
    )
    with open_source(own) as source:
        plan = source.plan(Area(begun.area))
        localizer = model.load(preset, request.weights, request.device).compiled()
        assert source.mosaic is not None
        with makers or nullcontext() as make_blocks:
            return writer.update(
                path,
                source.mosaic,
                plan,
                localizer,
                weights=checksum,
                progress=progress,
                make_blocks=make_blocks,
            )
