"""`geoloc batch`: rows of its output, runs that go on, and what is refused before one begins."""

from __future__ import annotations

import json
import multiprocessing
import signal
from pathlib import Path

import cv2
import geopandas
import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner
from PIL import Image
from shapely.geometry import Point

from geoloc.batch.journal import SUFFIX
from geoloc.commands.main import main
from tests.helpers.command_line import Run
from tests.helpers.noise import EAST, NORTH, write_mosaic
from tests.helpers.search_stub import REQUIRED, SearchStub

BATCH = ("batch", "clicks.csv", "--mosaic", "mosaic.tif")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_batch(run: Run, search: SearchStub, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"found{suffix}"
    result = run(*BATCH, "--top", "2", "-o", path)
    assert (result.exit_code, result.stdout) == (0, "3 queries: 3 found, 0 not here, 0 error\n"), result.stderr
    # Nothing is counted that is over at once.
    assert "of 3 queries" not in result.stderr
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


def test_a_batch_says_what_is_not_here_and_what_failed(
    run: Run, search: SearchStub, inputs: Path, tmp_path: Path
) -> None:
    queries = inputs / "bad.csv"
    photos = ["none.jpg,1,1", "cut.jpg,1,1", "photo.jpg,999,1", "elsewhere.jpg,1,1", "photo.jpg,1,1"]
    queries.write_text("photo,click_x,click_y\n" + "\n".join(photos) + "\n")
    search.scores = [0.4, 0.1]
    path = tmp_path / "found.gpkg"
    result = run("batch", queries, "--mosaic", "mosaic.tif", "-o", path)
    assert result.exit_code == 1
    assert result.stdout == "5 queries: 0 found, 2 not here, 3 error\n"
    assert result.stderr.splitlines()[-1] == f"Error: 3 of 5 queries failed: see the column error of {path}"
    assert "query 3: click 999,1 is outside" in result.stderr
    frame = geopandas.read_file(path)
    assert list(frame["status"]) == ["error", "error", "error", "not here", "not here"]
    messages = ["no such photo", "damaged", "outside the photo"]
    assert all(message in text for message, text in zip(messages, frame["error"][:3], strict=True))
    assert frame.geometry.isna().all()
    assert frame[["rank", "score", "epsg"]].isna().all(axis=None)
    result = run("batch", queries, "--mosaic", "mosaic.tif", "--min-score", "0.2", "-o", path, "--overwrite")
    assert result.stdout == "5 queries: 2 found, 0 not here, 3 error\n"
    frame = geopandas.read_file(path)
    assert list(frame["score"].iloc[-2:]) == [0.4, 0.4]
    # A position off the mosaic hides nothing, and its answer says so.
    assert frame["note"].iloc[3].endswith("was not believed: nothing was found within 500 m of it")
    assert not frame["note"].iloc[4]


def test_from_stdin_to_stdout(run: Run, search: SearchStub, inputs: Path, tmp_path: Path) -> None:
    before = set(inputs.iterdir())
    text = (inputs / "clicks.csv").read_text()
    result = CliRunner().invoke(main, ["batch", "-", "--mosaic", "mosaic.tif", "-o", "-"], input=text)
    assert result.exit_code == 0, result.stderr
    # Photos are relative to this folder, and what is no data goes to stderr.
    rows = [feature["properties"] for feature in json.loads(result.stdout)["features"]]
    assert [(row["query"], row["photo"], row["id"]) for row in rows] == [
        (1, "photo.jpg", "1"),
        (2, "here.jpg", "2"),
        (3, "photo.jpg", "3"),
    ]
    assert result.stderr.endswith("3 queries: 3 found, 0 not here, 0 error\n")
    assert set(inputs.iterdir()) == before
    result = CliRunner().invoke(main, ["batch", "-", "--mosaic", "mosaic.tif", "-o", "-"], input="photo\na.jpg\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("Error: stdin.csv: missing columns click_x, click_y")


def test_photos_with_the_same_plan_share_features(run: Run, search: SearchStub, tmp_path: Path) -> None:
    assert run(*BATCH, "--within", "30", "-o", tmp_path / "a.gpkg").exit_code == 0
    assert search.references == 2
    assert run(*BATCH, "--within", "30", "--no-gps", "-o", tmp_path / "b.gpkg").exit_code == 0
    assert search.references == 3


def test_a_batch_that_was_killed_goes_on(run: Run, search: SearchStub, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.geojson", tmp_path / "found.geojson"
    assert run(*BATCH, "-o", whole).exit_code == 0
    search.killed_at = "here.jpg"
    # A fork has the stand-ins.
    process = multiprocessing.get_context("fork").Process(target=run, args=(*BATCH, "-o", path))
    process.start()
    process.join()
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


def test_rows_of_one_object_are_one_question(run: Run, search: SearchStub, inputs: Path, tmp_path: Path) -> None:
    queries = inputs / "objects.csv"
    queries.write_text("object,photo,click_x,click_y\nbarn,photo.jpg,10,20\n,photo.jpg,30,40\nbarn,here.jpg,10,20\n")
    search.scores = [0.45, 0.1]
    arguments = ("batch", queries, "--mosaic", "mosaic.tif", "--top", "1")
    result = run(*arguments, "-o", tmp_path / "found.geojson")
    # Each photo alone would have said that it is not here.
    assert result.stdout == "3 queries joined to 2 questions by the column object: 1 found, 1 not here, 0 error\n", (
        result.stderr
    )
    frame = geopandas.read_file(tmp_path / "found.geojson")
    assert list(frame["object"]) == ["barn", ""]
    assert frame["photos"][0] == f"{inputs / 'photo.jpg'}; {inputs / 'here.jpg'}"
    assert frame["score"][0] > 0.5

    search.killed_at = "here.jpg"
    process = multiprocessing.get_context("fork").Process(
        target=run, args=(*arguments, "-o", tmp_path / "again.geojson")
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    search.killed_at, search.photos = "", []
    # A journal of before rows were joined has nothing to join.
    first, *_ = (tmp_path / f"again.geojson{SUFFIX}").read_text().splitlines()
    assert json.loads(first)["objects"] == "joined"
    assert run(*arguments, "-o", tmp_path / "again.geojson").exit_code == 0
    assert search.photos == ["here.jpg"]
    assert (tmp_path / "again.geojson").read_text() == (tmp_path / "found.geojson").read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("none.csv", "--mosaic", "mosaic.tif", "-o", "new.gpkg"), "none.csv: no such file"),
        (("no_rasters", "--mosaic", "mosaic.tif", "-o", "new.gpkg"), "no clicks.csv in this folder"),
        (("https://a.org/q.csv", "--mosaic", "mosaic.tif", "-o", "new.gpkg"), "is an address; save the file on this"),
        (("clicks.csv", "--mosaic", "no_crs.tif", "-o", "new.gpkg"), "has no CRS"),
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
    assert found.geometry[0].centroid.distance(Point(EAST + 0.2 * 105, NORTH - 0.2 * 140)) < 1.5
