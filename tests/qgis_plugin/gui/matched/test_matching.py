"""Photos matched with the map in QGIS itself, with mouse and keys: cursors, cameras, drawing; a stand-in matches.

One QGIS is started for all tests; `drive_matching` does in it what a person would and reports what was to be seen.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely.geometry import Polygon

from tests.helpers.qgis.run import install, put_stub, run_script

CRS, PROJECT_CRS = "EPSG:32615", "EPSG:3857"
SIZE = (800, 600)
MIDDLE = (576_715.0, 5_188_130.0)
INFO, WARNING, CRITICAL, SUCCESS = range(4)
PHOTOS = ("above", "error", "nothing", "oblique")
"""Names of the photos in their folder."""
SLOW = ("slow", "yak", "zebra")
"""Likewise, of which the first one is matched slowly."""
ABOVE = np.array([[0.05, 0.02, -26.0], [0.02, -0.05, 7.0], [0, 0, 1.0]])
"""Turned, seen from straight above; the photo's middle is that of the town."""
OBLIQUE = np.array([[0.1, 0.0, -40.0], [0.0, -0.1, 40.0], [0.0, 1e-3, 0.1]])
"""Its horizon is above the photo, at y = -100."""
FAR_LINE = 250
MOVE = (0.5, -0.25)
"""What is added to every place of the photo from above, metres."""
LINK_PX = 1.6
"""A ring's middle, found by its colour, is so many pixels of the screen off at most."""


def lattice(**values: float) -> dict[str, Any]:
    return {"columns": 3, "rows": 2, **{name: [value] * 6 for name, value in values.items()}}


def place_of(matrix: np.ndarray, pixel: tuple[float, float], move: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Where a pixel lies, in the mosaic's CRS."""
    x, y, w = matrix @ [*pixel, 1.0]
    return np.array([x / w, y / w]) + MIDDLE + move


def above(pixel: tuple[float, float]) -> np.ndarray:
    return place_of(ABOVE, pixel, MOVE)


def lonlat(place: np.ndarray) -> tuple[float, float]:
    return pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*place)


def result(
    matrix: np.ndarray, camera: np.ndarray, top: float, move: tuple[float, float], **pose: float
) -> dict[str, Any]:
    """As the worker tells of a photo that can be told from `top` pixels downwards."""
    ring = [(0, top), (SIZE[0], top), SIZE, (0, SIZE[1])]
    ground = [lonlat(place_of(matrix, pixel, move)) for pixel in (*ring, ring[0])]
    features = [
        {"geometry": {"type": "Point", "coordinates": lonlat(camera)}, "properties": {"kind": "camera", **pose}},
        {"geometry": {"type": "Polygon", "coordinates": [ground]}, "properties": {"kind": "footprint"}},
    ]
    mapping = {
        **{"size": SIZE, "crs": CRS, "origin": MIDDLE, "to_map": matrix.ravel().tolist(), "reliable": ring},
        **{"corrections": lattice(dx=move[0], dy=move[1]), "error_m": lattice(metres=0.4)},
    }
    return {"status": "found", "inliers": 99, "pose": {"features": features}, "mapping": mapping}


def make_inputs(folder: Path) -> dict[str, Any]:
    """Photos, a mosaic and what the stand-in matches."""
    stub = put_stub(folder / "stub")
    matches = {
        "above": result(ABOVE, np.array(MIDDLE), 0, MOVE, height_m=60.0, heading_deg=22.0),
        "oblique": result(OBLIQUE, np.array(MIDDLE) - (0, 80), FAR_LINE, (0, 0), height_m=50.0, heading_deg=0.0),
    }
    stub.with_name("matches.json").write_text(json.dumps(matches), encoding="utf-8")
    across, down = np.meshgrid(np.linspace(150, 220, SIZE[0]), np.linspace(200, 140, SIZE[1]))
    picture = Image.fromarray(np.stack([across, down, (across + down) / 2], axis=-1).astype(np.uint8))
    for inside, names in (("photos", PHOTOS), ("slow", SLOW)):
        (folder / inside).mkdir()
        for name in names:
            picture.save(folder / inside / f"{name}.png")
    picture.save(folder / "plain.tif")
    profile = {"driver": "GTiff", "width": 450, "height": 400, "count": 3, "dtype": "uint8", "crs": CRS}
    with rasterio.open(folder / "town.tif", "w", transform=Affine(0.2, 0, 576670, 0, -0.2, 5188170), **profile) as file:
        file.write(np.full((3, 400, 450), 120, np.uint8))
    (folder / "maps").mkdir()
    shutil.copy(folder / "town.tif", folder / "maps" / "town.tif")
    # Where many keep it.
    shutil.copy(folder / "town.tif", folder / "photos" / "town.tif")
    return {
        "stub": str(stub),
        "raster": str(folder / "town.tif"),
        "only_map": str(folder / "maps" / "town.tif"),
        "plain_tiff": str(folder / "plain.tif"),
        "crs": CRS,
        "project_crs": PROJECT_CRS,
        "photos": {name: str(folder / "photos" / f"{name}.png") for name in PHOTOS},
        "slow": str(folder / "slow" / "slow.png"),
        "pixels": {"middle": (400, 300), "corner": (30, 40), "beside": (-40, 300)},
        "places": {
            "middle": above((400, 300)).tolist(),
            "corner": above((700, 520)).tolist(),
            "beside": (576675, 5188095),
        },
        "of_200_150": above((200, 150)).tolist(),
        "drape": str(folder / "above_on_map.tif"),
        "seen": above((420, 280)).tolist(),
        "area": [(100, 100), (300, 120), (250, 400)],
        "line": [(500, 100), (600, 300), (550, 500)],
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("matching")
    return {**make_inputs(folder), "folder": str(folder)}


@pytest.fixture(scope="module")
def report(inputs: dict[str, Any]) -> dict[str, Any]:
    """The report of `drive_matching`."""
    folder = Path(inputs["folder"])
    install(folder / "settings", inputs["stub"])
    return run_script("drive_matching", folder, inputs)


def assert_places(found: Any, expected: Any, metres: float) -> None:
    assert np.array(found) == pytest.approx(np.array(expected), abs=metres)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_what_is_possible_follows_what_is_known(report) -> None:
    assert report["set_up"]["before"] == dict.fromkeys(report["set_up"]["before"], False) | {"cancel": True}
    photo = report["set_up"]["photo"]
    assert {name for name, on in photo["enabled"].items() if on} == {"match", "match_all", "cancel"}
    assert photo["status"] == "Not matched with the reference yet."
    assert all(report["matched"]["enabled"].values())
    assert all(report["set_up"]["icons"].values())


def test_a_photo_is_matched_on_demand(report, inputs) -> None:
    state = report["matched"]
    assert state["status"] == "Matched: 99 details agree."
    assert state["marked"].startswith("Marked: 46.84")
    request = state["request"]
    assert request["photo"] == inputs["photos"]["above"]
    assert request["mosaics"] == [inputs["raster"]]
    assert request["dsm"] == inputs["raster"]
    assert not {"click", "box", "polygon"} & set(request)
    assert state["tips"] == [f"above.png: {state['status']}", "error.png", "nothing.png", "oblique.png", "town.tif"]


def test_the_ground_that_the_photo_shows_is_drawn_on_the_map(report) -> None:
    left, top, right, bottom = report["matched"]["footprint"]
    to_map = pyproj.Transformer.from_crs(CRS, PROJECT_CRS, always_xy=True).transform
    corners = [to_map(*above(pixel)) for pixel in ((0, 0), (800, 0), (800, 600), (0, 600))]
    xmin, ymin, xmax, ymax = Polygon(corners).bounds
    px = report["matched"]["px"]
    assert (right - left, bottom - top) == pytest.approx(((xmax - xmin) / px, (ymax - ymin) / px), abs=5)


def test_the_cursor_in_the_photo_shows_on_the_map_without_asking(report) -> None:
    state = report["photo_to_map"]
    metres = 0.06 * state["screen_px"]
    for name, pixel in (("middle", (400, 300)), ("corner", (30, 40))):
        (ring,) = state["at"][name]["rings"]
        # The mouse is in the middle of a pixel of the screen.
        assert_places(ring, above(pixel), 1.5 * metres)
        latitude, longitude, error = state["at"][name]["status"].split(", ")
        lon, lat = lonlat(above(pixel))
        assert (float(longitude), float(latitude)) == pytest.approx((lon, lat), abs=3e-6)
        assert error == "within 0.4 m"
    assert state["at"]["beside"]["rings"] == state["left"] == []
    assert state["asked"] == 0


def test_the_cursor_on_the_map_shows_in_the_photo_without_asking(report) -> None:
    state = report["map_to_photo"]
    # A pixel of the map's screen is some of the photo's, by the ground.
    near = LINK_PX * (report["photo_to_map"]["screen_px"] + report["matched"]["px"] / 0.054)
    for name, pixel in (("middle", (400, 300)), ("corner", (700, 520))):
        assert state["at"][name] == pytest.approx(pixel, abs=near)
    assert state["at"]["beside"] == state["left"] == []
    assert state["asked"] == 0


def test_a_click_is_on_the_map_at_once(report) -> None:
    state = report["clicked"]
    ((place,),) = state["click"]
    assert_places(place, above((400, 300)), 0.1 * report["photo_to_map"]["screen_px"])
    assert state["status"].startswith("Marked: 46.84")
    assert state["moved"]
    assert not state["task"]


def test_all_photos_are_matched_in_the_background(report) -> None:
    state = report["all_matched"]
    assert state["photos"] == ["error.png", "nothing.png", "oblique.png"]
    text = "1 of 3 photos were matched. Georeferenced rasters are no photos: 1 left out."
    assert state["messages"] == [[text, SUCCESS]]
    assert [tip.partition(": ")[2][:8] for tip in state["tips"]] == ["Matched:", "error.pn", "Not here", "Matched:", ""]
    assert state["marks"] == [["#12a150"], ["#b00020"], ["#6b6b6b"], ["#12a150"], []]


def test_where_only_maps_are_left_nothing_is_matched_and_that_is_said(report) -> None:
    state = report["only_maps"]
    assert state["messages"] == [["Georeferenced rasters are no photos: 1 left out.", INFO]]
    assert (state["asked"], state["task"]) == (0, False)
    assert state["opened"] == [0, 1]


def test_a_photo_as_tiff_is_no_map_whatever_crs_layers_are_given(report) -> None:
    assert report["plain_tiff"] == [True, False, True]


def test_a_photo_that_is_asked_for_meanwhile_comes_next(report) -> None:
    assert report["preferred"]["photos"] == ["slow.png", "zebra.png", "yak.png"]
    assert report["preferred"]["messages"] == [["0 of 3 photos were matched.", WARNING]]


def test_matching_is_stopped_and_what_is_known_stays(report) -> None:
    state = report["stopped"]
    # A search can be asked for meanwhile.
    assert state["running"] == [True, True, True]
    assert set(state["possible"]) == {"cancel", "match", "poses", "see", "show"}
    assert state["messages"] == [["Stopped. 0 of 0 photos were matched.", INFO]]
    assert state["again"].startswith("Matched: 99")
    # A photo that is asked for now needs a matching of its own.
    assert not state["taken"]


def test_the_map_offers_the_photos_that_see_a_place_the_best_first(report) -> None:
    state = report["seen"]
    assert state["taken"]
    assert state["given_back"]
    assert state["up"]
    assert state["visible"]
    first, second = state["menu"]
    away = above((420, 280)) - MIDDLE
    along = np.hypot(*away)
    degrees = np.degrees(np.arctan2(along, 60))
    assert first == f"above.png: {np.hypot(along, 60):.0f} m away, {degrees:.0f}° from straight down"
    assert second.startswith("oblique.png: ")
    assert state["context"] == [state["menu"]]
    assert state["opened"] == "oblique.png"
    x, y, w = np.linalg.inv(OBLIQUE) @ [*away, 1.0]
    near = LINK_PX * (report["photo_to_map"]["screen_px"] + report["matched"]["px"] / 0.1)
    assert state["ring"] == pytest.approx((x / w, y / w), abs=near)
    assert state["nowhere"] == [["No matched photo sees this place", False]]


def test_cameras_and_footprints_become_layers(report) -> None:
    state = report["poses"]
    cameras, footprints = state["Cameras"], state["Footprints"]
    assert cameras["crs"] == footprints["crs"] == CRS
    assert [row["photo"] for row in cameras["rows"]] == ["above", "oblique"]
    assert_places(cameras["rows"][0]["at"], [MIDDLE], 0.01)
    assert (cameras["rows"][0]["heading"], cameras["rows"][0]["height"]) == (22.0, 60.0)
    ring = [above(pixel) for pixel in ((0, 0), (800, 0), (800, 600), (0, 600))]
    assert Polygon(footprints["rows"][0]["at"]).symmetric_difference(Polygon(ring)).area < 0.1
    assert state["again"] == 2
    assert state["layers"] == 1
    assert state["permanent"] == {"kept": 2, "new": [2]}


def test_what_is_drawn_lands_in_the_layer_that_was_chosen(report) -> None:
    state = report["drawn"]
    assert not state["into"]
    assert state["now"][:2] == [True, "area"]
    assert state["offered"][:3] == ["Areas, into a new layer", "Lines, into a new layer", "Points, into a new layer"]
    metres = 0.08 * report["photo_to_map"]["screen_px"]
    (area,) = state["area"]["features"]
    truth = Polygon([above(pixel) for pixel in ((100, 100), (300, 120), (250, 400))])
    assert Polygon(area["at"]).symmetric_difference(truth).area < 0.05 * truth.area
    assert (area["photo"], area["accuracy_m"], area["note"]) == ("above.png", 0.4, "")
    assert state["area"]["messages"][0][0].startswith("Added to Areas from photos, within 0.4 m")
    assert state["kept"] == "Areas from photos"
    assert state["line_tool"] == "line"
    (line,) = state["line"]["features"]
    assert_places(line["at"], [above(pixel) for pixel in ((500, 100), (600, 300), (550, 500))], metres)
    assert line["photo"] == "above.png"
    assert state["line"]["editing"]
    assert state["undone"] == 0
    assert_places(state["point"][0]["at"], [above((500, 100))], metres)
    assert state["after"] == ["click", False, False]


def test_selected_features_are_seen_in_the_photo(report) -> None:
    state = report["shown"]
    assert state["before"] == state["none"] == state["up"] == []
    assert state["line"] == pytest.approx([500, 100, 600, 500], abs=4 * state["screen_px"])
    assert state["opened"] == "above"
    assert state["said"] == [["Select features on the map that a matched photo shows.", INFO]]


def test_a_photo_is_laid_over_the_map(report) -> None:
    state = report["draped"]
    below = state["once"][-3:]
    assert below == ["Footprints", "above_on_map", "town"]
    assert state["twice"] == state["once"]
    assert state["said"] == [["above_on_map.tif: 450 x 400 pixels at 0.20 m.", SUCCESS]]
    assert state["kept"] == [0.4]
    assert state["files"] == ["above_on_map.tif"]
    town, (text, level) = state["refused"]
    assert (town, level) == (1, WARNING)
    assert text.endswith("is the photo or its reference: choose another file.")


def test_a_photo_that_is_not_here_is_linked_with_nothing(report) -> None:
    state = report["unmatched"]
    assert state["status"] == "Not here: nothing shows that this photo was taken of the reference."
    assert state["tool"] == "click"
    assert state["rings"] == []
    assert state["bands"] == 0
    assert {name for name, on in state["enabled"].items() if on} == {
        "match",
        "match_all",
        "see",
        "poses",
        "show",
        "cancel",
    }


def test_what_is_missing_is_said(report) -> None:
    text = "Tick the raster layer to search on; add one to the project first."
    assert report["failed"]["messages"] == [[text, WARNING]]


def test_nothing_stays_on_the_map(report) -> None:
    assert report["unloaded"] == {"left": [], "context": 0}
