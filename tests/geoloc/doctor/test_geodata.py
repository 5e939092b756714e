"""Variables that lead GDAL and PROJ to the data of another installation are found and named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geoloc.doctor import geodata
from tests.helpers.paths import ROOT


def test_all_is_well_where_the_tests_run() -> None:
    checks = list(geodata.geodata())
    assert len(checks) == 4
    assert [check.line for check in checks if check.wrong] == []


@pytest.mark.parametrize(
    ("variable", "name"),
    [("PROJ_DATA", "PROJ (rasterio)"), ("PROJ_LIB", "PROJ (rasterio)"), ("GDAL_DATA", "GDAL (rasterio)")],
)
def test_a_variable_that_leads_elsewhere_is_named(variable: str, name: str, tmp_path: Path) -> None:
    # The libraries read them when they are loaded.
    code = "from geoloc.doctor.geodata import geodata\nfor c in geodata(): print(c.name, '|', c.wrong, '|', c.mend)"
    variables = {key: value for key, value in os.environ.items() if key not in ("PROJ_DATA", "PROJ_LIB", "GDAL_DATA")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=variables | {variable: str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith(name))
    _, wrong, mend = line.split(" | ")
    assert wrong
    assert mend == f"unset {variable}"


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyogrio.list_drivers", lambda: {"GPKG": "rw", "GeoJSON": "rw", "FlatGeobuf": "r"})
    check = next(check for check in geodata.geodata() if check.name == "GDAL (pyogrio)")
    assert check.wrong == "it has no driver for FlatGeobuf"
