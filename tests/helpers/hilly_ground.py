"""Ground with a hill and a slope: its mosaic, its heights, and a camera over it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine

from geoloc.photo.photo import Photo
from geoloc.plane.surface import DsmSurface
from geoloc.pose.camera import GroundCamera
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, SIDE, rough, write_ground

MIDDLE = np.array([EAST + GSD_M * SIDE / 2, NORTH - GSD_M * SIDE / 2])
DATUM_M = 430.0
"""The height that the ground is about."""
CELL_M = 1.0
FOCAL_PX, SIZE = 700.0, (800, 600)


def height(places: np.ndarray) -> np.ndarray:
    """Heights, N, over `DATUM_M`, of places, N x 2 metres from the middle: a slope, and a hill of 10 m east of it."""
    x, y = places.T
    return 0.08 * y + 10.0 * np.exp(-((x - 15.0) ** 2 + (y - 5.0) ** 2) / (2 * 12.0**2))


def surface() -> DsmSurface:
    """The heights about the middle of the mosaic."""
    half = GSD_M * SIDE / 2 + 20
    count = int(2 * half / CELL_M)
    x, y = np.meshgrid(np.arange(count) * CELL_M - half + CELL_M / 2, half - CELL_M / 2 - np.arange(count) * CELL_M)
    heights = height(np.column_stack([x.ravel(), y.ravel()])).reshape(count, count)
    return DsmSurface(heights, -half, half, CELL_M)


@dataclass(frozen=True, slots=True, eq=False)
class Hilly:
    """Files, and the truth.

    Attributes:
        mosaic: of the ground from straight above.
        dsm: its heights.
        photo: of it.
        camera: that took it, metres from `MIDDLE` and over `DATUM_M`.
    """

    mosaic: Path
    dsm: Path
    photo: Photo
    camera: GroundCamera

    def places(self, pixels: np.ndarray) -> np.ndarray:
        """Eastings and northings, N x 2, of pixels of the photo."""
        return surface().intersect(self.camera.centre, self.camera.directions(pixels))[:, :2] + MIDDLE


def write_hilly(folder: Path, tilt_deg: float = 35.0, heading_deg: float = 80.0) -> Hilly:
    """Write m.tif and dsm.tif, and take a photo from 70 m over the middle."""
    tilt, heading = math.radians(tilt_deg), math.radians(heading_deg)
    forward = np.array([math.sin(tilt) * math.sin(heading), math.sin(tilt) * math.cos(heading), -math.cos(tilt)])
    right = np.array([math.cos(heading), -math.sin(heading), 0.0])
    rotation = np.stack([right, np.cross(forward, right), forward])
    camera = GroundCamera(-70.0 * forward / math.cos(tilt), rotation, FOCAL_PX, np.array(SIZE) / 2)
    columns, rows = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    pixels = np.column_stack([columns.ravel(), rows.ravel()])
    ground = surface()
    met = np.concatenate(
        [ground.intersect(camera.centre, camera.directions(part)) for part in np.array_split(pixels, 200)]
    )
    at = np.column_stack([met[:, 0] / GSD_M + SIDE / 2, SIDE / 2 - met[:, 1] / GSD_M]) - 0.5
    at = np.nan_to_num(at, nan=-1e4).reshape(SIZE[1], SIZE[0], 2).astype(np.float32)
    picture = cv2.remap(rough(0), at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    photo = Photo(Path("hilly.jpg"), picture, focal_px=FOCAL_PX, pitch_deg=tilt_deg - 90)
    heights = (ground.heights + DATUM_M).astype(np.float32)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:32615", "nodata": -9999.0}
    affine = Affine(CELL_M, 0, MIDDLE[0] + ground.west, 0, -CELL_M, MIDDLE[1] + ground.north)
    side = len(heights)
    with rasterio.open(folder / "dsm.tif", "w", **profile, width=side, height=side, transform=affine) as file:
        file.write(heights, 1)
    return Hilly(write_ground(folder / "m.tif", rough(0)), folder / "dsm.tif", photo, camera)
