"""Tiles of the mosaic: in their place, transparent beyond its edge, none where there is nothing or too much to read."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import mercantile
import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image

from geoloc.errors import GeolocError
from geoloc.pipeline.request import SearchRequest
from geoloc.serve import ground as ground_module
from geoloc.serve.ground import ServedGround, draw_tile
from tests.helpers.city import AFFINE, CRS, SIDE
from tiling.errors import MosaicError
from tiling.grid import WGS84, transformer
from tiling.mosaic import open_mosaic


async def stays() -> bool:
    return False


async def gives_up() -> bool:
    return True


def picture(content: bytes | None) -> np.ndarray:
    assert content is not None
    return np.array(Image.open(io.BytesIO(content)).convert("RGBA"))


def test_a_map_is_told_where_the_mosaic_is_and_how_fine(city: Path) -> None:
    ground = ServedGround(SearchRequest(mosaics=(city / "m.tif",)))
    try:
        view = ground.view
        corners = [transformer(CRS, WGS84).transform(*(AFFINE * corner)) for corner in ((0, 0), (SIDE, SIDE))]
        assert view.bounds == pytest.approx((corners[0][0], corners[1][1], corners[1][0], corners[0][1]), abs=1e-5)
        # Pixels of 0.2 m at 48.7 degrees north are 0.303 m of the map; those of zoom 19 are 0.299 m.
        assert view.max_zoom == 19
        assert view.min_zoom < view.max_zoom - 2
        assert view.crs.to_epsg() == 32633
        assert view.outline["type"] == "Polygon"
        middle = ((view.bounds[0] + view.bounds[2]) / 2, (view.bounds[1] + view.bounds[3]) / 2)
        x, y, z = mercantile.tile(*middle, view.max_zoom)
        drawn = asyncio.run(ground.tile(x, y, z, stays))
        assert picture(drawn).shape == (256, 256, 4)
        assert asyncio.run(ground.tile(x, y, z, gives_up)) is None
        for none in ((x, y, view.max_zoom + 1), (x, y, view.min_zoom - 1), (-1, y, z), (x, 2**z, z), (x + 9, y, z)):
            assert asyncio.run(ground.tile(*none, stays)) is None
    finally:
        ground.close()


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """Two files side by side in web mercator, red and green, each half a tile of zoom 18; the green one has a hole."""
    left, _, right, top = mercantile.xy_bounds(mercantile.Tile(140000, 90000, 18))
    step = (right - left) / 256
    for number, colour in enumerate(((200, 20, 20), (20, 180, 20))):
        rgb = np.empty((3, 256, 128), np.uint8)
        rgb[:] = np.array(colour)[:, None, None]
        alpha = np.full((1, 256, 128), 255, np.uint8)
        if number:
            alpha[0, 100:150, 20:80] = 0
        profile = {"driver": "GTiff", "width": 128, "height": 256, "count": 4, "dtype": "uint8", "crs": "EPSG:3857"}
        place = Affine(step, 0, left + number * 128 * step, 0, -step, top)
        with rasterio.open(tmp_path / f"{number}.tif", "w", **profile, photometric="RGB", transform=place) as file:
            file.write(np.concatenate([rgb, alpha]))
    return tmp_path


def test_files_make_one_picture_with_nothing_where_there_is_none(halves: Path) -> None:
    with open_mosaic(halves) as mosaic:
        tile = picture(draw_tile(mosaic, 140000, 90000, 18))
        assert np.abs(tile[50, 40, :3].astype(int) - (200, 20, 20)).max() < 12
        assert np.abs(tile[50, 200, :3].astype(int) - (20, 180, 20)).max() < 12
        assert set(np.unique(tile[..., 3])) == {0, 255}
        assert (tile[105:145, 155:200, 3] == 0).all()
        assert (tile[:95, :, 3] == 255).all()
        # A tile of the next zoom out has it in a quarter, in its place.
        outer = picture(draw_tile(mosaic, 70000, 45000, 17))
        assert (outer[:120, :120, 3] > 0).mean() > 0.9
        assert not outer[130:, :, 3].any()
        assert not outer[:, 130:, 3].any()
        assert draw_tile(mosaic, 140001, 90000, 18) is None


def test_an_archive_is_served_as_it_is_searched(halves: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tiles.zip", "w") as archive:
        for path in halves.glob("*.tif"):
            archive.write(path, path.name)
    ground = ServedGround(SearchRequest(mosaics=(tmp_path / "tiles.zip",)))
    try:
        assert picture(asyncio.run(ground.tile(140000, 90000, 18, stays)))[50, 40, 0] > 180
    finally:
        ground.close()


def test_a_tile_that_would_take_too_long_is_left_out(halves: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground_module, "_MOST_READ", 1000)
    ground = ServedGround(SearchRequest(mosaics=(halves,)))
    try:
        assert ground.view.min_zoom == ground.view.max_zoom
    finally:
        ground.close()
    with open_mosaic(halves) as mosaic:
        assert draw_tile(mosaic, 140000, 90000, 18) is None


def test_an_index_alone_has_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def without_pixels(request: SearchRequest) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(mosaic=None)

    monkeypatch.setattr(ground_module, "open_source", without_pixels)
    with pytest.raises(GeolocError, match=r"^city\.zarr: holds no pixels to show.*give --mosaic"):
        ServedGround(SearchRequest(index=Path("city.zarr")))


def test_what_cannot_be_searched_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(MosaicError, match="no such"):
        ServedGround(SearchRequest(mosaics=(tmp_path / "none.tif",)))
    secret = tmp_path / "secret.vrt"
    secret.write_text('<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand><SimpleSource><SourceFilename>'
                      "/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>")  # fmt: skip
    with pytest.raises(GeolocError):
        ServedGround(SearchRequest(mosaics=(secret,)))
