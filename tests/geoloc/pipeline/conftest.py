"""What tests of the pipeline share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tiling.mosaic import Mosaic, open_mosaic


@pytest.fixture(scope="session")
def mosaic_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """320 m x 320 m at 0.5 m."""
    path = tmp_path_factory.mktemp("scope") / "m.tif"
    options = {"driver": "GTiff", "width": 640, "height": 640, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", transform=Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), **options) as file:
        file.write(np.full((1, 640, 640), 90, np.uint8))
    return path


@pytest.fixture(scope="session")
def mosaic(mosaic_path: Path) -> Iterator[Mosaic]:
    """The same, open."""
    with open_mosaic([mosaic_path]) as opened:
        yield opened
