"""The story in a real QGIS with geoloc itself: opened, photo, click, answer, accepted, a second click, settings."""

import sys
from typing import Any

import pytest
from shapely.geometry import Point, Polygon

from tests.helpers import city
from tests.helpers.qgis.run import install, run_script

INFO, WARNING, CRITICAL, SUCCESS = 0, 1, 2, 3


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("story")
    city.make_city(folder)
    install(folder / "settings", sys.executable)
    inputs = {
        "rasters": {"town": str(folder / "m.tif")},
        "project_crs": "EPSG:3857",
        "photo": str(folder / "p.jpg"),
        "click": city.CLICK,
        # On the next roof.
        "second": [60, 60],
        "crs": city.CRS,
        "true": city.TRUE,
        "kill": True,
    }
    return run_script("drive_story", folder, inputs)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_the_dock_opens_and_says_what_to_do(report) -> None:
    state = report["opened"]
    assert state["visible"]
    assert state["messages"] == [["Choose a photo and click the object in it.", WARNING]]


def test_the_click_is_where_the_mouse_was(report) -> None:
    assert report["clicked"]["click"] == pytest.approx(city.CLICK, abs=1)


def test_the_answer_covers_the_true_object_on_the_screen(report) -> None:
    state = report["found"]
    assert state["layers"] == 1, state["messages"]
    assert state["crs"] == city.CRS
    assert state["score"] > 0.5
    assert state["covers"]
    assert Polygon(state["box_px"]).contains(Point(state["truth_px"]))
    assert state["listed"] == state["count"]
    assert 0 < state["percent"] <= 100
    assert state["status"]


def test_the_answer_is_accepted(report) -> None:
    assert report["judged"]["status"][0] == "accepted"


def test_a_second_click_has_no_start_up(report) -> None:
    state = report["again"]
    assert state["same_process"]
    assert state["statuses"]
    assert not any("Loading" in text for text in state["statuses"])
    assert state["layers"] == 1
    assert state["count"] > report["found"]["count"] or state["messages"][0][1] == WARNING


def test_geoloc_killed_in_the_middle_is_told_and_started_again(report) -> None:
    ((text, level),) = report["killed"]["crashed"]
    assert "geoloc ended unexpectedly (signal 9" in text
    assert level == CRITICAL
    assert report["killed"]["another"]
    assert report["killed"]["next"][0][1] == SUCCESS


def test_the_photo_is_matched_and_its_cursor_shows_on_the_map(report) -> None:
    state = report["matched"]
    assert state["found"] == 1
    (place,) = state["at"]
    # The mouse is in the middle of a pixel of the screen.
    assert place == pytest.approx(city.TRUE, abs=0.5)
    assert "within" in state["status"]
    assert {"Cameras", "Footprints"} <= set(state["layers"])


def test_the_settings_tell_what_is_installed(report) -> None:
    state = report["settings"]
    assert state["visible"]
    assert "geoloc" in state["answer"]
    assert sys.executable in state["report"]
    assert "torch" in state["report"]
