"""GeoPackage and FlatGeobuf in pieces: no row is lost or moved where one ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas
import pytest
from shapely.geometry import Point, box

from geoloc.results.writers import row as module
from geoloc.results.writers.row import FileLayer, Row
from geoloc.results.writers.tables import write_flatgeobuf, write_geopackage

COLUMNS = {"number": "Int64", "text": "object", "real": "float64", "sure": "boolean"}


@pytest.mark.parametrize("count", [0, 3, 8, 9])
@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_rows_stay_in_order_over_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, count: int
) -> None:
    monkeypatch.setattr(module, "PIECE", 4)

    def rows() -> Iterator[Row]:
        for number in range(count):
            # The first piece has only nulls in most columns.
            values = {"text": "süd", "real": number / 7, "sure": True} if number >= 4 else {}
            yield Row(box(-number, 0, 1, 1) if number % 3 else None, {"number": number, **values})

    path = tmp_path / f"found{suffix}"
    write = write_geopackage if suffix == ".gpkg" else write_flatgeobuf
    write(rows(), path, FileLayer(COLUMNS, "EPSG:32615"))
    table = geopandas.read_file(path)
    assert table.crs.to_epsg() == 32615
    assert table["number"].tolist() == list(range(count))
    assert list(table.columns) == [*COLUMNS, "geometry"]
    assert [shape is None for shape in table.geometry] == [not number % 3 for number in range(count)]
    if count > 4:
        assert table["real"].isna().tolist() == [number < 4 for number in range(count)]
        assert table["real"][4] == 4 / 7
        assert table["text"][4] == "süd"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("error:'crs' was not provided")
def test_a_flatgeobuf_may_hold_shapes_of_several_kinds(tmp_path: Path) -> None:
    rows = [Row(Point(1, 2), {"number": 1}), Row(box(0, 0, 1, 1), {"number": 2})]
    path = tmp_path / "mixed.fgb"
    write_flatgeobuf(rows, path, FileLayer(COLUMNS, None, geometry_type="Unknown"))
    table = geopandas.read_file(path)
    assert table.geometry.geom_type.tolist() == ["Point", "Polygon"]
    assert table.crs is None
