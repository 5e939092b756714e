"""How good longitudes and latitudes are, as PROJ says it, and what is warned of."""

from __future__ import annotations

import logging
from pathlib import Path

import pyproj
import pytest

from tiling.datum import lonlat_accuracy, warn_of_crs

RD_WITHOUT_DATUM = (
    "+proj=sterea +lat_0=52.1561605555556 +lon_0=5.38763888888889 +k=0.9999079 +x_0=155000 +y_0=463000"
    " +ellps=bessel +units=m +type=crs"
)


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:3857", "EPSG:4326", "EPSG:32633+5773"])
def test_of_the_datum_of_wgs_84_nothing_is_said(crs: str, caplog: pytest.LogCaptureFixture) -> None:
    assert lonlat_accuracy(crs, 15, 48).note == ""
    warn_of_crs("m.tif", crs, 15, 48)
    assert not caplog.records


def test_a_metre_is_told_and_more_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    assert lonlat_accuracy("EPSG:25833", 15, 48).note.startswith("longitude and latitude to 1 m: ETRS89")
    warn_of_crs("m.tif", "EPSG:25833", 15, 48)
    assert not caplog.records
    warn_of_crs("m.tif", "EPSG:28356", 153, -30)
    (told,) = [record.message for record in caplog.records]
    assert told.startswith("m.tif: its CRS 'GDA94 / MGA zone 56'")
    assert "good to 3 m" in told


def test_a_crs_without_a_datum_is_warned_of_with_the_remedy(caplog: pytest.LogCaptureFixture) -> None:
    assert "may be off by 100 m" in lonlat_accuracy(RD_WITHOUT_DATUM, 5.2, 52.1).note
    warn_of_crs("m.tif", RD_WITHOUT_DATUM, 5.2, 52.1)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "m.tif" in record.message
    assert "gdal_edit.py -a_srs" in record.message
    # The true one leads there; parameters of the CRS's own do too.
    assert lonlat_accuracy("EPSG:28992", 5.2, 52.1).metres == pytest.approx(1)
    own = f"{RD_WITHOUT_DATUM} +towgs84=565.4171,50.3319,465.5524,1.9342,-1.6677,9.1019,4.0725"
    assert lonlat_accuracy(own, 5.2, 52.1).known


def test_a_grid_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    found = lonlat_accuracy("EPSG:27700", -1.0, 52.0)
    if not found.grid:
        pytest.skip("this PROJ has the grids of Britain")
    assert found.metres is not None
    assert found.metres > found.grid_metres
    warn_of_crs("m.tif", "EPSG:27700", -1.0, 52.0)
    assert f"pyproj sync --file {found.grid}" in caplog.text


def test_far_from_where_a_crs_is_meant_for(caplog: pytest.LogCaptureFixture) -> None:
    # Half a degree beyond its zone a CRS is used on purpose.
    warn_of_crs("m.tif", "EPSG:32633", 18.5, 48)
    warn_of_crs("m.tif", "EPSG:3460", -178.0, -17)
    assert "is for longitudes" not in caplog.text
    warn_of_crs("m.tif", "EPSG:32633", -92.0, 46.8)
    assert "is for longitudes 12 to 18" in caplog.text
    caplog.clear()
    # As files have it.
    warn_of_crs("m.tif", pyproj.CRS("EPSG:32633").to_wkt("WKT1_GDAL"), 88.8, 17.3)
    assert "is for longitudes 12 to 18" in caplog.text
    caplog.clear()
    # PROJ has no transformation of Britain's datum there.
    warn_of_crs("m.tif", "EPSG:27700", 15.0, 52.0)
    assert "without regard to its datum" in caplog.text


def test_a_crs_that_leads_nowhere() -> None:
    local = pyproj.CRS.from_wkt('LOCAL_CS["site",UNIT["metre",1]]')
    assert not lonlat_accuracy(local, 15, 48).known


def test_a_damaged_grid_is_no_accuracy(tmp_path: Path) -> None:
    grid = tmp_path / "shift.gsb"
    grid.write_bytes(b"no grid")
    damaged = f"+proj=tmerc +lat_0=49 +lon_0=-2 +ellps=airy +nadgrids={grid} +type=crs"
    assert not lonlat_accuracy(damaged, -1, 52).known
