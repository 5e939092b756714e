"""Vector files, read back by other programs than the one that wrote them."""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import geopandas
import pyogrio
import pyproj
import pytest
from shapely import affinity
from shapely.geometry import Polygon, shape

from geoloc.errors import OutputError, SuffixError
from geoloc.results.columns import COLUMNS
from geoloc.results.detection import Detection
from geoloc.results.vector_files import (
    SEQUENCE_SUFFIXES,
    VECTOR_SUFFIXES,
    Row,
    check_vector_output,
    geojson_text,
    geometry_of,
    row_of,
    table_of,
    write_results,
    write_rows,
)

Make = Callable[..., Detection]
REQUIRED = {
    *("rank", "score", "photo", "click_x", "click_y", "accuracy_m", "gsd_m", "epsg"),
    *("xmin", "ymin", "xmax", "ymax", "model", "accuracy_note"),
}


def signed_area(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def test_geojson_is_rfc_7946(two_found: list[Detection]) -> None:
    found = json.loads(geojson_text(two_found))
    assert set(found) == {"type", "features"}
    assert [f["properties"]["rank"] for f in found["features"]] == [1, 2]
    for feature, source in zip(found["features"], two_found, strict=True):
        assert set(feature) == {"type", "geometry", "properties"}
        (ring,) = feature["geometry"]["coordinates"]
        assert len(ring) == 5
        assert ring[0] == ring[-1]
        assert signed_area(ring) > 0
        assert all(round(value, 8) == value for point in ring for value in point)
        # All four corners, in the right order of axes, to about a centimetre.
        to_utm = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True)
        corners = {tuple(point) for point in ring}
        back = [to_utm.transform(*corner) for corner in corners]
        for corner in source.polygon.exterior.coords[:-1]:
            assert min(math.dist(corner, point) for point in back) < 0.02


LETTER = Polygon(
    [(0, 0), (9, 0), (9, 2), (6, 2.5), (3, 2), (3, 7), (9, 8), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2), (1, 2)]]
)
"""An outline that no rectangle is, with a hole; clockwise outside and not."""


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_outlines_are_written_whole(tmp_path: Path, make_detection: Make, suffix: str, reverse: bool) -> None:
    letter = affinity.translate(LETTER.reverse() if reverse else LETTER, 576_700, 5_188_100)
    path = tmp_path / f"o{suffix}"
    found = make_detection(1, (0, 0, 1, 1), polygon=letter, outline="segment", outline_score=0.625)
    write_results([found], path, crs="EPSG:32615")
    table = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    (back,) = table.to_crs(32615).geometry
    assert len(back.interiors) == 1
    assert back.is_valid
    assert back.symmetric_difference(letter).area < 0.3
    assert table["outline"][0] == "segment"
    assert table["outline_score"][0] == 0.625
    assert table["area_m2"][0] == pytest.approx(letter.area, rel=1e-3)
    if suffix == ".geojson":
        outer, hole = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"]
        assert signed_area(outer) > 0 > signed_area(hole)


def test_outlines_across_the_antimeridian_are_cut_there() -> None:
    across = affinity.translate(affinity.scale(LETTER, 0.001, 0.001, origin=(0, 0)), 179.9965, -17)
    found = geometry_of(across, 4326)
    assert found["type"] == "MultiPolygon"
    parts = shape(found)
    assert parts.is_valid
    assert parts.area == pytest.approx(across.area, rel=1e-3)
    assert all(-180 <= x <= 180 for part in parts.geoms for x, _ in part.exterior.coords)


def test_geojson_properties(two_found: list[Detection]) -> None:
    properties = json.loads(geojson_text(two_found))["features"][0]["properties"]
    assert set(properties) >= REQUIRED
    assert properties["photo"] == "photos/süd.jpg"
    assert (properties["click_x"], properties["click_y"]) == (10.5, 20.25)
    assert properties["epsg"] == 32615
    assert [properties[name] for name in ("xmin", "ymin", "xmax", "ymax")] == list(two_found[0].polygon.bounds)
    assert properties["score"] == 0.912
    assert properties["accuracy_note"] == "0.40 m box, 0.30 m pixel"


def test_clockwise_polygons_and_precision(make_detection: Make) -> None:
    clockwise = Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])
    text = geojson_text([make_detection(1, (0, 0, 1, 1), polygon=clockwise, crs="EPSG:4326")], precision=3)
    (ring,) = json.loads(text)["features"][0]["geometry"]["coordinates"]
    assert signed_area(ring) == 1


def test_a_crs_without_an_epsg_code(make_detection: Make) -> None:
    local = pyproj.CRS.from_proj4("+proj=tmerc +lat_0=46 +lon_0=-92 +ellps=GRS80 +units=m")
    properties = json.loads(geojson_text([make_detection(1, (0, 0, 1, 1), crs=local)]))["features"][0]["properties"]
    assert properties["epsg"] is None


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet"])
@pytest.mark.parametrize("count", [2, 0])
def test_other_formats_keep_the_mosaics_crs(
    two_found: list[Detection], tmp_path: Path, suffix: str, count: int
) -> None:
    path = tmp_path / f"found{suffix}"
    write_results(two_found[:count], path, crs="EPSG:32615")
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert frame.crs.to_epsg() == 32615
    assert len(frame) == count
    assert set(frame.columns) >= REQUIRED
    assert list(frame["rank"]) == [1, 2][:count]
    if count:
        assert frame.geometry[0].equals(two_found[0].polygon)
        assert frame["epsg"][0] == 32615
    assert list(tmp_path.iterdir()) == [path]


TABLES = (".geojson", ".json", ".geojsons", ".geojsonl", ".gpkg", ".fgb", ".parquet")
"""Kinds of files that keep types; the others have tests of their own."""


@pytest.mark.parametrize("suffix", [s for s in VECTOR_SUFFIXES if s not in (".parquet", ".dxf")])
@pytest.mark.parametrize("count", [2, 0])
def test_gdal_reads_them(two_found: list[Detection], tmp_path: Path, suffix: str, count: int) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo (gdal-bin) is not installed")
    path = tmp_path / f"found{suffix}"
    write_results(two_found[:count], path, crs="EPSG:32615")
    if not count and suffix in (".geojsons", ".geojsonl"):
        # An empty sequence is an empty file, of which GDAL knows no kind.
        assert path.read_bytes() == b""
        return
    run = subprocess.run(["ogrinfo", "-ro", "-al", str(path)], capture_output=True, text=True, check=True)
    assert "Warning" not in run.stderr
    assert "ERROR" not in run.stderr
    if not count and suffix in (".kml", ".kmz"):
        # Without a place there is no layer to GDAL.
        assert "successful" in run.stdout
        return
    assert f"Feature Count: {count}" in run.stdout
    if suffix != ".csv":
        assert f'ID["EPSG",{32615 if suffix in (".gpkg", ".fgb") else 4326}]' in run.stdout
    if count:
        assert "POLYGON (" in run.stdout
        assert "accuracy_note (String) = 0.40 m box, 0.30 m pixel" in run.stdout


def test_empty_geojson() -> None:
    assert json.loads(geojson_text([])) == {"type": "FeatureCollection", "features": []}


def test_existing_output_is_refused_and_kept(two_found: list[Detection], tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    write_results(two_found, path, crs="EPSG:32615")
    before = path.read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        write_results(two_found[:1], path, crs="EPSG:32615")
    assert path.read_bytes() == before
    write_results(two_found[:1], path, crs="EPSG:32615", overwrite=True)
    assert len(geopandas.read_file(path)) == 1


def test_missing_pyarrow_names_the_extra(
    two_found: list[Detection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An import of it fails then as that of a package that is not there.
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    says = r"GeoParquet needs the package pyarrow: pip install 'geoloc-crossview\[parquet\]'"
    with pytest.raises(OutputError, match=says):
        check_vector_output(tmp_path / "a.parquet", False)
    with pytest.raises(OutputError, match=says):
        write_results(two_found, tmp_path / "a.parquet", crs="EPSG:32615")
    assert list(tmp_path.iterdir()) == []
    # The others need none.
    write_results(two_found, tmp_path / "a.gpkg", crs="EPSG:32615")


def test_geojson_polygon_is_valid(two_found: list[Detection]) -> None:
    for feature in json.loads(geojson_text(two_found))["features"]:
        assert shape(feature["geometry"]).is_valid


def test_a_box_across_the_antimeridian_is_cut(make_detection: Callable[..., Detection]) -> None:
    x, y = pyproj.Transformer.from_crs(4326, 32760, always_xy=True).transform(180, -17)
    found = make_detection(0.9, (x - 3, y - 2, x + 3, y + 2), crs="EPSG:32760")
    (feature,) = json.loads(geojson_text([found]))["features"]
    parts = [shape({"type": "Polygon", "coordinates": rings}) for rings in feature["geometry"]["coordinates"]]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert sorted(round(part.bounds[0]) for part in parts) == [-180, 180]
    assert sum(part.area for part in parts) < 1e-8


@pytest.mark.parametrize("count", [2, 0])
def test_a_table_has_all_columns_and_types_for_any_number_of_rows(two_found: list[Detection], count: int) -> None:
    table = table_of([row_of(found) for found in two_found[:count]], COLUMNS, "EPSG:32615")
    assert list(table.columns) == [*COLUMNS, "geometry"]
    assert {name: str(table[name].dtype) for name in COLUMNS} == COLUMNS
    assert table.crs.to_epsg() == 32615
    assert [shape.bounds for shape in table.geometry] == [found.polygon.bounds for found in two_found[:count]]


@pytest.mark.parametrize("suffix", TABLES)
def test_rows_without_a_polygon_have_nulls(two_found: list[Detection], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    found = row_of(two_found[0])
    columns = {"rank": "Int32", "score": "float64", "model": "object", "sure": "boolean", "count": "Int64"}
    rows = [Row(None, {"model": "x"}), Row(found.geometry, {**found.properties, "sure": True, "count": 2**40})]
    # A sequence has no columns where all are null.
    for some in (rows,) if suffix in SEQUENCE_SUFFIXES else (rows[:1], rows):
        write_rows(some, path, columns, crs="EPSG:32615", overwrite=True)
        frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
        assert list(frame.columns) == [*columns, "geometry"]
        assert frame.geometry[0] is None
        assert list(frame.loc[0, ["rank", "score", "sure", "count"]].isna()) == [True] * 4
    assert list(frame.loc[1, ["rank", "score", "sure", "count"]]) == [1, 0.912, True, 2**40]
    assert list(frame["model"]) == ["x", "base"]
    if suffix in (".gpkg", ".fgb", ".parquet"):
        assert frame.geometry[1].equals(found.geometry)


def test_pixels_are_refused_where_a_file_knows_places_only(two_found: list[Detection], tmp_path: Path) -> None:
    rows = [row_of(two_found[0])]
    for suffix in (".kml", ".kmz", ".dxf"):
        with pytest.raises(OutputError, match="pixels of a photo have no place on the map"):
            write_rows(rows, tmp_path / f"p{suffix}", COLUMNS, crs=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [s for s in VECTOR_SUFFIXES if s != ".parquet"])
def test_a_failure_leaves_nothing_half_written(two_found: list[Detection], tmp_path: Path, suffix: str) -> None:
    def rows() -> Iterator[Row]:
        yield row_of(two_found[0])
        raise OutputError("the journal was changed")

    path = tmp_path / f"found{suffix}"
    path.write_text("as before")
    with pytest.raises(OutputError, match="journal"):
        write_rows(rows(), path, COLUMNS, crs="EPSG:32615", overwrite=True)
    assert path.read_text() == "as before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_driver_is_told_before_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        (".fgb", {"GPKG": "rw"}, (3, 9, 0), "this GDAL was built without FlatGeobuf; install pyogrio from its wheel"),
        (".gpkg", {"GPKG": "r"}, (3, 9, 0), "this GDAL was built without GPKG"),
        (".fgb", {"FlatGeobuf": "rw"}, (3, 6, 2), "FlatGeobuf needs GDAL 3.8"),
    ]
    for suffix, drivers, version, says in cases:
        monkeypatch.setattr(pyogrio, "list_drivers", lambda drivers=drivers: drivers)
        monkeypatch.setattr(pyogrio, "__gdal_version__", version)
        with pytest.raises(OutputError, match=says) as caught:
            check_vector_output(tmp_path / f"found{suffix}", False)
        assert "\n" not in str(caught.value)


def test_a_shapefile_is_refused_with_what_to_write_instead(tmp_path: Path) -> None:
    with pytest.raises(SuffixError, match=r"found\.SHP: a shapefile cuts the names of columns.*\.gpkg"):
        check_vector_output(tmp_path / "found.SHP", overwrite=False)
