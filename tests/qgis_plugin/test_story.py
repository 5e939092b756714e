"""The story in a real QGIS with geoloc itself: opened, photo, click, answer, accepted, a second click, settings."""

import sys
from typing import Any

import pytest
from qgis_run import install, run_script
from shapely.geometry import Point, Polygon

from tests.helpers import city

INFO, WARNING, CRITICAL, SUCCESS = 0, 1, 2, 3


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("story")
    city.make_city(folder)
    install(folder / "settings", sys.executable)
    asked = {
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
    return run_script("drive_story.py", folder, asked, 200)


def test_nothing_unexpected_was_raised(said) -> None:
    assert said["unexpected"] == []


def test_the_dock_opens_and_says_what_to_do(said) -> None:
    seen = said["opened"]
    assert seen["visible"]
    assert seen["messages"] == [["Choose a photo and click the object in it.", WARNING]]


def test_the_click_is_where_the_mouse_was(said) -> None:
    assert said["clicked"]["click"] == pytest.approx(city.CLICK, abs=1)


def test_the_answer_covers_the_true_object_on_the_screen(said) -> None:
    seen = said["found"]
    assert seen["layers"] == 1, seen["messages"]
    assert seen["crs"] == city.CRS
    assert seen["score"] > 0.5
    assert seen["covers"]
    assert Polygon(seen["box_px"]).contains(Point(seen["truth_px"]))
    assert seen["listed"] == seen["count"]
    assert 0 < seen["percent"] <= 100
    assert seen["status"]


def test_the_answer_is_accepted(said) -> None:
    assert said["judged"]["status"][0] == "accepted"


def test_a_second_click_has_no_start_up(said) -> None:
    seen = said["again"]
    assert seen["same_process"]
    assert seen["said"]
    assert not any("Loading" in text for text in seen["said"])
    assert seen["layers"] == 1
    assert seen["count"] > said["found"]["count"] or seen["messages"][0][1] == WARNING


def test_geoloc_killed_in_the_middle_is_told_and_started_again(said) -> None:
    ((text, level),) = said["killed"]["told"]
    assert "geoloc ended unexpectedly (signal 9" in text
    assert level == CRITICAL
    assert said["killed"]["another"]
    assert said["killed"]["next"][0][1] == SUCCESS


def test_the_settings_tell_what_is_installed(said) -> None:
    seen = said["settings"]
    assert seen["visible"]
    assert "geoloc" in seen["answer"]
    assert sys.executable in seen["report"]
    assert "torch" in seen["report"]
