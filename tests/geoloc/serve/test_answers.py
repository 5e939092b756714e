"""Answers that a page holds, and the files that are taken of them."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pyogrio
import pyproj
import pytest
from shapely.geometry import shape

from geoloc.errors import GeolocError, OutputError
from geoloc.results.columns import COLUMNS
from geoloc.results.detection import Detection
from geoloc.results.vector_files import VECTOR_SUFFIXES, collection_of, row_of
from geoloc.serve import answers as answers_module
from geoloc.serve.answers import HeldAnswers, suffixes

CRS = pyproj.CRS.from_epsg(32615)


@pytest.fixture
def features(two_found: list[Detection]) -> list[dict[str, Any]]:
    return list(collection_of(map(row_of, two_found), COLUMNS, "EPSG:32615")["features"])


@pytest.fixture
def held(features: list[dict[str, Any]]) -> HeldAnswers:
    answers = HeldAnswers(CRS)
    answers.add(features, "süd.jpg")
    return answers


def test_they_are_numbered_and_have_the_photos_own_name(held: HeldAnswers, features: list[dict[str, Any]]) -> None:
    (third,) = held.add(features[:1], "other.jpg")
    assert [one.number for one in held.held] == [1, 2, 3]
    told = third.to_json()
    assert (told["number"], told["decision"], told["feature"]["properties"]["photo"]) == (3, "", "other.jpg")
    assert told["middle"] == pytest.approx(list(shape(features[0]["geometry"]).centroid.coords[0]), abs=1e-8)
    assert features[0]["properties"]["photo"] == "photos/süd.jpg"


def test_their_place_is_told_in_the_mosaics_crs_too_where_that_has_no_degrees(
    held: HeldAnswers, features: list[dict[str, Any]], two_found: list[Detection]
) -> None:
    x, y, name = re.fullmatch(r"(\d+\.\d{3}),(\d+\.\d{3}) \((.*)\)", held.held[0].to_json()["projected"]).groups()
    middle = two_found[0].polygon.centroid
    assert (float(x), float(y)) == pytest.approx((middle.x, middle.y), abs=0.003)
    assert name == "EPSG:32615"
    (one,) = HeldAnswers(pyproj.CRS.from_epsg(4326)).add(features[:1], "a.jpg")
    assert one.to_json()["projected"] is None


def test_files_have_the_decision_and_only_what_was_accepted_where_that_is_asked(held: HeldAnswers) -> None:
    held.decide(2, "accepted")
    held.decide(1, "accepted")
    held.decide(1, "rejected")
    both = json.loads(held.file(".geojson", accepted=False))["features"]
    assert [one["properties"]["decision"] for one in both] == ["rejected", "accepted"]
    (accepted,) = json.loads(held.file(".geojson", accepted=True))["features"]
    assert accepted["properties"]["score"] == 0.5
    assert shape(accepted["geometry"]).hausdorff_distance(shape(held.held[1].feature["geometry"])) < 1e-7
    (row,) = csv.DictReader(io.StringIO(held.file(".csv", accepted=True).decode("utf-8-sig")))
    assert (row["photo"], row["decision"]) == ("süd.jpg", "accepted")


def test_formats_of_the_mosaics_crs_are_in_it(held: HeldAnswers, tmp_path: Path, two_found: list[Detection]) -> None:
    (tmp_path / "f.gpkg").write_bytes(held.file(".gpkg", accepted=False))
    table = pyogrio.read_dataframe(tmp_path / "f.gpkg", layer="found")
    assert table.crs.to_epsg() == 32615
    # A hundred-millionth of a degree is a millimetre.
    assert table.geometry[0].hausdorff_distance(two_found[0].polygon) < 0.002


def test_every_kind_that_is_offered_is_written(held: HeldAnswers) -> None:
    assert {".geojson", ".gpkg", ".kml", ".csv"} <= set(suffixes())
    for suffix in suffixes():
        assert held.file(suffix, accepted=False), suffix


def test_no_file_of_the_server_is_read_by_the_name_that_a_browser_gave(held: HeldAnswers) -> None:
    # The balloons of a KMZ would show whatever lies there under that name.
    assert ".kmz" not in suffixes()
    for suffix in set(VECTOR_SUFFIXES) - set(suffixes()):
        with pytest.raises(OutputError, match="unknown kind of file"):
            held.file(suffix, accepted=False)


def test_what_cannot_be_taken_is_said(held: HeldAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GeolocError, match="no answer was accepted yet"):
        held.file(".csv", accepted=True)
    with pytest.raises(GeolocError, match="no answers yet"):
        HeldAnswers(CRS).file(".csv", accepted=False)
    with pytest.raises(GeolocError, match="unknown kind of file"):
        held.file(".exe", accepted=False)
    with pytest.raises(GeolocError):
        held.file("/../../x.csv", accepted=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # type: ignore[arg-type]
    with pytest.raises(GeolocError, match=r"pip install 'geoloc-crossview\[parquet\]'"):
        held.file(".parquet", accepted=False)


@pytest.mark.parametrize(
    ("number", "decision"), [(0, "accepted"), (3, "accepted"), ("1", "accepted"), (1, "maybe"), (1, [])]
)
def test_only_decisions_on_its_answers_are_taken(held: HeldAnswers, number: Any, decision: Any) -> None:
    with pytest.raises(GeolocError):
        held.decide(number, decision)


def test_there_is_an_end_to_them(
    held: HeldAnswers, features: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_module, "MOST_ANSWERS", 3)
    with pytest.raises(GeolocError, match="holds 2 answers"):
        held.add(features, "b.jpg")
    assert len(held.held) == 2
