"""Mosaics of every kind that users have, read where they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.rpc import RPC
from rasterio.shutil import copy as copy_raster
from rasterio.warp import Resampling, reproject
from shapely.geometry import Point

from tests.helpers.places import NORTH_UP, PLACES, UTM, Write, grid_at
from tiling.errors import GeolocError, MosaicError
from tiling.grid import HALF_WORLD, Grid, project, transformer
from tiling.mosaic import Mosaic, open_mosaic

SIDE = 300
RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)


def picture(bands: int = 3, dtype: str = "uint8", high: int = 255) -> NDArray[np.generic]:
    """Smooth colours, none of them 0, and another in every corner."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    waves = [0.5 + 0.25 * np.sin(5 * x + band) + 0.2 * np.cos(4 * y - 2 * band) for band in range(bands)]
    return (np.array(waves) * high).astype(dtype)


def own_grid(path: Path) -> Grid:
    with rasterio.open(path) as file:
        return Grid(file.crs, file.transform, file.width, file.height)


def local_grid(lon: float, lat: float, pixel_m: float, side: int) -> Grid:
    """Round a place, in a CRS of its own."""
    crs = pyproj.CRS.from_user_input(f"+proj=aeqd +lon_0={lon} +lat_0={lat} +datum=WGS84 +type=crs")
    half = pixel_m * side / 2
    return Grid(crs, Affine(pixel_m, 0, -half, 0, -pixel_m, half), side, side)


# What is known of a mosaic


def test_properties(write: Write) -> None:
    with open_mosaic([write(picture())]) as mosaic:
        assert mosaic.crs == pyproj.CRS.from_epsg(32633)
        assert mosaic.gsd_m == pytest.approx(0.2 / 0.9996, rel=1e-4)
        assert mosaic.bounds == pytest.approx((500_000, 5_400_000 - 60, 500_060, 5_400_000))
        centre = project(Point(500_030, 5_399_970), UTM, 4326)
        assert mosaic.footprint.centroid.distance(centre) < 1e-7


def test_crs_without_epsg_code(write: Write) -> None:
    crs = "+proj=tmerc +lat_0=1 +lon_0=15.3 +k=1 +x_0=500000 +datum=WGS84"
    with open_mosaic([write(picture(), crs=crs)]) as mosaic:
        assert mosaic.crs.to_epsg() is None
        assert mosaic.read(own_grid(Path(write(picture(), crs=crs)))).valid.all()


def test_bounds_of_a_turned_grid_are_those_of_its_four_corners(write: Write) -> None:
    grid = grid_at(32615, 0.5, SIDE, angle=30)
    with open_mosaic([write(picture(), crs=grid.crs.to_wkt(), transform=grid.affine)]) as mosaic:
        assert mosaic.bounds == pytest.approx(grid.footprint().bounds)


# Reading


def test_its_own_grid_gives_its_own_pixels(write: Write) -> None:
    path = write(picture())
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    assert window.rgb.dtype == np.uint8
    assert window.valid.all()
    assert (window.rgb == np.moveaxis(picture(), 0, -1)).all()


@pytest.mark.parametrize("mirror", [-1, 1])
@pytest.mark.parametrize("angle", [0, 30, 120, 180])
@pytest.mark.parametrize("epsg", PLACES)
def test_pixels_are_where_the_projection_says(write: Write, epsg: int, angle: float, mirror: int) -> None:
    grid = grid_at(epsg, 0.5, SIDE, angle=angle, aspect=1.4, mirror=mirror)
    # Values that tell their own column and row; the first two of three bands are read without a stretch as uint8.
    y, x = np.mgrid[:SIDE, :SIDE]
    values = np.array([x // 2 + 50, y // 2 + 50, 0 * x], np.uint8)
    path = write(values, crs=grid.crs.to_wkt(), transform=grid.affine)
    middle = project(Point(*(grid.affine * (SIDE / 2, SIDE / 2))), grid.crs, 3857)
    for scale in (0.4, 1.7):
        affine = Affine(scale, 0, middle.x - 20 * scale, 0, -scale, middle.y + 20 * scale)
        window = Grid(pyproj.CRS.from_epsg(3857), affine, 40, 40)
        with open_mosaic([path]) as mosaic:
            seen = mosaic.read(window)
        assert seen.valid.all()
        wx, wy = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
        map_x, map_y = window.affine.a * wx + window.affine.c, window.affine.e * wy + window.affine.f
        px, py = (
            np.array(v)
            for v in zip(
                *(
                    ~grid.affine * p
                    for p in zip(*(v.ravel() for v in transformer(3857, grid.crs).transform(map_x, map_y)), strict=True)
                ),
                strict=True,
            )
        )
        for band, place in ((0, px), (1, py)):
            # A value is 2 pixels wide, so its middle is known to half a pixel and its mean much better.
            off = 2 * (seen.rgb[..., band].ravel().astype(float) - 50) + 1 - place
            assert abs(off.mean()) < 0.15
            assert np.abs(off).max() < 2.6


def test_enlarging_is_smooth_and_shrinking_averages(write: Write) -> None:
    stripes = np.zeros((3, SIDE, SIDE), np.uint8)
    stripes[:, :, ::2] = 200
    path = write(stripes)
    coarse = Grid(own_grid(path).crs, NORTH_UP * Affine.scale(8), SIDE // 8, SIDE // 8)
    fine = Grid(own_grid(path).crs, NORTH_UP * Affine.scale(0.25), 80, 80)
    with open_mosaic([path]) as mosaic:
        assert np.abs(mosaic.read(coarse).rgb.astype(int) - 100).max() <= 1
        assert len(np.unique(mosaic.read(fine).rgb)) > 4


def test_the_overview_read_is_the_next_finer_one(write: Write) -> None:
    path = write(np.full((3, 512, 512), 10, np.uint8), overviews=(2, 4, 8))
    # Mark every overview with a value of its own.
    for level, value in enumerate((20, 40, 80)):
        with rasterio.open(path, "r+", overview_level=level) as file:
            file.write(np.full((3, file.height, file.width), value, np.uint8))
    seen = {}
    with open_mosaic([path]) as mosaic:
        for shrink in (0.5, 1, 1.9, 2, 3, 4, 7.9, 8, 16):
            side = int(400 / shrink)
            grid = Grid(mosaic.crs, NORTH_UP * Affine.translation(20, 20) * Affine.scale(shrink), side, side)
            (seen[shrink],) = np.unique(mosaic.read(grid).rgb)
    assert seen == {0.5: 10, 1: 10, 1.9: 10, 2: 20, 3: 20, 4: 40, 7.9: 40, 8: 80, 16: 80}


def test_no_overviews_and_a_huge_shrink(write: Write) -> None:
    rng = np.random.default_rng(0)
    path = write(rng.integers(0, 255, (3, 1024, 1024)).astype(np.uint8))
    grid = Grid(own_grid(path).crs, NORTH_UP * Affine.scale(256), 4, 4)
    with open_mosaic([path]) as mosaic:
        assert np.abs(mosaic.read(grid).rgb.astype(int) - 127).max() <= 1


def test_off_the_mosaic_nothing_is_valid(write: Write) -> None:
    with open_mosaic([write(picture())]) as mosaic:
        window = mosaic.read(Grid(mosaic.crs, NORTH_UP * Affine.translation(-5000, 0), 64, 64))
        assert not window.valid.any()
        assert not window.rgb.any()
        far = mosaic.read(local_grid(-120, -30, 1, 32))
        assert not far.valid.any()


def test_places_without_data_are_known_together(write: Write) -> None:
    values = picture()
    values[:, :, :100] = 0
    with open_mosaic([write(values, nodata=0)]) as mosaic:
        west, _, east, north = mosaic.bounds
        places = np.array([(west + 10, north - 30), (west + 30, north - 30), (east - 1, north - 1), (east + 9, north)])
        assert mosaic.shows(places).tolist() == [False, True, True, False]
        assert [mosaic.shows(place[None]).tolist() for place in places] == [[False], [True], [True], [False]]
        # Far apart, on a grid of pixels of kilometres.
        assert mosaic.shows(np.array([(west + 30, north - 30), (west - 2e6, north - 1e6)])).tolist() == [True, False]
        assert mosaic.shows(np.zeros((0, 2))).tolist() == []


def test_windows_join_without_seams(write: Write) -> None:
    grid = grid_at(2180, 0.4, SIDE, angle=17)
    path = write(picture(), crs=grid.crs.to_wkt(), transform=grid.affine)
    middle = project(Point(*(grid.affine * (SIDE / 2, SIDE / 2))), grid.crs, 3857)
    affine = Affine(0.5, 0, middle.x - 32, 0, -0.5, middle.y + 32)
    crs = pyproj.CRS.from_epsg(3857)
    with open_mosaic([path]) as mosaic:
        whole = mosaic.read(Grid(crs, affine, 128, 128)).rgb
        halves = [mosaic.read(Grid(crs, affine * Affine.translation(x, 0), 64, 128)).rgb for x in (0, 64)]
    assert np.abs(np.concatenate(halves, axis=1).astype(int) - whole).max() <= 2


# Kinds of values


@pytest.mark.parametrize(("dtype", "high"), [("uint16", 5000), ("int16", 3000), ("float32", 0.7), ("float64", 1e6)])
def test_deep_values_are_stretched_once(write: Write, dtype: str, high: float) -> None:
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    path = write((np.array([x, x + y, y]) * high).astype(dtype))
    grid = own_grid(path)
    with open_mosaic([path]) as mosaic:
        whole = mosaic.read(grid)
        corner = mosaic.read(Grid(grid.crs, grid.affine, 50, 50))
    assert whole.valid.all()
    assert whole.rgb.min() == 0
    assert whole.rgb.max() == 255
    assert np.abs(whole.rgb[150, 150].astype(int) - 127).max() < 4
    assert (corner.rgb == whole.rgb[:50, :50]).all()


def test_stretch_ignores_what_is_invalid(write: Write) -> None:
    values = picture(1, "uint16", 1000)
    values[:, :200] = 65535
    path = write(values, nodata=65535)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    assert not window.valid[:199].any()
    assert window.valid[201:].all()
    assert np.ptp(window.rgb[201:]) == 255


def test_float_with_nan(write: Write) -> None:
    values = picture(1, "float32", 1)
    values[:, 100:150, 100:150] = np.nan
    path = write(values)
    with open_mosaic([path]) as mosaic:
        valid = mosaic.read(own_grid(path)).valid
        assert not mosaic.read_valid(Grid(mosaic.crs, NORTH_UP * Affine.scale(50), 6, 6))[2, 2]
    assert not valid[101:149, 101:149].any()
    assert valid[:99].all()


def test_float_with_nan_and_another_nodata(write: Write) -> None:
    values = picture(3, "float32", 1)
    values[:, 100:150, 100:150] = np.nan
    values[:, 200:250, 200:250] = -9999
    path = write(values, nodata=-9999)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    assert not window.valid[101:149, 101:149].any()
    assert not window.valid[200:250, 200:250].any()
    assert np.ptp(window.rgb[window.valid]) > 200


def test_one_band_is_grey(write: Write) -> None:
    path = write(picture(1))
    with open_mosaic([path]) as mosaic:
        rgb = mosaic.read(own_grid(path)).rgb
    assert (rgb == picture(1)[0][..., None]).all()


def test_four_bands_with_alpha(write: Write) -> None:
    values = picture(4)
    values[3] = 255
    values[3, :, :100] = 0
    path = write(values, colorinterp=RGBA)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
        coarse = mosaic.read_valid(Grid(mosaic.crs, NORTH_UP * Affine.scale(50), 6, 6))
    assert (window.valid == (values[3] > 0)).all()
    assert (window.rgb[window.valid] == np.moveaxis(values[:3], 0, -1)[window.valid]).all()
    assert (coarse == [False, False, True, True, True, True]).all()


def test_invalid_colours_do_not_bleed_into_averages(write: Write) -> None:
    values = np.full((4, SIDE, SIDE), 200, np.uint8)
    values[3] = 255
    values[:, :, :101] = 0
    path = write(values, colorinterp=RGBA)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(Grid(mosaic.crs, NORTH_UP * Affine.scale(4), 75, 75))
    assert (window.rgb[window.valid] == 200).all()
    assert window.valid[:, 25].all()


def test_four_bands_without_alpha(write: Write) -> None:
    values = picture(4)
    path = write(values, photometric="MINISBLACK")
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    with open_mosaic([path], bands=(4, 1, 2)) as mosaic:
        infrared = mosaic.read(own_grid(path))
    assert window.valid.all()
    assert (window.rgb == np.moveaxis(values[:3], 0, -1)).all()
    assert (infrared.rgb == np.moveaxis(values[[3, 0, 1]], 0, -1)).all()


def test_colours_are_found_by_what_bands_say_they_are(write: Write) -> None:
    values = picture(3)
    path = write(values, photometric="MINISBLACK", colorinterp=(ColorInterp.blue, ColorInterp.green, ColorInterp.red))
    with open_mosaic([path]) as mosaic:
        assert (mosaic.read(own_grid(path)).rgb == np.moveaxis(values[::-1], 0, -1)).all()


def test_grey_with_alpha(write: Write) -> None:
    values = picture(2)
    values[1] = 255
    values[1, :50] = 0
    path = write(values, colorinterp=(ColorInterp.gray, ColorInterp.alpha))
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    assert (window.valid == (values[1] > 0)).all()
    assert (window.rgb[60:] == values[0][60:, :, None]).all()


def test_sixteen_bits_with_alpha(write: Write) -> None:
    values = picture(4, "uint16", 4000)
    # Both usual kinds of opaque: 65535, and 255 of writers that do not know better.
    values[3, :, :150], values[3, :, 150:], values[3, :50] = 65535, 255, 0
    path = write(values, colorinterp=RGBA)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
    assert (window.valid == (values[3] > 0)).all()
    assert np.ptp(window.rgb[window.valid]) == 255


@pytest.mark.parametrize("internal", [True, False])
def test_mask_of_its_own(write: Write, internal: bool) -> None:
    mask = np.ones((SIDE, SIDE), bool)
    mask[:, 200:] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
        path = write(picture(), mask=mask)
    assert path.with_suffix(".tif.msk").exists() is not internal
    with open_mosaic([path]) as mosaic:
        assert (mosaic.read(own_grid(path)).valid == mask).all()
        assert (mosaic.read_valid(Grid(mosaic.crs, NORTH_UP * Affine.scale(50), 6, 6)) == [1, 1, 1, 1, 0, 0]).all()


def test_masks_through_overviews(write: Write) -> None:
    mask = np.ones((SIDE, SIDE), bool)
    mask[:, 200:] = False
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write(picture(), mask=mask, overviews=(2, 4))
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(Grid(mosaic.crs, NORTH_UP * Affine.scale(5), 60, 60))
    assert window.valid[:, :39].all()
    assert not window.valid[:, 41:].any()


def test_nodata_of_all_bands_together(write: Write) -> None:
    values = picture()
    values[0, 100:120, 100:120] = 0  # A pure colour is not nodata ...
    values[:, 200:220, 200:220] = 0  # ... black is.
    path = write(values, nodata=0)
    with open_mosaic([path]) as mosaic:
        valid = mosaic.read(own_grid(path)).valid
    expected = np.ones((SIDE, SIDE), bool)
    expected[200:220, 200:220] = False
    assert (valid == expected).all()


def test_palette(write: Write) -> None:
    index = np.zeros((1, SIDE, SIDE), np.uint8)
    index[0, :, ::2] = 1
    index[0, :50] = 2
    colours = {0: (200, 0, 0, 255), 1: (0, 0, 100, 255), 2: (9, 9, 9, 255)}
    path = write(index, colormap=colours, photometric="PALETTE", nodata=2)
    with open_mosaic([path]) as mosaic:
        window = mosaic.read(own_grid(path))
        coarse = mosaic.read(Grid(mosaic.crs, NORTH_UP * Affine.scale(4), 75, 75))
        shares = mosaic.read_valid(Grid(mosaic.crs, NORTH_UP * Affine.scale(50), 6, 6))
    assert window.rgb[60, 0].tolist() == [0, 0, 100]
    assert window.rgb[60, 1].tolist() == [200, 0, 0]
    assert not window.valid[:50].any()
    # Averages of colours, never of indices.
    assert np.abs(coarse.rgb[20:].astype(int) - [100, 0, 50]).max() <= 1
    assert (shares == [[False], *[[True]] * 5]).all()


def test_unwritten_blocks_of_a_sparse_file_hold_no_data(write: Write, tmp_path: Path) -> None:
    path = tmp_path / "sparse.tif"
    profile = {"driver": "GTiff", "count": 3, "width": 640, "height": 640, "dtype": "uint8"}
    options = {"tiled": True, "blockxsize": 64, "blockysize": 64, "sparse_ok": True, "compress": "deflate"}
    with rasterio.open(path, "w", **profile, **options, crs=UTM, transform=NORTH_UP) as file:
        file.write(picture()[:, :128, :64], window=rasterio.windows.Window(64, 128, 64, 128))
    expected = np.zeros((640, 640), bool)
    expected[128:256, 64:128] = True
    with open_mosaic([path]) as mosaic:
        assert (mosaic.read(own_grid(path)).valid == expected).all()
        # Also in pixels much larger than a block.
        grid = Grid(mosaic.crs, NORTH_UP * Affine.scale(213), 3, 3)
        coarse = mosaic.read_valid(grid)
        assert mosaic.may_hold(grid)
        # Three rows of pixels below what was written.
        assert not mosaic.may_hold(Grid(mosaic.crs, NORTH_UP * Affine.translation(0, 259) * Affine.scale(100), 3, 3))
        assert not mosaic.may_hold(Grid(mosaic.crs, NORTH_UP * Affine.translation(9000, 0) * Affine.scale(100), 3, 3))
    assert coarse.tolist() == [[True, False, False], [True, False, False], [False, False, False]]


# Kinds of georeferencing


def _gcps(affine: Affine, count: int = 3) -> list[GroundControlPoint]:
    steps = np.linspace(0, SIDE, count)
    return [GroundControlPoint(row, column, *(affine * (column, row)), 0.0) for row in steps for column in steps]


@pytest.mark.parametrize("overviews", [(), (2, 4)])
def test_ground_control_points(write: Write, overviews: tuple[int, ...]) -> None:
    affine = Affine.translation(500_000, 5_400_000) * Affine.rotation(33) * Affine.scale(0.2, -0.2)
    placed = write(picture(), "placed.tif", transform=affine)
    path = write(picture(), crs=None, transform=None, overviews=overviews)
    with rasterio.open(path, "r+") as file:
        file.gcps = (_gcps(affine), rasterio.CRS.from_epsg(32633))
    _same_picture(placed, path)


def _same_picture(placed: Path, path: Path, epsg: int = 32633) -> None:
    """Both files show the same on the same ground, at full size, enlarged and shrunk."""
    with open_mosaic([placed]) as expected, open_mosaic([path]) as mosaic:
        assert mosaic.crs.to_epsg() == epsg
        assert mosaic.gsd_m == pytest.approx(expected.gsd_m, rel=0.05)
        assert mosaic.footprint.symmetric_difference(expected.footprint).area < 0.01 * expected.footprint.area
        centre = expected.footprint.centroid
        for pixel_m in (0.1, 0.3, 1.0):
            grid = local_grid(centre.x, centre.y, pixel_m, int(70 / pixel_m))
            ours, theirs = mosaic.read(grid), expected.read(grid)
            both = ours.valid & theirs.valid
            assert 0.3 < both.mean() > 0.97 * theirs.valid.mean()
            assert np.abs(ours.rgb[both].astype(int) - theirs.rgb[both]).mean() < 2
            assert (mosaic.read_valid(grid) == ours.valid).mean() > 0.98


def _rpcs(lon: float, lat: float, span: float) -> RPC:
    """A camera above, looking east: columns are longitudes, rows latitudes, on ground at 120 m."""
    one = [1.0] + [0.0] * 19
    lon_term, lat_term = [0.0] * 20, [0.0] * 20
    lon_term[1], lat_term[2] = 1.0, -1.0
    # Anywhere but on the ground's mean height, what is seen shifts to the side.
    lon_term[3] = 0.5
    return RPC(
        height_off=120, height_scale=500, lat_off=lat, lat_scale=span / 2, long_off=lon, long_scale=span / 2,
        line_off=SIDE / 2, line_scale=SIDE / 2, samp_off=SIDE / 2, samp_scale=SIDE / 2,
        line_num_coeff=lat_term, line_den_coeff=one, samp_num_coeff=lon_term, samp_den_coeff=one,
    )  # fmt: skip


def test_rational_polynomials(write: Write) -> None:
    span = 6e-4
    path = write(picture(), crs=None, transform=None)
    with rasterio.open(path, "r+") as file:
        file.rpcs = _rpcs(15.0, 0.5, span)
    affine = Affine(span / SIDE, 0, 15 - span / 2, 0, -span / SIDE, 0.5 + span / 2)
    _same_picture(write(picture(), "placed.tif", crs="EPSG:4326", transform=affine), path, epsg=4326)


def test_longitudes_beyond_180(write: Write) -> None:
    step = 1e-5
    paths = [
        write(picture(), f"{lon}.tif", crs="EPSG:4326", transform=Affine(step, 0, lon - 150 * step, 0, -step, -17))
        for lon in (180, -180)
    ]
    with open_mosaic([paths[0]]) as east, open_mosaic([paths[1]]) as west:
        assert east.footprint.equals_exact(west.footprint, 1e-9)
        assert east.bounds[2] > 180
        for lon in (179.9995, -179.9995, 180.0):
            grid = local_grid(lon, -17.0015, 1, 50)
            windows = [mosaic.read(grid) for mosaic in (east, west)]
            assert windows[0].valid.all()
            assert (windows[0].rgb == windows[1].rgb).all()


# Several files


def test_the_first_file_with_data_wins(write: Write) -> None:
    red, blue = np.zeros((3, SIDE, SIDE), np.uint8), np.zeros((3, SIDE, SIDE), np.uint8)
    red[0], blue[2] = 200, 200
    red[:, :, :100] = 0
    paths = [write(red, "red.tif", nodata=0), write(blue, "blue.tif", transform=NORTH_UP * Affine.translation(0, 50))]
    grid = Grid(own_grid(paths[0]).crs, NORTH_UP, SIDE, SIDE + 100)
    with open_mosaic(paths) as mosaic:
        window = mosaic.read(grid)
        assert mosaic.bounds == pytest.approx((500_000, 5_400_000 - 70, 500_060, 5_400_000))
    with open_mosaic(paths[::-1]) as mosaic:
        other = mosaic.read(grid)
    assert not window.valid[:50, :99].any()
    assert not window.valid[350:].any()
    assert window.rgb[200, 50].tolist() == [0, 0, 200]
    assert window.rgb[200, 200].tolist() == [200, 0, 0]
    assert other.rgb[200, 200].tolist() == [0, 0, 200]
    assert other.rgb[20, 200].tolist() == [200, 0, 0]


def test_files_in_different_crs_make_one_picture(write: Write) -> None:
    # One picture of 600 x 300 pixels, its right half warped to another CRS.
    whole = np.concatenate([picture(), picture()[:, :, ::-1]], axis=2)
    left = write(whole[:, :, :310], "a.tif")
    step = 2.5e-6
    corner = project(Point(500_055, 5_400_002), UTM, 4326)
    degrees = Affine(step, 0, corner.x, 0, -step * 0.7, corner.y)
    right = np.zeros((4, 400, 400), np.uint8)
    reproject(
        whole, right, src_crs=UTM, src_transform=NORTH_UP, dst_crs="EPSG:4326", dst_transform=degrees,
        dst_alpha=4, resampling=Resampling.cubic,
    )  # fmt: skip
    other = write(right, "b.tif", crs="EPSG:4326", transform=degrees, colorinterp=RGBA)
    with open_mosaic([left, other]) as mosaic:
        window = mosaic.read(Grid(mosaic.crs, NORTH_UP, 600, 300))
    assert window.valid.mean() > 0.99
    error = np.abs(window.rgb.astype(int) - np.moveaxis(whole, 0, -1))[window.valid]
    assert error.max() < 12
    assert error.mean() < 1


def test_one_stretch_for_all_files(write: Write) -> None:
    low, high = np.full((1, 64, 64), 100, np.uint16), np.full((1, 64, 64), 300, np.uint16)
    paths = [write(low, "low.tif"), write(high, "high.tif", transform=NORTH_UP * Affine.translation(64, 0))]
    with open_mosaic(paths) as mosaic:
        rgb = mosaic.read(Grid(mosaic.crs, NORTH_UP, 128, 64)).rgb
    assert (rgb[:, :64] == 0).all()
    assert (rgb[:, 64:] == 255).all()


def test_eight_bits_beside_sixteen_keep_their_colours(write: Write) -> None:
    deep = picture(3, "uint16", 4000)
    paths = [write(picture(), "a.tif"), write(deep, "b.tif", transform=NORTH_UP * Affine.translation(SIDE, 0))]
    with open_mosaic(paths) as mosaic:
        rgb = mosaic.read(Grid(mosaic.crs, NORTH_UP, 2 * SIDE, SIDE)).rgb
    assert (rgb[:, :SIDE] == np.moveaxis(picture(), 0, -1)).all()
    assert np.ptp(rgb[:, SIDE:]) == 255


def test_folder_and_vrt(write: Write, tmp_path: Path) -> None:
    path = write(picture(), "tiles/b.TIF")
    write(picture()[:, ::-1], "tiles/a.tif", transform=NORTH_UP * Affine.translation(SIDE, 0))
    (tmp_path / "tiles" / "notes.txt").write_text("not a raster")
    with open_mosaic([tmp_path / "tiles"]) as mosaic:
        rgb = mosaic.read(Grid(mosaic.crs, NORTH_UP, 2 * SIDE, SIDE)).rgb
    assert (rgb[:, :SIDE] == np.moveaxis(picture(), 0, -1)).all()
    assert (rgb[:, SIDE:] == np.moveaxis(picture()[:, ::-1], 0, -1)).all()
    vrt = tmp_path / "m.vrt"
    copy_raster(path, vrt, driver="VRT")
    with open_mosaic([vrt]) as mosaic:
        assert (mosaic.read(own_grid(path)).rgb == rgb[:, :SIDE]).all()


def test_one_path_needs_no_list(write: Write) -> None:
    path = write(picture())
    for one in (path, str(path), path.parent):
        with open_mosaic(one) as mosaic:
            assert mosaic.paths == (path,)


def test_outlines_of_files_in_any_crs(write: Write) -> None:
    paths = [write(picture(), "a.tif"), write(picture(), "b.tif", transform=NORTH_UP * Affine.translation(SIDE, 0))]
    with open_mosaic(paths) as mosaic:
        own, elsewhere = mosaic.outlines(UTM), mosaic.outlines(3857)
    assert [shape.bounds for shape in own] == [
        (500_000, 5_399_940, 500_060, 5_400_000),
        (500_060, 5_399_940, 500_120, 5_400_000),
    ]
    for shape, mine in zip(elsewhere, own, strict=True):
        assert project(shape, 3857, UTM).symmetric_difference(mine).area < 0.01


def test_the_cost_of_reading_counts_the_files_that_a_grid_touches(write: Write) -> None:
    paths = [write(picture(), "a.tif"), write(picture(), "b.tif", transform=NORTH_UP * Affine.translation(SIDE, 0))]
    with open_mosaic(paths) as mosaic:
        for widths, cost in ((1.9, 2 * SIDE**2), (0.9, 0.9 * SIDE**2)):
            grid = Grid(mosaic.crs, NORTH_UP * Affine.scale(10), round(widths * SIDE / 10), SIDE // 10)
            assert mosaic.read_cost(grid) == pytest.approx(cost, rel=0.01)
        assert mosaic.read_cost(Grid(mosaic.crs, NORTH_UP * Affine.translation(5000, 5000), 10, 10)) == 0


def test_more_files_than_may_be_open(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiling.sources._OPEN_FILES", 2)
    values = [np.full((1, 64, 64), 20 * i + 9, np.uint8) for i in range(6)]
    paths = [
        write(value, f"{i}.tif", transform=NORTH_UP * Affine.translation(64 * i, 0)) for i, value in enumerate(values)
    ]
    with open_mosaic(paths) as mosaic:
        for _ in range(2):
            assert mosaic.read(Grid(mosaic.crs, NORTH_UP, 384, 64)).rgb[10, 32::64, 0].tolist() == [
                20 * i + 9 for i in range(6)
            ]


# Bad input


def _message(call: object, *args: object) -> str:
    with pytest.raises(MosaicError) as caught:
        call(*args)  # type: ignore[operator]
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_wrong_paths(tmp_path: Path) -> None:
    assert "no such file" in _message(open_mosaic, [tmp_path / "none.tif"])
    (tmp_path / "text.tif").write_text("hello")
    assert "not a raster" in _message(open_mosaic, [tmp_path / "text.tif"])
    (tmp_path / "empty").mkdir()
    assert "no raster files" in _message(open_mosaic, [tmp_path / "empty"])
    assert "no mosaic" in _message(open_mosaic, [])


def test_no_place_on_the_map(write: Write) -> None:
    assert "has no CRS" in _message(open_mosaic, [write(picture(), crs=None)])
    assert "has no geotransform" in _message(open_mosaic, [write(picture(), transform=None)])
    assert "has no CRS and no geotransform" in _message(open_mosaic, [write(picture(), crs=None, transform=None)])


def test_control_points_without_crs(write: Write, tmp_path: Path) -> None:
    path = write(picture(), crs=None, transform=None)
    points = "".join(
        f'<GCP Id="{n}" Pixel="{p.col}" Line="{p.row}" X="{p.x}" Y="{p.y}"/>' for n, p in enumerate(_gcps(NORTH_UP))
    )
    copy_raster(path, tmp_path / "m.vrt", driver="VRT")
    text = (tmp_path / "m.vrt").read_text()
    (tmp_path / "m.vrt").write_text(text.replace("<VRTRasterBand", f"<GCPList>{points}</GCPList><VRTRasterBand", 1))
    assert "control points have no CRS" in _message(open_mosaic, [tmp_path / "m.vrt"])


def test_a_palette_with_transparent_colours(tmp_path: Path) -> None:
    # As in PNG files; GeoTIFF palettes have no alpha.
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette([200, 0, 0, 0, 0, 100])
    image.paste(1, (0, 0, 100, SIDE))
    image.save(tmp_path / "m.png", transparency=1)
    (tmp_path / "m.pgw").write_text("0.2\n0\n0\n-0.2\n500000.1\n5399999.9\n")
    (tmp_path / "m.png.aux.xml").write_text("<PAMDataset><SRS>EPSG:32633</SRS></PAMDataset>")
    with open_mosaic([tmp_path / "m.png"]) as mosaic:
        window = mosaic.read(Grid(mosaic.crs, NORTH_UP, SIDE, SIDE))
    assert not window.valid[:, :100].any()
    assert (window.rgb[:, 100:] == [200, 0, 0]).all()


def test_wrong_bands(write: Write) -> None:
    path = write(picture())
    assert "has no band 4; it has 3" in _message(open_mosaic, [path], (1, 2, 4))
    assert "has no band 0" in _message(open_mosaic, [path], (0,))
    assert "one or three" in _message(open_mosaic, [path], (1, 2))


def test_complex_numbers(write: Write) -> None:
    assert "complex" in _message(open_mosaic, [write(picture(1, "complex64"))])


def test_deep_files_with_different_bands(write: Write) -> None:
    paths = [write(picture(3, "uint16", 999), "a.tif"), write(picture(1, "uint16", 999), "b.tif")]
    with open_mosaic(paths) as mosaic:
        assert mosaic.paths == (paths[0],)
    with open_mosaic(paths, bands=(1,)) as mosaic:
        assert mosaic.read(own_grid(paths[0])).valid.all()


def test_deep_and_all_nodata(write: Write) -> None:
    path = write(np.zeros((1, 900, 900), np.uint16), nodata=0)
    assert "all pixels are nodata" in _message(open_mosaic, [path])


@pytest.mark.parametrize("compress", ["none", "deflate"])
def test_a_truncated_file_is_an_error_and_not_black(write: Write, compress: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 255, (3, SIDE, SIDE)).astype(np.uint8)
    path = write(values, compress=compress)
    grid = own_grid(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)

    def read(mosaic: Mosaic, scale: float) -> None:
        mosaic.read(Grid(grid.crs, NORTH_UP * Affine.scale(scale), int(SIDE / scale), int(SIDE / scale)))

    with open_mosaic([path]) as mosaic:
        for scale in (1.0, 3.0):
            assert "damaged or cut short" in _message(read, mosaic, scale)


def test_a_truncated_deep_file_with_nodata(write: Write) -> None:
    rng = np.random.default_rng(0)
    path = write(rng.integers(1, 9999, (3, SIDE, SIDE)).astype(np.uint16), nodata=0)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    assert "damaged or cut short" in _message(open_mosaic, [path])


def test_a_vrt_whose_file_is_gone(write: Write, tmp_path: Path) -> None:
    path = write(picture())
    copy_raster(path, tmp_path / "m.vrt", driver="VRT")
    grid = own_grid(path)
    shutil.move(path, tmp_path / "gone.tif")
    with pytest.raises(GeolocError), open_mosaic([tmp_path / "m.vrt"]) as mosaic:
        mosaic.read(grid)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_alpha_beside_many_bands(write: Write, dtype: str) -> None:
    values = np.full((6, SIDE, SIDE), 90, dtype)
    values[:, :, 100:] = 0
    values[5, :, :100] = np.iinfo(dtype).max
    kinds = (*RGBA[:3], ColorInterp.undefined, ColorInterp.undefined, ColorInterp.alpha)
    path = write(values, colorinterp=kinds, photometric="RGB", alpha="YES")
    half = np.zeros((SIDE, SIDE), bool)
    half[:, :100] = True
    with open_mosaic([path]) as mosaic:
        assert (mosaic.read_valid(own_grid(path)) == half).all()
        assert (mosaic.read(own_grid(path)).valid == half).all()


def test_files_of_web_mercator_meet_at_the_antimeridian(write: Write) -> None:
    left = write(picture(), "left.tif", crs="EPSG:3857", transform=Affine(1, 0, HALF_WORLD - SIDE, 0, -1, 0))
    right = write(picture(), "right.tif", crs="EPSG:3857", transform=Affine(1, 0, -HALF_WORLD, 0, -1, 0))
    for edge in (HALF_WORLD, -HALF_WORLD):
        window = Grid(pyproj.CRS.from_epsg(3857), Affine(1, 0, edge - 50, 0, -1, 0), 100, 100)
        with open_mosaic([left, right]) as mosaic:
            assert mosaic.read_valid(window).all()
            seen = mosaic.read(window)
        assert seen.valid.all()
        assert (seen.rgb[:, :50] == np.moveaxis(picture()[:, :100, -50:], 0, -1)).all()
        assert (seen.rgb[:, 50:] == np.moveaxis(picture()[:, :100, :50], 0, -1)).all()
