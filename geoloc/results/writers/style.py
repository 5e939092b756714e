"""The look of answers in QGIS, kept inside a GeoPackage, where QGIS looks for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

STYLED = frozenset({"rank", "score"})
"""Columns that the style needs."""
_TABLE = """CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
    ui TEXT(30), update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))"""
"""As QGIS makes it (QgsOgrProviderMetadata::saveStyle)."""
_LISTED = """INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)
    VALUES ('layer_styles', 'attributes', 'layer_styles', '', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0)"""
_STYLE = """INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
    styleQML, styleSLD, useAsDefault, description, owner, ui)
    SELECT '', '', table_name, column_name, 'geoloc', ?, '', 1, 'answers of geoloc', '', NULL
    FROM gpkg_geometry_columns WHERE table_name = ?"""


def add_style(path: Path, layer: str) -> None:
    """Put the style of answers into a GeoPackage, as the one that a layer has by default.

    It is the QGIS plugin's: rank 1 strong, accepted ones green, rejected ones faint; rank and score as labels.
    """
    style = (files("geoloc.results.writers") / "located_objects.qml").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_TABLE)
        database.execute(_LISTED)
        database.execute(_STYLE, (style, layer))
