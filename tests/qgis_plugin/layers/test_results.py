"""Results files in QGIS and in GDAL's own programs, as they are and as the plugin shows them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from shapely.geometry import MultiPolygon

from tests.helpers.qgis import results_files
from tests.helpers.qgis.run import run_module

DEGREES = 1e-6
METRES = 1e-3
# As the issue lists them: name to kind.
KINDS = {
    **{"rank": "whole", "score": "real", "photo": "text", "click_x": "real", "click_y": "real", "accuracy_m": "real"},
    **{"gsd_m": "real", "epsg": "whole", "xmin": "real", "ymin": "real", "xmax": "real", "ymax": "real"},
    "model": "text",
}
TYPES = {
    **{"Integer": "whole", "Integer64": "whole", "Int32": "whole", "Int64": "whole", "MEDIUMINT": "whole"},
    **{"Real": "real", "Double": "real", "String": "text"},
}
PLACES = [(crs, suffix) for crs in results_files.BOXES for suffix in (".geojson", ".gpkg", ".fgb")]


def results_file(folder: Path, crs: str, suffix: str) -> Path:
    return folder / f"{crs.replace(':', '_')}{suffix}"


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def make_rasters(folder: Path) -> None:
    """plain.tif, the same one turned by 30 degrees and as VRT, and as a table of a GeoPackage."""
    pixels = np.full((3, 8, 8), 90, np.uint8)
    profile: dict[str, Any] = {"driver": "GTiff", "width": 8, "height": 8, "count": 3, "dtype": "uint8"}
    profile["crs"] = "EPSG:32615"
    upright = Affine(0.2, 0, 576700, 0, -0.2, 5188150)
    for name, transform in (("plain", upright), ("turned", upright * Affine.rotation(30))):
        with rasterio.open(folder / f"{name}.tif", "w", transform=transform, **profile) as file:
            file.write(pixels)
    for name, driver in (("plain.vrt", "VRT"), ("table.gpkg", "GPKG")):
        rasterio.shutil.copy(folder / "plain.tif", folder / name, driver=driver)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results files of every place and format."""
    folder = tmp_path_factory.mktemp("layers")
    for crs, suffix in PLACES:
        results_files.write(crs, results_file(folder, crs, suffix))
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, Any]:
    """The report of `read_layers` on them."""
    make_rasters(folder)
    server = "type=xyz&url=http://localhost/{z}/{x}/{y}.png"
    names = ("plain.tif", "turned.tif", "plain.vrt", "gone.tif")
    inputs = {
        "results": [str(results_file(folder, *place)) for place in PLACES],
        "found": {crs: read_json(results_file(folder, crs, ".geojson")) for crs in results_files.BOXES},
        "project_crs": "EPSG:3857",
        "rasters": [
            *((str(folder / name), "gdal") for name in names),
            (f"GPKG:{folder}/table.gpkg:table", "gdal"),
            (server, "wms"),
        ],
    }
    return run_module("read_layers", folder, inputs)


@pytest.mark.parametrize(("crs", "suffix"), PLACES)
def test_qgis_opens_them_where_they_belong(folder: Path, report, crs: str, suffix: str) -> None:
    layer = report["plain"][str(results_file(folder, crs, suffix))]
    own, tolerance = ("EPSG:4326", DEGREES) if suffix == ".geojson" else (crs, METRES)
    assert layer["valid"]
    assert layer["crs"] == own
    truth = results_files.in_crs(crs, own)
    assert layer["extent"] == pytest.approx(MultiPolygon(truth).bounds, abs=tolerance)
    for box, polygon in zip(layer["boxes"], truth, strict=True):
        assert box == pytest.approx(polygon.bounds, abs=tolerance)


@pytest.mark.parametrize(("crs", "suffix"), PLACES)
def test_qgis_reads_their_fields(folder: Path, report, crs: str, suffix: str) -> None:
    layer = report["plain"][str(results_file(folder, crs, suffix))]
    assert {name: TYPES[layer["fields"][name]] for name in KINDS} == KINDS
    for row, detection in zip(layer["rows"], results_files.detections(crs), strict=True):
        assert row["rank"] == detection.rank
        assert row["score"] == pytest.approx(detection.score)
        assert row["photo"] == "photos/süd.jpg"
        assert (row["click_x"], row["click_y"]) == (612.5, 143.5)
        assert row["epsg"] == int(crs.partition(":")[2])
        assert [row[name] for name in ("xmin", "ymin", "xmax", "ymax")] == pytest.approx(detection.polygon.bounds)


@pytest.mark.parametrize("crs", results_files.BOXES)
def test_ogrinfo_reads_the_geojson(folder: Path, crs: str) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo (gdal-bin) is not installed")
    path = results_file(folder, crs, ".geojson")
    run = subprocess.run(["ogrinfo", "-ro", "-al", str(path)], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    assert f"Feature Count: {len(results_files.BOXES[crs])}" in run.stdout
    assert 'ID["EPSG",4326]' in run.stdout
    types = dict(re.findall(r"^(\w+): (\w+) \(\d+\.\d+\)$", run.stdout, re.MULTILINE))
    assert {name: TYPES[types[name]] for name in KINDS} == KINDS
    extent = next(line for line in run.stdout.splitlines() if line.startswith("Extent: "))
    numbers = [float(n) for n in extent[8:].replace("(", "").replace(")", "").replace(" - ", ", ").split(", ")]
    assert numbers == pytest.approx(MultiPolygon(results_files.in_crs(crs, "EPSG:4326")).bounds, abs=DEGREES)


@pytest.mark.parametrize("crs", results_files.BOXES)
def test_ogrinfo_json_reads_the_geojson(folder: Path, crs: str) -> None:
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo (gdal-bin) is not installed")
    path = results_file(folder, crs, ".geojson")
    run = subprocess.run(["ogrinfo", "-json", str(path)], capture_output=True, text=True, check=False)
    if "Unknown option name '-json'" in run.stderr:
        pytest.skip("this ogrinfo is older than 3.7 and has no -json")
    assert run.returncode == 0, run.stderr
    (layer,) = json.loads(run.stdout)["layers"]
    assert layer["featureCount"] == len(results_files.BOXES[crs])
    types = {field["name"]: TYPES[field["type"]] for field in layer["fields"]}
    assert {name: types[name] for name in KINDS} == KINDS
    (geometry,) = layer["geometryFields"]
    assert geometry["type"] == "Polygon"
    assert geometry["extent"] == pytest.approx(MultiPolygon(results_files.in_crs(crs, "EPSG:4326")).bounds, abs=DEGREES)


@pytest.mark.parametrize("crs", results_files.BOXES)
def test_the_plugins_layer_has_them_where_they_belong(report, crs: str) -> None:
    layer = report["styled"][crs]
    assert (layer["provider"], layer["crs"], layer["references"]) == ("memory", crs, ["the mosaic"])
    # By way of longitude and latitude, as geoloc tells them.
    for box, truth in zip(layer["boxes"], results_files.BOXES[crs], strict=True):
        assert box == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("crs", results_files.BOXES)
def test_the_plugins_layer_is_styled(report, crs: str) -> None:
    layer = report["styled"][crs]
    answers = results_files.detections(crs)
    assert layer["labels"] == [f"#{d.rank}  {d.score:.2f}" for d in answers]
    assert layer["legend"] == ["best answer", "other answers", "accepted", "rejected"]
    others = [["other answers"]] * (len(answers) - 2)
    assert layer["looks"] == [["best answer"], *others, ["accepted"]]
    best, other, accepted, rejected = layer["widths"]
    assert best == accepted > other > rejected > 0
    # Rejected ones lie under the others, the best one over them, accepted ones on top.
    assert layer["levels"]
    assert layer["passes"] == [[4, 5], [2, 3], [6, 7], [0, 1]]
    assert not layer["filled"]


def test_the_style_fits_what_the_command_line_wrote(report) -> None:
    assert report["by_hand"] == [["best answer"], ["other answers"], ["other answers"]]


@pytest.mark.parametrize("crs", results_files.BOXES)
def test_round_the_best_answer_in_the_projects_crs(report, crs: str) -> None:
    xmin, ymin, xmax, ymax = report["styled"][crs]["surroundings"]
    (truth,) = results_files.in_crs(crs, "EPSG:3857", slice(1))
    assert ((xmin + xmax) / 2, (ymin + ymax) / 2) == pytest.approx((truth.centroid.x, truth.centroid.y), abs=0.5)
    assert (xmax - xmin) > 2 * (truth.bounds[2] - truth.bounds[0])
    assert report["styled"][crs]["nowhere"]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb", ".shp"])
@pytest.mark.parametrize("crs", results_files.BOXES)
def test_exported_files_have_them_where_they_belong(folder: Path, report, crs: str, suffix: str) -> None:
    saved = report["styled"][crs]["saved"][suffix]
    own, tolerance = ("EPSG:4326", DEGREES) if suffix == ".geojson" else (crs, 0.01)
    assert saved["crs"] == own
    for box, polygon in zip(saved["boxes"], results_files.in_crs(crs, own), strict=True):
        assert box == pytest.approx(polygon.bounds, abs=tolerance)
    assert [row["rank"] for row in saved["rows"]] == [d.rank for d in results_files.detections(crs)]
    assert saved["rows"][-1]["status"] == "accepted"
    if suffix != ".gpkg":
        # A GeoPackage holds the style itself.
        assert (folder / saved["file"]).with_suffix(".qml").is_file()


def test_what_cannot_be_exported_is_said(folder: Path, report) -> None:
    assert report["not_saved"].startswith(f"{folder}/no/such/folder.gpkg: cannot be written (")


@pytest.mark.parametrize("name", ["plain.tif", "turned.tif", "plain.vrt"])
def test_the_file_behind_a_raster_layer(folder: Path, report, name: str) -> None:
    assert report["rasters"][str(folder / name)] == str(folder / name)


def test_layers_that_are_no_file_say_what_to_do(folder: Path, report) -> None:
    rest = {source: text for source, text in report["rasters"].items() if not Path(source).is_file()}
    assert len(rest) == 3
    for text in rest.values():
        assert text.startswith("LayerError: The layer a raster is not a raster file on this computer; export it")
