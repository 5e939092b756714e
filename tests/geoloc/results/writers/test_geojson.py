"""GeoJSON as a sequence: what RFC 8142 says of it, and what GDAL makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import geopandas
import pytest

from geoloc.results.writers.geojson import GDAL_CHUNK, features_of, write_collection_to, write_lines, write_sequence
from geoloc.results.writers.row import FileLayer, Row


def test_a_sequence_is_rfc_8142(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "found.geojsons"
    write_sequence(rows, path, layer)
    # Section 2: RS, a text, LF; a text may hold no RS.
    first, *texts = path.read_bytes().split(b"\x1e")
    assert first == b""
    assert all(text.endswith(b"}\n") for text in texts)
    assert [json.loads(text) for text in texts] == json.loads(json.dumps(features_of(rows, layer.columns, layer.crs)))


@pytest.mark.parametrize("over", [0, 1])
def test_gdal_loses_no_last_feature_of_a_long_sequence(
    rows: list[Row], layer: FileLayer, tmp_path: Path, over: int
) -> None:
    path = tmp_path / "found.geojsons"

    def write(slashes: int) -> int:
        """Write features whose text is mostly slashes, which GDAL takes for a comment; return their bytes."""
        many = [replace(rows[0], properties={**rows[0].properties, "photo": "/" * 900})] * 60
        last = replace(rows[0], properties={**rows[0].properties, "photo": "/" * slashes})
        write_sequence([*many, last], path, layer)
        return len(path.read_bytes().rstrip(b"\x1e"))

    # As long as whole chunks, or somewhat longer.
    assert write(900 + (over - write(900)) % GDAL_CHUNK) % GDAL_CHUNK == over
    assert len(geopandas.read_file(path)) == 61


def test_a_collection_goes_out_as_its_rows_come(rows: list[Row], layer: FileLayer) -> None:
    file = StringIO()
    before: list[int] = []

    def coming() -> Iterator[Row]:
        for row in rows:
            before.append(file.getvalue().count('"Feature"'))
            yield row

    write_collection_to(file, coming(), layer)
    assert before == [0, 1, 2]
    assert json.loads(file.getvalue())["features"] == json.loads(
        json.dumps(features_of(rows, layer.columns, layer.crs))
    )


def test_lines_are_a_feature_each(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "found.geojsonl"
    write_lines(rows, path, layer)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["properties"]["rank"] for line in lines] == [1, 2, None]


@pytest.mark.parametrize("write", [write_sequence, write_lines])
def test_gdal_reads_them_back(rows: list[Row], layer: FileLayer, tmp_path: Path, write: object) -> None:
    path = tmp_path / ("found.geojsons" if write is write_sequence else "found.geojsonl")
    (write_sequence if write is write_sequence else write_lines)(rows, path, layer)
    table = geopandas.read_file(path).to_crs(32615)
    assert table["photo"].tolist() == [row.properties["photo"] for row in rows]
    assert table.geometry[2] is None
    for found, row in zip(table.geometry[:2], rows, strict=False):
        assert row.geometry is not None
        assert found.symmetric_difference(row.geometry).area < 0.3
