"""`geoloc report`: its page, its decisions, and what it says of what is missing."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest

from geoloc.commands.answers import report as module
from geoloc.results.detection import Detection
from geoloc.results.vector_files import write_results
from tests.helpers.command_line import invoke


@pytest.fixture
def found(tmp_path: Path, two_found: list[Detection]) -> Path:
    write_results(two_found, tmp_path / "found.gpkg", crs="EPSG:32615")
    return tmp_path / "found.gpkg"


def test_a_page_says_what_it_lacks(found: Path) -> None:
    page = found.with_name("report.html")
    result = invoke("report", found, "-o", page)
    assert result.exit_code == 0, result.stderr
    assert "süd.jpg: no such photo" in result.stderr
    assert "--photos names their folder" in result.stderr
    assert "Without --mosaic" in result.stderr
    assert "süd.jpg" in page.read_text(encoding="utf-8")
    again = invoke("report", found, "-o", page)
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)


def test_a_long_file_is_cut_and_says_so(found: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 1)
    result = invoke("report", found, "-o", found.with_name("report.html"))
    assert "the first 1 of 2 rows" in result.stderr


def test_decisions_go_into_the_file_and_onto_the_page(found: Path) -> None:
    decisions = found.with_name("d.csv")
    decisions.write_text(
        "row,photo,click_x,click_y,rank,decision\n1,photos/süd.jpg,10.5,20.25,1,accepted\n", encoding="utf-8"
    )
    page = found.with_name("report.html")
    result = invoke("report", found, "--decisions", decisions, "-o", page)
    assert result.exit_code == 0, result.stderr
    assert geopandas.read_file(found)["decision"].fillna("").tolist() == ["accepted", ""]
    assert '"decision":"accepted"' in page.read_text(encoding="utf-8")


def test_wrong_usage_is_told(found: Path) -> None:
    assert invoke("report", found).exit_code == 2
    assert invoke("report", found, "-o", found.with_name("report.pdf")).exit_code == 2
    other = invoke("report", found.with_name("none.gpkg"), "-o", found.with_name("r.html"))
    assert (other.exit_code, "no such file" in other.stderr) == (1, True)
    assert not found.with_name("r.html").exists()
