"""What an index holds, in plain values for people and programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyproj

from geoloc.index.store import Store
from tiling.grid import GEOD


def index_info(path: Path) -> dict[str, Any]:
    """Return what an index holds.

    Returns:
        Plain values by name; `area_km2` is of what was planned, ground without data included.

    Raises:
        IndexFileError: there is no index of this version.
    """
    store = Store.open(path)
    header, plan = store.header, store.plan()
    blocks = header.layout.cells_by_block(plan.windows)
    area_km2 = abs(GEOD.geometry_area_perimeter(plan.area)[0]) / 1e6
    size_mb = store.size() / 1e6
    epsg = pyproj.CRS.from_wkt(header.crs).to_epsg()
    request = header.request
    return {
        "index": str(path),
        "format": header.format,
        "state": str(header.state),
        "blocks": len(blocks),
        "finished": len(store.finished() & blocks.keys()),
        "windows": len(plan.windows),
        "window_px": plan.window_px,
        "zoom": plan.zoom,
        "gsd_m": plan.gsd_m,
        "local_features": None if header.keypoints is None else asdict(header.keypoints),
        "lacks": header.lacks,
        "bounds": list(plan.area.bounds),
        "area_km2": area_km2,
        "size_mb": size_mb,
        "mb_per_km2": size_mb / area_km2,
        "crs": header.crs if epsg is None else f"EPSG:{epsg}",
        "mosaic": [file.path for file in header.mosaic],
        "mosaic_gsd_m": header.gsd_m,
        "read_at_m": request.gsd_m,
        "bands": None if request.bands is None else list(request.bands),
        "model": header.preset,
        "weights": header.weights,
        "versions": dict(header.versions),
    }
