"""The command line: what it prints, writes and refuses. The network is replaced where it is not what is tested."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner, Result
from PIL import Image
from shapely.geometry import Point, box, shape

import geoloc.evaluation.demonstration
import geoloc.features.mosaic_features
import geoloc.geometry
import geoloc.model
import geoloc.search.locate
from cli import main
from geoloc import __version__
from geoloc.evaluation.evaluate import Outcome, read_queries
from geoloc.model.presets import new_network, preset
from geoloc.model.weights import Calibration, save_weights
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from tiling.mosaic import Mosaic
from tiling.plan import Plan

EAST, NORTH = 500_000.0, 5_400_000.0
LON, LAT = 15.001, 48.752
"""In the mosaic, a third of the way from its upper left corner."""
REQUIRED = {
    *("rank", "score", "photo", "click_x", "click_y", "accuracy_m", "gsd_m", "epsg"),
    *("xmin", "ymin", "xmax", "ymax", "model"),
}
Run = Callable[..., Result]


def write_mosaic(path: Path, **changes: object) -> Path:
    """A tenth of a square kilometre of noise at 0.5 m in UTM zone 33."""
    pixels = np.random.default_rng(0).integers(40, 200, (3, 640, 640), np.uint8)
    profile: dict[str, object] = {
        "driver": "GTiff",
        "width": 640,
        "height": 640,
        "count": 3,
        "dtype": "uint8",
        "crs": "EPSG:32633",
        "transform": Affine(0.5, 0, EAST, 0, -0.5, NORTH),
    }
    with rasterio.open(path, "w", **(profile | changes)) as file:
        file.write(pixels)
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photo.jpg, mosaic.tif and queries.csv, and with bad ones of each."""
    folder = tmp_path_factory.mktemp("inputs")
    noise = np.random.default_rng(1).integers(0, 255, (120, 200, 3), np.uint8)
    photo = Image.fromarray(noise)
    photo.save(folder / "photo.jpg")
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)}
    photo.save(folder / "elsewhere.jpg", exif=exif)
    exif[0x8825] = {1: "N", 2: (48.0, 45.0, 7.2), 3: "E", 4: (15.0, 0.0, 3.6)}
    photo.save(folder / "here.jpg", exif=exif)
    (folder / "cut.jpg").write_bytes((folder / "photo.jpg").read_bytes()[:4000])
    (folder / "text.jpg").write_text("not a picture")
    photo.save(folder / "photo.tif")
    (folder / "cut.tif").write_bytes((folder / "photo.tif").read_bytes()[:9000])

    write_mosaic(folder / "mosaic.tif")
    write_mosaic(folder / "no_crs.tif", crs=None)
    write_mosaic(folder / "no_transform.tif", transform=None)
    (folder / "cut_mosaic.tif").write_bytes((folder / "mosaic.tif").read_bytes()[:300_000])
    empty = {"crs": "EPSG:32633", "transform": Affine(0.5, 0, EAST, 0, -0.5, NORTH), "nodata": 0}
    size = {"driver": "GTiff", "width": 640, "height": 640, "count": 3, "dtype": "uint8"}
    with rasterio.open(folder / "nodata.tif", "w", **size, **empty) as file:
        file.write(np.zeros((3, 640, 640), np.uint8))
    (folder / "no_rasters").mkdir()
    rows = [
        "photo,object,click_x,click_y,xmin,ymin,xmax,ymax,epsg",
        f"photo.jpg,car,10,20,{EAST + 50},{NORTH - 60},{EAST + 54},{NORTH - 56},32633",
        f"photo.jpg,tree,30,40,{EAST + 90},{NORTH - 60},{EAST + 94},{NORTH - 56},32633",
    ]
    (folder / "queries.csv").write_text("\n".join(rows) + "\n")
    rows = ["id,photo,click_x,click_y", "1,photo.jpg,10,20", "2,here.jpg,10,20", "3,photo.jpg,30,40"]
    (folder / "clicks.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def own_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights of the default network that are sure of all they say."""
    path = tmp_path_factory.mktemp("weights") / "own.safetensors"
    save_weights(path, new_network(preset("base")), Calibration(score_offset=12.0))
    return path


@pytest.fixture
def run(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the folder of the inputs."""
    monkeypatch.chdir(inputs)

    def invoke(*args: str | Path) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args])

    return invoke


class Search:
    """Stands for model and search: answers with given scores to every click, the best one first, and remembers what
    was asked.
    """

    def __init__(self, scores: Sequence[float]) -> None:
        self.scores = scores
        self.plan: Plan | None = None
        self.targets: list[Target] = []
        self.refined = False
        self.finest_m = 0.0
        self.photos: list[str] = []
        self.fields = 0
        self.killed_at = ""
        self.exhaustive = False

    def refiner(self, mosaic: Mosaic, plan: Plan, guide: object) -> SimpleNamespace:
        def refine(photo: Photo, targets: list[Target], answers: list[Detection]) -> list[Detection]:
            self.refined = True
            return answers

        return SimpleNamespace(refine=refine)

    def field(self, mosaic: Mosaic, plan: Plan, model: SimpleNamespace) -> SimpleNamespace:
        self.fields += 1
        return SimpleNamespace(mosaic=mosaic, plan=plan)

    def load(self, preset: str, weights: Path | None, device: str) -> SimpleNamespace:
        return SimpleNamespace(name=preset)

    def locate(
        self,
        photo: Photo,
        targets: list[Target],
        reference: SimpleNamespace,
        model: SimpleNamespace,
        *,
        top: int = 5,
        exhaustive: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Detection]:
        if photo.path.name == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.photos.append(photo.path.name)
        self.exhaustive = exhaustive
        mosaic, plan = reference.mosaic, reference.plan
        self.plan, self.targets, self.finest_m = plan, targets, mosaic.finest_m
        mosaic.read(plan.windows[-1].grid)
        return [
            Detection(
                rank=rank,
                score=score,
                click=target.click,
                photo=str(photo.path),
                polygon=box(EAST + 50, NORTH - 50 - 10 * rank, EAST + 54, NORTH - 46 - 10 * rank),
                crs=mosaic.crs,
                gsd_m=plan.gsd_m,
                accuracy_m=0.7,
                accuracy_parts={"box": 0.7},
                model=model.name,
                window=plan.windows[0].id,
                method="attention",
                target=number,
            )
            for number, target in enumerate(targets)
            for rank, score in enumerate(self.scores[:top], 1)
        ]


@pytest.fixture
def search(monkeypatch: pytest.MonkeyPatch) -> Search:
    stub = Search([0.9, 0.3, 0.1])
    monkeypatch.setattr(geoloc.model, "load", stub.load)
    monkeypatch.setattr(geoloc.features.mosaic_features, "MosaicFeatures", stub.field)
    monkeypatch.setattr(geoloc.search.locate, "locate", stub.locate)
    monkeypatch.setattr(geoloc.geometry, "Refiner", stub.refiner)
    return stub


LOCATE = ("locate", "photo.jpg", "--mosaic", "mosaic.tif")


# locate


def test_locate_prints_geojson_and_nothing_else_to_stdout(run: Run, search: Search) -> None:
    result = run(*LOCATE, "--click", "10,20.5")
    assert result.exit_code == 0
    collection = json.loads(result.stdout)
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    first, *others = collection["features"]
    assert len(others) == 2
    assert first["properties"].keys() >= REQUIRED
    properties = first["properties"]
    assert (properties["rank"], properties["click_x"], properties["click_y"]) == (1, 10, 20.5)
    assert (properties["epsg"], properties["model"], properties["photo"]) == (32633, "base", "photo.jpg")
    assert properties["xmin"] == EAST + 50
    lon, lat = shape(first["geometry"]).centroid.coords[0]
    assert (lon, lat) == pytest.approx((LON, LAT), abs=1e-3)
    assert "found: click 10,20.5" in result.stderr


def test_several_clicks_have_their_own_ranks(run: Run, search: Search) -> None:
    result = run(*LOCATE, "--click", "10,20", "--click", "30,40", "--click", "10,20", "--top", "2")
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [(row["click_x"], row["rank"]) for row in rows] == [(10, 1), (10, 2), (30, 1), (30, 2)]


def test_a_box_says_how_large_the_object_is(run: Run, search: Search) -> None:
    assert run(*LOCATE, "--box", "10,20,30,60").exit_code == 0
    (target,) = search.targets
    assert target.box is not None
    assert (target.click.x, target.click.y, target.box.height) == (20, 40, 40)


def test_not_here_is_an_answer(run: Run, search: Search, tmp_path: Path) -> None:
    search.scores = [0.42, 0.1]
    result = run(*LOCATE, "--click", "10,20", "--preview", tmp_path / "p.png")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"type": "FeatureCollection", "features": []}
    assert "not here: click 10,20 (best score 0.420; --min-score 0 shows it)" in result.stderr
    assert (tmp_path / "p.png").exists()
    search.scores = []
    result = run(*LOCATE, "--click", "10,20", "-o", tmp_path / "none.gpkg")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "not here: click 10,20 (nothing like it)" in result.stderr
    assert len(geopandas.read_file(tmp_path / "none.gpkg")) == 0


def test_every_window_is_looked_at_where_asked(run: Run, search: Search) -> None:
    for args in ((), ("--exhaustive",)):
        assert run("locate", "photo.jpg", "--click", "10,20", "--mosaic", "mosaic.tif", *args).exit_code == 0
        assert search.exhaustive == bool(args)


def test_geometry_checks_answers_unless_it_is_off(run: Run, search: Search) -> None:
    assert run(*LOCATE, "--click", "10,20", "--refine", "off").exit_code == 0
    assert not search.refined
    assert run(*LOCATE, "--click", "10,20").exit_code == 0
    assert search.refined
    assert run(*LOCATE, "--click", "10,20", "--refine", "on").exit_code == 2


def test_min_score_leaves_out_all_that_score_less(run: Run, search: Search) -> None:
    search.scores = [0.42, 0.3, 0.1]
    result = run(*LOCATE, "--click", "10,20", "--min-score", "0.2")
    assert [f["properties"]["score"] for f in json.loads(result.stdout)["features"]] == [0.42, 0.3]


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_output_by_suffix(run: Run, search: Search, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    result = run(*LOCATE, "--click", "10,20", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert frame.crs.to_epsg() == (4326 if suffix == ".geojson" else 32633)
    assert set(frame.columns) >= REQUIRED
    assert sorted(frame["rank"]) == [1, 2, 3]
    assert list(tmp_path.iterdir()) == [path]


def test_existing_files_are_kept_unless_told(run: Run, search: Search, tmp_path: Path) -> None:
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


def test_the_area_is_the_intersection_of_all_limits(run: Run, search: Search, tmp_path: Path) -> None:
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


def test_the_photos_position_limits_the_search_unless_told(run: Run, search: Search) -> None:
    def windows(*args: str) -> int:
        result = run("locate", "here.jpg", "--mosaic", "mosaic.tif", "--click", "10,20", *args)
        assert result.exit_code == 0, result.stderr
        assert search.plan is not None
        assert ("GPS" in result.stderr) == ("--no-gps" not in args and "--near" not in args)
        return len(search.plan.windows)

    assert windows("--within", "30") < windows("--within", "30", "--no-gps") == windows("--no-gps")
    assert windows("--near", "15.002,48.7515", "--within", "100") > windows("--within", "30")


def test_a_position_off_the_mosaic_says_what_to_do(run: Run) -> None:
    result = run("locate", "elsewhere.jpg", "--mosaic", "mosaic.tif", "--click", "10,20")
    assert result.exit_code == 1
    assert "20.000000,10.000000" in result.stderr
    assert "--no-gps" in result.stderr


def test_gsd_and_quiet(run: Run, search: Search) -> None:
    result = run(*LOCATE, "--click", "10,20", "--gsd", "0.4", "-q")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert search.plan is not None
    # Read at 0.4 m and enlarged to the network's own.
    assert search.plan.gsd_m == pytest.approx(0.2, rel=0.03)
    assert search.finest_m == 0.4


def test_a_finer_gsd_is_what_the_network_sees(run: Run, search: Search) -> None:
    assert run(*LOCATE, "--click", "10,20", "--gsd", "0.15").exit_code == 0
    assert search.plan is not None
    assert search.plan.gsd_m == pytest.approx(0.15, rel=0.03)


# Bad input


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
        (("photo.jpg", "--box", "190,1,290,9", "--mosaic", "mosaic.tif"), "is outside the photo"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "none.tif"), "none.tif: no such file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "queries.csv"), "queries.csv"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_rasters"), "no raster files"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_crs.tif"), "no_crs.tif: has no CRS"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "no_transform.tif"), "no_transform.tif: has no geotransform"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "nodata.tif"), "data"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bands", "1,2,9"), "has no band 9"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4"), "nothing of the mosaic"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bounds", "3,4,1,2"), "bounds"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--near", "15,148"), "position"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--aoi", "none.gpkg"), "none.gpkg: no such file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--aoi", "photo.jpg"), "photo.jpg: "),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "-o", "no/found.gpkg"), "no such folder"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "-o", "found.shp"), "unknown kind of file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--preview", "p.svg"), "unknown kind of file"),
        (("photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--model", "huge"), "no model preset 'huge'"),
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


def test_a_truncated_mosaic_leaves_nothing_half_written(run: Run, search: Search, tmp_path: Path) -> None:
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
    result = run(*LOCATE, "--click", "1,1", "--weights", own_weights, "--device", "warp")
    assert result.exit_code == 1
    assert "device 'warp' cannot be used" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "args",
    [
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--box", "1,1,2,2"),
        ("locate", "photo.jpg", "--click", "1,1"),
        ("locate", "--mosaic", "mosaic.tif", "--click", "1,1"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1;1"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,nan"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--box", "1,1,1,2"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--bands", "0,1,2"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--bounds", "1,2,3"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--top", "0"),
        ("locate", "photo.jpg", "--mosaic", "mosaic.tif", "--click", "1,1", "--gsd", "0"),
        ("tiles", "--mosaic", "mosaic.tif", "--format", "kml"),
        ("evaluate", "--mosaic", "mosaic.tif"),
        ("batch", "clicks.csv", "--mosaic", "mosaic.tif"),
        ("batch", "clicks.csv", "-o", "found.gpkg"),
        ("batch", "--mosaic", "mosaic.tif", "-o", "found.gpkg"),
        ("nothing",),
    ],
)
def test_wrong_usage_exits_with_two(run: Run, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


def test_programming_errors_are_told_apart(run: Run, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(geoloc.search.locate, "locate", broken)
    result = run(*LOCATE, "--click", "1,1")
    assert result.exit_code == 1
    assert "unexpected KeyError" in result.stderr.splitlines()[-1]
    assert isinstance(run(*LOCATE, "--click", "1,1", "-v").exception, KeyError)


# tiles


def test_tiles_as_geojson(run: Run) -> None:
    result = run("tiles", "--mosaic", "mosaic.tif")
    assert result.exit_code == 0
    features = json.loads(result.stdout)["features"]
    assert len(features) > 1
    outlines = geopandas.GeoSeries([shape(feature["geometry"]) for feature in features], crs=4326)
    union = outlines.to_crs(32633).union_all()
    assert union.contains(box(EAST + 1, NORTH - 319, EAST + 319, NORTH - 1))
    assert features[0]["properties"].keys() >= {"id", "z", "x", "y", "gsd_m"}


def test_tiles_as_ids_into_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    assert run("tiles", "--mosaic", "mosaic.tif", "--format", "ids", "-o", path).exit_code == 0
    ids = path.read_text().splitlines()
    assert all(len(tile.split("/")) == 3 for tile in ids)
    assert len(set(ids)) == len(ids) > 1
    assert run("tiles", "--mosaic", "mosaic.tif", "--format", "ids").stdout.splitlines() == ids
    assert "exists already" in run("tiles", "--mosaic", "mosaic.tif", "--format", "ids", "-o", path).stderr
    assert "unknown kind" in run("tiles", "--mosaic", "mosaic.tif", "-o", tmp_path / "tiles.txt").stderr


# evaluate


def test_evaluate(run: Run, search: Search) -> None:
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "--json")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert list(figures) == [
        *("queries", "located", "hit_rate", "acc_025", "acc_050", "mean_iou"),
        *("median_error_m", "p90_error_m", "seconds_per_query"),
    ]
    # The stub answers both clicks with the true box of the first.
    assert (figures["queries"], figures["located"], figures["hit_rate"], figures["acc_050"]) == (2, 2, 0.5, 0.5)
    assert figures["p90_error_m"] == pytest.approx(36, rel=1e-3)
    assert search.plan is not None
    assert len(search.plan.windows) > 1, "the mosaic is searched whole"


def test_evaluate_as_a_table_with_each_query_told(run: Run, search: Search) -> None:
    search.scores = [0.1]
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "-v")
    assert "hit_rate           0.500  (1 of 2)" in result.stdout
    assert "photo.jpg at 10,20: 0.00 m from the truth, in the true box, score 0.10" in result.stderr
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "--min-score", "0.5", "-v")
    assert "located            0 of 2" in result.stdout
    assert "photo.jpg at 30,40: not found" in result.stderr


def test_evaluate_uses_positions_only_when_asked(run: Run, search: Search, inputs: Path) -> None:
    text = (inputs / "queries.csv").read_text().replace("photo.jpg", "here.jpg")
    queries = inputs / "here.csv"
    queries.write_text(text)
    counts = []
    for args in ((), ("--gps",), ("--no-gps",)):
        assert run("evaluate", "--mosaic", "mosaic.tif", "--queries", queries, "--within", "30", *args).exit_code == 0
        assert search.plan is not None
        counts.append(len(search.plan.windows))
    assert counts[1] < counts[0] == counts[2]


# batch

BATCH = ("batch", "clicks.csv", "--mosaic", "mosaic.tif")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_batch(run: Run, search: Search, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    result = run(*BATCH, "--top", "2", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "3 queries: 3 found, 0 not here, 0 error\n")
    assert result.stderr.splitlines()[0] == "0 of 3 queries"
    assert "3 of 3 queries, " in result.stderr.splitlines()[-1]
    assert search.photos == ["photo.jpg", "here.jpg"]
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert frame.crs.to_epsg() == (4326 if suffix == ".geojson" else 32633)
    assert set(frame.columns) >= REQUIRED | {"query", "status", "error", "id"}
    assert list(frame["query"]) == [1, 1, 2, 2, 3, 3]
    assert list(frame["rank"]) == [1, 2, 1, 2, 1, 2]
    assert list(frame["id"].astype(str)) == ["1", "1", "2", "2", "3", "3"]
    assert list(frame["click_x"]) == [10, 10, 10, 10, 30, 30]
    assert set(frame["status"]) == {"found"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_batch_says_what_is_not_here_and_what_failed(run: Run, search: Search, inputs: Path, tmp_path: Path) -> None:
    queries = inputs / "bad.csv"
    photos = ["none.jpg,1,1", "cut.jpg,1,1", "photo.jpg,999,1", "elsewhere.jpg,1,1", "photo.jpg,1,1"]
    queries.write_text("photo,click_x,click_y\n" + "\n".join(photos) + "\n")
    search.scores = [0.4, 0.1]
    path = tmp_path / "found.gpkg"
    result = run("batch", queries, "--mosaic", "mosaic.tif", "-o", path)
    assert result.exit_code == 1
    assert result.stdout == "5 queries: 0 found, 1 not here, 4 error\n"
    assert result.stderr.splitlines()[-1] == f"Error: 4 of 5 queries failed: see the column error of {path}"
    assert "query 3: click 999,1 is outside" in result.stderr
    frame = geopandas.read_file(path)
    assert list(frame["status"]) == ["error", "error", "error", "error", "not here"]
    messages = ["no such photo", "damaged", "outside the photo", "--no-gps leaves it out"]
    assert all(message in text for message, text in zip(messages, frame["error"][:4], strict=True))
    assert frame.geometry.isna().all()
    assert frame[["rank", "score", "epsg"]].isna().all(axis=None)
    result = run("batch", queries, "--mosaic", "mosaic.tif", "--min-score", "0.2", "-o", path, "--overwrite")
    assert result.stdout == "5 queries: 1 found, 0 not here, 4 error\n"
    assert geopandas.read_file(path)["score"].iloc[-1] == 0.4


def test_photos_with_the_same_plan_share_features(run: Run, search: Search, tmp_path: Path) -> None:
    assert run(*BATCH, "--within", "30", "-o", tmp_path / "a.gpkg").exit_code == 0
    assert search.fields == 2
    assert run(*BATCH, "--within", "30", "--no-gps", "-o", tmp_path / "b.gpkg").exit_code == 0
    assert search.fields == 3


def test_a_batch_that_was_killed_goes_on(run: Run, search: Search, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.geojson", tmp_path / "found.geojson"
    assert run(*BATCH, "-o", whole).exit_code == 0
    search.killed_at = "here.jpg"
    # A fork has the stand-ins.
    process = multiprocessing.get_context("fork").Process(target=run, args=(*BATCH, "-o", path))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert not path.exists()
    search.killed_at, search.photos = "", []

    refused = run(*BATCH, "--top", "3", "-o", path)
    assert refused.exit_code == 1
    assert "was begun with another --top" in refused.stderr.splitlines()[-1]
    assert search.photos == []

    result = run(*BATCH, "-o", path)
    assert result.stdout == "3 queries: 3 found, 0 not here, 0 error\n"
    assert "Going on after 2 of 3 queries" in result.stderr
    assert search.photos == ["here.jpg"]
    assert path.read_text() == whole.read_text()
    assert sorted(tmp_path.iterdir()) == [path, whole]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("none.csv", "--mosaic", "mosaic.tif", "-o", "new.gpkg"), "none.csv: no such file"),
        (("no_rasters", "--mosaic", "mosaic.tif", "-o", "new.gpkg"), "no clicks.csv in this folder"),
        (("clicks.csv", "--mosaic", "no_crs.tif", "-o", "new.gpkg"), "has no CRS"),
        (("clicks.csv", "--mosaic", "mosaic.tif", "-o", "new.shp"), "unknown kind of file"),
        (("clicks.csv", "--mosaic", "mosaic.tif", "-o", "no/new.gpkg"), "no such folder"),
        (("clicks.csv", "--mosaic", "mosaic.tif", "--weights", "photo.jpg", "-o", "new.gpkg"), "photo.jpg: not a"),
        (("clicks.csv", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4", "-o", "new.gpkg"), "nothing of the mosaic"),
        (("clicks.csv", "--mosaic", "nodata.tif", "--no-gps", "-o", "new.gpkg"), "no data"),
    ],
)
def test_what_is_wrong_with_a_batch_is_told_before_it_begins(
    run: Run, inputs: Path, args: tuple[str, ...], message: str
) -> None:
    before = set(inputs.rglob("*"))
    result = run("batch", *args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr.splitlines()[-1]
    assert "0 of 3 queries" not in result.stderr
    assert set(inputs.rglob("*")) == before


def test_a_batch_with_the_packaged_weights(run: Run, tmp_path: Path) -> None:
    # Ground 60 m wide with detail of all sizes, photographed from straight above.
    rng = np.random.default_rng(2)
    layers = [cv2.resize(rng.random((n, n, 3), np.float32), (300, 300), interpolation=cv2.INTER_CUBIC) for n in (9, 60)]
    ground = np.clip(255 * sum(layers) / 2, 0, 255).astype(np.uint8)
    write_mosaic(tmp_path / "ground.tif", width=300, height=300, transform=Affine(0.2, 0, EAST, 0, -0.2, NORTH))
    with rasterio.open(tmp_path / "ground.tif", "r+") as file:
        file.write(np.moveaxis(ground, 2, 0))
    part = Image.fromarray(ground[60:210, 30:180])
    part.resize((450, 450), Image.Resampling.BICUBIC).save(tmp_path / "a.png")
    # With a box there is one size to look at and not two.
    header = "photo,click_x,click_y,photo_xmin,photo_ymin,photo_xmax,photo_ymax"
    (tmp_path / "clicks.csv").write_text(f"{header}\na.png,225,240,205,220,245,260\nnone.png,1,1,,,,\n")
    path = tmp_path / "found.gpkg"
    result = run("batch", tmp_path, "--mosaic", tmp_path / "ground.tif", "--top", "1", "-o", path)
    assert result.stdout == "2 queries: 1 found, 0 not here, 1 error\n", result.stderr
    found = geopandas.read_file(path)
    assert list(found["status"]) == ["found", "error"]
    assert found.geometry[0].centroid.distance(Point(EAST + 0.2 * 105, NORTH - 0.2 * 140)) < 0.5


# demo


def test_demo_tells_how_far_each_answer_is(run: Run, monkeypatch: pytest.MonkeyPatch, inputs: Path) -> None:
    queries = read_queries(inputs / "queries.csv")
    asked: dict[str, object] = {}

    def made(folder: Path, **options: object) -> SimpleNamespace:
        asked.update(options, folder=folder)
        outcomes = tuple(Outcome(query, None, 1.0) for query in queries)
        return SimpleNamespace(found=folder / "found.geojson", previews=(folder / "preview_a.png",), outcomes=outcomes)

    monkeypatch.setattr(geoloc.evaluation.demonstration, "run", made)
    result = run("demo", "here", "--seed", "3", "--overwrite")
    assert result.exit_code == 0
    assert (asked["folder"], asked["seed"], asked["overwrite"]) == (Path("here"), 3, True)
    assert "photo.jpg at 10,20: not found" in result.stdout
    assert "located            0 of 2" in result.stdout
    assert "wrote here/preview_a.png" in result.stdout


# As a process


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False)


def test_help_is_quick_and_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("torch", "rasterio", "numpy", "shapely", "pyproj", "geopandas", "cv2", "PIL", "zarr")
    code = f"""
import sys
from click.testing import CliRunner
from cli import main
helps = (["locate", "--help"], ["evaluate", "-h"], ["batch", "-h"], ["index", "build", "-h"])
for args in (["--help"], *helps, ["--version"], ["locate"]):
    result = CliRunner().invoke(main, args)
    assert result.exit_code == (2 if args == ["locate"] else 0), result.output
print([name for name in {heavy!r} if name in sys.modules])
"""
    done = python(code, tmp_path)
    assert done.stdout.strip() == "[]", done.stderr
    command = [sys.executable, "-c", "from cli import main; main(['--help'])"]
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.3


def test_what_is_cheap_to_check_comes_before_torch(inputs: Path) -> None:
    code = """
import sys
from click.testing import CliRunner
from cli import main
for args in (
    ["locate", "none.jpg", "--click", "1,1", "--mosaic", "mosaic.tif"],
    ["locate", "photo.jpg", "--click", "999,1", "--mosaic", "mosaic.tif"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "-o", "no/found.gpkg"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "no_crs.tif"],
    ["locate", "photo.jpg", "--click", "1,1", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4"],
    ["evaluate", "--queries", "none.csv", "--mosaic", "mosaic.tif"],
    ["batch", "none.csv", "--mosaic", "mosaic.tif", "-o", "found.gpkg"],
    ["batch", "clicks.csv", "--mosaic", "mosaic.tif", "--bounds", "1,2,3,4", "-o", "found.gpkg"],
):
    assert CliRunner().invoke(main, args).exit_code == 1
assert CliRunner().invoke(main, ["tiles", "--mosaic", "mosaic.tif"]).exit_code == 0
print("torch" in sys.modules)
"""
    done = python(code, inputs)
    assert done.stdout.strip() == "False", done.stderr


def test_version(run: Run) -> None:
    assert __version__ in run("--version").stdout


def test_the_whole_way_as_a_process(inputs: Path, tmp_path: Path, own_weights: Path) -> None:
    found, preview = tmp_path / "found.geojson", tmp_path / "preview.png"
    args = [*LOCATE, "--box", "80,40,120,80", "--min-score", "0", "--near", f"{LON},{LAT}", "--within", "20"]
    outputs = ["-o", str(found), "--preview", str(preview)]
    command = [sys.executable, "-c", "from cli import main; main()", *args, *outputs, "--weights", str(own_weights)]
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
