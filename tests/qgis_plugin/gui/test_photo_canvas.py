"""Clicks, boxes and polygons in a photo, drawn with mouse and keys in QGIS itself; geoloc's worker is a stand-in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely.geometry import Polygon, box

from tests.helpers.qgis.run import install, put_stub, run_script

CORNERS = ((120, 110), (420, 130), (400, 330), (160, 300))
WARNING = 1
SIZE = (800, 600)


def make_mosaic(path: Path) -> None:
    """A meadow, round the place where the stand-in finds everything."""
    profile = {"driver": "GTiff", "width": 80, "height": 80, "count": 3, "dtype": "uint8", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", transform=Affine(1e-5, 0, -93.9904, 0, -1e-5, 46.8406), **profile) as file:
        file.write(np.full((3, 80, 80), 120, np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawing")


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    """The report of `drive_drawing`."""
    stub = put_stub(folder / "stub")
    install(folder / "settings", stub)
    photos = [folder / "one.png", folder / "two.png"]
    for photo in photos:
        Image.fromarray(np.full((SIZE[1], SIZE[0], 3), (150, 190, 160), np.uint8)).save(photo)
    make_mosaic(folder / "town.tif")
    inputs = {
        "stub": str(stub),
        "photos": [str(photo) for photo in photos],
        "raster": str(folder / "town.tif"),
        "corners": CORNERS,
    }
    return run_script("drive_drawing", folder, inputs)


def near(state: dict[str, Any], screen_px: float = 1.1) -> float:
    """So many pixels of the screen, in pixels of the photo."""
    return screen_px * state["screen_px"]


def assert_polygon(state: dict[str, Any], corners: Any) -> None:
    (kind,) = state["target"]
    assert kind == "polygon"
    assert np.array(state["target"]["polygon"]) == pytest.approx(np.array(corners), abs=near(state))


def assert_line_round(state: dict[str, Any], bounds: tuple[float, ...]) -> None:
    """The line of what is marked has a width, and dots at its corners."""
    assert state["line"] == pytest.approx(bounds, abs=near(state, 6))


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_three_tools_with_keys_the_click_first(report) -> None:
    state = report["set_up"]
    assert state["before"] == [False] * 3
    assert state["enabled"] == [True] * 3
    assert state["icons"] == [True] * 3
    assert [tip[-3:] for tip in state["tips"]] == ["(C)", "(B)", "(P)"]
    assert state["checked"] == ["click"]
    for letter in "BPC":
        assert report["keys_and_photos"][letter] == [True, True, False]


def test_a_box_is_dragged_and_asked_for(report) -> None:
    state = report["box"]
    # A pixel of the screen is some of the photo.
    x, y, far_x, far_y = state["target"]["box"]
    assert state["hint"].startswith(f"A box of {far_x - x:.0f} x {far_y - y:.0f} px.")
    assert not state["moved"]
    assert state["target"]["box"] == pytest.approx([300, 250, 500, 400], abs=near(state))
    assert_line_round(state, (300, 250, 500, 400))
    assert state["request"]["box"] == state["target"]["box"]
    assert not {"click", "polygon"} & set(state["request"])
    assert state["title"] == f"one.png, a box from {x:.0f}, {y:.0f} to {far_x:.0f}, {far_y:.0f}"


def test_a_box_is_cut_at_the_photos_edges(report) -> None:
    state = report["box_cut"]
    assert state["target"]["box"] == pytest.approx([700, 450, *SIZE], abs=near(state))
    assert state["target"]["box"][2:] == list(SIZE)
    assert "It was cut at the photo's edge." in state["hint"]


def test_a_box_beside_the_photo_is_refused(report) -> None:
    state = report["box_refused"]
    assert state["beside"]["messages"] == [["The box has no area within the photo.", WARNING]]
    assert state["before"] == state["beside"]["target"] == state["clicked"]["target"]
    assert state["clicked"]["messages"] == []
    assert not state["beside"]["drawing"]


def test_escape_gives_up_what_is_drawn(report) -> None:
    state = report["escape"]
    assert state["drawing"]
    assert state["begun"]["drawing"]
    for name in ("box", "polygon"):
        assert not state[name]["drawing"]
        assert state[name]["target"] == report["box_cut"]["target"]
        assert state[name]["line"] == pytest.approx(report["box_cut"]["line"], abs=near(state[name], 4))
    # QGIS has the key while nothing is drawn.
    assert state["taken"]
    assert not state["idle"]


def test_a_polygon_is_clicked_corner_by_corner_and_asked_for(report) -> None:
    state = report["polygon"]["enter"]
    assert_polygon(state, CORNERS)
    assert_line_round(state, Polygon(CORNERS).bounds)
    assert state["hint"].startswith("A polygon of 4 corners.")
    assert state["request"]["polygon"] == state["target"]["polygon"]
    assert not {"click", "box"} & set(state["request"])
    assert state["title"] == "one.png, a polygon of 4 corners"


def test_a_drag_moves_the_photo_while_a_polygon_is_drawn(report) -> None:
    assert report["polygon"]["dragged"] == pytest.approx([40, -30], abs=1)
    assert report["polygon"]["taken"]


def test_a_polygon_is_ended_in_four_ways(report) -> None:
    for name in ("right", "double"):
        assert_polygon(report["polygon"][name], CORNERS)
        assert not report["polygon"][name]["drawing"]
    assert len(report["polygon"]["located"]["request"]["polygon"]) == 3


def test_a_polygon_is_cut_at_the_photos_edges(report) -> None:
    state = report["polygon_cut"]
    truth = Polygon([(-30, 20), (60, 20), (60, 80)]).intersection(box(0, 0, *SIZE))
    shape = Polygon(state["target"]["polygon"])
    assert shape.symmetric_difference(truth).area < 0.03 * truth.area
    assert shape.bounds[0] == 0
    assert "It was cut at the photo's edge." in state["hint"]


def test_a_polygon_without_area_is_refused_and_drawn_on(report) -> None:
    state = report["polygon_refused"]
    assert state["two"]["messages"] == [["A polygon needs three corners at least.", WARNING]]
    assert state["flat"]["messages"] == [["The polygon has no area within the photo.", WARNING]]
    assert state["two"]["target"] == state["flat"]["target"] == state["before"]
    assert state["two"]["drawing"]
    assert state["locate"] is None
    assert len(state["after"]["target"]["polygon"]) == 3


def test_the_click_is_as_before_and_another_tool_keeps_it(report) -> None:
    state = report["keys_and_photos"]
    assert state["kept"] == state["before"]
    assert state["click"]["target"]["click"] == pytest.approx([400, 300], abs=near(state["click"]))
    assert state["click"]["hint"].startswith("Clicked at ")
    assert state["other_tool"].startswith("Drag a box")


def test_the_middle_button_moves_the_photo(report) -> None:
    assert report["keys_and_photos"]["moved"] == pytest.approx([30, 20], abs=1)


def test_another_photo_has_no_target_and_the_same_tool(report) -> None:
    state = report["keys_and_photos"]["photo"]
    assert state["target"] is None
    assert state["line"] == []
    assert state["tool"] == "box"
