"""A mosaic of noise, photographs of noise with and without positions, queries, and bad ones of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from PIL import Image

EAST, NORTH = 500_000.0, 5_400_000.0
"""Upper left corner of the mosaic, metres in UTM zone 33."""
LON, LAT = 15.001, 48.752
"""In the mosaic, a third of the way from its upper left corner."""


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


def write_inputs(folder: Path) -> None:
    """Write photo.jpg, mosaic.tif, queries.csv and clicks.csv, and bad ones of each.

    here.jpg says that it was taken in the mosaic, elsewhere.jpg that it was taken far away.
    """
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
