"""A small mosaic with photographs of parts of it, on which a search takes a second."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine
from PIL import Image

PHOTOS = 4
SIDE, PHOTO_SIDE = 320, 180


def make_place(folder: Path) -> None:
    """Write m.tif, p0.png and so on, and queries.csv with two clicks in each."""
    rng = np.random.default_rng(2)
    layers = [
        cv2.resize(rng.random((n, n, 3), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for n in (9, 60)
    ]
    ground = np.clip(255 * sum(layers) / 2, 0, 255).astype(np.uint8)
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(folder / "m.tif", "w", **profile, transform=Affine(0.2, 0, 5e5, 0, -0.2, 5.4e6)) as file:
        file.write(np.moveaxis(ground, 2, 0))
    rows = ["photo,click_x,click_y"]
    for number in range(PHOTOS):
        x, y = rng.integers(0, SIDE - PHOTO_SIDE, 2)
        Image.fromarray(ground[y : y + PHOTO_SIDE, x : x + PHOTO_SIDE]).save(folder / f"p{number}.png")
        rows += [f"p{number}.png,{PHOTO_SIDE / 2},{PHOTO_SIDE / 2}", f"p{number}.png,60,70"]
    (folder / "queries.csv").write_text("\n".join(rows) + "\n")
