"""Ground with texture at every scale, as a mosaic and as cameras over it see it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.photo.photo import Photo
from geoloc.plane.homography import for_opencv, map_points
from tiling.area import Area
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan, make_plan

EAST, NORTH, GSD_M = 576_000.0, 5_188_000.0, 0.2
SIDE = 700


def rough(seed: int) -> np.ndarray:
    """Texture at every scale, as ground has it."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((SIDE, SIDE, 3), np.float32)
    for cells in (12, 40, 120, 350):
        picture += cv2.resize(rng.normal(0, 30, (cells, cells, 3)).astype(np.float32), (SIDE, SIDE))
    return np.clip(picture + 120, 0, 255).astype(np.uint8)


def write_ground(path: Path, pixels: np.ndarray) -> Path:
    profile = {"driver": "GTiff", "count": 3, "height": SIDE, "width": SIDE, "dtype": "uint8", "crs": "EPSG:32615"}
    with rasterio.open(path, "w", **profile, transform=Affine(GSD_M, 0, EAST, 0, -GSD_M, NORTH)) as file:
        file.write(np.moveaxis(pixels, -1, 0))
    return path


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    """Open ground; to be imported by the `conftest.py` of what needs it."""
    with open_mosaic([write_ground(tmp_path_factory.mktemp("m") / "m.tif", rough(0))]) as opened:
        yield opened


def plan_of(mosaic: Mosaic, gsd_m: float = GSD_M) -> Plan:
    return make_plan(mosaic, gsd_m, 384, Area.everywhere())


def flown(tilt_deg: float, heading_deg: float, *, told: bool) -> tuple[Photo, np.ndarray]:
    """A photo of 800 x 600 px over the middle of the mosaic, and photo pixel -> mosaic pixel."""
    t, h = math.radians(tilt_deg), math.radians(heading_deg)
    ahead = np.array([math.sin(h), math.cos(h), 0])
    forward = math.sin(t) * ahead - math.cos(t) * np.array([0, 0, 1.0])
    right = np.array([math.cos(h), -math.sin(h), 0])
    down = np.cross(forward, right)
    focal = 700.0
    high = 70.0 * math.cos(t)
    centre = np.array([0, 0, high]) - forward * (high / math.cos(t)) + [0, 0, 0]
    centre[2] = high
    camera = np.stack([right, down, forward])
    # Ground (x east, y north, 0) to the photo, and mosaic pixels to the ground.
    to_photo = np.array([[focal, 0, 400], [0, focal, 300], [0, 0, 1]]) @ np.column_stack(
        [camera[:, 0], camera[:, 1], -camera @ centre]
    )
    to_ground = np.array([[GSD_M, 0, -GSD_M * SIDE / 2], [0, -GSD_M, GSD_M * SIDE / 2], [0, 0, 1]])
    matrix = to_photo @ to_ground
    picture = cv2.warpPerspective(rough(0), for_opencv(matrix), (800, 600))
    # Another exposure.
    picture = np.clip(picture * 0.8 + 20, 0, 255).astype(np.uint8)
    photo = Photo(Path("p.jpg"), picture, focal_px=focal if told else None, pitch_deg=tilt_deg - 90 if told else None)
    return photo, np.linalg.inv(matrix)


def clicked(matrix: np.ndarray, at: tuple[float, float]) -> tuple[float, float]:
    """Easting and northing of a photo pixel."""
    x, y = map_points(matrix, np.array([at]))[0]
    return EAST + x * GSD_M, NORTH - y * GSD_M
