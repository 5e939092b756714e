"""`geoloc tiles`: the windows of a search, as GeoJSON and as ids."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import rasterio
from affine import Affine
from shapely.geometry import box, shape

from tests.helpers.command_line import Run
from tests.helpers.noise import EAST, NORTH


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
    wrong = run("tiles", "--mosaic", "mosaic.tif", "-o", tmp_path / "tiles.txt")
    assert wrong.exit_code == 2
    assert "add --format ids, or end its name with .geojson" in wrong.stderr
    other = run("tiles", "--mosaic", "mosaic.tif", "-o", tmp_path / "tiles.pdf")
    assert other.exit_code == 2
    assert "unknown kind" in other.stderr
    assert "geoloc tiles [OPTIONS]" in other.stderr.replace("Usage: main", "geoloc")


def test_the_output_does_not_replace_what_is_read(run: Run, tmp_path: Path) -> None:
    aoi = tmp_path / "a.geojson"
    geopandas.GeoSeries([box(EAST, NORTH - 100, EAST + 100, NORTH)], crs=32633).to_crs(4326).to_file(aoi)
    before = aoi.read_bytes()
    result = run("tiles", "--mosaic", "mosaic.tif", "--aoi", aoi, "-o", aoi, "--overwrite")
    assert result.exit_code == 1
    assert "is read by this very command; give another name" in result.stderr
    assert aoi.read_bytes() == before


def test_what_is_wrong_with_a_mosaic_is_told_with_q_too(run: Run, tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "width": 100, "height": 100, "count": 1, "dtype": "uint8"}
    place = {"crs": "+proj=utm +zone=33 +ellps=bessel +type=crs", "transform": Affine(1, 0, EAST, 0, -1, NORTH)}
    with rasterio.open(tmp_path / "m.tif", "w", **profile, **place) as file:
        file.write(np.arange(10_000, dtype=np.uint8).reshape(1, 100, 100))
    result = run("tiles", "--mosaic", tmp_path / "m.tif", "-q")
    assert result.exit_code == 0
    assert "without regard to its datum" in result.stderr
    # That the pixels are coarse is no more than a hint.
    assert "too little detail" not in result.stderr


def test_one_layer_of_an_area_is_named_behind_a_bar(run: Run, tmp_path: Path) -> None:
    aoi = tmp_path / "a.gpkg"
    for layer, east in (("west", EAST), ("east", EAST + 250)):
        shape = geopandas.GeoSeries([box(east, NORTH - 60, east + 60, NORTH)], crs=32633)
        shape.to_file(aoi, layer=layer)
    counts = {}
    for name in ("", "|west", "|east"):
        result = run("tiles", "--mosaic", "mosaic.tif", "--aoi", f"{aoi}{name}")
        counts[name] = len(json.loads(result.stdout)["features"])
    assert counts[""] > counts["|west"]
    assert counts[""] > counts["|east"]
    assert "no layer 'north'" in run("tiles", "--mosaic", "mosaic.tif", "--aoi", f"{aoi}|north").stderr
