"""`geoloc locate`: what it prints, writes and refuses."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from weakref import WeakSet

import geopandas
import pytest
from PIL import Image
from shapely.geometry import Point, box, shape

from geoloc.commands.shared import views
from geoloc.photo import photo as photo_files
from geoloc.photo.target import Target
from tests.helpers.command_line import Run
from tests.helpers.made_video import grey_video, subtitles
from tests.helpers.noise import EAST, LAT, LON
from tests.helpers.search_stub import REQUIRED, SearchStub
from tiling.grid import WGS84, ground_distance_m

LOCATE = ("locate", "photo.jpg", "--mosaic", "mosaic.tif")


def test_locate_prints_geojson_and_nothing_else_to_stdout(run: Run, search: SearchStub) -> None:
    result = run(*LOCATE, "--click", "10,20.5")
    assert result.exit_code == 0
    collection = json.loads(result.stdout)
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    # One answer for one click; what else it could be has to be asked for.
    (first,) = collection["features"]
    assert first["properties"].keys() >= REQUIRED
    properties = first["properties"]
    assert (properties["rank"], properties["click_x"], properties["click_y"]) == (1, 10, 20.5)
    assert (properties["epsg"], properties["model"], properties["photo"]) == (32633, "base", "photo.jpg")
    assert properties["xmin"] == EAST + 50
    lon, lat = shape(first["geometry"]).centroid.coords[0]
    assert (lon, lat) == pytest.approx((LON, LAT), abs=1e-3)
    assert "found: click 10,20.5" in result.stderr


def test_what_was_found_is_told_with_its_crs_and_even_decimals(run: Run, search: SearchStub) -> None:
    line = next(line for line in run(*LOCATE, "--click", "10,20").stderr.splitlines() if line.startswith("found:"))
    assert re.search(r" at \d+\.\d{3},\d+\.\d{3} \(EPSG:32633\), score ", line), line


@pytest.mark.parametrize(
    ("photo", "more", "told"),
    [
        ("photo.jpg", (), "Looking everywhere: the photo has no GPS position\n"),
        (
            "photo.jpg",
            ("--within", "50"),
            "--within does nothing: the photo has no GPS position; give --near LON,LAT too",
        ),
        ("here.jpg", ("--no-gps", "--within", "50"), "--within does nothing: the photo's GPS position is not used"),
        ("elsewhere.jpg", (), "Looking everywhere: nothing that is searched lies within 500 m of the photo's GPS"),
        ("here.jpg", ("--within", "50"), "Looking first within 50 m of the photo's GPS position"),
    ],
)
def test_what_a_position_does_is_told(
    run: Run, search: SearchStub, photo: str, more: tuple[str, ...], told: str
) -> None:
    stderr = run("locate", photo, "--mosaic", "mosaic.tif", "--click", "10,20", *more).stderr
    assert told in stderr
    assert ("does nothing" in stderr) == ("does nothing" in told)


def test_what_is_searched_is_told_with_the_gsd_of_windows_and_pixels(run: Run, search: SearchStub) -> None:
    own = run(*LOCATE, "--click", "10,20", "--gsd", "0.2").stderr
    coarse = run(*LOCATE, "--click", "10,20", "--gsd", "0.5").stderr
    told = [next(line for line in text.splitlines() if line.startswith("Searching")) for text in (own, coarse)]
    windows = r"Searching \d+ windows of 384 px at 0\.197 m"
    assert re.fullmatch(windows, told[0])
    assert re.fullmatch(windows + r", read at 0\.5 m and enlarged", told[1])


def test_several_clicks_have_their_own_ranks(run: Run, search: SearchStub) -> None:
    result = run(*LOCATE, "--click", "10,20", "--click", "30,40", "--click", "10,20", "--top", "2")
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [(row["click_x"], row["rank"]) for row in rows] == [(10, 1), (10, 2), (30, 1), (30, 2)]


def test_a_polygon_is_the_objects_outline(run: Run, search: SearchStub) -> None:
    result = run(*LOCATE, "--polygon", "10,20 40,20 10,50", "--polygon=-30,5 30,5 30,25 -30,25")
    assert result.exit_code == 0
    triangle, cut = search.targets
    assert triangle == Target.from_polygon([(10, 20), (40, 20), (10, 50)])
    assert cut.polygon is not None
    assert cut.polygon.equals(box(0, 5, 30, 25))
    assert result.stderr.count("the polygon reaches beyond the photo photo.jpg") == 1
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert {(row["click_x"], bool(row["note"])) for row in rows} == {(triangle.click.x, False), (cut.click.x, True)}
    # Also where it is not here.
    search.scores = []
    assert run(*LOCATE, "--polygon=-30,5 30,5 30,25 -30,25").stderr.count("reaches beyond the photo") == 1
    for more, message in (
        (("--polygon", "1,1 9,9"), "three corners or more"),
        (("--polygon", "1,1 9,1 9,9", "--click", "1,1"), "one of the three"),
    ):
        result = run(*LOCATE, *more)
        assert result.exit_code == 2
        assert message in result.stderr


def test_a_box_says_how_large_the_object_is(run: Run, search: SearchStub) -> None:
    assert run(*LOCATE, "--box", "10,20,30,60").exit_code == 0
    (target,) = search.targets
    assert target.box is not None
    assert (target.click.x, target.click.y, target.box.height) == (20, 40, 40)


def test_not_here_is_an_answer(run: Run, search: SearchStub, tmp_path: Path) -> None:
    search.scores = [0.42, 0.1]
    result = run(*LOCATE, "--click", "10,20", "--preview", tmp_path / "p.png")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"type": "FeatureCollection", "features": []}
    assert "not here: click 10,20 (best score 0.420; --min-score 0 shows it; looked in " in result.stderr
    assert (tmp_path / "p.png").exists()
    search.scores = []
    result = run(*LOCATE, "--click", "10,20", "-o", tmp_path / "none.gpkg")
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.search(
        r"click 10,20 \(nothing like it; try --box or --near; looked in \d+ windows of all that there is, 15\.0",
        result.stderr,
    )
    assert len(geopandas.read_file(tmp_path / "none.gpkg")) == 0


def test_what_the_photo_shows_beside_the_mosaic_is_said_to_lie_there(run: Run, search: SearchStub) -> None:
    search.place = Point(0.0, 0.0)
    result = run(*LOCATE, "--click", "10,20")
    assert result.exit_code == 0
    told = re.search(
        r"not here: click 10,20 \(the photo shows it (\d+) m outside what was searched; looked in \d+ windows",
        result.stderr,
    )
    assert told is not None, result.stderr
    assert float(told[1]) == pytest.approx(ground_distance_m(0.0, 0.0, 15.0, 48.75, WGS84), rel=1e-3)


def test_every_window_is_looked_at_where_asked(run: Run, search: SearchStub) -> None:
    for args in ((), ("--exhaustive",)):
        assert run("locate", "photo.jpg", "--click", "10,20", "--mosaic", "mosaic.tif", *args).exit_code == 0
        assert search.exhaustive == bool(args)


def test_geometry_checks_answers_unless_it_is_off(run: Run, search: SearchStub) -> None:
    assert run(*LOCATE, "--click", "10,20", "--refine", "off").exit_code == 0
    assert not search.refined
    assert run(*LOCATE, "--click", "10,20").exit_code == 0
    assert search.refined
    assert run(*LOCATE, "--click", "10,20", "--refine", "on").exit_code == 2


def test_min_score_leaves_out_all_that_score_less(run: Run, search: SearchStub) -> None:
    search.scores = [0.42, 0.3, 0.1]
    result = run(*LOCATE, "--click", "10,20", "--top", "3", "--min-score", "0.2")
    assert [f["properties"]["score"] for f in json.loads(result.stdout)["features"]] == [0.42, 0.3]


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_output_by_suffix(run: Run, search: SearchStub, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    result = run(*LOCATE, "--click", "10,20", "--top", "3", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"wrote {path}"
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert frame.crs.to_epsg() == (4326 if suffix == ".geojson" else 32633)
    assert set(frame.columns) >= REQUIRED
    assert sorted(frame["rank"]) == [1, 2, 3]
    assert list(tmp_path.iterdir()) == [path]


def test_a_dash_is_stdout(run: Run, search: SearchStub, inputs: Path) -> None:
    before = set(inputs.iterdir())
    result = run(*LOCATE, "--click", "10,20", "-o", "-")
    assert result.stdout == run(*LOCATE, "--click", "10,20").stdout != ""
    assert set(inputs.iterdir()) == before


def test_existing_files_are_kept_unless_told(run: Run, search: SearchStub, tmp_path: Path) -> None:
    found, preview = tmp_path / "found.geojson", tmp_path / "preview.png"
    for path in (found, preview):
        path.write_text("precious")
    for option, path in (("-o", found), ("--preview", preview)):
        result = run(*LOCATE, "--click", "10,20", option, path)
        assert result.exit_code == 1
        assert "exists already" in result.stderr
        assert path.read_text() == "precious"
    assert search.plan is None, "refused before the search"
    result = run(*LOCATE, "--click", "10,20", "-o", found, "--preview", preview, "--overwrite")
    assert result.exit_code == 0
    assert json.loads(found.read_text())["features"]
    assert Image.open(preview).width > 1000


def test_the_area_is_the_intersection_of_all_limits(run: Run, search: SearchStub, tmp_path: Path) -> None:
    def windows(*args: str) -> int:
        result = run(*LOCATE, "--click", "10,20", *args)
        assert result.exit_code == 0, result.stderr
        assert search.plan is not None
        return len(search.plan.windows)

    whole = windows()
    ring = box(LON, LAT - 0.0008, LON + 0.0012, LAT + 0.1)
    aoi = tmp_path / "aoi.geojson"
    geopandas.GeoDataFrame(geometry=[ring], crs=4326).to_file(aoi)
    limited = windows("--aoi", str(aoi))
    near = windows("--near", f"{LON},{LAT}", "--within", "30")
    bounds = windows("--bounds", f"{LON},{LAT - 0.0008},{LON + 0.0012},{LAT + 0.1}")
    assert near < limited <= bounds < whole
    assert windows("--aoi", str(aoi), "--near", f"{LON},{LAT}", "--within", "30") <= near


def test_the_photos_position_limits_the_search_unless_told(run: Run, search: SearchStub) -> None:
    def windows(*args: str) -> int:
        result = run("locate", "here.jpg", "--mosaic", "mosaic.tif", "--click", "10,20", *args)
        assert result.exit_code == 0, result.stderr
        assert search.plan is not None
        assert ("Looking first" in result.stderr) == ("--no-gps" not in args and "--near" not in args)
        return len(search.plan.windows)

    assert windows("--within", "30") < windows("--within", "30", "--no-gps") == windows("--no-gps")
    assert windows("--near", "15.002,48.7515", "--within", "100") > windows("--within", "30")


def test_a_position_off_the_mosaic_hides_nothing_and_is_told(run: Run, search: SearchStub) -> None:
    result = run("locate", "elsewhere.jpg", "--mosaic", "mosaic.tif", "--click", "10,20")
    assert result.exit_code == 0
    note = "the photo's GPS position was not believed: nothing was found within 500 m of it"
    assert {feature["properties"]["note"] for feature in json.loads(result.stdout)["features"]} == {note}
    assert note in result.stderr
    # Nor is it said that it is looked at first.
    assert "Looking first" not in result.stderr


def test_gsd_and_quiet(run: Run, search: SearchStub) -> None:
    result = run(*LOCATE, "--click", "10,20", "--gsd", "0.4", "-q")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert search.plan is not None
    # Read at 0.4 m and enlarged to the network's own.
    assert search.plan.gsd_m == pytest.approx(0.2, rel=0.03)
    assert search.finest_m == 0.4


def test_a_finer_gsd_is_what_the_network_sees(run: Run, search: SearchStub) -> None:
    assert run(*LOCATE, "--click", "10,20", "--gsd", "0.15").exit_code == 0
    assert search.plan is not None
    assert search.plan.gsd_m == pytest.approx(0.15, rel=0.03)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("none.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"), "none.jpg: no such photo"),
        ((".", "--click", "1,1", "--mosaic", "mosaic.tif"), "is a folder"),
        (("text.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"), "text.jpg: not an image"),
        (("cut.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"), "cut.jpg: the image is damaged or truncated"),
        (("cut.tif", "--click", "1,1", "--mosaic", "mosaic.tif"), "cut.tif: the image is damaged or truncated"),
        (("photo.jpg", "--click", "200,1", "--mosaic", "mosaic.tif"), "click 200,1 is outside the photo"),
        (("photo.jpg", "--click", "-1,1", "--mosaic", "mosaic.tif"), "click -1,1 is outside the photo"),
        (("photo.jpg", "--box", "290,1,390,9", "--mosaic", "mosaic.tif"), "the box lies outside the photo"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "none.tif"), "none.tif: no such file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "queries.csv"), "queries.csv"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_rasters"), "no raster files"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_crs.tif"), "no_crs.tif: has no CRS"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_transform.tif"), "no_transform.tif: has no geotransform"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "nodata.tif"), "data"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bands", "1,2,9"), "has no band 9"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4"), "nothing of the mosaic"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--aoi", "none.gpkg"), "none.gpkg: no such file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--aoi", "photo.jpg"), "photo.jpg: "),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "-o", "no/found.gpkg"), "no such folder"),
        (
            ("https://a.org/p.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"),
            "https://a.org/p.jpg: is an address; save",
        ),
        (
            ("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--aoi", "https://a.org/a.gpkg"),
            "https://a.org/a.gpkg: is an address; save",
        ),
    ],
)
def test_what_the_user_can_mend_is_one_line(run: Run, inputs: Path, args: tuple[str, ...], message: str) -> None:
    before = set(inputs.rglob("*"))
    output = () if "-o" in args else ("-o", "out.geojson")
    result = run("locate", *args, *output)
    lines = [line for line in result.stderr.splitlines() if line]
    assert result.exit_code == 1, result.stderr
    assert result.stdout == ""
    errors = [line for line in lines if line.startswith("Error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "unexpected" not in errors[0]
    assert lines[-1] == errors[0]
    assert set(inputs.rglob("*")) == before


def test_a_truncated_mosaic_leaves_nothing_half_written(run: Run, search: SearchStub, tmp_path: Path) -> None:
    # The header of a cut file is whole: the damage shows where its pixels are read.
    outputs = ("-o", tmp_path / "found.gpkg", "--preview", tmp_path / "p.png")
    result = run("locate", "photo.jpg", "--click", "1,1", "--mosaic", "cut_mosaic.tif", *outputs)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: cut_mosaic.tif: ")
    assert "damaged" in result.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_weights_that_cannot_be_used(run: Run, own_weights: Path, tmp_path: Path) -> None:
    weights = tmp_path / "own.safetensors"
    changed = bytearray(own_weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04K\x01.")
    for path, message in (
        (weights, "wrong checksum"),
        (tmp_path / "pickle.safetensors", "not a readable safetensors file"),
        (tmp_path / "none.safetensors", "no such weights file"),
    ):
        result = run(*LOCATE, "--click", "1,1", "--weights", path, "-o", tmp_path / "found.geojson")
        assert result.exit_code == 1
        assert message in result.stderr.splitlines()[-1]
        assert not (tmp_path / "found.geojson").exists()
    result = run(*LOCATE, "--click", "1,1", "--weights", own_weights, "--device", "cuda:99")
    assert result.exit_code == 1
    assert "device 'cuda:99' cannot be used" in result.stderr.splitlines()[-1]


def test_the_whole_way_as_a_process(inputs: Path, tmp_path: Path, own_weights: Path) -> None:
    found, preview = tmp_path / "found.geojson", tmp_path / "preview.png"
    args = [*LOCATE, "--box", "80,40,120,80", "--min-score", "0", "--near", f"{LON},{LAT}", "--within", "20"]
    outputs = ["-o", str(found), "--preview", str(preview)]
    command = [sys.executable, "-m", "geoloc", *args, *outputs, "--weights", str(own_weights)]
    # Threads that wait for busy cores make a small search many times slower.
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=inputs, env=env, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    features = json.loads(found.read_text())["features"]
    assert features
    assert [feature["properties"]["rank"] for feature in features] == list(range(1, len(features) + 1))
    assert features[0]["properties"].keys() >= REQUIRED
    assert all(shape(feature["geometry"]).distance(Point(LON, LAT)) < 2e-3 for feature in features)
    assert preview.exists()


def test_photos_of_one_object_are_one_question(run: Run, search: SearchStub, tmp_path: Path) -> None:
    search.scores = [0.45, 0.1]
    together = (*LOCATE, "--click", "10,20", "--and", "here.jpg", "--click", "30,40")
    preview = tmp_path / "preview.png"
    result = run(*together, "--preview", preview)
    assert result.exit_code == 0, result.stderr
    first, *_ = json.loads(result.stdout)["features"]
    told = first["properties"]
    assert told.keys() >= REQUIRED | {"object", "photos"}
    assert (told["object"], told["photos"]) == ("1", "photo.jpg; here.jpg")
    assert told["score"] > 0.5
    assert [target.click.x for target in search.targets] == [30]
    assert "here.jpg at 30,40 alone: score 0.45" in result.stderr
    assert "by 2 of 2 photos" in result.stderr
    assert preview.exists()
    # Each alone is not here, and has no such columns.
    assert json.loads(run(*LOCATE, "--click", "10,20").stdout)["features"] == []
    alone = json.loads(run(*LOCATE, "--click", "10,20", "--min-score", "0").stdout)["features"][0]
    assert not alone["properties"].keys() & {"object", "photos"}


def test_what_no_photo_finds_is_not_here(run: Run, search: SearchStub) -> None:
    search.scores = [0.05]
    result = run(*LOCATE, "--click", "10,20", "--and", "here.jpg", "--click", "30,40")
    assert (result.exit_code, json.loads(result.stdout)["features"]) == (0, [])
    assert "not here: the object in 2 photos (best score" in result.stderr
    assert "; looked in " in result.stderr
    assert "photo.jpg: Looking everywhere: the photo has no GPS position" in result.stderr
    assert "here.jpg: Looking first within " in result.stderr


@pytest.mark.parametrize("score", [0.05, 0.9])
def test_what_was_cut_is_told_of_every_photo_once(run: Run, search: SearchStub, score: float) -> None:
    search.scores = [score]
    result = run(*LOCATE, "--box", "-10,10,20,30", "--and", "here.jpg", "--box", "-20,10,20,30")
    assert result.exit_code == 0, result.stderr
    for name in ("photo.jpg", "here.jpg"):
        assert result.stderr.count(f"{name}: the box reaches beyond") == 1
    assert result.stderr.count("reaches beyond") == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--and", "here.jpg"), "2 photos and 1 click: with --and give one --click"),
        (("--and", "photo.jpg", "--click", "3,4"), "The same photo twice"),
        (("--and", "./sub/../photo.jpg", "--click", "3,4"), "The same photo twice"),
    ],
)
def test_every_photo_of_an_object_has_its_click(
    run: Run, search: SearchStub, more: tuple[str, ...], message: str
) -> None:
    result = run(*LOCATE, "--click", "10,20", *more)
    assert result.exit_code == 2
    assert message in result.stderr
    assert search.photos == []


def rows_of(stdout: str) -> list[tuple[str, float, int]]:
    rows = [feature["properties"] for feature in json.loads(stdout)["features"]]
    return [(row["photo"], row["click_x"], row["rank"]) for row in rows]


def test_clicks_are_of_the_photo_before_them(run: Run, search: SearchStub, tmp_path: Path) -> None:
    words = ["photo.jpg", "--click", "10,20", "--click", "30,40", "--mosaic", "mosaic.tif", "here.jpg", "--click"]
    result = run("locate", *words, "50,60", "--top", "2")
    assert result.exit_code == 0, result.stderr
    first = [("photo.jpg", 10, 1), ("photo.jpg", 10, 2), ("photo.jpg", 30, 1), ("photo.jpg", 30, 2)]
    assert rows_of(result.stdout) == [*first, ("here.jpg", 50, 1), ("here.jpg", 50, 2)]
    assert "found: click 50,60 in here.jpg at " in result.stderr
    assert "here.jpg: Looking first within " in result.stderr
    # Each is a question of its own.
    assert not json.loads(result.stdout)["features"][0]["properties"].keys() & {"object", "photos"}
    assert run("locate", *words, "50,60", "-o", tmp_path / "found.gpkg").exit_code == 0
    assert list(geopandas.read_file(tmp_path / "found.gpkg")["photo"]) == ["photo.jpg", "photo.jpg", "here.jpg"]


def test_options_before_a_photo_are_of_the_first(run: Run, search: SearchStub) -> None:
    result = run("locate", "--mosaic", "mosaic.tif", "--click", "10,20", "photo.jpg", "here.jpg", "--click", "30,40")
    assert rows_of(result.stdout) == [("photo.jpg", 10, 1), ("here.jpg", 30, 1)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("photo.jpg", "here.jpg", "--click", "1,2"), "photo.jpg has no --click"),
        (("photo.jpg", "--click", "1,2", "here.jpg"), "here.jpg has no --click"),
        (("a.jpg", "--click", "1,2", "b.jpg", "--click", "1,2", "--and", "c.jpg", "--click", "1,2"), "one object"),
        (("a.jpg", "--click", "1,2", "b.jpg", "--click", "1,2", "--preview", "p.png"), "--preview draws one photo"),
        (("--click", "1,2"), "Missing argument 'PHOTO...'"),
        (("photo.jpg", "--click"), "'--mosaic' is not of the form X,Y"),
        (("photo.jpg", "--clack", "1,2"), "No such option '--clack'"),
    ],
)
def test_photos_and_clicks_that_do_not_go_together(
    run: Run, search: SearchStub, words: tuple[str, ...], message: str
) -> None:
    result = run("locate", *words, "--mosaic", "mosaic.tif")
    assert result.exit_code == 2
    assert message in result.stderr
    assert search.photos == []


def test_photos_are_not_all_held_and_not_read_before_their_clicks_are_checked(
    run: Run, search: SearchStub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held: WeakSet[photo_files.Photo] = WeakSet()
    most, decoded, read = 0, 0, photo_files.load_photo

    def load(path: Path, **how: bool) -> photo_files.Photo:
        nonlocal most, decoded
        photo = read(path, **how)
        held.add(photo)
        gc.collect()
        most, decoded = max(most, len(held)), decoded + 1
        return photo

    monkeypatch.setattr(photo_files, "load_photo", load)
    for number in range(6):
        Image.new("RGB", (60, 40), (number, 0, 0)).save(tmp_path / f"{number}.png")
    words = [word for number in range(6) for word in (tmp_path / f"{number}.png", "--click", "1,2")]
    assert run("locate", *words, "no_click.jpg", "--mosaic", "mosaic.tif").exit_code == 2
    assert most == 0
    assert run("locate", *words, "--mosaic", "mosaic.tif").exit_code == 0
    assert decoded == 6, "what there is room for is decoded once"
    held.clear()
    most, decoded = 0, 0
    monkeypatch.setattr(views, "KEPT_BYTES", 2 * 60 * 40 * 3)
    assert run("locate", *words, "--mosaic", "mosaic.tif").exit_code == 0
    # Two that are kept, the one that is searched and the one that is read meanwhile.
    assert most <= 4
    assert decoded == 6 + 4


def test_one_bad_click_does_not_lose_the_good_ones(run: Run, search: SearchStub) -> None:
    result = run(*LOCATE, "--click", "10,20", "--click", "5000,1", "--click", "30,40")
    assert result.exit_code == 1
    assert rows_of(result.stdout) == [("photo.jpg", 10, 1), ("photo.jpg", 30, 1)]
    assert result.stderr.count("click 5000,1 is outside the photo photo.jpg of ") == 1
    assert result.stderr.splitlines()[-1] == "Error: 1 of 3 clicks failed, as told above; the others are answered"


def test_one_bad_photo_does_not_lose_the_others(run: Run, search: SearchStub, tmp_path: Path) -> None:
    found = tmp_path / "found.geojson"
    words = ("none.jpg", "--click", "1,2", "--click", "3,4", "photo.jpg", "--click", "10,20", "--mosaic", "mosaic.tif")
    result = run("locate", *words, "-o", found)
    assert result.exit_code == 1
    assert rows_of(found.read_text()) == [("photo.jpg", 10, 1)]
    assert result.stderr.count("none.jpg: no such photo") == 1
    assert "2 of 3 clicks failed" in result.stderr.splitlines()[-1]


def test_where_all_fails_nothing_is_searched_or_written(run: Run, search: SearchStub, tmp_path: Path) -> None:
    more = ("--mosaic", "mosaic.tif", "-o", tmp_path / "found.geojson")
    alone = run("locate", "photo.jpg", "--click", "5000,1", *more)
    assert alone.exit_code == 1
    assert alone.stderr.splitlines()[-1].startswith("Error: click 5000,1 is outside")
    both = run("locate", "photo.jpg", "--click", "5000,1", "none.jpg", "--click", "1,2", *more)
    assert both.exit_code == 1
    assert both.stderr.splitlines()[-1] == "Error: none of 2 clicks can be searched for, as told above"
    assert "none.jpg: no such photo" in both.stderr
    assert search.photos == []
    assert not list(tmp_path.iterdir())


def test_no_password_of_an_address_is_told(run: Run, tmp_path: Path) -> None:
    more = ("--mosaic", "mosaic.tif", "-o", tmp_path / "found.geojson")
    both = run("locate", "https://u:secret@h/a.jpg", "--click", "1,1", "none.jpg", "--click", "1,2", *more)
    assert "https://...@h/a.jpg: is an address" in both.stderr
    still = run("locate", "https://u:secret@h/a.jpg", "--time", "3", "--click", "1,1", *more)
    assert "https://...@h/a.jpg: a time or frame is that of a video" in still.stderr
    assert "secret" not in both.output + both.stderr + still.output + still.stderr


def test_a_picture_of_a_video_is_a_photo(run: Run, search: SearchStub, tmp_path: Path) -> None:
    clip = tmp_path / "clip.MP4"
    grey_video(clip)
    told = f"[latitude: {LAT}] [longitude: {LON}] [rel_alt: 80.0 abs_alt: 190.0]"
    (tmp_path / "clip.SRT").write_text(subtitles([(0, 1, "no fix yet"), (1, 2, told)]))
    words = (clip, "--time", "1.5", "--click", "10,20", clip, "--frame", "3", "--click", "30,40")
    result = run("locate", *words, "--mosaic", "mosaic.tif")
    assert result.exit_code == 0, result.stderr
    assert rows_of(result.stdout) == [(f"{clip}#t=1.5", 10, 1), (f"{clip}#frame=3", 30, 1)]
    # Each is told of once, although the second one, and for a KMZ both, are read again.
    drawn = run("locate", *words, "--mosaic", "mosaic.tif", "-o", tmp_path / "found.kmz")
    for told_once in (result.stderr, drawn.stderr):
        assert [line for line in told_once.splitlines() if "the picture at" in line] == [
            "clip.MP4#t=1.5: the picture at 1.500 s",
            "clip.MP4#frame=3: the picture at 0.300 s",
        ]
        assert told_once.count("tells nothing of 0.30 s") == 1
    assert "clip.MP4#t=1.5: Looking first within 500 m" in result.stderr
    assert "clip.MP4#frame=3: Looking everywhere" in result.stderr
    together = run(
        *("locate", clip, "--time", "0", "--click", "1,2", "--and", clip, "--time", "1", "--click", "3,4"),
        *("--mosaic", "mosaic.tif"),
    )
    assert together.exit_code == 0, together.stderr
    (feature,) = json.loads(together.stdout)["features"]
    assert feature["properties"]["photos"] == f"{clip}#t=0; {clip}#t=1"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ((), "clip.MP4 is a video: say which picture of it, by --time SECONDS or --frame NUMBER."),
        (("--time", "1", "--frame", "2"), "give the time or the frame, not both"),
        (("--time", "1", "--time", "2"), "clip.MP4 has two of --time: name it anew for each of its pictures"),
        (("--time", "-1"), "is not in the range"),
        (("--time", "1", "photo.jpg", "--time", "1", "--click", "1,2"), "which this is not"),
    ],
)
def test_of_a_video_it_is_said_which_picture(run: Run, search: SearchStub, more: tuple[str, ...], message: str) -> None:
    result = run("locate", "clip.MP4", "--click", "1,2", *more, "--mosaic", "mosaic.tif")
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_video_is_never_written_over(run: Run, search: SearchStub, tmp_path: Path) -> None:
    clip, out = tmp_path / "clip.MP4", tmp_path / "out.geojson"
    grey_video(clip)
    out.symlink_to(clip)
    before = clip.read_bytes()
    (tmp_path / "drawn.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}')
    more = ("--mosaic", "mosaic.tif", "-o", out, "--overwrite")
    for words in (
        ("locate", clip, "--time", "1", "--click", "1,2"),
        ("pose", f"{clip}#t=1"),
        ("map", f"{clip}#t=1", "--features", tmp_path / "drawn.geojson"),
    ):
        result = run(*words, *more)
        assert result.exit_code == 1, words
        assert "is read by this very command" in result.stderr
    assert clip.read_bytes() == before


def test_past_the_end_of_a_video_is_one_line(run: Run, search: SearchStub, tmp_path: Path) -> None:
    grey_video(tmp_path / "clip.MP4")
    result = run("locate", tmp_path / "clip.MP4", "--time", "99", "--click", "1,2", "--mosaic", "mosaic.tif")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith(
        "clip.MP4: has no picture at 99 s; its last one is frame 19, at 1.90 s"
    )
