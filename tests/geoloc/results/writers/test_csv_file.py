"""CSV: read by GDAL and by Python's own reader."""

from __future__ import annotations

import csv
from pathlib import Path

import pyogrio
import pytest
import shapely
from shapely.geometry import Point, box

from geoloc.results.writers.csv_file import write_csv
from geoloc.results.writers.row import FileLayer, Row
from tiling.grid import WGS84, project


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_says_where_everything_is(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    write_csv(rows, path, layer)
    table = read(path)
    assert list(table[0]) == ["WKT", "lon", "lat", *layer.columns]
    first = rows[0].geometry
    assert first is not None
    middle = project(first.centroid, layer.crs, WGS84)
    assert (float(table[0]["lon"]), float(table[0]["lat"])) == pytest.approx((middle.x, middle.y), abs=1e-7)
    assert table[0]["photo"] == rows[0].properties["photo"]
    assert table[0]["note"] == rows[0].properties["note"]
    assert (table[0]["sure"], table[1]["count"], table[1]["sure"]) == ("true", str(2**40), "")
    assert [table[2][name] for name in ("WKT", "lon", "lat", "rank")] == [""] * 4


def test_gdal_knows_the_shapes(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    write_csv(rows, path, layer)
    table = pyogrio.read_dataframe(path, AUTODETECT_TYPE="YES")
    assert table.geometry[2] is None
    for found, row in zip(table.geometry[:2], rows, strict=False):
        assert row.geometry is not None
        back = project(found, WGS84, layer.crs)
        assert back.symmetric_difference(row.geometry).area < 0.3
    assert table["rank"].dropna().tolist() == [1, 2]


def test_a_place_across_the_antimeridian_has_its_middle_there(tmp_path: Path) -> None:
    x, y = project(Point(180.0, -17.0), WGS84, "EPSG:32760").coords[0]
    write_csv([Row(box(x - 3, y - 2, x + 3, y + 2), {})], tmp_path / "a.csv", FileLayer({"n": "object"}, "EPSG:32760"))
    (row,) = read(tmp_path / "a.csv")
    assert row["WKT"].startswith("MULTIPOLYGON")
    assert abs(float(row["lon"])) == pytest.approx(180, abs=1e-4)


def test_columns_of_the_queries_keep_their_names(tmp_path: Path) -> None:
    columns = {"wkt": "object", "Lon": "float64"}
    write_csv([Row(box(0, 0, 1, 1), {"wkt": "own", "Lon": 3.5})], tmp_path / "a.csv", FileLayer(columns, "EPSG:4326"))
    (row,) = read(tmp_path / "a.csv")
    assert (row["wkt"], row["Lon"]) == ("own", "3.5")
    assert list(row) == ["_WKT", "wkt", "Lon"]
    assert shapely.from_wkt(row["_WKT"]).equals(box(0, 0, 1, 1))


def test_pixels_of_a_photo_stay_pixels(tmp_path: Path) -> None:
    write_csv([Row(Point(12.25, 7), {"n": "a"})], tmp_path / "a.csv", FileLayer({"n": "object"}, None))
    assert read(tmp_path / "a.csv") == [{"WKT": "POINT (12.25 7)", "n": "a"}]
