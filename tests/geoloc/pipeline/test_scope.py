"""What is searched: limits, and where a photo was taken."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.photo.photo import Photo
from geoloc.pipeline.scope import Limits, Scope
from geoloc.pipeline.source import MosaicSource, network_gsd
from tiling.errors import AreaError
from tiling.mosaic import Mosaic, open_mosaic

HERE = (15.001, 48.752)
NO_LIMITS = Limits(bounds=None, aoi=None, near=None, within=30.0)


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    """320 m x 320 m at 0.5 m."""
    path = tmp_path_factory.mktemp("scope") / "m.tif"
    options = {"driver": "GTiff", "width": 640, "height": 640, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", transform=Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000), **options) as file:
        file.write(np.full((1, 640, 640), 90, np.uint8))
    with open_mosaic([path]) as opened:
        yield opened


def photo(position: tuple[float, float] | None) -> Photo:
    return Photo(Path("p.jpg"), np.zeros((2, 2, 3), np.uint8), position)


def test_a_position_narrows_the_search(mosaic: Mosaic) -> None:
    scope = Scope(MosaicSource(mosaic, "base", None), NO_LIMITS)
    whole, near = scope.plan(), scope.plan(photo(HERE))
    assert near.gsd_m == pytest.approx(0.2, rel=0.03)
    assert len(near.windows) < len(whole.windows)
    assert scope.around(photo(HERE)) == "within 30 m of the photo's GPS position 15.001000,48.752000"
    # Without a position it is everything, and the same plan each time.
    assert scope.plan(photo(None)) is whole
    assert scope.around(photo(None)) == scope.around(None) == ""


def test_near_stands_for_every_position(mosaic: Mosaic) -> None:
    scope = Scope(MosaicSource(mosaic, "base", None), Limits(None, None, HERE, 30.0))
    assert scope.plan(photo((0, 0))) is scope.plan()
    assert scope.around(photo((0, 0))) == ""


def test_what_leaves_nothing(mosaic: Mosaic) -> None:
    with pytest.raises(AreaError, match="nothing of the mosaic"):
        Scope(MosaicSource(mosaic, "base", None), Limits((1, 2, 3, 4), None, None, 30.0))
    with pytest.raises(AreaError, match=r"nothing of the mosaic .* 20.000000,10.000000, --no-gps leaves it out"):
        Scope(MosaicSource(mosaic, "base", None), NO_LIMITS).plan(photo((20, 10)))


def test_a_mosaic_without_detail_is_told_once(mosaic: Mosaic, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        scope = Scope(MosaicSource(mosaic, "base", 0.1), NO_LIMITS)
        scope.plan(photo(HERE))
    assert [record.message for record in caplog.records] == [
        "The mosaic's pixels are 0.5 m and the network's 0.1 m: too little detail to expect much"
    ]


def test_coarse_searches_show_the_network_its_own_pixels() -> None:
    assert [network_gsd("base", gsd_m) for gsd_m in (None, 0.5, 0.15)] == [0.2, 0.2, 0.15]
