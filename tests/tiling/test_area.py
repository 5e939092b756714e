from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import geopandas
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from tiling.area import Area, side_by_side, within_turn
from tiling.errors import AreaError, GeolocError


def test_everywhere_is_no_limit() -> None:
    area = Area.from_bounds(-10, -20, 30, 40)
    assert area.intersect(Area.everywhere()).polygon.equals(area.polygon)


def test_bounds() -> None:
    assert Area.from_bounds(1, 2, 3, 4).polygon.bounds == (1, 2, 3, 4)


def test_bounds_across_the_antimeridian() -> None:
    polygon = Area.from_bounds(170, -20, -160, -10).polygon
    assert polygon.area == pytest.approx(30 * 10)
    assert polygon.covers(box(175, -15, 180, -14))
    assert polygon.covers(box(-180, -15, -165, -14))
    assert not polygon.intersects(box(-150, -20, 160, -10))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ((1, 4, 3, 2), "south must be less than north"),
        ((1, 2, 1, 4), "west and east are the same"),
        ((500_000, 1, 500_100, 2), "no such place"),
        ((1, 2, 3, 95), "no such place"),
        ((1, 2, float("nan"), 4), "four numbers"),
    ],
)
def test_wrong_bounds(bounds: tuple[float, float, float, float], message: str) -> None:
    with pytest.raises(AreaError, match=message):
        Area.from_bounds(*bounds)


@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(1, 100_000), st.floats(0, 360))
def test_near_is_a_circle_on_the_ground(lon: float, lat: float, within: float, azimuth: float) -> None:
    polygon = Area.near(lon, lat, within).polygon
    assert polygon.is_valid
    geod = pyproj.Geod(ellps="WGS84")
    for share, inside in ((0.9999, True), (1.0005, False)):
        x, y, _ = geod.fwd(lon, lat, azimuth, share * within)
        assert polygon.intersects(shapely.Point(x, y).buffer(1e-12)) is inside


@pytest.mark.parametrize(
    ("lon", "lat", "within", "message"),
    [
        (48, 115, 10, "the order is lon,lat"),
        (1, 2, 0, "positive"),
        (1, 2, float("nan"), "positive"),
        (0, 89.9, 1000, "pole"),
        (0, 10, 1e7, "pole"),
    ],
)
def test_wrong_positions(lon: float, lat: float, within: float, message: str) -> None:
    with pytest.raises(AreaError, match=message):
        Area.near(lon, lat, within)


def test_limits_hold_together() -> None:
    both = Area.from_bounds(0, 0, 2, 2).intersect(Area.from_bounds(1, 1, 3, 3))
    assert both.polygon.bounds == (1, 1, 2, 2)
    assert both.intersect(Area.from_bounds(10, 10, 11, 11)).polygon.is_empty
    # Areas that only touch have no ground in common.
    assert both.intersect(Area.from_bounds(2, 1, 3, 2)).polygon.is_empty


# Files


def _file(path: Path, shapes: list[object], crs: object = "EPSG:4326", **options: str) -> Path:
    geopandas.GeoDataFrame({"name": ["a"] * len(shapes)}, geometry=shapes, crs=crs).to_file(path, **options)
    return path


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.fgb", "a.shp"])
def test_vector_files_in_their_own_crs(tmp_path: Path, name: str) -> None:
    crs = "EPSG:4326" if name == "a.geojson" else "EPSG:2180"
    polygon = box(500_000, 300_000, 501_000, 302_000)
    frame = geopandas.GeoSeries([polygon], crs=2180)
    area = Area.from_file(_file(tmp_path / name, list(frame.to_crs(crs)), crs))
    expected = frame.to_crs(4326)[0]
    assert area.polygon.symmetric_difference(expected).area < 1e-3 * expected.area


def test_polygons_of_a_file_are_united_and_the_rest_left_out(tmp_path: Path) -> None:
    shapes = [box(0, 0, 1, 1), MultiPolygon([box(0.5, 0, 2, 1), box(5, 5, 6, 6)]), LineString([(9, 9), (10, 10)])]
    assert Area.from_file(_file(tmp_path / "a.geojson", shapes)).polygon.area == pytest.approx(3)


def test_polygons_with_heights_and_crossing_edges(tmp_path: Path) -> None:
    bowtie = Polygon([(0, 0, 5), (2, 2, 5), (2, 0, 5), (0, 2, 5)])
    area = Area.from_file(_file(tmp_path / "a.geojson", [bowtie])).polygon
    assert area.is_valid
    assert area.area == pytest.approx(2)


def test_a_file_across_the_antimeridian(tmp_path: Path) -> None:
    x, y = pyproj.Transformer.from_crs(4326, 3832, always_xy=True).transform(180, -17)
    area = Area.from_file(_file(tmp_path / "a.gpkg", [box(x - 1000, y - 1000, x + 1000, y + 1000)], 3832)).polygon
    assert isinstance(area, MultiPolygon)
    assert area.bounds[0] == -180
    assert area.bounds[2] == 180
    assert area.area < 4e-4


def test_wrong_files(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(GeolocError) as caught:
            Area.from_file(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "no such file" in message(tmp_path / "none.gpkg")
    (tmp_path / "of").mkdir()
    os.mkfifo(tmp_path / "of" / "pipe.geojson")
    assert "is a pipe or a device" in message(tmp_path / "of" / "pipe.geojson")
    (tmp_path / "text.geojson").write_text("hello")
    assert "not a vector file" in message(tmp_path / "text.geojson")
    assert "not a vector file" in message(tmp_path)
    (tmp_path / "empty.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert "holds no shapes" in message(tmp_path / "empty.geojson")
    assert "Point; give polygons" in message(_file(tmp_path / "p.gpkg", [shapely.Point(1, 2)]))
    assert "has no CRS" in message(_file(tmp_path / "c.gpkg", [box(0, 0, 1, 1)], None))
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert "holds no shapes" in message(tmp_path / "t.csv")


def test_every_layer_of_polygons_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for name, shape, crs in (
        ("west", box(0, 0, 1, 1), 4326),
        ("notes", shapely.Point(9, 9), None),
        ("east", geopandas.GeoSeries([box(3, 0, 4, 1)], crs=4326).to_crs(3857)[0], 3857),
    ):
        _file(path, [shape], crs, layer=name)
    with sqlite3.connect(path) as tables:
        tables.execute("create table layer_styles (style text)")
    tables.close()
    assert Area.from_file(path).polygon.bounds == pytest.approx((0, 0, 4, 1))
    assert Area.from_file(f"{path}|east").polygon.bounds == pytest.approx((3, 0, 4, 1))
    # As QGIS writes it.
    assert Area.from_file(f"{path}|layername=west").polygon.bounds == pytest.approx((0, 0, 1, 1))
    with pytest.raises(GeolocError, match="no layer 'north'; it has west, notes, east"):
        Area.from_file(f"{path}|north")
    with pytest.raises(GeolocError, match="holds Point; give polygons"):
        Area.from_file(f"{path}|notes")


def test_a_layer_of_polygons_without_a_crs_is_named(tmp_path: Path) -> None:
    path = _file(_file(tmp_path / "a.gpkg", [box(0, 0, 1, 1)]), [box(3, 0, 4, 1)], None, layer="bare")
    with pytest.raises(GeolocError, match="layer bare has no CRS"):
        Area.from_file(path)


# Turns


@given(st.floats(-500, 500), st.floats(0.1, 100))
def test_every_turn_comes_back_to_one(west: float, width: float) -> None:
    shape = box(west, 0, west + width, 1)
    inside = within_turn(shape)
    assert inside.area == pytest.approx(shape.area)
    assert -180 <= inside.bounds[0] <= inside.bounds[2] <= 180
    whole = side_by_side(inside)
    assert np.ptp(whole.bounds[::2]) == pytest.approx(width)
    assert within_turn(whole).symmetric_difference(inside).area < 1e-9


@given(st.floats(-179.9, 179.8), st.floats(-80, 80), st.floats(1e-5, 0.1))
def test_what_is_off_the_antimeridian_stays_where_it_is(lon: float, lat: float, side: float) -> None:
    shape = box(lon, lat, lon + side, lat + side)
    assert side_by_side(shape).equals(shape)


def test_geojson() -> None:
    square = {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]]}
    assert Area.from_geojson(square).polygon.equals(box(1, 2, 3, 4))
    two = {"type": "MultiPolygon", "coordinates": [square["coordinates"], [[[5, 6], [7, 6], [7, 8], [5, 6]]]]}
    assert Area.from_geojson(two).polygon.area == pytest.approx(4 + 2)
    across = {"type": "Polygon", "coordinates": [[[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]]]}
    assert Area.from_geojson(across).polygon.covers(box(-180, 0.2, -179.5, 0.8))


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (None, "no GeoJSON geometry"),
        ({"type": "Polygon"}, "no GeoJSON geometry"),
        ({"type": "Polygon", "coordinates": [[[1, 2], [3, 2]]]}, "no GeoJSON geometry"),
        ({"type": "Point", "coordinates": [1, 2]}, "the area is Point"),
        ({"type": "Polygon", "coordinates": [[[1, 200], [3, 200], [3, 400], [1, 200]]]}, "not on Earth"),
    ],
)
def test_geojson_that_is_no_area(geometry: object, message: str) -> None:
    with pytest.raises(AreaError, match=message):
        Area.from_geojson(geometry)
