"""Decisions taken back: into every kind of file, and never into another one."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from shutil import which

import geopandas
import pytest
from pyogrio import read_info

from geoloc.errors import OutputError, QueriesError
from geoloc.report.decisions import read_decisions, write_decisions
from geoloc.report.found_file import READ_SUFFIXES, read_found
from geoloc.results.writers.tables import FLATGEOBUF
from tests.geoloc.report.conftest import HOSTILE

HEAD = "row,photo,click_x,click_y,rank,decision\r\n"
DRIVERS = {".gpkg": "GPKG", ".geojsons": "GeoJSONSeq", ".geojsonl": "GeoJSONSeq"}
QUOTED = '"' + HOSTILE.replace('"', '""') + '"'


def written(site: Path, *lines: str) -> Path:
    path = site / "decisions.csv"
    # As the page saves it.
    path.write_text("\ufeff" + HEAD + "".join(line + "\r\n" for line in lines), encoding="utf-8", newline="")
    return path


def read(path: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(path) if path.suffix == ".parquet" else geopandas.read_file(path)


def saved(table: geopandas.GeoDataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        options = FLATGEOBUF if path.suffix == ".fgb" else {}
        table.to_file(path, **{"driver": DRIVERS.get(path.suffix, "GeoJSON"), **options})


@pytest.mark.parametrize("suffix", READ_SUFFIXES)
def test_they_are_a_column_of_the_file(site: Path, suffix: str) -> None:
    path = site / f"found{suffix}"
    before = read(path)
    first = written(site, "1,photos/a.jpg,200,150,1,accepted", f"3,{QUOTED},10.5,20.25,1,rejected")
    assert write_decisions(path, read_decisions(first)) == 2
    # Another sitting takes one back, and leaves what it does not name.
    second = written(site, "1,photos/a.jpg,200,150,1,", "4,photos/a.jpg,30,40,,Rejected")
    assert write_decisions(path, read_decisions(second)) == 2
    after = read(path)
    assert after["decision"].fillna("").tolist() == ["", "", "rejected", "rejected", ""]
    assert after.drop(columns="decision").equals(before)
    assert after.crs == before.crs
    if suffix == ".geojsons":
        assert all(line.startswith("\x1e{") for line in path.read_text(encoding="utf-8").strip("\n").split("\n"))


@pytest.mark.parametrize("suffix", READ_SUFFIXES)
def test_what_qgis_accepted_can_be_taken_back(site: Path, suffix: str) -> None:
    path = site / f"found{suffix}"
    table = read(path)
    table.loc[:1, "status"] = "accepted"
    saved(table, path)
    assert write_decisions(path, read_decisions(written(site, "1,photos/a.jpg,200,150,1,"))) == 1
    assert [row.decision for row in read_found(path).rows] == ["", "accepted", "", "", ""]
    # The next sitting, which does not name the row, leaves it so.
    assert write_decisions(path, {}) == 1
    assert [row.decision for row in read_found(path).rows] == ["", "accepted", "", "", ""]


@pytest.mark.parametrize("suffix", READ_SUFFIXES)
def test_a_column_in_capitals_is_the_same(site: Path, suffix: str) -> None:
    path = site / f"found{suffix}"
    saved(read(path).assign(Decision="rejected"), path)
    assert write_decisions(path, read_decisions(written(site, "1,photos/a.jpg,200,150,1,accepted"))) == 5
    assert [row.decision for row in read_found(path).rows] == ["accepted", *["rejected"] * 4]
    assert [name for name in read(path).columns if name.lower() == "decision"] == ["Decision"]


@pytest.mark.parametrize("suffix", [".geojson", ".geojsons", ".geojsonl"])
def test_json_as_other_programs_write_it(site: Path, suffix: str) -> None:
    path = site / f"found{suffix}"
    text = path.read_text(encoding="utf-8")
    if suffix == ".geojsons":
        features = [json.loads(part) for part in text.split("\x1e") if part.strip()]
        text = "".join(f"\x1e{json.dumps(feature, indent=1)}\n" for feature in features)
    # A record separator is the first character, also where no mark of the order of bytes may be.
    path.write_text(text, encoding="utf-8" if suffix == ".geojsons" else "utf-8-sig")
    decisions = read_decisions(written(site, "1,photos/a.jpg,200,150,1,accepted"))
    if suffix == ".geojsonl":
        with pytest.raises(QueriesError, match=r"save it without a BOM"):
            write_decisions(path, decisions)
        return
    assert write_decisions(path, decisions) == 1
    assert [row.decision for row in read_found(path).rows] == ["accepted", "", "", "", ""]


def test_a_flatgeobuf_keeps_its_types(site: Path) -> None:
    path = site / "found.fgb"
    before = read_info(path)
    # A name that a GeoPackage has for itself.
    table = read(path).astype({"rank": "Int32", "epsg": "Int64"}).assign(fid=7, geom="x")
    table.to_file(path, **FLATGEOBUF)
    write_decisions(path, read_decisions(written(site, "1,photos/a.jpg,200,150,1,accepted")))
    after = read_info(path)
    types = dict(zip(after["fields"], zip(after["ogr_types"], after["ogr_subtypes"], strict=True), strict=True))
    assert after["geometry_type"] == before["geometry_type"]
    assert after["layer_name"] == before["layer_name"]
    assert types["decision"][0] == "OFTString"
    assert (types.pop("fid")[0], types.pop("geom")[0]) == ("OFTInteger64", "OFTString")
    for name, *kind in zip(before["fields"], before["ogr_types"], before["ogr_subtypes"], strict=True):
        assert list(types[name]) == kind, name
    assert read(path)["fid"].tolist() == [7] * 5


def test_a_geopackage_keeps_its_other_layers_and_its_index(site: Path) -> None:
    path = site / "found.gpkg"
    geopandas.read_file(path)[["geometry"]].head(2).to_file(path, layer="areas")
    write_decisions(path, read_decisions(written(site, "1,photos/a.jpg,200,150,1,accepted")))
    assert len(geopandas.read_file(path, layer="areas")) == 2
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute('SELECT count(*) FROM "rtree_found_geom"').fetchone() == (3,)
    if which("ogrinfo"):
        told = subprocess.run(["ogrinfo", "-so", path, "found"], capture_output=True, text=True, check=True)
        assert "decision: String" in told.stdout
        assert not told.stderr


def test_what_is_of_another_file_changes_nothing(site: Path) -> None:
    path = site / "found.gpkg"
    before = path.read_bytes()
    for line in (
        "2,photos/a.jpg,200,150,1,accepted",
        "1,photos/z.jpg,200,150,1,accepted",
        "1,photos/a.jpg,201,150,1,accepted",
        "1,photos/a.jpg,,,1,accepted",
        "9,photos/a.jpg,200,150,1,accepted",
        "0,photos/a.jpg,200,150,1,accepted",
    ):
        with pytest.raises(QueriesError, match=r"line 2: row \d of .* is another one"):
            write_decisions(path, read_decisions(written(site, line)))
    with pytest.raises(QueriesError, match="decision is 'yes'; give accepted or rejected"):
        read_decisions(written(site, "1,photos/a.jpg,200,150,1,yes"))
    assert path.read_bytes() == before


def test_a_geopackage_that_is_open_elsewhere_is_left(site: Path) -> None:
    path = site / "found.gpkg"
    (site / "found.gpkg-wal").write_bytes(b"x")
    decisions = read_decisions(written(site, "1,photos/a.jpg,200,150,1,accepted"))
    with pytest.raises(OutputError, match="open in another program"):
        write_decisions(path, decisions)


def test_a_name_that_a_spreadsheet_would_compute_comes_back(site: Path) -> None:
    path = written(site, "1,'=1+1.jpg,200,150,1,accepted", "2,'tis.jpg,200,150,1,accepted")
    assert [one.photo for one in read_decisions(path).values()] == ["=1+1.jpg", "'tis.jpg"]
