"""What the worker says of whole photographs: matched once, then at hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import Point, Polygon, mapping, shape

from geoloc.errors import OutputError, QueriesError
from geoloc.pipeline.finder import Finder
from geoloc.worker.fields import Fields, RequestError
from geoloc.worker.jobs import JOBS
from geoloc.worker.progress import CancelledError, JobProgress
from geoloc.worker.session import Session
from tests.helpers.flown_files import TILT_DEG
from tests.helpers.rough_ground import clicked
from tiling.errors import MosaicError
from tiling.grid import WGS84, transformer

ROOF = Polygon([(300, 250), (420, 260), (400, 360)])


@pytest.fixture(scope="module")
def session(flown_matrix: np.ndarray) -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def ask(session: Session, flown_folder: Path, kind: str, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []
    fields = {"mosaics": [str(flown_folder / "m.tif")], "photo": str(flown_folder / "flown.jpg")} | fields
    result = JOBS[kind](session, Fields(fields), JobProgress(sent.append, threading.Event()))
    return result, sent


def test_a_match_tells_pose_and_mapping(session: Session, flown_folder: Path, flown_matrix: np.ndarray) -> None:
    found, sent = ask(session, flown_folder, "match")
    assert found["status"] == "found"
    assert found["inliers"] > 100
    camera, footprint = found["pose"]["features"]
    assert camera["properties"]["tilt_deg"] == pytest.approx(TILT_DEG, abs=1)
    lonlat = transformer("EPSG:32615", WGS84).transform(*clicked(flown_matrix, (400.0, 300.0)))
    assert shape(footprint["geometry"]).contains(Point(lonlat))
    assert found["mapping"]["crs"] == "EPSG:32615"
    assert [message["stage"] for message in sent] == ["planning", "matching"]


def test_what_is_matched_is_not_matched_again(
    session: Session, flown_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = ask(session, flown_folder, "match")

    def refuse(*args: object) -> None:
        raise AssertionError("matched again")

    monkeypatch.setattr(Finder, "match", refuse)
    again, _ = ask(session, flown_folder, "match")
    assert again["mapping"] == first["mapping"]
    (flown_folder / "flown.jpg").touch()
    with pytest.raises(AssertionError):
        ask(session, flown_folder, "match")


def test_a_mapping_is_told_in_the_crs_that_is_asked_for(
    session: Session, flown_folder: Path, flown_matrix: np.ndarray
) -> None:
    found, _ = ask(session, flown_folder, "match", mapping_crs="EPSG:3857")
    assert found["mapping"]["crs"] == "EPSG:3857"
    there = transformer("EPSG:32615", "EPSG:3857").transform(*clicked(flown_matrix, (400.0, 300.0)))
    assert np.abs(np.array(found["mapping"]["origin"]) - there).max() < 100


def test_what_is_not_verified_has_no_mapping(
    session: Session, flown_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found, _ = ask(session, flown_folder, "match", photo=str(flown_folder / "noise.jpg"))
    assert (found["status"], found["mapping"], found["inliers"]) == ("not here", None, None)
    (row,) = found["pose"]["features"]
    assert row["geometry"] is None
    assert "not here: " in caplog.text


def test_features_go_to_the_map_and_back(
    session: Session, flown_folder: Path, flown_matrix: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    drawn = [
        {"type": "Feature", "geometry": mapping(ROOF), "properties": {"name": "roof", "tags": ["a"]}},
        {"type": "Feature", "geometry": mapping(Point(900, 300)), "properties": None},
        {"type": "Feature", "geometry": mapping(Point(400, 2)), "properties": None},
    ]
    there, _ = ask(session, flown_folder, "map", features={"type": "FeatureCollection", "features": drawn})
    roof, beyond, away = there["features"]["features"]
    corner = transformer("EPSG:32615", WGS84).transform(*clicked(flown_matrix, (300.0, 250.0)))
    assert roof["geometry"]["coordinates"][0][0] == pytest.approx(corner, abs=1e-5)
    assert (roof["properties"]["name"], roof["properties"]["tags"]) == ("roof", ["a"])
    assert beyond["geometry"] is None
    assert "feature 2: left out" in caplog.text
    assert (away["properties"]["status"], away["properties"]["note"]) == ("found", "it lies outside the mosaic")
    # As many decimals as `geoloc map` writes.
    assert roof["geometry"]["coordinates"][0][0] != np.round(roof["geometry"]["coordinates"][0][0], 7).tolist()
    back, _ = ask(session, flown_folder, "map", features=there["features"], to_photo=True)
    pixel = back["features"]["features"][0]["geometry"]["coordinates"][0][0]
    assert list(pixel) == np.round(pixel, 2).tolist()
    assert shape(back["features"]["features"][0]["geometry"]).hausdorff_distance(ROOF) < 0.5


def test_poses_of_many_photos_with_lines_of_sight(session: Session, flown_folder: Path) -> None:
    photos = [str(flown_folder / name) for name in ("flown.jpg", "gone.jpg", "noise.jpg")]
    found, sent = ask(session, flown_folder, "pose", photos=photos, clicks=[[400, 300]])
    rows = [feature["properties"] for feature in found["features"]["features"]]
    assert [(row["kind"], row["status"]) for row in rows] == [
        ("camera", "found"), ("footprint", "found"), ("sight", "found"), ("camera", "error"), ("camera", "not here"),
    ]  # fmt: skip
    assert sent[-1]["text"] == "3 of 3 photos"


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        ("map", {"features": {"type": "FeatureCollection", "features": []}}, QueriesError),
        ("map", {"features": {"type": "FeatureCollection", "features": [{"geometry": {"type": "Dot"}}]}}, QueriesError),
        ("map", {"features": {"type": "FeatureCollection", "features": [3]}}, QueriesError),
        ("map", {"features": "all"}, QueriesError),
        ("map", {}, RequestError),
        ("pose", {"photos": []}, QueriesError),
        ("pose", {"photos": "p.jpg"}, RequestError),
        ("pose", {"photos": ["p.jpg"], "clicks": [[1]]}, RequestError),
        ("match", {"photo": None}, RequestError),
        ("match", {"mapping_crs": "EPSG:none"}, RequestError),
        ("match", {"mapping_crs": 3857}, RequestError),
        ("match", {"dsm": "none.tif"}, MosaicError),
        ("pose", {"photos": ["p.jpg"], "dsm": "none.tif"}, MosaicError),
    ],
)
def test_what_is_wrong_is_told(
    session: Session, flown_folder: Path, kind: str, fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(session, flown_folder, kind, **fields)


def test_a_cancelled_job_matches_nothing(session: Session, flown_folder: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    fields = Fields({"mosaics": [str(flown_folder / "m.tif")], "photos": [str(flown_folder / "noise.jpg")]})
    with pytest.raises(CancelledError):
        JOBS["pose"](session, fields, JobProgress(lambda message: None, cancelled))


def test_a_drape_is_written_and_counted(session: Session, flown_folder: Path, tmp_path: Path) -> None:
    found, sent = ask(session, flown_folder, "drape", output=str(tmp_path / "d.tif"))
    assert found["status"] == "found"
    with rasterio.open(tmp_path / "d.tif") as file:
        assert [file.width, file.height] == found["size"]
    assert found["path"] == str(tmp_path / "d.tif")
    assert sent[-1]["stage"] == "drawing"
    assert sent[-1]["fraction"] == 1
    with pytest.raises(OutputError, match="exists already"):
        ask(session, flown_folder, "drape", output=str(tmp_path / "d.tif"))
    away, _ = ask(session, flown_folder, "drape", output=str(tmp_path / "e.tif"), photo=str(flown_folder / "noise.jpg"))
    assert (away["status"], (tmp_path / "e.tif").exists()) == ("not here", False)
