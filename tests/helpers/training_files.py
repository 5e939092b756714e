"""What weights are trained on, as it lies on disk, in small: ground whose colour tells where it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine

from tests.helpers.tiny import coloured

WEST, NORTH, GROUND_M = 587_500.0, 3_338_200.0, 270.0
MOSAIC_PX, MOSAIC_GSD_M = 800, 0.1
PHOTO_SHAPE = (240, 320)
ESTONIA = ("image_0_01_05", "image_15_04_01", "image_15_05_02", "image_1_02_01", "image_2_01_05", "image_20_01_01")


def write_own(path: Path, gsd_m: float = 0.3, columns: int = 400) -> Path:
    """Write an orthophoto, 500 px high; returns its path."""
    y, x = np.mgrid[:500, :columns] + 0.5
    pixels = coloured(x, y)
    # What stands out, so that there are segments.
    pixels[40:460:60, 40 : columns - 40 : 50][:] = 0
    for left in range(30, columns - 30, 60):
        for top in range(30, 470, 60):
            pixels[top : top + 12, left : left + 16] = [250, 20, 20]
    profile = {"driver": "GTiff", "count": 3, "height": 500, "width": columns, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(gsd_m, 0, 3e5, 0, -gsd_m, 5e6)) as file:
        file.write(np.moveaxis(pixels, -1, 0))
    return path


def pose(centre: np.ndarray, bearing_deg: float, off_nadir_deg: float) -> np.ndarray:
    """Rows: the camera's right, down and forward in (east, north, up)."""
    b, t = np.radians([bearing_deg, off_nadir_deg])
    ahead = np.array([np.sin(b), np.cos(b), 0])
    up = np.array([0, 0, 1.0])
    forward = np.sin(t) * ahead - np.cos(t) * up
    right = np.array([np.cos(b), -np.sin(b), 0])
    return np.stack([right, np.cross(forward, right), forward])


def photograph(entry: dict, ground_m: float) -> np.ndarray:
    """A photo of flat coloured ground, ray by ray; distortion is undone by OpenCV, not by the code under test."""
    height, width = entry["height"], entry["width"]
    v, u = np.mgrid[:height, :width] + 0.5
    matrix = np.array([[entry["f"], 0, entry["cx"]], [0, entry["f"], entry["cy"]], [0, 0, 1]])
    rays = cv2.undistortPoints(np.stack([u, v], -1).reshape(-1, 1, 2), matrix, np.array([entry["k1"], 0, 0, 0]))
    rays = np.concatenate([rays[:, 0], np.ones((len(rays), 1))], axis=1) @ np.linalg.inv(np.array(entry["A"])).T
    centre = np.array(entry["centre"])
    points = centre + rays * ((ground_m - centre[2]) / rays[:, 2:])
    colours = coloured((points[:, 0] - WEST) / MOSAIC_GSD_M, (NORTH - points[:, 1]) / MOSAIC_GSD_M)
    return colours.reshape(height, width, 3)


def write_site(folder: Path, heights_m: list[float], tilts_deg: list[float]) -> Path:
    """Write a posed site of 80 x 80 m into an empty folder, one photo a height above the ground; returns the folder."""
    (folder / "photos").mkdir()
    y, x = np.mgrid[:MOSAIC_PX, :MOSAIC_PX] + 0.5
    mosaic = coloured(x, y)
    mosaic[(x + y) < 0.75 * MOSAIC_PX] = 0  # the masked corner that mosaics have
    _write_tiff(folder / "mosaic.tif", np.moveaxis(mosaic, -1, 0), MOSAIC_GSD_M)
    _write_tiff(folder / "dsm.tif", np.full((1, 80, 80), GROUND_M, np.float32), 1.0)
    rng = np.random.default_rng(4)
    cameras = {}
    for i, (above, tilt) in enumerate(zip(heights_m, tilts_deg, strict=True)):
        centre = np.array([*rng.uniform(30, 50, 2) * [1, -1] + [WEST, NORTH], GROUND_M + above])
        # The scale of A is free: real files have another one for every photo.
        a = rng.uniform(0.02, 3) * pose(centre, rng.uniform(0, 360), tilt)
        entry = {
            "role": "ortho",
            "width": PHOTO_SHAPE[1],
            "height": PHOTO_SHAPE[0],
            "f": 300.0,
            "cx": 163.0,
            "cy": 118.0,
            "k1": -0.05,
            "A": a.tolist(),
            "b": (-a @ centre).tolist(),
            "centre": centre.tolist(),
        }
        cameras[f"IMG_{i:03}.png"] = entry
        picture = cv2.cvtColor(photograph(entry, GROUND_M), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / "photos" / f"IMG_{i:03}.png"), picture)
    (folder / "cameras.json").write_text(json.dumps({"epsg": 32614, "cameras": cameras}))
    return folder


def _write_tiff(path: Path, bands: np.ndarray, gsd_m: float) -> None:
    profile = {
        "driver": "GTiff",
        "count": len(bands),
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype,
        "crs": "EPSG:32614",
        "transform": Affine(gsd_m, 0, WEST, 0, -gsd_m, NORTH),
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)


def write_training_data(folder: Path) -> Path:
    """Write `orthos/` and `caliterra/` into an empty folder; returns it."""
    (folder / "orthos/estonia").mkdir(parents=True)
    (folder / "orthos/ucmerced").mkdir()
    y, x = np.mgrid[:400, :400] + 0.5
    ground = coloured(x, y)
    for i, name in enumerate(ESTONIA):
        picture = ground[..., ::-1].copy()
        picture[396:, :, 0] = 10 * i
        cv2.imwrite(str(folder / f"orthos/estonia/{name}.jpg"), picture)
    # What is held out, under another name.
    shutil.copy(folder / "orthos/estonia/image_15_05_02.jpg", folder / "orthos/estonia/image_10_05_02.jpg")
    boxes = [[100.0, 120.0, 40.0, 30.0, "Building"], [0.0, 50.0, 60.0, 20.0, "Car"], [380.0, 200.0, 20.0, 9.0, "Bus"]]
    entry = {"gsd_m": 0.2, "width": 400, "height": 400}
    described = {f"{name}.jpg": entry | {"boxes_xywh": boxes} for name in ESTONIA[:3]}
    described["image_2_01_05.jpg"] = entry | {"boxes_xywh": []}
    (folder / "orthos/estonia/boxes.json").write_text(json.dumps(described))
    for i in range(45):
        cv2.imwrite(str(folder / f"orthos/ucmerced/kind{i:02}.jpg"), ground[i : 256 + i, :256, ::-1])
    (folder / "caliterra").mkdir()
    write_site(folder / "caliterra", [40] * 6, [0, 10, 20, 0, 10, 20])
    return folder
