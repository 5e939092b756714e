"""Plans: the ground resolution, and that nothing of what is to be searched is missed or cut."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mercantile
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Point, box, shape

from tests.helpers.places import NORTH_UP, PLACES, Write, grid_at
from tiling.area import Area
from tiling.box import PixelBox
from tiling.errors import AreaError
from tiling.grid import HALF_WORLD, WEB_MERCATOR, WGS84, Grid, as_crs, project, transformer
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import GSD_TOLERANCE, Middles, Plan, Window, make_plan, window_step

SIDE = 256
EVERYWHERE = Area.everywhere()


def valid_file(path: Path, valid: NDArray[np.bool_], grid: Grid) -> Path:
    """A one-band file with data (1) where `valid`."""
    profile = {"driver": "GTiff", "count": 1, "width": grid.width, "height": grid.height, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, nodata=0, crs=grid.crs.to_wkt(), transform=grid.affine) as file:
        file.write(valid.astype(np.uint8), 1)
    return path


@contextmanager
def memory_mosaic(valid: NDArray[np.bool_], grid: Grid) -> Iterator[Mosaic]:
    """A mosaic for property tests, which cannot have a folder of their own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, open_mosaic([valid_file(Path(folder) / "m.tif", valid, grid)]) as m:
        yield m


def in_windows(plan: Plan, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points of EPSG:3857 are in some window; a window may also lie a turn of the world further east."""
    inside = np.zeros(x.shape, bool)
    for window in plan.windows:
        xmin, ymin, xmax, ymax = window.grid.footprint().bounds
        for turn in (0, 2 * HALF_WORLD):
            inside |= (x + turn >= xmin) & (x + turn <= xmax) & (y >= ymin) & (y <= ymax)
    return inside


def pixel_centres(valid: NDArray[np.bool_], grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of valid pixels, in EPSG:3857."""
    rows, columns = np.nonzero(valid)
    a = grid.affine
    x, y = columns + 0.5, rows + 0.5
    x, y = transformer(grid.crs, 3857).transform(a.a * x + a.b * y + a.c, a.d * x + a.e * y + a.f)
    return (x + HALF_WORLD) % (2 * HALF_WORLD) - HALF_WORLD, y


@st.composite
def validities(draw: st.DrawFn) -> NDArray[np.bool_]:
    """Patches, strips one pixel wide and lone pixels."""
    valid = np.zeros((SIDE, SIDE), bool)
    edge = st.integers(0, SIDE - 1)
    for _ in range(draw(st.integers(1, 4))):
        y, x = draw(edge), draw(edge)
        valid[y : y + draw(st.sampled_from([1, 7, 80, 200])), x : x + draw(st.sampled_from([1, 7, 80, 200]))] = True
    return valid


# What it promises


@settings(max_examples=40)
@given(validities(), st.sampled_from(list(PLACES)), st.floats(0, 90), st.floats(0.1, 1.0), st.data())
def test_every_valid_pixel_in_the_area_is_in_a_window(
    valid: NDArray[np.bool_], epsg: int, angle: float, min_valid: float, data: st.DataObject
) -> None:
    grid = grid_at(epsg, 1.0, SIDE, angle=angle)
    rows, columns = np.nonzero(valid)
    chosen = data.draw(st.integers(0, len(rows) - 1))
    lon, lat = transformer(grid.crs, WGS84).transform(*(grid.affine * (columns[chosen] + 0.5, rows[chosen] + 0.5)))
    area = data.draw(st.sampled_from([EVERYWHERE, Area.near((lon + 180) % 360 - 180, lat, 40)]))
    with memory_mosaic(valid, grid) as mosaic:
        plan = make_plan(mosaic, 1.0, 64, area, min_valid)
    x, y = pixel_centres(valid, grid)
    lons, lats = transformer(3857, WGS84).transform(x, y)
    wanted = shapely.contains_xy(area.polygon, lons, lats)
    assert wanted.any()
    assert in_windows(plan, x[wanted], y[wanted]).all()


@settings(max_examples=60)
@given(
    st.sampled_from(list(PLACES)),
    st.floats(0, 90),
    st.sampled_from([0.25, 0.6, 1.0]),
    st.tuples(*[st.floats(0, 1)] * 4),
    st.booleans(),
)
def test_every_object_up_to_half_a_window_is_whole_in_one(
    epsg: int, angle: float, min_valid: float, place: tuple[float, float, float, float], strip: bool
) -> None:
    grid = grid_at(epsg, 1.0, SIDE, angle=angle)
    valid = np.ones((SIDE, SIDE), bool)
    if strip:
        valid[:100] = valid[130:] = False
    with memory_mosaic(valid, grid) as mosaic:
        plan = make_plan(mosaic, 1.0, 64, EVERYWHERE, min_valid)
    # An upright rectangle of data in EPSG:3857, no larger than half a window.
    half = plan.window_px / 2 * plan.windows[0].grid.affine.a
    outline = project(grid.box_polygon(PixelBox(0, 100 if strip else 0, SIDE, 130 if strip else SIDE)), grid.crs, 3857)
    xmin, ymin, xmax, ymax = outline.bounds
    width, height = (half * (0.02 + 0.98 * share) for share in place[2:])
    x, y = xmin + place[0] * (xmax - xmin - width), ymin + place[1] * (ymax - ymin - height)
    thing = box(x, y, x + width, y + height)
    if not outline.buffer(-0.01).covers(thing):
        return
    holders = [window for window in plan.windows if _covers(window, thing)]
    assert holders, "an object that is cut in every window"


def _covers(window: Window, thing: shapely.Polygon) -> bool:
    footprint = window.grid.footprint().buffer(1e-6)
    turns = (-2 * HALF_WORLD, 0, 2 * HALF_WORLD)
    return any(footprint.covers(translate(thing, turn)) for turn in turns)


@given(st.sampled_from(list(PLACES)), st.floats(math.log(0.03), math.log(3)), st.sampled_from([256, 384, 512, 1024]))
@settings(max_examples=60)
def test_the_ground_resolution_is_met(epsg: int, log_gsd: float, window_px: int) -> None:
    gsd = math.exp(log_gsd)
    grid = grid_at(epsg, gsd * 4, 100)
    with memory_mosaic(np.ones((100, 100), bool), grid) as mosaic:
        plan = make_plan(mosaic, gsd, window_px, EVERYWHERE)
    assert plan.gsd_m == pytest.approx(gsd, rel=GSD_TOLERANCE + 1e-6)
    assert plan.window_px % 32 == 0
    assert 0.9 < plan.window_px / window_px < 1.1
    assert plan.tiles_per_side % 2 == 0
    for window in plan.windows:
        assert window.grid.width == window.grid.height == plan.window_px
        assert window.grid.ground_gsd() == pytest.approx(gsd, rel=GSD_TOLERANCE + 2e-3)


def test_a_small_mosaic_or_a_thin_strip_has_windows(tmp_path: Path) -> None:
    for number, (width, height) in enumerate([(3, 3), (1, 1), (4000, 2), (2, 4000)]):
        grid = Grid(as_crs(32633), NORTH_UP, width, height)
        path = valid_file(tmp_path / f"{number}.tif", np.ones((height, width), bool), grid)
        with open_mosaic([path]) as mosaic:
            plan = make_plan(mosaic, 0.2, 256, EVERYWHERE)
        assert plan.windows
        assert in_windows(plan, *pixel_centres(np.ones((height, width), bool), grid)).all()


def test_windows_with_little_data_are_left_out_where_others_show_it(write: Write) -> None:
    path = write(np.full((3, 1000, 1000), 99, np.uint8))
    with open_mosaic([path]) as mosaic:
        some = make_plan(mosaic, 0.2, 256, EVERYWHERE, min_valid=0.25)
        every = make_plan(mosaic, 0.2, 256, EVERYWHERE, min_valid=0.0)
        shares = {window.id: mosaic.read(window.grid).valid.mean() for window in every.windows}
    assert {window.id for window in some.windows} < {window.id for window in every.windows}
    assert min(window.valid for window in some.windows) >= 0.2
    for window in every.windows:
        assert window.valid == pytest.approx(shares[window.id], abs=0.08)


def test_no_window_is_without_data(write: Write) -> None:
    values = np.zeros((1, 1000, 1000), np.uint8)
    values[:, 100:140, 100:140] = 9
    values[:, 880:990, 500:600] = 9
    with open_mosaic([write(values, nodata=0)]) as mosaic:
        plan = make_plan(mosaic, 0.2, 128, EVERYWHERE)
        assert all(mosaic.read(window.grid).valid.any() for window in plan.windows)
    assert len(plan.windows) < 16


def test_the_area_limits_the_plan(write: Write) -> None:
    path = write(np.full((3, 1000, 1000), 99, np.uint8))
    lon, lat = transformer(32633, 4326).transform(500_150, 5_399_850)
    with open_mosaic([path]) as mosaic:
        whole = make_plan(mosaic, 0.2, 128, EVERYWHERE)
        near = make_plan(mosaic, 0.2, 128, Area.near(lon, lat, 10))
        ids = {window.id for window in near.windows}
        assert ids < {window.id for window in whole.windows}
        circle = Area.near(lon, lat, 10).polygon
        assert all(window.footprint.intersects(circle) for window in near.windows)
        assert shapely.union_all([window.footprint for window in near.windows]).covers(circle)


def test_files_far_apart_are_planned_without_what_lies_between(write: Write) -> None:
    a = write(np.full((1, 64, 64), 9, np.uint8), "a.tif")
    b = write(np.full((1, 64, 64), 9, np.uint8), "b.tif", transform=NORTH_UP * Affine.translation(1e6, 1e6))
    with open_mosaic([a, b]) as mosaic:
        plan = make_plan(mosaic, 0.2, 128, EVERYWHERE)
    assert 2 <= len(plan.windows) <= 8


# The antimeridian and the poles


@pytest.mark.parametrize("crs", ["EPSG:3832", "EPSG:3460", "EPSG:2193", "EPSG:3857", "beyond 180"])
def test_plans_across_the_antimeridian(tmp_path: Path, crs: str) -> None:
    if crs == "beyond 180":
        grid = Grid(WGS84, Affine(1e-5, 0, 180 - 128e-5, 0, -1e-5, -17), SIDE, SIDE)
    else:
        lat = -44 if crs == "EPSG:2193" else -17
        x, y = transformer(4326, crs).transform(180, lat)
        grid = Grid(as_crs(crs), Affine(1.0, 0, x - 128, 0, -1.0, y + 128), SIDE, SIDE)
    valid = np.ones((SIDE, SIDE), bool)
    with open_mosaic([valid_file(tmp_path / "m.tif", valid, grid)]) as mosaic:
        plan = make_plan(mosaic, 1.0, 64, EVERYWHERE)
        assert len(plan.windows) < 250
        assert all(mosaic.read(window.grid).valid.any() for window in plan.windows)
        west = make_plan(mosaic, 1.0, 64, Area.from_bounds(-180, -60, -179, 0))
        both = make_plan(mosaic, 1.0, 64, Area.from_bounds(179.9995, -60, -179.9995, 0))
    x, y = pixel_centres(valid, grid)
    assert in_windows(plan, x, y).all()
    assert in_windows(west, x[x < 0], y[x < 0]).all()
    assert len(west.windows) < 0.8 * len(plan.windows)
    assert len(both.windows) < len(plan.windows)
    for window in plan.windows:
        assert all(0 <= tile.x < 2**plan.zoom for tile in window.tiles)
        assert -180 <= window.footprint.bounds[0] <= window.footprint.bounds[2] <= 180
        assert window.footprint.area == pytest.approx(
            (360 * window.n / 2**window.z) * np.ptp(window.footprint.bounds[1::2]), rel=1e-6
        )


def test_too_near_a_pole(tmp_path: Path) -> None:
    grid = Grid(as_crs(3413), Affine(100, 0, 0, 0, -100, 0), 16, 16)
    with (
        open_mosaic([valid_file(tmp_path / "m.tif", np.ones((16, 16), bool), grid)]) as mosaic,
        pytest.raises(AreaError, match="no web-mercator tiles"),
    ):
        make_plan(mosaic, 1.0, 256, EVERYWHERE)


def test_far_north(tmp_path: Path) -> None:
    x, y = transformer(4326, 3413).transform(-45, 84.9)
    grid = Grid(as_crs(3413), Affine(1, 0, x, 0, -1, y), SIDE, SIDE)
    valid = np.ones((SIDE, SIDE), bool)
    with open_mosaic([valid_file(tmp_path / "m.tif", valid, grid)]) as mosaic:
        plan = make_plan(mosaic, 1.0, 64, EVERYWHERE)
    assert in_windows(plan, *pixel_centres(valid, grid)).all()
    assert plan.gsd_m == pytest.approx(1.0, rel=GSD_TOLERANCE + 1e-3)


# Bad input


def test_nothing_in_the_area(write: Write) -> None:
    with open_mosaic([write(np.full((1, 64, 64), 9, np.uint8))]) as mosaic:
        for area in (Area.from_bounds(1, 2, 3, 4), EVERYWHERE.intersect(Area.near(-100, 10, 50))):
            with pytest.raises(AreaError, match="nothing of the mosaic lies in the area"):
                make_plan(mosaic, 0.2, 256, area)


def test_where_a_mosaic_lies_is_told_and_what_is_swapped(write: Write) -> None:
    with open_mosaic([write(np.full((1, 64, 64), 9, np.uint8))]) as mosaic:
        lon, lat = mosaic.footprint.centroid.coords[0]
        west, south, east, north = mosaic.footprint.bounds
        with pytest.raises(AreaError) as far:
            make_plan(mosaic, 0.2, 256, Area.near(lon + 2, lat, 50))
        with pytest.raises(AreaError) as swapped:
            make_plan(mosaic, 0.2, 256, Area.near(lat, lon, 50))
    place = f"the mosaic lies within west,south,east,north {west:.5f},{south:.5f},{east:.5f},{north:.5f}"
    assert str(far.value).endswith(place)
    assert f"{place}; longitude and latitude seem to be swapped" in str(swapped.value)


def test_no_data_in_the_area(write: Write) -> None:
    values = np.zeros((1, 640, 640), np.uint8)
    values[:, :100, :100] = 9
    lon, lat = transformer(32633, 4326).transform(500_100, 5_399_900)
    with open_mosaic([write(values, nodata=0)]) as mosaic, pytest.raises(AreaError, match="no data in the area"):
        make_plan(mosaic, 0.2, 128, Area.near(lon, lat, 20))
    with open_mosaic([write(0 * values, nodata=0)]) as mosaic, pytest.raises(AreaError, match="nodata or masked"):
        make_plan(mosaic, 0.2, 128, EVERYWHERE)


def test_millions_of_windows(write: Write) -> None:
    path = write(np.full((1, 64, 64), 9, np.uint8), transform=NORTH_UP * Affine.scale(10_000))
    with open_mosaic([path]) as mosaic, pytest.raises(AreaError, match="coarser"):
        make_plan(mosaic, 0.2, 256, EVERYWHERE)


@pytest.mark.parametrize("gsd_m", [1e-9, 1e-5])
def test_no_window_grows_without_bound(write: Write, gsd_m: float) -> None:
    # The deepest tiles show too much ground for so fine pixels.
    with (
        open_mosaic([write(np.full((3, 64, 64), 99, np.uint8))]) as mosaic,
        pytest.raises(AreaError, match=f"no tiles give {gsd_m:g} m a pixel"),
    ):
        make_plan(mosaic, gsd_m, 384, EVERYWHERE)


# What is told of it


@pytest.fixture
def plan(write: Write) -> Plan:
    with open_mosaic([write(np.full((3, 700, 700), 99, np.uint8))]) as mosaic:
        return make_plan(mosaic, 0.25, 256, EVERYWHERE)


def test_windows_are_blocks_of_tiles(plan: Plan) -> None:
    for window in plan.windows:
        assert len(window.tiles) == plan.tiles_per_side**2
        first, last = window.tiles[0], window.tiles[-1]
        assert window.id == f"{first.z}/{first.x}/{first.y}+{plan.tiles_per_side}"
        expected = mercantile.xy_bounds(first).left, mercantile.xy_bounds(last).bottom
        assert window.grid.crs == WEB_MERCATOR
        assert window.grid.footprint().bounds[:2] == pytest.approx(expected, abs=1e-6)
        corner = mercantile.bounds(last)
        assert window.footprint.bounds[1:3] == pytest.approx((corner.south, corner.east), abs=1e-9)
        assert window.tiles[0].x % (plan.tiles_per_side // 2) == 0


def _plans_at_the_antimeridian(tmp_path: Path) -> Iterator[Plan]:
    grid = Grid(WGS84, Affine(1e-5, 0, 180 - 128e-5, 0, -1e-5, -17), SIDE, SIDE)
    with open_mosaic([valid_file(tmp_path / "m.tif", np.ones((SIDE, SIDE), bool), grid)]) as mosaic:
        for gsd in (0.8, 0.9, 1.0, 1.1, 1.2):
            yield make_plan(mosaic, gsd, 64, EVERYWHERE)


def test_all_windows_are_parts_of_one_grid_of_pixels(plan: Plan, tmp_path: Path) -> None:
    plans = [plan, *_plans_at_the_antimeridian(tmp_path)]
    # There half blocks are not whole parts of the world: those across the seam go on as they were.
    assert any(2**plan.zoom % (plan.tiles_per_side // 2) for plan in plans)
    for each in plans:
        corners = np.array([window.corner for window in each.windows])
        for window, corner in zip(each.windows, corners, strict=True):
            part = each.pixels(*corner.tolist(), window.px, window.px)
            turns = (part.affine.c - window.grid.affine.c) / (2 * HALF_WORLD)
            assert turns == pytest.approx(round(turns), abs=1e-12)
            assert tuple(part.affine)[3:6] == pytest.approx(tuple(window.grid.affine)[3:6], abs=1e-6)
            assert part.affine.a == pytest.approx(window.grid.affine.a, rel=1e-12)
        assert not (corners % (each.window_px // 2)).any()
        assert each.window_px // 2 % 16 == 0


def test_windows_overlap_by_half_on_one_lattice_of_quarters(plan: Plan, tmp_path: Path) -> None:
    assert [window_step(side) for side in (2, 6, 384)] == [1, 3, 192]
    for each in (plan, *_plans_at_the_antimeridian(tmp_path)):
        quarters = np.array([window.quarter for window in each.windows])
        assert (quarters * window_step(each.window_px) == [window.corner for window in each.windows]).all()
        # Neighbours on the lattice share a half of each, also where the count of tiles begins anew.
        assert (np.ptp(quarters, axis=0) < 20).all()
        places = {tuple(place): window for place, window in zip(quarters.tolist(), each.windows, strict=True)}
        pairs = [(places[x, y], places[x + 1, y]) for x, y in places if (x + 1, y) in places]
        assert pairs
        for west, east in pairs:
            left, right = (each.pixels(*window.corner, window.px, window.px).footprint() for window in (west, east))
            assert left.intersection(right).area == pytest.approx(left.area / 2)


def test_the_window_that_shows_a_place_best(plan: Plan) -> None:
    middles = Middles(plan)
    rng = np.random.default_rng(0)
    west, north = plan.windows[0].grid.affine * (0, 0)
    east, south = plan.windows[-1].grid.affine * (plan.window_px, plan.window_px)
    for _ in range(20):
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        window, at = middles.nearest(x, y)
        assert window.grid.affine * at == pytest.approx((x, y), abs=1e-3)
        # No other has it farther from its edge.
        every = [np.array(~w.grid.affine * (x, y)) - plan.window_px / 2 for w in plan.windows]
        assert np.abs(np.subtract(at, plan.window_px / 2)).max() == pytest.approx(
            min(float(np.abs(off).max()) for off in every), abs=1e-3
        )
        # Once round the world is the same place.
        assert middles.nearest(x + 2 * HALF_WORLD, y)[0] == window


def test_windows_go_row_by_row(plan: Plan) -> None:
    places = [(window.y, window.x) for window in plan.windows]
    assert places == sorted(places)
    assert len(set(places)) == len(places) > 4


def test_features(plan: Plan) -> None:
    features = json.loads(json.dumps(plan.to_features()))
    assert [feature["properties"]["id"] for feature in features] == [window.id for window in plan.windows]
    for feature, window in zip(features, plan.windows, strict=True):
        assert shape(feature["geometry"]).equals(window.footprint)
        assert shape(feature["geometry"]).exterior.is_ccw
        assert set(feature["properties"]) == {"id", "z", "x", "y", "n", "gsd_m", "valid"}
        assert feature["properties"]["gsd_m"] == pytest.approx(0.25, rel=GSD_TOLERANCE + 2e-3)


def test_tile_ids_are_distinct_and_cover_the_mosaic(plan: Plan) -> None:
    ids = plan.tile_ids()
    assert len(ids) == len(set(ids))
    names = [[int(number) for number in name.split("/")] for name in ids]
    boxes = [box(*mercantile.bounds(x, y, z)) for z, x, y in names]
    middle = project(Point(500_070, 5_399_930), 32633, 4326)
    assert sum(tile.covers(middle) for tile in boxes) == 1
    windows = shapely.union_all([window.footprint for window in plan.windows])
    assert shapely.union_all(boxes).symmetric_difference(windows).area < 1e-12


def test_the_overlap_counts_windows_over_a_place() -> None:
    grid = grid_at(32615, 1.0, SIDE)
    with memory_mosaic(np.ones((SIDE, SIDE), bool), grid) as mosaic:
        plan = make_plan(mosaic, 1.0, 64, EVERYWHERE)
    outline = shapely.union_all([window.grid.footprint() for window in plan.windows])
    covered = sum(window.grid.footprint().area for window in plan.windows)
    assert plan.overlap == pytest.approx(covered / outline.area, rel=1e-6)
    assert replace(plan, windows=plan.windows[:1]).overlap == 1


@settings(max_examples=30)
@given(st.sampled_from(list(PLACES)), st.floats(-40, 40), st.floats(-40, 40), st.floats(3, 60))
def test_the_pixels_inside_an_area(epsg: int, east: float, north: float, radius: float) -> None:
    grid = grid_at(epsg, 1.0, SIDE)
    with memory_mosaic(np.ones((SIDE, SIDE), bool), grid) as mosaic:
        window = make_plan(mosaic, 1.0, 64, EVERYWHERE).windows[0]
    middle = window.grid.affine * (32 + east, 32 + north)
    lon, lat = transformer(3857, WGS84).transform(*middle)
    area = Area.near((lon + 180) % 360 - 180, lat, radius).polygon
    x, y = np.meshgrid(np.arange(window.px) + 0.5, np.arange(window.px) + 0.5)
    a = window.grid.affine
    lons, lats = transformer(3857, WGS84).transform(a.a * x + a.c, a.e * y + a.f)
    expected = shapely.contains_xy(area, (lons + 180) % 360 - 180, lats)
    # On the very edge either is right.
    assert (window.inside(area) != expected).sum() <= 0.02 * expected.sum() + 2
