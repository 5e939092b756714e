"""GeoParquet 1.0 in the mosaic's CRS, by pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import shapely

from geoloc.results.writers.row import FileLayer, Row, pieces
from geoloc.results.writers.tables import table_of
from geoloc.system.extras import needing
from tiling.grid import as_crs


def check_pyarrow() -> None:
    """Fail where pyarrow is missing.

    Raises:
        OutputError: it is.
    """
    with needing("parquet"):
        import pyarrow  # noqa: F401


def write_parquet(rows: Iterable[Row], path: Path, layer: FileLayer) -> None:
    """Write a GeoParquet, a group of rows for each piece of them; shapes as WKB.

    What a reader has to know of them stands in the file's metadata `geo`
    (https://geoparquet.org/releases/v1.0.0/, "File metadata").

    Raises:
        OutputError: pyarrow is missing.
    """
    check_pyarrow()
    import pyarrow
    from pyarrow import parquet

    kinds = {
        "object": pyarrow.string(),
        "float64": pyarrow.float64(),
        "int32": pyarrow.int32(),
        "int64": pyarrow.int64(),
        "boolean": pyarrow.bool_(),
    }
    fields = [(name, kinds[dtype.lower()]) for name, dtype in layer.columns.items()]
    schema = pyarrow.schema([*fields, ("geometry", pyarrow.binary())])
    writer = None
    try:
        for piece in pieces(rows):
            frame = table_of(piece, layer.columns, layer.crs)
            plain = frame.drop(columns="geometry").assign(geometry=shapely.to_wkb(frame.geometry.values))
            table = pyarrow.Table.from_pandas(plain, schema=schema, preserve_index=False)
            if writer is None:
                told = {**(table.schema.metadata or {}), b"geo": json.dumps(_geo(layer)).encode()}
                writer = parquet.ParquetWriter(path, table.schema.with_metadata(told))
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _geo(layer: FileLayer) -> Mapping[str, Any]:
    types = [] if layer.geometry_type == "Unknown" else [layer.geometry_type]
    crs = None if layer.crs is None else as_crs(layer.crs).to_json_dict()
    column = {"encoding": "WKB", "geometry_types": types, "crs": crs}
    return {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
