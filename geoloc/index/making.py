"""What `geoloc index build` and `update` do, for whoever asks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoloc import model
from geoloc.errors import OutputError
from geoloc.index import build as building
from geoloc.index.build import Done, Makes
from geoloc.index.header import Request
from geoloc.index.store import Store
from geoloc.model.packaged import find_weights, network_checksum
from geoloc.scope import Limits, Scope
from geoloc.searched import opened
from tiling.area import Area

LOG = logging.getLogger(__name__)
_Progress = Callable[[int, int], None]
_Makers = AbstractContextManager[Makes | None]


@dataclass(frozen=True, slots=True)
class Order:
    """path: of the index. mosaics: what it shows. preset, weights, device: of the network."""

    path: Path
    mosaics: tuple[Path, ...]
    preset: str
    weights: Path | None
    device: str


def build(
    order: Order,
    limits: Limits,
    *,
    bands: tuple[int, ...] | None,
    gsd: float | None,
    overwrite: bool,
    progress: _Progress,
    makers: _Makers | None = None,
) -> Done:
    """Index a mosaic, or go on where that was interrupted. makers: other processes; entered when all else is checked.

    Raises:
        GeolocError: it cannot be read or written, or there is another index.
    """
    path = order.path
    checksum = network_checksum(find_weights(order.preset, order.weights))
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder to write {path.name} into; make it first")
    how: dict[str, Any] = {"preset": order.preset, "weights": order.weights, "bands": bands, "gsd": gsd}
    with opened(order.mosaics, None, **how) as searched:
        scope = Scope(searched, limits)
        plan = scope.plan()
        LOG.info("Indexing %d windows of %d px at %.3g m", len(plan.windows), plan.window_px, plan.gsd_m)
        localizer = model.load(order.preset, order.weights, order.device).compiled()
        request = Request(bands, gsd, scope.area.polygon)
        assert searched.mosaic is not None
        with makers or nullcontext() as makes:
            return building.build(
                path,
                searched.mosaic,
                plan,
                localizer,
                weights=checksum,
                request=request,
                overwrite=overwrite,
                progress=progress,
                makes=makes,
            )


def update(order: Order, *, progress: _Progress, makers: _Makers | None = None) -> Done:
    """Bring an index up to date with its mosaic; the preset is that of the index.

    Raises:
        GeolocError: it cannot be read or written, or shows something else.
    """
    request, preset = Store.open(order.path).header.request, order.preset
    checksum = network_checksum(find_weights(preset, order.weights))
    how: dict[str, Any] = {"preset": preset, "weights": order.weights, "bands": request.bands, "gsd": request.gsd_m}
    with opened(order.mosaics, None, **how) as searched:
        plan = searched.plan(Area(request.area))
        localizer = model.load(preset, order.weights, order.device).compiled()
        assert searched.mosaic is not None
        with makers or nullcontext() as makes:
            how = {"weights": checksum, "progress": progress, "makes": makes}
            return building.update(order.path, searched.mosaic, plan, localizer, **how)
