"""A small mosaic and a photograph of a part of it: real files for programs that are run as a whole."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine
from PIL import Image

CRS, GSD_M, SIDE = "EPSG:32633", 0.2, 420
AFFINE = Affine(GSD_M, 0, 500_000, 0, -GSD_M, 5_400_000)
LEFT, TOP, PHOTO_PX = 80, 100, 256
"""The photograph's part of the mosaic, pixels."""
CLICK = (128, 120)
"""In the photograph, pixels."""
TRUE = AFFINE * (LEFT + CLICK[0], TOP + CLICK[1])
"""Where that is, in `CRS`."""
ROOF = (32, 22)
"""Width and height of the red roof that is clicked in its middle, pixels."""


def make_city(folder: Path) -> None:
    """Write m.tif and p.jpg."""
    rng = np.random.default_rng(5)
    picture = cv2.resize(rng.integers(70, 150, (30, 30, 3), np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        x, y = rng.integers(0, SIDE - 60, 2)
        w, h = rng.integers(12, 50, 2)
        picture[y : y + h, x : x + w] = rng.integers(20, 250, 3)
    x, y = LEFT + CLICK[0] - ROOF[0] // 2, TOP + CLICK[1] - ROOF[1] // 2
    picture[y : y + ROOF[1], x : x + ROOF[0]] = (225, 20, 20)
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8"}
    with rasterio.open(folder / "m.tif", "w", **profile, crs=CRS, transform=AFFINE) as file:
        file.write(np.moveaxis(picture, -1, 0))
    part = picture[TOP : TOP + PHOTO_PX, LEFT : LEFT + PHOTO_PX]
    Image.fromarray(part).save(folder / "p.jpg", quality=95)
