"""Small rasters of every kind, written when a test asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from tests.helpers.places import NORTH_UP, UTM, Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write B x H x W values as a GeoTIFF in the test's folder; further arguments are rasterio's."""

    def write_raster(
        values: NDArray[Any],
        name: str = "m.tif",
        *,
        crs: Any = UTM,
        transform: Affine | None = NORTH_UP,
        overviews: tuple[int, ...] = (),
        mask: NDArray[np.bool_] | None = None,
        colorinterp: tuple[Any, ...] | None = None,
        colormap: dict[int, tuple[int, ...]] | None = None,
        **options: Any,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        profile = {
            "driver": "GTiff",
            "count": values.shape[0],
            "height": values.shape[1],
            "width": values.shape[2],
            "dtype": values.dtype,
            "crs": crs,
            "transform": transform,
            "tiled": True,
            "blockxsize": 64,
            "blockysize": 64,
        }
        with rasterio.open(path, "w", **{**profile, **options}) as file:
            if colorinterp is not None:
                file.colorinterp = colorinterp
            if colormap is not None:
                file.write_colormap(1, colormap)
            file.write(values)
            if mask is not None:
                file.write_mask(mask)
        if overviews:
            with rasterio.open(path, "r+") as file:
                file.build_overviews(list(overviews), rasterio.enums.Resampling.average)
        return path

    return write_raster
