"""The style inside a GeoPackage: the plugin's own, where QGIS looks for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from geoloc.results.vector_files import VECTOR_SUFFIXES, write_results
from geoloc.results.writers.row import FileLayer, Row
from geoloc.results.writers.tables import write_geopackage
from tests.helpers.paths import ROOT
from tests.helpers.qgis import results_files
from tests.helpers.qgis.run import run_module

STYLE = (files("geoloc.results.writers") / "located_objects.qml").read_text(encoding="utf-8")


def test_it_is_the_plugins() -> None:
    assert (ROOT / "qgis_plugin/styles/located_objects.qml").read_text(encoding="utf-8") == STYLE


def test_it_stands_where_qgis_looks(rows: list[Row], layer: FileLayer, tmp_path: Path) -> None:
    path = tmp_path / "a found.gpkg"
    write_geopackage(rows, path, layer)
    with closing(sqlite3.connect(path)) as database:
        told = database.execute(
            "SELECT f_table_catalog, f_table_schema, f_table_name, f_geometry_column, useAsDefault, styleQML"
            " FROM layer_styles"
        ).fetchall()
        assert told == [("", "", "a found", "geom", 1, STYLE)]
        listed = database.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchall()
        assert listed == [("attributes",)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_other_rows_have_none(tmp_path: Path) -> None:
    path = tmp_path / "cameras.gpkg"
    write_geopackage([], path, FileLayer({"photo": "object"}, "EPSG:32615"))
    with closing(sqlite3.connect(path)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    assert "cameras" in names
    assert "layer_styles" not in names


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What QGIS, without the plugin, makes of a file of every kind that it opens."""
    folder = tmp_path_factory.mktemp("kinds")
    found = results_files.detections("EPSG:32615")
    # This QGIS has no GeoParquet.
    paths = [folder / f"found{suffix}" for suffix in VECTOR_SUFFIXES if suffix not in (".json", ".parquet")]
    for path in paths:
        write_results(found, path, crs="EPSG:32615")
    report: dict[str, dict[str, object]] = run_module("open_kinds", folder, {"files": list(map(str, paths))})
    return {Path(path).suffix: told for path, told in report.items()}


def test_qgis_shows_a_geopackage_as_the_plugin_does(opened: dict[str, dict[str, object]]) -> None:
    told = opened[".gpkg"]
    assert told["looks"] == [["best answer"], ["other answers"], ["other answers"]]
    assert told["judged"] == [["accepted"], ["rejected"], ["accepted"], ["other answers"]]
    assert told["labels"] == ["#1  0.85", "#2  0.75", "#3  0.65"]
    # Where its file does not say what an answer looks like, QGIS has a colour for all.
    assert opened[".fgb"]["looks"] == []


def test_qgis_opens_every_kind_where_it_belongs(opened: dict[str, dict[str, object]]) -> None:
    x, y = results_files.BOXES["EPSG:32615"][0][:2]
    for suffix, told in opened.items():
        assert told["valid"], suffix
        assert told["count"] == (6 if suffix == ".dxf" else 3), suffix
        assert told["shapes"] == ("lines and points" if suffix == ".dxf" else "polygons"), suffix
        assert told["corner"] == pytest.approx([x, y], abs=60), suffix
