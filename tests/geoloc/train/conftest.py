"""Made ground whose colour tells where it is, so that two pictures can be asked whether they show the same place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from affine import Affine

from geoloc.model.network.config import Config
from geoloc.model.presets import PRESETS
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_site import load_site
from geoloc.train.samples import painter
from tests.helpers.tiny import TINY, coloured

WEST, NORTH, GROUND_M = 587_500.0, 3_338_200.0, 270.0
MOSAIC_PX, MOSAIC_GSD_M = 800, 0.1
PHOTO_SHAPE = (240, 320)


@pytest.fixture(scope="session")
def tiny() -> Config:
    """See `TINY`."""
    return TINY


@pytest.fixture(autouse=True)
def _tiny_is_a_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, TINY.name, TINY)


@pytest.fixture
def _no_restyling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures keep the colours of the ground."""
    monkeypatch.setattr(painter, "restyle", lambda images, generator: images)


@pytest.fixture(scope="session")
def coloured_pixels() -> Callable[[int, int], np.ndarray]:
    """`coloured_pixels(rows, columns)`: see `coloured`."""

    def make(rows: int, columns: int) -> np.ndarray:
        y, x = np.mgrid[:rows, :columns] + 0.5
        return coloured(x, y)

    return make


def coloured_ground(name: str, rows: int, columns: int, boxes: list[list[float]], gsd_m: float = 0.2) -> Ground:
    """Flat ground whose colour tells where it is; nothing stands up."""
    y, x = np.mgrid[:rows, :columns] + 0.5
    there = np.array(boxes, float).reshape(-1, 4)
    return Ground(name, coloured(x, y), gsd_m, there, np.zeros((len(there), 2)), np.zeros((0, 3)))


@pytest.fixture(scope="session")
def collection(make_site: Callable[..., Path]) -> Collection:
    """A ground with boxes, of an odd width so that halving it must not move anything, one without, and a posed site."""
    site = load_site(make_site([40, 50], [0, 15]))
    grounds = (
        coloured_ground("boxed", 700, 901, [[300, 300, 340, 330], [500, 200, 520, 215]]),
        coloured_ground("plain", 400, 400, []),
        site.ground,
    )
    return Collection(grounds, tuple(site.posed_photo(i, 2) for i in range(2)), (1.0, 1.0, 2.0))


@pytest.fixture(scope="session")
def difference() -> Callable[..., np.ndarray]:
    """Grey levels between picture a at points and picture b at points, the worst of three channels a point."""

    def sample(image: np.ndarray, points: np.ndarray) -> np.ndarray:
        at = (points.reshape(-1, 1, 2) - 0.5).astype(np.float32)
        return cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0].astype(float)

    def measure(a: np.ndarray, at_a: np.ndarray, b: np.ndarray, at_b: np.ndarray) -> np.ndarray:
        return np.abs(sample(a, at_a) - sample(b, at_b)).max(1)

    return measure


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


@pytest.fixture(scope="session")
def make_site(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`make_site(heights, tilts)`: a posed site as on disk, of 80 x 80 m, one photo a height above the ground."""

    def make(heights_m: list[float], tilts_deg: list[float]) -> Path:
        folder = tmp_path_factory.mktemp("site")
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

    return make


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


ESTONIA = ("image_0_01_05", "image_15_04_01", "image_15_05_02", "image_1_02_01", "image_2_01_05", "image_20_01_01")


@pytest.fixture(scope="session")
def data_root(tmp_path_factory: pytest.TempPathFactory, make_site: Callable[..., Path]) -> Path:
    """Training data as it lies on disk, in small."""
    folder = tmp_path_factory.mktemp("data")
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
    shutil.copytree(make_site([40] * 6, [0, 10, 20, 0, 10, 20]), folder / "caliterra")
    return folder
