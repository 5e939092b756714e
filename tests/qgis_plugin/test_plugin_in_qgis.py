"""The plugin in QGIS itself, installed as the README says and used with the mouse; geoloc is a stand-in.

One QGIS is started for all tests; `drive_plugin.py` does in it what a person would and tells what was to be seen.
"""

import configparser
import json
import shutil
from pathlib import Path
from typing import Any

import found
import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from qgis_run import HERE, ROOT, put_stub, run_in_display

NAME = "geoloc_locate"
CRS = "EPSG:32615"
GSD = 0.2
INFO, WARNING, CRITICAL, SUCCESS = range(4)
# Centres of the dots in the upright photos.
UPRIGHT_DOT = (612.5, 143.5)
TURNED_DOT = (100.5, 500.5)
EXIF_ORIENTATION = 274


def make_photo(size: tuple[int, int], dot: tuple[float, float]) -> Image.Image:
    """A plain picture with a blue square of 9 x 9 pixels round `dot`."""
    across, down = np.meshgrid(np.linspace(150, 220, size[0]), np.linspace(200, 140, size[1]))
    pixels = np.stack([across, down, (across + down) / 2], axis=-1).astype(np.uint8)
    x, y = (int(value) for value in dot)
    pixels[y - 4 : y + 5, x - 4 : x + 5] = (0, 0, 255)
    return Image.fromarray(pixels)


def make_photos(folder: Path) -> dict[str, str]:
    """Photos named for what the stand-in shall do; "turned" lies on its side and says so (EXIF orientation 6)."""
    photos = {kind: str(folder / f"{kind}.jpg") for kind in ("found", "empty", "error", "slow", "turned", "text")}
    for kind in ("found", "empty", "error", "slow"):
        make_photo((800, 600), UPRIGHT_DOT).save(photos[kind], quality=95, subsampling=0)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    lying = make_photo((480, 640), TURNED_DOT).transpose(Image.Transpose.ROTATE_90)
    lying.save(photos["turned"], quality=95, subsampling=0, exif=exif)
    Path(photos["text"]).write_text("This is no photograph.", encoding="utf-8")
    return photos


def make_mosaic(path: Path) -> None:
    """A meadow with a red roof, 90 m by 80 m, the roof being the best answer's box."""
    affine = Affine(GSD, 0, 576670, 0, -GSD, 5188170)
    pixels = np.full((3, 400, 450), 120, np.uint8)
    pixels[:, ::20, :] = 100
    xmin, ymin, xmax, ymax = found.BOXES[CRS][0]
    left, top = (round(value) for value in ~affine * (xmin, ymax))
    right, bottom = (round(value) for value in ~affine * (xmax, ymin))
    pixels[:, top:bottom, left:right] = np.array([220, 20, 20], np.uint8)[:, None, None]
    profile = {"driver": "GTiff", "width": 450, "height": 400, "count": 3, "dtype": "uint8", "crs": CRS}
    with rasterio.open(path, "w", transform=affine, **profile) as file:
        file.write(pixels)


def install(profiles: Path, program: Path) -> None:
    """The plugin in a new QGIS profile, as its README says, switched on, with its setting."""
    profile = profiles / "profiles" / "default"
    plugin = profile / "python" / "plugins" / NAME
    shutil.copytree(ROOT / "qgis_plugin", plugin, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "metadata.txt", plugin)
    (profile / "QGIS").mkdir()
    settings = {
        "PythonPlugins": {NAME: "true"},
        "geoloc": {"program": str(program)},
        "qgis": {"checkVersion": "false"},
        "plugin-manager": {"automatically-check-for-updates": "false"},
    }
    ini = configparser.ConfigParser()
    ini.read_dict(settings)
    with (profile / "QGIS" / "QGIS3.ini").open("w", encoding="utf-8") as file:
        ini.write(file, space_around_delimiters=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qgis")


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, Any]:
    """What `drive_plugin.py` saw."""
    stub = put_stub(folder / "stub")
    for suffix in (".geojson", ".gpkg"):
        found.write(CRS, stub.with_name(f"answer{suffix}"))
    make_mosaic(folder / "town.tif")
    # The first layer of the list is another one, so that the choice counts.
    make_mosaic(folder / "another.tif")
    install(folder / "settings", stub)
    asked = {
        "stub": str(stub),
        "photos": make_photos(folder),
        "rasters": {"town": str(folder / "town.tif"), "another": str(folder / "another.tif")},
        "save_as": str(folder / "saved.gpkg"),
        "best_3857": list(found.in_crs(CRS, "EPSG:3857", slice(1))[0].exterior.coords),
    }
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    qgis = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(folder / "settings")]
    return run_in_display([*qgis, "--code", str(HERE / "drive_plugin.py")], folder)


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def clicked(arguments: list[str]) -> tuple[float, ...]:
    return tuple(float(number) for number in option(arguments, "--click").split(","))


def middle(box: list[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def bounds(points: list[list[float]]) -> list[float]:
    xs, ys = zip(*points, strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def test_nothing_unexpected_was_raised(said) -> None:
    assert said["unexpected"] == []


def test_the_action_is_in_toolbar_and_menu(said) -> None:
    text = "Locate object from photo"
    shown = {"toolbar": [text], "menus": 1, "menu": [text], "dialogs": 0}
    assert said["set_up"] == shown
    assert said["open_by_button"]["visible"]
    assert said["open_by_button"]["icon"]


def test_what_is_missing_is_said_before_anything_runs(said) -> None:
    assert said["open_by_button"]["messages"] == [["Choose a photo and click the object in it.", WARNING]]
    assert said["open_by_button"]["arguments"] is None


@pytest.mark.parametrize(
    ("step", "dot", "photo"),
    [("found_upright", UPRIGHT_DOT, "found.jpg"), ("found_turned", TURNED_DOT, "turned.jpg")],
)
def test_geoloc_gets_the_click_in_pixels_of_the_upright_photo(said, folder, step, dot, photo) -> None:
    arguments = said[step]["arguments"]
    assert arguments[:2] == ["locate", str(folder / photo)]
    # The dot is 9 pixels of the photo; a click cannot be finer than a pixel of the screen.
    screen_pixel = 9 / said[step]["dot"][0]
    assert clicked(arguments) == pytest.approx(dot, abs=1.5 * screen_pixel)


def test_the_dialog_tells_the_click(said) -> None:
    x, y = clicked(said["found_upright"]["arguments"])
    assert said["found_upright"]["hint"].endswith(f"Clicked: {x:.1f}, {y:.1f} px.")


def test_zoomed_in_the_click_is_finer_than_a_pixel(said) -> None:
    assert said["found_turned"]["dot"][0] > 18
    assert clicked(said["found_turned"]["arguments"]) == pytest.approx(TURNED_DOT, abs=0.5)


def test_geoloc_gets_what_was_chosen(said, folder) -> None:
    first, second = (said[step]["arguments"] for step in ("found_upright", "found_turned"))
    assert option(first, "--mosaic") == str(folder / "town.tif")
    assert option(first, "--top") == "3"
    assert "--no-gps" not in first
    assert "--no-gps" in second
    assert option(second, "-o") == str(folder / "saved.gpkg")
    assert "--overwrite" not in second


@pytest.mark.parametrize(("step", "crs"), [("found_upright", "EPSG:4326"), ("found_turned", CRS)])
def test_the_answers_are_a_layer_in_the_right_place(said, step, crs) -> None:
    seen = said[step]
    assert [layer[1:] for layer in seen["layers"]] == [[crs, 3]]
    assert seen["layers"][0][0].startswith("found (61" if step == "found_upright" else "turned (10")
    assert seen["crs"] == "EPSG:3857"
    # On the screen, in pixels: the outline, the red roof that it should lie on, and pyproj's opinion.
    assert middle(seen["outline"]) == pytest.approx(middle(bounds(seen["truth"])), abs=2)
    assert middle(seen["outline"]) == pytest.approx(middle(seen["object"]), abs=2)
    width = seen["outline"][2] - seen["outline"][0]
    assert 30 < width == pytest.approx(seen["object"][2] - seen["object"][0], abs=8)


def test_the_best_answer_is_told(said) -> None:
    best = ["Best of 3: score 0.85, its centre expected within 0.5 m.", SUCCESS]
    assert said["found_upright"]["messages"] == [best]
    assert said["found_upright"]["node"]


def test_a_saved_file_is_replaced_only_after_a_yes(said) -> None:
    seen = said["save_again"]
    ((text, level),) = seen["shown"]
    assert text.startswith("saved.gpkg is shown by the layer turned")
    assert level == WARNING
    assert len(seen["questions"]) == 2
    assert "saved.gpkg exists. Replace it?" in seen["questions"][0]
    assert not seen["called_after_no"]
    assert "--overwrite" in seen["arguments"]
    assert seen["layers"][0][1:] == [CRS, 3]


def test_dragging_moves_the_photo_and_does_not_click(said) -> None:
    seen = said["drag_and_miss"]
    assert not seen["dragged"]
    moved = [after - before for after, before in zip(middle(seen["after"]), middle(seen["before"]), strict=True)]
    assert moved == pytest.approx([60, -40], abs=2)
    assert not seen["missed"]


def test_a_file_that_is_no_photo_is_refused(said) -> None:
    ((text, level),) = said["no_photo"]["messages"]
    assert "text.jpg: cannot be shown" in text
    assert level == WARNING


def test_not_here_is_said_and_adds_no_layer(said) -> None:
    ((text, level),) = said["empty"]["messages"]
    assert text == "Not here: nothing on this layer is surely the object; the best score was 0.031."
    assert level == WARNING
    assert said["empty"]["layers"] == []
    assert not said["empty"]["running"]


def test_an_error_is_geolocs_one_line(said, folder) -> None:
    text = f"{folder / 'error.jpg'}: click 10,20 lies outside the photo"
    assert said["error"]["messages"] == [[text, CRITICAL]]
    assert said["error"]["layers"] == []
    assert not said["error"]["running"]


def test_qgis_answers_while_geoloc_works(said) -> None:
    seen = said["cancelled"]["while"]
    assert seen["running"]
    assert seen["percent"] == 50
    assert seen["status"] == "5 of 10 windows"
    assert seen["tasks"] == ["Locate object from slow.jpg"]
    assert seen["drawings"] >= 2
    assert seen["longest_gap_s"] < 1.0


def test_cancel_ends_geoloc(said) -> None:
    seen = said["cancelled"]
    assert seen["alive"] == [False, False]
    assert seen["seconds"] < 8
    assert seen["messages"] == [["Cancelled; nothing was written.", INFO]]
    assert seen["layers"] == []
    assert not seen["running"]


def test_a_closed_dialog_answers_in_qgiss_own_bar(said) -> None:
    seen = said["closed_meanwhile"]
    assert not seen["visible"]
    assert seen["layers"] == 1
    ((text, level),) = seen["bar"]
    assert text.startswith("Best of 3")
    assert level == SUCCESS


@pytest.mark.parametrize("step", ["found_upright", "empty", "error", "cancelled"])
def test_temporary_files_are_removed_at_once(said, step) -> None:
    assert not said[step]["folder_left"]


def test_it_opens_again_as_it_was_left(said) -> None:
    seen = said["opened_again"]
    assert seen["visible"]
    assert seen["kept"]
    assert len(seen["layers"]) == 1
    assert seen["dialogs"] == 1


def test_unloading_leaves_nothing_and_it_loads_again(said) -> None:
    seen = said["unloaded"]
    assert seen["ended"]
    assert seen["after"] == {"toolbar": [], "menus": 0, "menu": [], "dialogs": 0, "folder_left": False}
    assert seen["again"] == said["set_up"]
    assert seen["opens"]
