"""What the sight head is shown of a town is what a search reads."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import rasterio

from geoloc.model.network.config import FILL
from geoloc.model.sight.head import STRIP_STEP_M
from geoloc.photo.sight import Sight
from geoloc.town.picture.frame import MosaicGrid
from geoloc.train.grounds.towns.maker import FRAME
from geoloc.train.sights.seen_town import SeenTown
from tiling.mosaic import open_mosaic


def test_a_strip_is_the_one_that_a_search_reads(tmp_path: Path) -> None:
    """Of a mosaic whose red tells how far east and whose green how far north a pixel is, a grey level a metre."""
    grid = MosaicGrid.over(FRAME, 120.0, 0.2, 0.0)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    across, along = (columns - grid.width / 2) * 0.2, (grid.height / 2 - rows) * 0.2
    levels = np.stack([127 + across, 127 + along, np.full_like(across, 200)], -1).clip(0, 255).astype(np.uint8)
    path = tmp_path / "mosaic.tif"
    shape = {"width": grid.width, "height": grid.height, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=f"EPSG:{grid.frame.epsg}", transform=grid.affine, **shape
    ) as file:
        file.write(levels.transpose(2, 0, 1))
    place, azimuth_deg = np.array([5.0, -10.0]), 75.0
    town = SeenTown(levels, grid, cast(Any, None), 5)
    drawn = town.strip(place, math.radians(azimuth_deg))
    sight = Sight(grid.frame.lonlat(*place), 1.0, 1.6, 0.1, azimuth_deg, 0.1, 0.01, 0.0, 1.0)
    with open_mosaic([path]) as mosaic:
        read = mosaic.read(sight.strip(STRIP_STEP_M))
    assert drawn.shape == read.rgb.shape
    both = read.valid & (drawn[..., 2] == 200)
    assert both.mean() > 0.3
    assert np.abs(drawn[both].astype(float) - read.rgb[both]).max() <= 1.0
    assert (drawn[0] == FILL).all()
    assert not read.valid[0].any()
