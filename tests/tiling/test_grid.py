"""The geometry against pyproj and GDAL: there and back within a hundredth of a pixel."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import rasterio.transform
import rasterio.warp
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from tests.helpers.places import PLACES, grid_at, grids
from tiling.box import PixelBox
from tiling.errors import GeolocError
from tiling.grid import WEB_MERCATOR, WGS84, Grid, as_crs, ground_distance_m, project

TOLERANCE_PX = 0.01
MOST_BENDING_PX = 300
"""Sides of boxes: larger than any object in a window."""


@st.composite
def boxes(draw: st.DrawFn, side: int = 4000) -> PixelBox:
    x, y = draw(st.floats(0, side - 5)), draw(st.floats(0, side - 5))
    size = st.floats(1, MOST_BENDING_PX)
    return PixelBox(x, y, x + draw(size), y + draw(size))


def _values(box: PixelBox) -> tuple[float, float, float, float]:
    return box.xmin, box.ymin, box.xmax, box.ymax


@given(grids(), boxes())
def test_box_to_polygon_and_back(grid: Grid, box: PixelBox) -> None:
    assert _values(grid.polygon_box(grid.box_polygon(box))) == pytest.approx(_values(box), abs=TOLERANCE_PX)


@given(grids(), boxes())
def test_box_to_wgs84_and_back(grid: Grid, box: PixelBox) -> None:
    there = project(grid.box_polygon(box), grid.crs, WGS84)
    back = project(there, WGS84, grid.crs)
    assert _values(grid.polygon_box(back)) == pytest.approx(_values(box), abs=TOLERANCE_PX)


@given(grids(), boxes())
def test_mosaic_pixels_to_a_window_and_back(grid: Grid, box: PixelBox) -> None:
    polygon = grid.box_polygon(box)
    centre = project(polygon.centroid, grid.crs, WEB_MERCATOR)
    scale = 0.37
    affine = Affine(scale, 0, centre.x - 512 * scale, 0, -scale, centre.y + 512 * scale)
    window = Grid(WEB_MERCATOR, affine, 1024, 1024)
    # Pixels of the window, back through its affine and the projection, are the same pixels of the mosaic.
    in_window = [~window.affine * point for point in project(polygon, grid.crs, WEB_MERCATOR).exterior.coords]
    on_map = Polygon([window.affine * point for point in in_window])
    assert _values(grid.polygon_box(project(on_map, WEB_MERCATOR, grid.crs))) == pytest.approx(
        _values(box), abs=TOLERANCE_PX
    )


@given(grids(), boxes())
def test_corners_are_those_of_gdal(grid: Grid, box: PixelBox) -> None:
    xs, ys = zip(*box.corners(), strict=True)
    expected = rasterio.transform.xy(grid.affine, ys, xs, offset="ul")
    polygon = grid.box_polygon(box)
    places = np.array(polygon.exterior.coords)[:4]
    pixel = np.sqrt(abs(grid.affine.determinant))
    assert places == pytest.approx(np.array(expected).T, abs=TOLERANCE_PX * pixel)
    lons, lats = rasterio.warp.transform(rasterio.CRS.from_wkt(grid.crs.to_wkt()), "EPSG:4326", *expected)
    ours = np.array(project(polygon, grid.crs, WGS84).exterior.coords)[:4]
    degrees = pixel if grid.crs.is_geographic else pixel / 111_320
    turns = 360 * np.round((ours[:, 0] - lons) / 360)
    assert ours == pytest.approx(np.column_stack([lons + turns, lats]), abs=TOLERANCE_PX * degrees)


def test_shifted_datums_come_back_within_what_proj_can() -> None:
    # The way back of a Helmert shift is PROJ's approximation, good to about a millimetre.
    there = project(box(400_000, 300_000, 400_050, 300_080), 27700, WEB_MERCATOR)
    assert project(there, WEB_MERCATOR, 27700).bounds == pytest.approx((400_000, 300_000, 400_050, 300_080), abs=2e-3)


@given(grids())
def test_ground_gsd_is_the_geodesic_length_of_a_pixel(grid: Grid) -> None:
    # A hundred pixels along each axis, with pyproj alone.
    to_lonlat = pyproj.Transformer.from_crs(grid.crs, 4326, always_xy=True)
    ends = [((1950, 2000), (2050, 2000)), ((2000, 1950), (2000, 2050))]
    lengths = []
    for a, b in ends:
        (lon0, lon1), (lat0, lat1) = to_lonlat.transform(*zip(grid.affine * a, grid.affine * b, strict=True))
        lengths.append(pyproj.Geod(ellps="WGS84").inv(lon0, lat0, lon1, lat1)[2] / 100)
    assert grid.ground_gsd() == pytest.approx(sum(lengths) / 2, rel=1e-4)
    assert grid.ground_gsd(2000, 2000) == grid.ground_gsd()


def test_web_mercator_metres_are_not_metres() -> None:
    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(10, 60)
    grid = Grid(WEB_MERCATOR, Affine(0.2986, 0, x, 0, -0.2986, y), 2, 2)
    assert grid.ground_gsd() == pytest.approx(0.1493 * 1.0017, rel=2e-3)


@pytest.mark.parametrize("epsg", PLACES)
def test_footprint_follows_what_the_projection_bends(epsg: int) -> None:
    grid = grid_at(epsg, 2.0, 30_000, angle=25)
    outline = grid.footprint(WGS84)
    # Points all along the grid's edges lie on the outline, to a few pixels of thirty thousand.
    along = grid.footprint().segmentize(grid.footprint().length / 400)
    lon, lat = pyproj.Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(*along.exterior.xy)
    middle = outline.centroid.x
    lon = np.asarray(lon) + 360 * np.round((middle - np.asarray(lon)) / 360)
    off = shapely.distance(outline.exterior, shapely.points(lon, lat)) * 111_320
    assert off.max() < 5


def test_small_boxes_keep_their_four_corners() -> None:
    for epsg in PLACES:
        grid = grid_at(epsg, 0.2, 1000, angle=25)
        assert len(project(grid.box_polygon(PixelBox(10, 10, 60, 80)), grid.crs, WGS84).exterior.coords) == 5


def test_shapes_across_the_antimeridian_do_not_jump() -> None:
    grid = grid_at(3832, 1.0, 4000)
    outline = grid.footprint(WGS84)
    west, _, east, _ = outline.bounds
    assert west < 180 < east
    assert east - west < 0.05
    assert outline.is_valid


def test_longitudes_beyond_180_stay_beyond_between_geographic_crs() -> None:
    moved = project(box(180.5, -18, 181, -17), 4326, 4167)
    assert moved.bounds == pytest.approx((180.5, -18, 181, -17), abs=1e-4)


def test_holes_and_parts_are_projected_together() -> None:
    x, y = grid_at(3832, 1.0, 1).affine * (0, 0)
    ring = box(x - 5000, y - 5000, x + 5000, y + 5000)
    shape = MultiPolygon(
        [ring.difference(box(x + 2000, y - 500, x + 3000, y + 500)), box(x + 6000, y, x + 7000, y + 9)]
    )
    there = project(shape, 3832, 4326)
    assert there.is_valid
    assert len(there.geoms[0].interiors) == 1
    assert np.ptp(there.bounds[::2]) < 0.2


def test_points_and_equal_crs() -> None:
    point = project(Point(15, 48), 4326, 32633)
    assert (point.x, point.y) == pytest.approx((500_000, 5_316_300), abs=200)
    shape = box(0, 0, 1, 1)
    assert project(shape, 4326, "EPSG:4326") is shape


def test_what_cannot_be_projected_is_a_clear_error() -> None:
    with pytest.raises(GeolocError, match="is defined; use another"):
        project(Point(180, 0), 4326, "+proj=ortho +lat_0=0 +lon_0=0 +type=crs")


def test_crs_of_any_kind() -> None:
    assert as_crs(32633) == as_crs("EPSG:32633") == as_crs(rasterio.CRS.from_epsg(32633))
    assert Grid(32633, Affine.identity(), 1, 1).crs.to_epsg() == 32633  # type: ignore[arg-type]


def test_ground_distance() -> None:
    assert ground_distance_m(15, 48, 15, 49, 4326) == pytest.approx(111_207, rel=1e-3)
    assert ground_distance_m(500_000, 5_400_000, 500_300, 5_400_400, 32633) == pytest.approx(500 / 0.9996, rel=1e-4)


@given(grids(), st.integers(1, 99))
def test_a_grown_grid_has_the_same_pixels_and_more(grid: Grid, pixels: int) -> None:
    grown = grid.grown(pixels)
    assert (grown.width, grown.height) == (grid.width + 2 * pixels, grid.height + 2 * pixels)
    for x, y in ((0, 0), (grid.width, 3.5)):
        assert grown.affine * (x + pixels, y + pixels) == pytest.approx(grid.affine * (x, y), rel=1e-12)
