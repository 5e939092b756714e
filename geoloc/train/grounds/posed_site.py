"""Posed sites: real photographs, their cameras, a mosaic and a DSM."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from geoloc.errors import TrainingError
from geoloc.plane import homography
from geoloc.plane.surface import DsmSurface
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.objects import crowns, segments
from geoloc.train.grounds.own.extent import HELD_OUT_SHARE
from geoloc.train.grounds.posed_photo import PosedPhoto

MIN_HEIGHT_M = 15.0
LEAN_DEG = 15.0
PLACE_STEP_PX = 16.0


@dataclass(frozen=True)
class PosedCamera:
    """The camera of a photograph; the model is that of `cameras.json` (see the data's README).

    Attributes:
        path: of the photograph.
        a: 3 x 3; with `b` it takes a map point (easting, northing, height) to the camera.
        b: 3.
        focal: in pixels.
        cx: principal point, pixels from the left.
        cy: principal point, pixels from the top.
        k1: radial distortion.
        centre: 3, map point of the camera.
        width: of the photograph, pixels.
        height: of the photograph, pixels.
    """

    path: Path
    a: np.ndarray
    b: np.ndarray
    focal: float
    cx: float
    cy: float
    k1: float
    centre: np.ndarray
    width: int
    height: int

    def to_ground(self, pixels: np.ndarray, surface: DsmSurface) -> np.ndarray:
        """Return the map points (..., 3) where rays through photo pixels (..., 2) first meet the surface, or NaN."""
        d = (pixels - [self.cx, self.cy]) / self.focal
        p = d.copy()
        for _ in range(5):
            p = d / (1 + self.k1 * (p**2).sum(-1, keepdims=True))
        # With q = A X + b, X = centre + q_z A^-1 (p_x, p_y, 1): depth q_z runs along the ray.
        rays = np.concatenate([p, np.ones((*p.shape[:-1], 1))], axis=-1) @ np.linalg.inv(self.a).T
        return surface.intersect(np.linalg.solve(self.a, -self.b), rays)


@dataclass(frozen=True)
class PosedSite:
    """A site with real pairs of photograph and mosaic.

    Attributes:
        ground: its mosaic as seen from above its own ground.
        from_map: 3 x 3, map point to pixel of `ground`.
        surface: its DSM.
        cameras: of the photographs.
        photos: H x W x 3 uint8 each, RGB.
    """

    ground: Ground
    from_map: np.ndarray
    surface: DsmSurface
    cameras: tuple[PosedCamera, ...]
    photos: tuple[np.ndarray, ...]

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Return the pixels (..., 2) of `ground` at map points (..., 2)."""
        return homography.map_points(self.from_map, points)

    def posed_photo(self, index: int, ground: int) -> PosedPhoto:
        """Return photograph `index` with the places it shows; `ground` is the number of that in its collection."""
        camera, pixels = self.cameras[index], self.photos[index]
        height, width = pixels.shape[:2]
        rows, columns = math.ceil(height / PLACE_STEP_PX), math.ceil(width / PLACE_STEP_PX)
        y, x = np.mgrid[:rows, :columns]
        at = (np.stack([x, y], axis=-1) + 0.5) * PLACE_STEP_PX
        places = self.to_pixels(camera.to_ground(at, self.surface)[..., :2])
        return PosedPhoto(camera.path.name, ground, pixels, places.astype(np.float32), PLACE_STEP_PX, panorama=False)


def load_site(folder: Path, held_out: bool | None = None) -> PosedSite:
    """Read a posed site: `mosaic.tif`, `dsm.tif`, `cameras.json` and `photos/`.

    Photos taken less than 15 m above the DSM (before take-off) are left out.

    Args:
        folder: of the site.
        held_out: only every eighth photo and clicks on ground kept apart (True), all other photos and ground (False),
            or all (None).

    Raises:
        TrainingError: a file cannot be read, or is not what it should be.
    """
    import rasterio

    try:
        described = json.loads((folder / "cameras.json").read_text())
        with rasterio.open(folder / "mosaic.tif") as mosaic:
            pixels = np.moveaxis(mosaic.read([1, 2, 3]), 0, -1).copy()
            affine = mosaic.transform
        with rasterio.open(folder / "dsm.tif") as dsm:
            surface = DsmSurface(dsm.read(1).astype(float), dsm.transform.c, dsm.transform.f, dsm.transform.a)
        posed = [_camera(folder / "photos" / name, entry) for name, entry in sorted(described["cameras"].items())]
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder}: not a posed site: {error}") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder}/cameras.json: not the poses of photographs: {error!r}") from None
    if affine.b or affine.d or affine.e >= 0 or not math.isclose(affine.a, -affine.e):
        raise TrainingError(f"{folder}/mosaic.tif: a posed site needs a north-up mosaic with square pixels")
    cameras, photos = [], []
    for i, camera in enumerate(posed):
        above = camera.centre[2] - surface.height(camera.centre[:2])
        if above < MIN_HEIGHT_M or (held_out is not None and (i % 8 == 3) != held_out):
            continue
        photo = cv2.imread(str(camera.path))
        if photo is None:
            raise TrainingError(f"{camera.path}: cannot be read as an image")
        cameras.append(camera)
        photos.append(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB))
    if not cameras:
        raise TrainingError(f"{folder}/cameras.json: no photo of this part is {MIN_HEIGHT_M:.0f} m above the DSM")
    to_map = np.array(affine, float).reshape(3, 3)
    pixels, from_map = _level(pixels, to_map, surface)
    # Interpolation mixes the colours along the edge with the black beyond it.
    valid = cv2.erode(np.asarray(pixels.any(-1), np.uint8), np.ones((5, 5), np.uint8)) > 0
    apart = np.zeros_like(valid)
    apart[: round(HELD_OUT_SHARE * len(valid))] = True
    click_in = valid if held_out is None else valid & (apart == held_out)
    ground = Ground(
        folder.name,
        pixels,
        affine.a,
        boxes := segments(pixels, affine.a),
        np.zeros((len(boxes), 2)),
        crowns(pixels, affine.a),
        # What is trained on never shows the ground kept apart; what is kept apart is looked for everywhere.
        valid if held_out else click_in,
        click_in=click_in,
    )
    return PosedSite(ground, from_map, surface, tuple(cameras), tuple(photos))


def _level(pixels: np.ndarray, to_map: np.ndarray, surface: DsmSurface) -> tuple[np.ndarray, np.ndarray]:
    """Return the mosaic as seen from above its own ground, and the homography from the map to its pixels.

    A reconstruction without GPS may lean, and its mosaic, drawn along the leaning vertical, is then squeezed. With the
    plane z = a x + b y + c through the DSM a step (x, y) is sqrt(x^2 + y^2 + (a x + b y)^2) long on the ground: the
    mosaic is stretched by the square root of that matrix. Slopes under `LEAN_DEG` are ground, not a lean.
    """
    rows, columns = surface.heights.shape
    x = surface.west + (np.arange(columns) + 0.5) * surface.cell
    y = surface.north - (np.arange(rows) + 0.5) * surface.cell
    design = np.stack([*(g.ravel() for g in np.meshgrid(x - x.mean(), y - y.mean())), np.ones(rows * columns)], axis=1)
    slope = np.linalg.lstsq(design, surface.heights.ravel(), rcond=None)[0][:2]
    if np.linalg.norm(slope) < math.tan(math.radians(LEAN_DEG)):
        return pixels, np.linalg.inv(to_map)
    values, vectors = np.linalg.eigh(np.eye(2) + np.outer(slope, slope))
    flip = np.diag([1.0, -1.0])
    stretch = np.eye(3)
    stretch[:2, :2] = flip @ (vectors * np.sqrt(values)) @ vectors.T @ flip
    height, width = pixels.shape[:2]
    corners = homography.map_points(stretch, np.array([[0, 0], [width, 0], [width, height], [0, height]], float))
    shift = np.eye(3)
    shift[:2, 2] = -corners.min(0)
    from_pixels = shift @ stretch
    size = np.ceil(corners.max(0) - corners.min(0)).astype(int)
    levelled = cv2.warpPerspective(
        pixels,
        homography.for_opencv(from_pixels),
        (int(size[0]), int(size[1])),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return levelled, from_pixels @ np.linalg.inv(to_map)


def _camera(path: Path, entry: dict[str, Any]) -> PosedCamera:
    return PosedCamera(
        path=path,
        a=np.array(entry["A"]),
        b=np.array(entry["b"]),
        focal=entry["f"],
        cx=entry["cx"],
        cy=entry["cy"],
        k1=entry["k1"],
        centre=np.array(entry["centre"]),
        width=entry["width"],
        height=entry["height"],
    )
