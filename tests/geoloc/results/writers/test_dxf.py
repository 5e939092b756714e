"""DXF: read back by GDAL, in metres, and told in which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyogrio
import pytest
from shapely.geometry import LineString, Point, Polygon, box

from geoloc.results.writers.dxf import write_dxf
from geoloc.results.writers.row import FileLayer, Row
from tiling.grid import WGS84, project


def test_outlines_are_closed_lines_with_labels(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "found.dxf"
    write_dxf(rows, path, layer)
    table = pyogrio.read_dataframe(path)
    lines = table[table.geometry.geom_type == "LineString"]
    # The second has a hole; what is not here has none.
    assert lines["Layer"].tolist() == ["GEOLOC_BEST", "GEOLOC_OTHER", "GEOLOC_OTHER"]
    first, second, hole = lines.geometry
    assert rows[0].geometry is not None
    assert Polygon(first).equals(rows[0].geometry)
    assert Polygon(second).difference(Polygon(hole)).equals(rows[1].geometry)
    labels = table[table["Layer"] == "GEOLOC_LABELS"]
    assert labels["Text"].tolist() == ["1: 0.93", "2: 0.40"]
    assert [row.geometry.covers(at) for row, at in zip(rows, labels.geometry, strict=False)] == [True] * 2  # type: ignore[union-attr]
    assert path.read_bytes().startswith(b"999\r\ngeoloc, coordinates in WGS 84 / UTM zone 15N, EPSG:32615\r\n")


def test_a_bare_ellipsoid_is_no_epsg_code(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    bare = replace(layer, crs="+proj=utm +zone=33 +ellps=GRS80 +units=m +type=crs")
    write_dxf(rows, tmp_path / "found.dxf", bare)
    assert (tmp_path / "found.dxf").read_bytes().startswith(b"999\r\ngeoloc, coordinates in unknown\r\n")


@pytest.mark.parametrize(("lon", "lat", "epsg"), [(15.3, 51.9, 32633), (-70.6, -33.4, 32719), (179.9, -17, 32760)])
def test_degrees_become_metres(tmp_path: Path, lon: float, lat: float, epsg: int) -> None:
    shape = box(lon, lat, lon + 1e-4, lat + 1e-4)
    rows = [Row(None, {}), Row(shape, {})]
    write_dxf(rows, tmp_path / "a.dxf", FileLayer({}, WGS84))
    assert f"EPSG:{epsg}" in (tmp_path / "a.dxf").read_text()
    (line,) = pyogrio.read_dataframe(tmp_path / "a.dxf").geometry
    assert Polygon(line).symmetric_difference(project(shape, WGS84, epsg)).area < 0.01


def test_points_lines_and_nothing(tmp_path: Path) -> None:
    layer = FileLayer({}, "EPSG:32615", geometry_type="Unknown")
    write_dxf([Row(Point(1, 2), {}), Row(LineString([(0, 0), (3, 4)]), {})], tmp_path / "a.dxf", layer)
    point, line = pyogrio.read_dataframe(tmp_path / "a.dxf").geometry
    assert (point.x, point.y, line.length) == (1, 2, 5)
    write_dxf([], tmp_path / "b.dxf", layer)
    assert len(pyogrio.read_dataframe(tmp_path / "b.dxf")) == 0
