"""GeoParquet in groups of rows, read by geopandas as it reads its own."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely.geometry import box

from geoloc.results.writers import row as module
from geoloc.results.writers.parquet import write_parquet
from geoloc.results.writers.row import FileLayer, Row
from geoloc.results.writers.tables import table_of

parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("count", [0, 9])
def test_it_is_what_geopandas_would_have_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(module, "PIECE", 4)
    columns = {"rank": "Int32", "number": "int32", "long": "Int64", "text": "object", "sure": "boolean"}
    rows = [
        Row(box(n, 0, n + 1, 1) if n else None, {"number": n, **({"text": "x", "sure": False} if n > 4 else {})})
        for n in range(count)
    ]
    path = tmp_path / "found.parquet"
    write_parquet(rows, path, FileLayer(columns, "EPSG:32615"))
    table = geopandas.read_parquet(path)
    own = tmp_path / "own.parquet"
    table_of(rows, columns, "EPSG:32615").to_parquet(own)
    assert_geodataframe_equal(table, geopandas.read_parquet(own), check_index_type=False, check_dtype=False)
    assert table.crs.to_epsg() == 32615
    assert {name: str(table[name].dtype) for name in ("rank", "number", "long", "sure")} == {
        **{"rank": "Int32", "number": "int32", "long": "Int64", "sure": "boolean"}
    }
    file = parquet.ParquetFile(path)
    assert file.num_row_groups == max(1, -(-count // 4))
    told = json.loads(file.schema_arrow.metadata[b"geo"])
    assert (told["version"], told["primary_column"]) == ("1.0.0", "geometry")
    assert told["columns"]["geometry"]["geometry_types"] == ["Polygon"]
