"""`geoloc index` and searches with `--index`, with the network of the package."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from click.testing import Result
from shapely.geometry import shape

from geoloc.index.store import Store
from tests.helpers.city import CLICK, GSD_M, TRUE, make_city
from tests.helpers.command_line import invoke
from tests.helpers.plain_index import make_older


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """m.tif, p.jpg (a part of it seen from above), q.csv and i.zarr."""
    folder = tmp_path_factory.mktemp("city")
    make_city(folder)
    x, y = TRUE
    header = "photo,click_x,click_y,xmin,ymin,xmax,ymax,epsg"
    row = f"p.jpg,{CLICK[0]},{CLICK[1]},{x - 3},{y - 3},{x + 3},{y + 3},32633"
    (folder / "q.csv").write_text(f"{header}\n{row}\n")
    result = invoke("index", "build", "--mosaic", folder / "m.tif", "-o", folder / "i.zarr")
    assert result.exit_code == 0, result.stderr
    assert "blocks encoded, 0 there already" in result.stdout
    return folder


LOCATE = ("--click", "{},{}".format(*CLICK), "--min-score", "0", "--refine", "off")


def test_an_index_gives_the_answer_of_its_mosaic(folder: Path) -> None:
    x, y = TRUE
    lon, lat = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    # Few windows, since the network is slow.
    search = ("locate", folder / "p.jpg", *LOCATE, "--near", f"{lon},{lat}", "--within", "10")
    by_index, by_mosaic = invoke(*search, "--index", folder / "i.zarr"), invoke(*search, "--mosaic", folder / "m.tif")
    assert by_index.exit_code == by_mosaic.exit_code == 0, by_index.stderr
    one, other = (json.loads(result.stdout)["features"][0] for result in (by_index, by_mosaic))
    metres = [np.array([f["properties"][name] for name in ("xmin", "ymin", "xmax", "ymax")]) for f in (one, other)]
    assert np.abs(metres[0] - metres[1]).max() < GSD_M
    assert one["properties"]["score"] == pytest.approx(other["properties"]["score"], abs=0.02)
    same = ("epsg", "gsd_m", "model", "method", "click_x")
    assert [one["properties"][name] for name in same] == [other["properties"][name] for name in same]
    assert shape(one["geometry"]).intersects(shape(other["geometry"]))


def _found(result: Result) -> list[tuple[float, ...]]:
    """Boxes, metres, and scores."""
    assert result.exit_code == 0, result.stderr
    names = ("xmin", "ymin", "xmax", "ymax", "score")
    return [tuple(f["properties"][name] for name in names) for f in json.loads(result.stdout)["features"]]


def test_two_stages_choose_the_same_windows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.search.first_pass.LOOKS", 2)
    search = ("locate", folder / "p.jpg", *LOCATE, "--top", "1")
    (one,), (other,) = (
        _found(invoke(*search, *where)) for where in (("--index", folder / "i.zarr"), ("--mosaic", folder / "m.tif"))
    )
    assert np.abs(np.subtract(one[:4], other[:4])).max() < GSD_M
    assert one[4] == pytest.approx(other[4], abs=0.02)
    # The place is clear: looking everywhere finds the same.
    (everywhere,) = _found(invoke(*search, "--index", folder / "i.zarr", "--exhaustive"))
    assert np.abs(np.subtract(one[:4], everywhere[:4])).max() < GSD_M


def test_batch(folder: Path, tmp_path: Path) -> None:
    rows = "photo,click_x,click_y\np.jpg,{},{}\nmissing.jpg,1,2\n".format(*CLICK)
    (folder / "b.csv").write_text(rows)
    output = tmp_path / "o.geojson"
    result = invoke("batch", folder / "b.csv", "--index", folder / "i.zarr", "-o", output, "--min-score", "0")
    assert result.exit_code == 1
    assert "2 queries: 1 found, 0 not here, 1 error" in result.stdout
    first = json.loads(output.read_text())["features"][0]
    x, y = shape(first["geometry"]).centroid.coords[0]
    truth = pyproj.Transformer.from_crs(32633, 4326, always_xy=True).transform(*TRUE)
    assert pyproj.Geod(ellps="WGS84").inv(x, y, *truth)[2] < 8


@pytest.fixture
def alone(folder: Path) -> Iterator[Path]:
    """The index where its mosaic is not at hand."""
    (folder / "m.tif").rename(folder / "away.tif")
    yield folder / "i.zarr"
    (folder / "away.tif").rename(folder / "m.tif")


def test_alone_it_needs_no_mosaic_and_says_what_is_left_out(folder: Path, alone: Path) -> None:
    result = invoke("evaluate", "--queries", folder / "q.csv", "--index", alone, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["queries"] == 1
    assert result.stderr.count("no close look, coarser boxes") == 1


def test_alone_it_verifies_by_its_own_local_features(folder: Path, alone: Path) -> None:
    result = invoke("locate", folder / "p.jpg", "--click", "{},{}".format(*CLICK), "--index", alone)
    assert result.exit_code == 0, result.stderr
    best = json.loads(result.stdout)["features"][0]["properties"]
    assert best["method"] == "attention+geometry"
    centre = np.array([best["xmin"] + best["xmax"], best["ymin"] + best["ymax"]]) / 2
    assert np.linalg.norm(centre - TRUE) < 1


@pytest.fixture
def older(folder: Path, tmp_path: Path) -> Path:
    """The index as a version before local features made it."""
    shutil.copytree(folder / "i.zarr", tmp_path / "old.zarr")
    make_older(tmp_path / "old.zarr")
    return tmp_path / "old.zarr"


def test_an_older_index_is_searched_by_attention_and_says_what_it_lacks(folder: Path, alone: Path, older: Path) -> None:
    result = invoke("locate", folder / "p.jpg", "--click", "{},{}".format(*CLICK), "--min-score", "0", "--index", older)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["features"][0]["properties"]["method"] == "attention"
    assert "no geometry, coarser boxes" in result.stderr
    assert "has no local features, so that geometry needs the mosaic; `geoloc index update` adds them" in result.stderr


def test_an_older_index_beside_its_mosaic_has_geometry_and_an_update_adds_what_it_lacks(
    folder: Path, older: Path
) -> None:
    search = ("locate", folder / "p.jpg", "--click", "{},{}".format(*CLICK), "--index", older)
    for lacking in (True, False):
        result = invoke(*search)
        assert json.loads(result.stdout)["features"][0]["properties"]["method"] == "attention+geometry"
        assert ("no local features" in result.stderr) == lacking
        verified = invoke("index", "verify", older)
        assert "all blocks are whole" in verified.stdout
        assert ("`geoloc index update` adds them" in verified.stdout) == lacking
        assert ("adds them" in invoke("index", "info", older).stdout) == lacking
        result = invoke("index", "update", older)
        assert result.exit_code == 0, result.stderr
        assert " 0 blocks encoded, " in result.stdout
        assert ("given local features" in result.stdout) == lacking


def test_a_preview_needs_pixels(folder: Path, alone: Path) -> None:
    result = invoke("locate", folder / "p.jpg", *LOCATE, "--index", alone, "--preview", folder / "p.png")
    assert result.exit_code == 2
    assert "give --mosaic too" in result.stderr


def test_info_and_verify(folder: Path) -> None:
    info = json.loads(invoke("index", "info", folder / "i.zarr", "--json").stdout)
    assert (info["state"], info["model"], info["crs"]) == ("complete", "base", "EPSG:32633")
    assert info["finished"] == info["blocks"] > 0
    assert info["mosaic"] == [str(folder / "m.tif")]
    assert "weights" in invoke("index", "info", folder / "i.zarr").stdout
    assert "all blocks are whole" in invoke("index", "verify", folder / "i.zarr").stdout


def test_verify_names_the_way_out(folder: Path) -> None:
    store = Store.open(folder / "i.zarr", writable=True)
    place = min(store.finished())
    stored, digest = store.read(place), store.pixels_digest(place)
    assert stored is not None
    store.erase(place)
    result = invoke("index", "verify", folder / "i.zarr")
    store.write(place, stored, digest)
    assert result.exit_code == 1
    assert "`geoloc index update` restores them" in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--index", "i.zarr", "--gsd", "0.3"), 2, "no --gsd or --bands with --index"),
        (("--index", "i.zarr", "--bands", "1"), 2, "no --gsd or --bands with --index"),
        ((), 2, "Give --mosaic or --index"),
        (("--index", "none.zarr"), 1, "none.zarr: no such index"),
        (("--index", "i.zarr", "--mosaic", "other.tif"), 1, "geoloc index update"),
        (("--index", "i.zarr", "--near", "3,4"), 1, "nothing of the mosaic"),
        (("--index", "i.zarr", "--model", "detgeo", "--weights", "w.safetensors"), 1, "w.safetensors"),
    ],
)
def test_refusals(
    folder: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    other = folder / "other.tif"
    if not other.exists():
        with rasterio.open(folder / "m.tif") as file, rasterio.open(other, "w", **file.profile) as copy:
            copy.write(255 - file.read())
    result = invoke("locate", "p.jpg", *LOCATE, *args)
    assert result.exit_code == code
    assert message in result.stderr
    assert "unexpected" not in result.stderr
