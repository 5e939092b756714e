"""The dock in QGIS itself, used with the mouse; geoloc's worker is a stand-in.

One QGIS is started for all tests; `drive_dock` does in it what a person would and reports what was to be seen.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely.geometry import box, shape

from geoloc.pipeline.request import options_of
from geoloc.results.vector_files import write_results
from qgis_plugin.processing import names
from qgis_plugin.worker.request import NOT_OFFERED
from tests.helpers.qgis import results_files
from tests.helpers.qgis.run import install, put_stub, run_script

CRS = "EPSG:32615"
GSD = 0.2
KINDS = ("everywhere", "gps", "canvas", "polygons", "point")
"""Kinds of places to search in, as `drive_dock` names them."""
INFO, WARNING, CRITICAL, SUCCESS = range(4)
UPRIGHT_DOT = (612.5, 143.5)
TURNED_DOT = (100.5, 500.5)
"""Centres of the dots in the upright photos."""
POSITION = (-93.99, 46.84)
EXIF_ORIENTATION = 274
POLYGONS = ((576700.0, 5188100.0, 576720.0, 5188120.0), (576800.0, 5188100.0, 576820.0, 5188120.0))


def make_photo(size: tuple[int, int], dot: tuple[float, float]) -> Image.Image:
    """A plain picture with a blue square of 9 x 9 pixels round `dot`."""
    across, down = np.meshgrid(np.linspace(150, 220, size[0]), np.linspace(200, 140, size[1]))
    pixels = np.stack([across, down, (across + down) / 2], axis=-1).astype(np.uint8)
    x, y = (int(value) for value in dot)
    pixels[y - 4 : y + 5, x - 4 : x + 5] = (0, 0, 255)
    return Image.fromarray(pixels)


def make_photos(folder: Path) -> dict[str, str]:
    """Photos named for what the stand-in shall do; "turned" lies on its side and says so (EXIF orientation 6), "gps"
    says where it was taken.
    """
    folder.mkdir()
    kinds = ("found", "empty", "error", "slow", "later", "crash", "turned", "gps", "text")
    photos = {kind: str(folder / f"{kind}.jpg") for kind in kinds}
    for kind in ("found", "empty", "error", "slow", "later", "crash"):
        make_photo((800, 600), UPRIGHT_DOT).save(photos[kind], quality=95, subsampling=0)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    lying = make_photo((480, 640), TURNED_DOT).transpose(Image.Transpose.ROTATE_90)
    lying.save(photos["turned"], quality=95, subsampling=0, exif=exif)
    placed = Image.Exif()
    lon, lat = (abs(value) for value in POSITION)
    placed[34853] = {1: "N", 2: (lat, 0.0, 0.0), 3: "W", 4: (lon, 0.0, 0.0)}
    make_photo((800, 600), UPRIGHT_DOT).save(photos["gps"], quality=95, subsampling=0, exif=placed)
    Path(photos["text"]).write_text("This is no photograph.", encoding="utf-8")
    return photos


def make_mosaic(path: Path) -> None:
    """A meadow with a red roof, 90 m by 80 m, the roof being the best answer's box."""
    affine = Affine(GSD, 0, 576670, 0, -GSD, 5188170)
    pixels = np.full((3, 400, 450), 120, np.uint8)
    pixels[:, ::20, :] = 100
    xmin, ymin, xmax, ymax = results_files.BOXES[CRS][0]
    left, top = (round(value) for value in ~affine * (xmin, ymax))
    right, bottom = (round(value) for value in ~affine * (xmax, ymin))
    pixels[:, top:bottom, left:right] = np.array([220, 20, 20], np.uint8)[:, None, None]
    profile = {"driver": "GTiff", "width": 450, "height": 400, "count": 3, "dtype": "uint8", "crs": CRS}
    with rasterio.open(path, "w", transform=affine, **profile) as file:
        file.write(pixels)


def make_tiles(folder: Path) -> str:
    """The one tile that all places share, as a server's address."""
    folder.mkdir()
    Image.fromarray(np.full((256, 256, 3), (40, 160, 60), np.uint8)).save(folder / "tile.png")
    return f"file://{folder}/tile.png?%7Bx%7D%7By%7D%7Bz%7D"


def make_read_only(path: Path) -> str:
    """A table of polygons as text, which QGIS can show and nobody can add to; its address."""
    path.write_text('wkt,rank\n"POLYGON((576700 5188100,576701 5188100,576700 5188101,576700 5188100))",1\n')
    return f"file://{path}?type=csv&wktField=wkt&crs={CRS}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qgis")


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    """The report of `drive_dock`."""
    stub = put_stub(folder / "stub")
    write_results(results_files.detections(CRS), stub.with_name("answer.geojson"), crs=CRS)
    make_mosaic(folder / "town.tif")
    # The first layer of the list is another one, so that the choice counts.
    make_mosaic(folder / "another.tif")
    install(folder / "settings", stub)
    town = box(576670, 5188090, 576760, 5188170)
    to_map = pyproj.Transformer.from_crs(CRS, "EPSG:3857", always_xy=True)
    inputs = {
        "stub": str(stub),
        "photos": make_photos(folder / "photos"),
        "rasters": {"town": str(folder / "town.tif"), "another": str(folder / "another.tif")},
        "tiles": make_tiles(folder / "tiles"),
        "save_as": str(folder / "saved.gpkg"),
        "read_only": make_read_only(folder / "read_only.csv"),
        "best_3857": list(results_files.in_crs(CRS, "EPSG:3857", slice(1))[0].exterior.coords),
        "town_3857": to_map.transform_bounds(*town.bounds),
        "polygons": POLYGONS,
    }
    return run_script("drive_dock", folder, inputs)


def middle(box: list[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def bounds(points: list[list[float]]) -> list[float]:
    xs, ys = zip(*points, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def to_lonlat(bounds: tuple[float, ...]) -> tuple[float, ...]:
    return pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform_bounds(*bounds)


def test_nothing_unexpected_was_raised(report) -> None:
    assert report["unexpected"] == []


def test_the_action_is_in_toolbar_and_menu_and_the_algorithms_are_there(report) -> None:
    text = "Locate object from photo"
    ids = (
        names.BUILD_INDEX,
        names.CHECK_ENVIRONMENT,
        names.DRAPE_PHOTO,
        names.LOCATE_OBJECT,
        names.LOCATE_FROM_TABLE,
        names.MAP_FEATURES,
        names.PHOTO_POSE,
        names.TILE_PLAN,
    )
    shown = {"toolbar": [text], "menu": [text], "docks": 0, "algorithms": [f"{names.PROVIDER}:{one}" for one in ids]}
    assert {name: report["set_up"][name] for name in shown} == shown
    assert report["set_up"]["empty"]
    # The first layer that a project gets needs no tick of the user's.
    assert report["set_up"]["ticked"] == ["town"]


def test_what_is_missing_is_said_before_anything_runs(report) -> None:
    texts = [message[0][0] for message in report["set_up"]["messages"]]
    assert texts[0] == "Choose a photo and click the object in it."
    assert texts[1] == "Click the object in the photo, or draw it."
    assert texts[2].startswith("Tick the raster layer")
    assert not report["set_up"]["called"]


@pytest.mark.parametrize(
    ("step", "dot", "photo"),
    [("found_upright", UPRIGHT_DOT, "found.jpg"), ("found_turned", TURNED_DOT, "turned.jpg")],
)
def test_the_worker_gets_the_click_in_pixels_of_the_upright_photo(report, folder, step, dot, photo) -> None:
    request = report[step]["request"]
    assert request["photo"] == str(folder / "photos" / photo)
    # The dot is 9 pixels of the photo; a click cannot be finer than a pixel of the screen.
    screen_pixel = 9 / report[step]["dot"][0]
    assert request["click"] == pytest.approx(dot, abs=1.5 * screen_pixel)


def test_zoomed_in_the_click_is_finer_than_a_pixel(report) -> None:
    assert report["found_turned"]["dot"][0] > 18
    assert report["found_turned"]["request"]["click"] == pytest.approx(TURNED_DOT, abs=0.5)


def test_the_dock_tells_the_click(report) -> None:
    x, y = report["found_upright"]["request"]["click"]
    assert report["found_upright"]["hint"].startswith(f"Clicked at {x:.1f}, {y:.1f} px.")


def test_the_worker_gets_what_was_chosen(report, folder) -> None:
    request = report["found_upright"]["request"]
    assert request["mosaics"] == [str(folder / "town.tif")]
    assert request["top"] == 3
    assert request["min_score"] is None
    assert request["refine"] == "auto"
    assert request["index"] is None
    assert request["exhaustive"] is False


def test_every_option_of_a_search_is_sent_or_not_offered(report) -> None:
    keys = {option.key for option in options_of().values()}
    for request in (report["found_upright"]["request"], *(report["where"][kind] for kind in KINDS)):
        sent = set(request) - {"id", "type", "photo", "click", "thumbnails"}
        assert sent | set(NOT_OFFERED) == keys


def test_the_answers_are_a_layer_in_the_right_place(report) -> None:
    state = report["found_upright"]
    assert state["layers"] == [["Located objects", CRS, 3]]
    assert state["crs"] == "EPSG:3857"
    # On the screen, in pixels: the outline, the red roof that it should lie on, and pyproj's opinion.
    assert middle(state["outline"]) == pytest.approx(middle(bounds(state["truth"])), abs=2)
    assert middle(state["outline"]) == pytest.approx(middle(state["object"]), abs=2)
    # The outline has a width itself.
    assert state["outline"] == pytest.approx(bounds(state["truth"]), abs=4)
    assert state["outline"] == pytest.approx(state["object"], abs=8)
    assert [row[0] for row in state["rows"]] == [1, 2, 3]
    assert state["rows"][0][1:] == [0.85, "photos/süd.jpg", ""]
    assert (state["listed"], state["tab"]) == (3, 1)


def test_the_best_answer_is_told(report) -> None:
    best = ["Best of 3: score 0.85, its centre expected within 0.5 m.", SUCCESS]
    assert report["found_upright"]["messages"] == [best]


def test_dragging_moves_the_photo_and_does_not_click(report) -> None:
    state = report["drag_and_miss"]
    assert not state["dragged"]
    moved = [after - before for after, before in zip(middle(state["after"]), middle(state["before"]), strict=True)]
    assert moved == pytest.approx([60, -40], abs=2)
    assert not state["missed"]


def test_the_photos_of_a_folder_one_after_another(report) -> None:
    state = report["strip"]
    assert (state["first"], state["second"], state["back"]) == ("crash.jpg", "empty.jpg", "crash.jpg")
    assert state["place"] == [1, 9]
    ((text, level),) = state["messages"]
    assert "text.jpg: cannot be shown" in text
    assert level == WARNING


def test_a_path_can_be_typed(report) -> None:
    assert report["typed"] == {"before": ["found.jpg", True], "after": "gps.jpg"}


def test_answers_that_a_layer_cannot_take_go_into_a_new_one(report) -> None:
    state = report["elsewhere"]
    assert state["layers"] == [["Located objects", CRS, 3], ["read only", CRS, state["before"]]]


def test_everywhere_sets_no_limit(report) -> None:
    request = report["where"]["everywhere"]
    assert request["gps"] is False
    assert request["area"] is None
    assert request["near"] is None
    assert request["within"] is None


def test_round_the_photos_position(report) -> None:
    request = report["where"]["gps"]
    assert request["gps"] is True
    assert request["within"] == 500
    assert report["where"]["camera"]
    # A photo without a position is searched for everywhere.
    assert report["where"]["without"] == 0


def test_what_the_map_shows_and_polygons(report) -> None:
    # Less a metre: the map showed just this, and rounding is not the question.
    town = to_lonlat((576671, 5188091, 576759, 5188169))
    shown = shape(report["where"]["canvas"]["area"])
    assert shown.covers(box(*town))
    assert shown.area < 20 * box(*town).area
    selected = shape(report["where"]["polygons"]["area"])
    assert selected.bounds == pytest.approx(to_lonlat(POLYGONS[0]), abs=1e-7)


def test_a_point_picked_on_the_map(report) -> None:
    request = report["where"]["point"]
    assert request["near"] == report["where"]["picked"]
    west, south, east, north = to_lonlat((576670, 5188090, 576760, 5188170))
    assert west < request["near"][0] < east
    assert south < request["near"][1] < north


def test_answers_are_added_to_the_last_layer_or_to_a_new_one(report) -> None:
    state = report["kept_or_added"]
    assert state["one"] == [["Located objects", CRS, 6]]
    assert sorted(state["two"]) == [["Located objects", CRS, 6], ["Located objects 2", CRS, 3]]
    assert state["listed"] == ["a new layer"]


def test_accepted_and_rejected_are_stored(report) -> None:
    state = report["judged"]
    assert state["stored"] == ["accepted", "rejected", ""]
    assert state["taken_back"] == ["accepted", "", ""]
    assert not state["gone"]


def test_answers_are_exported_with_their_style(report, folder) -> None:
    state = report["judged"]
    assert state["export"] == [[f"3 answers were written to {folder / 'saved.gpkg'}.", SUCCESS]]
    assert state["saved"] == [3, CRS, "RuleRenderer"]


def test_answers_are_edited_with_qgiss_own_tools(report) -> None:
    state = report["judged"]
    assert state["editing"] == [True, 1, True]
    assert state["while_editing"] == [["Located objects", CRS, 6]]
    assert state["accepted_while_editing"] == 2
    assert state["after_undo"] == 3
    # Saved edits give answers other numbers.
    assert state["after_commit"] == [6, ["", "", "rejected"]]


def test_an_export_replaces_nothing_unasked(report) -> None:
    assert report["judged"]["no_suffix"] == [1, True]


def test_not_here_is_said_and_adds_no_layer(report) -> None:
    ((text, level),) = report["empty"]["messages"]
    assert text == "Not here: nothing that was searched is surely the object. The best score was 0.03."
    assert level == WARNING
    assert report["empty"]["layers"] == []
    assert not report["empty"]["running"]


def test_an_error_is_geolocs_one_line(report, folder) -> None:
    text = f"{folder / 'photos/error.jpg'}: click 10,20 lies outside the photo"
    assert report["error"]["messages"] == [[text, CRITICAL]]
    assert report["error"]["layers"] == []
    assert not report["error"]["running"]


def test_a_crash_is_told_with_its_last_line_and_mended(report) -> None:
    ((text, level),) = report["crash"]["messages"]
    assert "No module named 'torch'" in text
    assert level == CRITICAL
    assert report["crash"]["next"] == [["Located objects", CRS, 3]]


def test_qgis_answers_while_geoloc_works(report) -> None:
    state = report["cancelled"]["while"]
    assert state["running"]
    assert state["percent"] == 50
    assert state["status"] == "Searching: 5 of 10 windows, 1 min left"
    assert state["tasks"] == ["Locate object from slow.jpg"]


def test_cancel_stops_it_and_keeps_the_worker(report) -> None:
    state = report["cancelled"]
    assert state["messages"] == [["Cancelled; nothing was added.", INFO]]
    assert state["layers"] == 0
    assert state["kept_warm"]


def test_online_layers_are_rendered_for_the_area(report, folder) -> None:
    state = report["online"]
    assert state["valid"]
    assert "Too large" in state["everywhere"][0][0]
    assert state["no"] is None
    assert len(state["questions"]) == 2
    assert "tiles" in state["questions"][0]
    assert "licence" in state["questions"][0]
    rendered = state["rendered"]
    assert rendered["crs"] == "EPSG:3857"
    # 0.2 m on the ground at 46.8 degrees north.
    assert rendered["unit"] == pytest.approx(0.2 / np.cos(np.radians(46.84)), rel=0.02)
    to_map = pyproj.Transformer.from_crs(CRS, "EPSG:3857", always_xy=True)
    assert box(*rendered["bounds"]).covers(box(*to_map.transform_bounds(576670, 5188090, 576760, 5188170)))
    assert state["again"] == [rendered["path"]]
    assert not Path(rendered["path"]).exists()


def test_a_photo_is_matched_with_online_layers_round_its_own_position(report) -> None:
    west, south, east, north = report["online"]["matched"]
    lon, lat = POSITION
    # 20 m to the north and west; whole chunks to the south and east.
    away = 20 / 111_195
    assert (north - lat, lon - west) == pytest.approx((away, away / np.cos(np.radians(lat))), abs=1e-5)
    assert east > lon + away
    assert south < lat - away


def test_the_rendering_for_a_match_is_shown_and_can_be_stopped(report) -> None:
    state = report["online"]
    assert state["waiting"] == [True, True]
    assert state["told"] == [["Wait until the online layers are rendered.", INFO]]
    assert state["cancelled"] == [False, [["Cancelled.", WARNING]]]


def test_without_an_environment_it_says_where_to_mend_it(report) -> None:
    ((text, level),) = report["missing"]["messages"]
    assert "/no/such/python" in text
    assert "Settings > Options > Geoloc" in text
    assert level == WARNING
    assert report["missing"]["request"] is None


def test_a_closed_dock_answers_in_qgiss_own_bar(report) -> None:
    state = report["closed_meanwhile"]
    assert not state["visible"]
    assert state["layers"] == 1
    assert any(text.startswith("Best of 3") for text in state["bar"])
    assert state["again"]
    assert state["kept"]


def test_unloading_leaves_nothing_and_it_loads_again(report) -> None:
    state = report["unloaded"]
    assert state["after"] == {"toolbar": [], "menu": [], "docks": 0, "algorithms": []}
    assert state["again"]["toolbar"] == report["set_up"]["toolbar"]
    assert state["again"]["algorithms"] == report["set_up"]["algorithms"]
    assert state["opens"]


def test_a_worker_does_not_outlive_qgis(report) -> None:
    # It ends a moment after QGIS.
    while any(_runs(pid) for pid in report["quits_meanwhile"]["pids"]):
        time.sleep(0.1)
    assert report["quits_meanwhile"]["plugin"]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
