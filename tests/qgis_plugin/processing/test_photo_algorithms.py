"""Poses, features drawn in a photo and photos laid over the map: headless in qgis_process, with geoloc itself."""

import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from shapely.geometry import LineString, Point, Polygon

from tests.helpers.flown_files import HEADING_DEG, TILT_DEG, write_flown
from tests.helpers.qgis.run import headless, install
from tests.helpers.rough_ground import clicked

CRS = "EPSG:32615"
ROOF = ((300, 250), (420, 260), (400, 360))
ROAD = ((200, 500), (500, 450))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    install(folder / "settings", sys.executable)
    return folder


@pytest.fixture(scope="module")
def matrix(folder: Path) -> np.ndarray:
    """From the photo to the mosaic, 3 x 3."""
    return write_flown(folder)


def process(folder: Path, *words: str) -> dict:
    run = headless(folder, "--json", "run", *words, f"--REFERENCE={folder}/m.tif")
    assert run.returncode == 0, run.stderr + run.stdout[-3000:]
    return json.loads(run.stdout)["results"]


def test_poses_of_photos(folder: Path, matrix: np.ndarray) -> None:
    photos = (f"--PHOTOS={folder}/{name}.jpg" for name in ("flown", "noise", "none"))
    outputs = (f"--CAMERAS={folder}/cameras.gpkg", f"--FOOTPRINTS={folder}/footprints.gpkg")
    results = process(folder, "geoloc:photopose", *photos, *outputs)
    assert (results["COUNT"], results["FAILED"]) == (1, 1)
    cameras, footprints = (geopandas.read_file(results[name]) for name in ("CAMERAS", "FOOTPRINTS"))
    assert cameras.crs == footprints.crs == CRS
    found, noise, none = cameras.itertuples()
    assert found.tilt_deg == pytest.approx(TILT_DEG, abs=1)
    assert found.heading_deg == pytest.approx(HEADING_DEG, abs=1)
    assert found.height_m == pytest.approx(70 * np.cos(np.radians(TILT_DEG)), abs=2 * found.height_error_m)
    assert (found.status, noise.status, none.status) == ("found", "not here", "error")
    assert "no such photo" in none.error
    assert noise.geometry.is_empty
    (shown,) = footprints.geometry
    assert shown.contains(Point(clicked(matrix, (400.0, 300.0))))


def test_what_is_drawn_in_a_photo_goes_to_the_map_and_back(folder: Path, matrix: np.ndarray) -> None:
    # As QGIS counts in pictures: y is below 0. A corner is beyond the photo.
    shapes = [Polygon([(x, -y) for x, y in ROOF]), Polygon([(700, -500), (900, -500), (700, -580)])]
    columns = {"name": ["roof", "yard"], "floors": [2, 0], "accuracy_m": [99.0, 99.0]}
    drawn = geopandas.GeoDataFrame(columns, geometry=shapes)
    drawn.to_file(folder / "drawn.gpkg")
    words = ("geoloc:mapfeatures", f"--PHOTO={folder}/flown.jpg")
    results = process(folder, *words, f"--INPUT={folder}/drawn.gpkg", f"--OUTPUT={folder}/on_map.gpkg")
    assert results["COUNT"] == 2
    on_map = geopandas.read_file(results["OUTPUT"])
    assert on_map.crs == CRS
    truth = Polygon([clicked(matrix, corner) for corner in ROOF])
    assert on_map.geometry[0].symmetric_difference(truth).area < 0.03 * truth.area
    assert list(on_map["name"]) == ["roof", "yard"]
    assert list(on_map["floors"]) == [2, 0]
    errors = json.loads(on_map["vertices_accuracy_m"][0])
    assert len(errors) == len(ROOF) + 1
    assert on_map["accuracy_m"][0] == max(errors)
    # The input's own, of which the result needs the name.
    assert list(on_map["query_accuracy_m"]) == [99, 99]
    assert "cut" in on_map["note"][1]
    back = process(folder, *words, f"--INPUT={folder}/on_map.gpkg", "--TO_PHOTO=1", f"--OUTPUT={folder}/back.gpkg")
    in_photo = geopandas.read_file(back["OUTPUT"]).geometry[0]
    assert in_photo.symmetric_difference(Polygon(ROOF)).area < 0.01 * Polygon(ROOF).area


def test_a_line_in_pixels_from_the_upper_left_corner(folder: Path, matrix: np.ndarray) -> None:
    geopandas.GeoDataFrame({"name": ["road"]}, geometry=[LineString(ROAD)]).to_file(folder / "road.gpkg")
    words = ("geoloc:mapfeatures", f"--PHOTO={folder}/flown.jpg", f"--INPUT={folder}/road.gpkg")
    results = process(folder, *words, f"--OUTPUT={folder}/road_on_map.gpkg")
    (road,) = geopandas.read_file(results["OUTPUT"]).geometry
    assert road.hausdorff_distance(LineString([clicked(matrix, at) for at in ROAD])) < 0.5


def test_a_photo_laid_over_the_map(folder: Path, matrix: np.ndarray) -> None:
    words = ("geoloc:drapephoto", f"--OUTPUT={folder}/on_map.tif")
    results = process(folder, *words, f"--PHOTO={folder}/flown.jpg")
    with rasterio.open(results["OUTPUT"]) as file:
        assert file.crs == CRS
        assert results["GSD"] == pytest.approx(file.transform.a, rel=0.01)
        # There is something in the photo's middle.
        (pixel,) = file.sample([clicked(matrix, (400.0, 300.0))])
        assert pixel[3] == 255
    run = headless(folder, "run", *words, f"--PHOTO={folder}/noise.jpg", f"--REFERENCE={folder}/m.tif")
    assert run.returncode != 0
    assert "Not here" in run.stderr + run.stdout
