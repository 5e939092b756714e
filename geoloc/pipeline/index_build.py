"""An index built or brought up to date as a request asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from geoloc import model
from geoloc.errors import OutputError
from geoloc.index import writer
from geoloc.index.header import IndexRequest
from geoloc.index.store import Store
from geoloc.index.writer import Done, Makes
from geoloc.model.packaged import find_weights, network_checksum
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.scope import Scope
from geoloc.pipeline.source import open_source
from tiling.area import Area

LOG = logging.getLogger(__name__)
_Progress = Callable[[int, int], None]
_Makers = AbstractContextManager[Makes | None]


def build_index(
    path: Path,
    request: SearchRequest,
    *,
    overwrite: bool,
    progress: _Progress,
    makers: _Makers | None = None,
) -> Done:
    """Index what a request would search, or go on where that was interrupted.

    Args:
        path: of the index.
        request: mosaics, bands, GSD, where, and the network.
        overwrite: replace another index.
        progress: called with the number of blocks done and of all.
        makers: other processes that make the blocks; entered when all else is checked.

    Raises:
        GeolocError: it cannot be read or written, or there is another index.
    """
    checksum = network_checksum(find_weights(request.preset, request.weights))
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder to write {path.name} into; make it first")
    with open_source(request) as source:
        scope = Scope(source, request)
        plan = scope.plan()
        LOG.info("Indexing %d windows of %d px at %.3g m", len(plan.windows), plan.window_px, plan.gsd_m)
        localizer = model.load(request.preset, request.weights, request.device).compiled()
        assert source.mosaic is not None
        with makers or nullcontext() as makes:
            return writer.build(
                path,
                source.mosaic,
                plan,
                localizer,
                weights=checksum,
                request=IndexRequest(request.bands, request.gsd_m, scope.area.polygon),
                overwrite=overwrite,
                progress=progress,
                makes=makes,
            )


def update_index(path: Path, request: SearchRequest, *, progress: _Progress, makers: _Makers | None = None) -> Done:
    """Bring an index up to date with its mosaic.

    Args:
        path: of the index.
        request: mosaics, weights and device; the rest is the index's own.
        progress: called with the number of blocks done and of all.
        makers: see `build_index`.

    Raises:
        GeolocError: it cannot be read or written, or shows something else.
    """
    header = Store.open(path).header
    asked, preset = header.request, header.preset
    checksum = network_checksum(find_weights(preset, request.weights))
    own = SearchRequest(
        mosaics=request.mosaics, bands=asked.bands, gsd_m=asked.gsd_m, preset=preset, weights=request.weights
    )
    with open_source(own) as source:
        plan = source.plan(Area(asked.area))
        localizer = model.load(preset, request.weights, request.device).compiled()
        assert source.mosaic is not None
        with makers or nullcontext() as makes:
            return writer.update(path, source.mosaic, plan, localizer, weights=checksum, progress=progress, makes=makes)
