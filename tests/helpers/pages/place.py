"""A folder with the demonstration's files under the names that the pages use."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import geopandas
import numpy as np
import rasterio
from rasterio.shutil import copy as copy_raster
from rasterio.warp import transform_geom

from geoloc import town
from tests.helpers.made_video import write_video
from tests.helpers.pages.lines import DOCS, csv_of
from tests.helpers.published_files import write_published
from tests.helpers.tiny_town import quick_towns
from tests.helpers.training_files import write_own, write_training_data

MOSAICS = (
    *("mosaic.tif", "satellite.tif", "city.tif", "elsewhere/city.tif", "moved/city.tif"),
    *("tiles/a.tif", "2024/mosaic.tif", "2026/mosaic.tif", "data/mosaic.tif"),
)
VRTS = ("city.vrt", "data/city.vrt")
PHOTOS = ("photo.jpg", "a.jpg", "b.jpg", "photos/photo_01.jpg", "data/photo.jpg")
OWN_GSD_M = 0.6
"""So that what is kept apart of an orthophoto of one's own is large enough to be searched."""
GROUND_M = 212.0
"""How high the town's ground is."""


def build_scene(folder: Path) -> Path:
    """Build the demonstration's town, smaller, with a drone photo and one from eye level; returns its folder."""
    with quick_towns():
        town.build(folder / "scene", size_m=90.0, gsd_m=0.3, photos=1, panoramas=0, walks=1)
    return folder / "scene"


def build_inputs(folder: Path, scene: Path) -> Path:
    """Write all that pages take for granted into an empty folder; returns it.

    Args:
        folder: where to.
        scene: what `build_scene` has built.
    """
    photo, mosaic = scene / "photos/photo_01.jpg", scene / "mosaic.tif"
    for source, names in ((photo, PHOTOS), (mosaic, MOSAICS), (scene / "walks/walk_01.jpg", ("phone.jpg",))):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            # With its time: what was moved has that too.
            shutil.copy2(source, folder / name)
    for vrt in map(folder.joinpath, VRTS):
        copy_raster(vrt.with_name("mosaic.tif"), vrt, driver="VRT")
        # As gdalbuildvrt writes it: of files in its own folder.
        text = vrt.read_text(encoding="utf-8").replace('relativeToVRT="0"', 'relativeToVRT="1"')
        vrt.write_text(text.replace(f"{vrt.parent}/", ""), encoding="utf-8")
    pixels = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
    write_video(folder / "clip.MP4", [pixels] * 14, rate=1.0)
    (folder / "photos/clicks.csv").write_text(csv_of(DOCS / "how-to/whole-folder.md"), encoding="utf-8")
    _write_queries(folder, scene)
    _write_heights(folder, mosaic)
    _write_drawings(folder, mosaic)
    write_own(folder / "mine.tif", OWN_GSD_M, columns=110)
    write_published(folder / "CVOGL")
    shutil.copytree(folder / "CVOGL/CVOGL_SVI", folder / "G2D")
    (folder / "DATA").mkdir()
    write_training_data(folder / "DATA")
    (folder / "geoloc/weights").mkdir(parents=True)
    return folder


def _write_queries(folder: Path, scene: Path) -> None:
    """Write two of the town's queries and their true outlines."""
    with (scene / "queries.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:2]
    for name in ("queries.csv", "q.csv", "data/queries.csv"):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, rows[0])
            table.writeheader()
            table.writerows({**row, "photo": "photo.jpg"} for row in rows)
    shapes = geopandas.GeoSeries.from_wkt([row["geometry"] for row in rows], crs=int(rows[0]["epsg"]))
    true = geopandas.GeoDataFrame({"object": [row["object"] for row in rows]}, geometry=shapes)
    for name in ("outlines.gpkg", "parcels.gpkg"):
        true.to_file(folder / name)


def _write_heights(folder: Path, mosaic: Path) -> None:
    """Write heights of the ground, which is flat, round the mosaic."""
    with rasterio.open(mosaic) as file:
        west, south, east, north = file.bounds
        profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": file.crs, "width": 300, "height": 300}
    affine = rasterio.transform.from_bounds(west - 100, south - 100, east + 100, north + 100, 300, 300)
    for name in ("dsm.tif", "heights.tif"):
        with rasterio.open(folder / name, "w", **profile, transform=affine) as file:
            file.write(np.full((1, 300, 300), GROUND_M, np.float32))


def _write_drawings(folder: Path, mosaic: Path) -> None:
    """Write a district that the mosaic lies in, and a line drawn in the photo."""
    with rasterio.open(mosaic) as file:
        west, south, east, north = file.bounds
        corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        district = transform_geom(file.crs, 4326, {"type": "Polygon", "coordinates": [corners]})
    write_shape(folder / "district.geojson", district)
    geopandas.read_file(folder / "district.geojson").to_file(folder / "district.gpkg")
    write_shape(folder / "drawn.geojson", {"type": "LineString", "coordinates": [[600, 500], [800, 700]]})


def write_shape(path: Path, geometry: dict[str, object]) -> None:
    """Write one feature as GeoJSON."""
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
