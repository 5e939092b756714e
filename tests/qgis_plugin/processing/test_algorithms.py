"""The algorithms: each headless in qgis_process with geoloc itself; with a stand-in, what goes wrong, and a model."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely.geometry import Point

from geoloc.pipeline.request import options_of
from geoloc.results.vector_files import write_results
from qgis_plugin.worker.request import NOT_OFFERED
from tests.helpers import city
from tests.helpers.qgis import results_files
from tests.helpers.qgis.run import headless, install, put_stub, run_module

AREA = (576700.0, 5188100.0, 576800.0, 5188200.0)
NAMES = (
    "buildindex",
    "checkenvironment",
    "drapephoto",
    "locateobject",
    "locateobjectsfromtable",
    "mapfeatures",
    "photopose",
    "tileplan",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city, a profile with the plugin, and what the stand-in needs."""
    folder = tmp_path_factory.mktemp("processing")
    city.make_city(folder)
    install(folder / "settings", sys.executable)
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    """The report of `drive_processing`."""
    stub = put_stub(folder / "stub")
    write_results(results_files.detections("EPSG:32615"), stub.with_name("answer.geojson"), crs="EPSG:32615")
    photos = {kind: str(folder / f"{kind}.jpg") for kind in ("found", "empty", "error", "crash", "slow")}
    for path in photos.values():
        shutil.copy(folder / "p.jpg", path)
    area = folder / "area.gpkg"
    polygon = geopandas.GeoSeries.from_wkt(["POLYGON((0 0, 9e5 0, 9e5 9e6, 0 9e6, 0 0))"], crs="EPSG:32615")
    geopandas.GeoDataFrame(geometry=polygon).to_file(area)
    table = folder / "stub.csv"
    table.write_text("photo,click_x,click_y\nfound.jpg,10,20\nerror.jpg,10,20\nfound.jpg,,\n,5,5\n")
    drawn = folder / "drawn.csv"
    drawn.write_text(
        "photo,photo_xmin,photo_ymin,photo_xmax,photo_ymax,photo_polygon\n"
        "found.jpg,40.5,52,12,20,\n"
        'found.jpg,1,2,3,4,"POLYGON ((12 20, 40 20.5, 26 52, 12 20))"\n'
        "found.jpg,1,2,,4,\n"
        "found.jpg,,,,,POINT (1 2)\n"
        "found.jpg,,,,,\n"
    )
    objects = folder / "objects.csv"
    objects.write_text("photo,click_x,click_y,object\nfound.jpg,10,20,0\nempty.jpg,30,40,\nempty.jpg,30,40,0\n")
    objects.with_suffix(".csvt").write_text('"String","Real","Real","Integer"')
    xmin, ymin, xmax, ymax = AREA
    inputs = {
        "stub": str(stub),
        "photos": photos,
        "mosaic": str(folder / "m.tif"),
        "extent": f"{xmin},{xmax},{ymin},{ymax} [EPSG:32615]",
        "area": str(area),
        "near": "576750,5188150 [EPSG:32615]",
        "click": city.CLICK,
        "model": str(folder / "squared.model3"),
        "drawn": str(drawn),
        "objects": str(objects),
        "batch": {
            **{"INPUT": str(table), "PHOTO_FIELD": "photo", "X_FIELD": "click_x", "Y_FIELD": "click_y"},
            **{"FOLDER": str(folder), "REFERENCE": [str(folder / "m.tif")]},
        },
    }
    return run_module("drive_processing", folder, inputs)


def process(folder: Path, *words: str) -> dict[str, Any]:
    """Results of an algorithm that qgis_process has run, and its log."""
    run = headless(folder, "--json", "run", *words)
    assert run.returncode == 0, run.stderr + run.stdout[-3000:]
    results = json.loads(run.stdout)
    return {**results["results"], "log": results["log"]}


def best(path: str | Path) -> Any:
    frame = geopandas.read_file(path)
    return frame[frame["rank"] == 1].iloc[0], frame.crs


def test_all_algorithms_are_listed(folder: Path) -> None:
    text = headless(folder, "list").stdout
    assert [line.split("\t")[1] for line in text.splitlines() if line.startswith("\tgeoloc:")] == [
        f"geoloc:{name}" for name in NAMES
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_algorithm_has_help(folder: Path, name: str) -> None:
    run = headless(folder, "help", f"geoloc:{name}")
    text = run.stdout.partition("Description")[2].partition("Arguments")[0]
    assert len(text.strip("- \n")) > 100
    arguments = [line for line in run.stdout.splitlines() if line[:1].isupper() and ": " in line]
    assert all(line.partition(": ")[2].strip() for line in arguments)


def test_check_environment_headless(folder: Path) -> None:
    results = process(folder, "geoloc:checkenvironment")
    assert results["PYTHON"] == sys.executable
    assert any(text.startswith("torch: 2") for text in results["log"]["info"])


def test_locate_object_headless(folder: Path) -> None:
    x, y = city.CLICK
    results = process(
        folder,
        "geoloc:locateobject",
        # Relative to where it is run, as on any command line.
        *("--PHOTO=p.jpg", f"--CLICK_X={x}", f"--CLICK_Y={y}", "--REFERENCE=m.tif", "--OUTPUT=located.gpkg"),
    )
    row, crs = best(folder / "located.gpkg")
    assert crs == city.CRS
    assert row.geometry.contains(Point(city.TRUE))
    assert row["score"] == pytest.approx(results["BEST_SCORE"])
    assert results["COUNT"] == len(geopandas.read_file(folder / "located.gpkg"))


def test_an_index_is_built_brought_up_to_date_and_searched_headless(folder: Path) -> None:
    index = folder / "city.zarr"
    words = ("geoloc:buildindex", f"--REFERENCE={folder}/m.tif", "--OUTPUT=city.zarr")
    results = process(folder, *words)
    assert index.is_dir()
    assert results["BLOCKS"] > 0
    assert results["SIZE_MB"] > 0
    assert process(folder, *words, "--UPDATE=1")["BLOCKS"] == 0
    table = folder / "queries.csv"
    x, y = city.CLICK
    table.write_text(f"photo,click_x,click_y\np.jpg,{x},{y}\nnone.jpg,1,1\np.jpg,9999,1\n")
    results = process(
        folder,
        "geoloc:locateobjectsfromtable",
        *(f"--INPUT={table}", "--PHOTO_FIELD=photo", "--X_FIELD=click_x", "--Y_FIELD=click_y"),
        # Photos lie beside the table.
        *("--INDEX=city.zarr", f"--OUTPUT={folder}/rows.gpkg"),
    )
    assert (results["COUNT"], results["FAILED"]) == (1, 2)
    rows = geopandas.read_file(results["OUTPUT"])
    # An index alone has no layer whose CRS could be taken.
    assert rows.crs == "EPSG:4326"
    in_city = rows.to_crs(city.CRS)
    assert in_city[(in_city["query"] == 1) & (in_city["rank"] == 1)].geometry.iloc[0].contains(Point(city.TRUE))
    wrong = rows[rows["query"] > 1].set_index("query")
    assert (wrong.geometry.isna() | wrong.geometry.is_empty).all()
    assert "none.jpg" in wrong.loc[2, "error"]
    assert "outside" in wrong.loc[3, "error"]


def test_tile_plan_headless(folder: Path) -> None:
    results = process(folder, "geoloc:tileplan", f"--REFERENCE={folder}/m.tif", f"--OUTPUT={folder}/plan.gpkg")
    plan = geopandas.read_file(results["OUTPUT"])
    assert len(plan) == results["COUNT"] > 1
    assert plan["id"].is_unique
    assert plan.crs == city.CRS
    middle = Point(city.AFFINE * (city.SIDE / 2, city.SIDE / 2))
    assert plan.union_all().covers(middle.buffer(0.49 * city.SIDE * city.GSD_M, cap_style="square"))


def test_in_a_model_headless(folder: Path, report) -> None:
    assert report["model"] == [True, [True, []]]
    words = (f"--photo={folder}/p.jpg", f"--mosaic={folder}/m.tif", f"--square:bounds={folder}/bounds.gpkg")
    process(folder, f"{folder}/squared.model3", *words)
    (row,) = geopandas.read_file(folder / "bounds.gpkg").itertuples()
    assert row.geometry.contains(Point(city.TRUE))


def test_an_error_headless_is_one_line_and_no_success(folder: Path) -> None:
    words = (f"--PHOTO={folder}/p.jpg", "--CLICK_X=9999", "--CLICK_Y=1", f"--REFERENCE={folder}/m.tif")
    run = headless(folder, "run", "geoloc:locateobject", *words, f"--OUTPUT={folder}/never.gpkg")
    assert run.returncode != 0
    assert "click 9999,1 is outside the photo" in run.stderr + run.stdout
    assert "Traceback" not in run.stderr + run.stdout


def test_what_is_chosen_reaches_the_worker(folder: Path, report) -> None:
    request = report["found"]["request"]
    assert request["mosaics"] == [str(folder / "m.tif")]
    assert request["click"] == [10, 20]
    area = geopandas.GeoDataFrame.from_features([{"geometry": request["area"], "properties": {}}], crs="EPSG:4326")
    assert area.to_crs("EPSG:32615").total_bounds == pytest.approx(AREA, abs=0.02)
    near = geopandas.GeoSeries([Point(request["near"])], crs="EPSG:4326").to_crs("EPSG:32615")[0]
    assert (near.x, near.y) == pytest.approx((576750, 5188150), abs=0.01)
    assert report["found"]["results"]["COUNT"] == 3


def test_every_option_of_a_search_is_sent_or_not_offered(report) -> None:
    sent = set(report["found"]["request"]) - {"id", "type", "photo", "click"}
    assert sent | set(NOT_OFFERED) == {option.key for option in options_of().values()}


def test_every_window_is_looked_at_on_demand_only(report) -> None:
    assert report["found"]["request"]["exhaustive"] is False
    assert report["exhaustive"]["ok"]
    assert report["exhaustive"]["request"]["exhaustive"] is True


def test_a_box_or_a_polygon_takes_the_place_of_the_click(report) -> None:
    for name, value in (("box", [12, 20, 40.5, 52]), ("polygon", [[12, 20], [40, 20.5], [26, 52]])):
        request = report[name]["request"]
        assert request[name] == value
        assert {"click", "box", "polygon"} & set(request) == {name}
    assert report["corner"]["request"]["click"] == [0, 0]


def test_what_marks_no_object_is_said(report) -> None:
    for name in ("nothing", "both"):
        assert report[name]["texts"] == ["Give the object's click, or its box, or its polygon: one of them."]
    assert report["half"]["texts"] == ["A click is both x and y."]
    words = "a box is x,y,x,y, and a polygon x,y x,y x,y, in pixels of the photo."
    for name, given in (("no_box", "12,20,40"), ("flat_box", "12,20,12,52"), ("no_polygon", "12,20 40,20")):
        assert report[name]["texts"] == [f"{given}: {words}"]


def test_a_table_of_drawn_objects_needs_no_clicks(report) -> None:
    first, second = report["drawn_batch"]["queries"]
    assert {**first, "photo": ""} == {"number": 1, "photo": "", "box": [12, 20, 40.5, 52]}
    assert {**second, "photo": ""} == {"number": 2, "photo": "", "polygon": [[12, 20], [40, 20.5], [26, 52]]}
    wrong = [text for text in report["drawn_batch"]["texts"] if text.startswith("row")]
    assert [text.rpartition("row ")[2] for text in wrong] == [f"{n}: no click, box or polygon" for n in (3, 4, 5)]


def test_rows_of_one_object_are_one_question(folder: Path, report) -> None:
    state = report["objects_batch"]
    assert [query.get("object") for query in state["request"]["queries"]] == ["0", None, "0"]
    assert state["request"]["dsm"] == str(folder / "m.tif")
    assert report["batch"]["ok"]
    assert (state["results"]["COUNT"], state["results"]["FAILED"]) == (2, 0)
    rows = geopandas.read_file(folder / "objects.gpkg")
    # Three answers to the object, three to the row without one, and nothing of the row that the first answers too.
    assert list(rows["query"]) == [1, 1, 1, 2, 2, 2]
    assert {"object", "photos", "clicks"} <= set(rows.columns)
    assert not {"object", "photos", "clicks"} & set(geopandas.read_file(folder / "batch.gpkg").columns)


def test_not_here_is_said(report) -> None:
    assert report["empty"]["ok"]
    assert report["empty"]["results"]["COUNT"] == 0
    assert report["empty"]["results"]["BEST_SCORE"] == pytest.approx(0.031)
    assert any("Not here" in text for text in report["empty"]["texts"])


def test_what_goes_wrong_is_one_line_and_the_next_run_works(report) -> None:
    assert report["error"]["results"]["raised"].endswith("click 10,20 lies outside the photo")
    assert "No module named 'torch'" in report["crash"]["results"]["raised"]
    assert report["after"]["ok"]
    for name, text in (
        ("no_photo", "/no/such.jpg: no such photo."),
        ("no_reference", "Choose reference rasters, or an index, or both."),
        ("apart", "The extent and the polygons have nothing in common."),
    ):
        # QGIS reports what is found before a run begins, and does not raise it.
        assert not report[name]["ok"]
        assert report[name]["texts"] == [text]
    assert report["missing"][0] is False
    assert "Settings > Options > Geoloc" in report["missing"][1]


def test_cancel_stops_it(report) -> None:
    state = report["cancelled"]
    assert state["results"]["raised"] == "Cancelled."
    assert 50 in state["percent"]
    assert any("1 min left" in text for text in state["texts"])


def test_a_row_that_fails_is_a_row_and_the_others_go_on(folder: Path, report) -> None:
    assert report["batch"]["results"]["COUNT"] == 1
    assert report["batch"]["results"]["FAILED"] == 3
    rows = geopandas.read_file(folder / "batch.gpkg")
    assert list(rows["query"]) == [1, 1, 1, 2, 3, 4]
    assert list(rows["error"])[3:] == ["no such photo", "row 3: no click, box or polygon", "row 4: no photo"]
    assert report["no_rows"]["texts"] == ["The table has no row with a photo and a click, box or polygon."]


def test_layers_are_styled_when_loaded(report) -> None:
    assert report["styled"] == [[city.CRS, 3, "RuleRenderer", True]]
