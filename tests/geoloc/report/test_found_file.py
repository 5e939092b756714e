"""Files of answers read back, of every kind that is written."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest

from geoloc.errors import QueriesError
from geoloc.photo.target import Click
from geoloc.report.found_file import READ_SUFFIXES, read_found
from tests.geoloc.report.conftest import NOTE


@pytest.mark.parametrize("suffix", READ_SUFFIXES)
def test_rows_come_back_in_their_order(site: Path, suffix: str) -> None:
    found = read_found(site / f"found{suffix}")
    assert found.total == len(found.rows) == 5
    assert [row.number for row in found.rows] == [1, 2, 3, 4, 5]
    assert [row.rank for row in found.rows] == [1, 2, 1, None, None]
    assert [row.status for row in found.rows] == ["found", "found", "found", "not here", "error"]
    assert [row.shape is None for row in found.rows] == [False, False, False, True, True]
    assert found.rows[0].click == Click(200, 150)
    assert found.rows[2].properties["note"] == NOTE
    assert found.rows[3].properties["score"] is None


def test_as_many_rows_as_were_asked_for(site: Path) -> None:
    found = read_found(site / "found.gpkg", 2)
    assert (len(found.rows), found.total) == (2, 5)


@pytest.mark.parametrize("column", ["decision", "status"])
def test_what_was_decided_before_is_known(site: Path, column: str) -> None:
    table = geopandas.read_file(site / "found.gpkg")
    # QGIS keeps it in `status`.
    table[column] = ["accepted", "rejected", "", None, "maybe"]
    table.to_file(site / "judged.gpkg")
    rows = read_found(site / "judged.gpkg").rows
    assert [row.decision for row in rows] == ["accepted", "rejected", "", "", ""]
    assert rows[0].status == "found"


def test_a_text_where_a_number_belongs_is_told_with_its_row(site: Path) -> None:
    path = site / "texts.geojsonl"
    table = geopandas.read_file(site / "found.gpkg").astype({"rank": "object"})
    table["rank"] = ["1", "2", "", None, "best"]
    table.to_file(path, driver="GeoJSONSeq")
    with pytest.raises(QueriesError, match=r"texts.geojsonl, row 5: rank is 'best', not a number"):
        read_found(path)
    assert [row.rank for row in read_found(path, 4).rows] == [1, 2, None, None]


def test_of_several_layers_the_one_with_answers_counts(site: Path) -> None:
    table = geopandas.read_file(site / "found.gpkg")
    table[["geometry"]].to_file(site / "two.gpkg", layer="areas")
    table.to_file(site / "two.gpkg", layer="answers")
    assert len(read_found(site / "two.gpkg").rows) == 5


def test_other_files_are_refused_in_a_line(site: Path) -> None:
    table = geopandas.read_file(site / "found.gpkg")
    table[["photo", "geometry"]].to_file(site / "areas.gpkg")
    (site / "bad.gpkg").write_text("no database")
    (site / "elsewhere.gpkg").write_text("<OGRVRTDataSource><OGRVRTLayer name='a'/></OGRVRTDataSource>")
    table.set_crs(None, allow_override=True).to_parquet(site / "nowhere.parquet")
    told = {
        "none.gpkg": "no such file",
        "photos/a.jpg": "give one of .geojson",
        "areas.gpkg": "it has no column click_x, click_y, rank, score",
        "bad.gpkg": "not a vector file that can be read",
        "elsewhere.gpkg": "describes layers of other files or servers",
        "nowhere.parquet": "has no CRS",
    }
    for name, text in told.items():
        with pytest.raises(QueriesError, match=text) as caught:
            read_found(site / name)
        assert "\n" not in str(caught.value)
