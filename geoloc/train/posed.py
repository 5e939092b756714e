"""Pairs from a posed site: real photographs, their cameras, a mosaic and a DSM."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from geoloc.errors import TrainingError
from geoloc.train import views
from geoloc.train.augment import dressed, recolour, shade
from geoloc.train.orthophoto import HEADING_SPREAD_DEG, Orthophoto, Ranges, log_uniform
from geoloc.train.record import QUERY_CELLS, QUERY_PX, REFERENCE_PX, Record, cell_centres

MIN_HEIGHT_M = 15.0
LEAN_DEG = 15.0
HELD_OUT_SHARE = 0.25
"""The upper part of a posed mosaic, by rows, that is never trained on."""


@dataclass(frozen=True)
class Camera:
    """A posed photograph; the model is that of `cameras.json` (see the data's README).

    A: 3 x 3 and b: 3 take a map point (easting, northing, height) to the camera; focal, cx, cy in pixels; k1 radial.
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

    def to_ground(self, pixels: np.ndarray, surface: Surface) -> np.ndarray:
        """Map points (..., 3) where the rays through photo pixels (..., 2) first meet the surface, or NaN."""
        d = (pixels - [self.cx, self.cy]) / self.focal
        p = d.copy()
        for _ in range(5):
            p = d / (1 + self.k1 * (p**2).sum(-1, keepdims=True))
        # With q = A X + b, X = centre + q_z A^-1 (p_x, p_y, 1): depth q_z runs along the ray.
        rays = np.concatenate([p, np.ones((*p.shape[:-1], 1))], axis=-1) @ np.linalg.inv(self.a).T
        return surface.meet(np.linalg.solve(self.a, -self.b), rays)


@dataclass(frozen=True)
class Surface:
    """A DSM: heights in metres on a north-up grid of the site's CRS."""

    heights: np.ndarray
    west: float
    north: float
    cell: float

    def height(self, points: np.ndarray) -> np.ndarray:
        """Heights at map points (..., 2), bilinear between the centres of cells; beyond them, that of the nearest."""
        rows, columns = self.heights.shape
        x = np.nan_to_num((points[..., 0] - self.west) / self.cell - 0.5).clip(0, columns - 1)
        y = np.nan_to_num((self.north - points[..., 1]) / self.cell - 0.5).clip(0, rows - 1)
        column, row = x.astype(int), y.astype(int)
        right, below = np.minimum(column + 1, columns - 1), np.minimum(row + 1, rows - 1)
        dx, dy = x - column, y - row
        upper = (1 - dx) * self.heights[row, column] + dx * self.heights[row, right]
        lower = (1 - dx) * self.heights[below, column] + dx * self.heights[below, right]
        return np.asarray((1 - dy) * upper + dy * lower)

    def meet(self, origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
        """Where rays (..., 3) from `origin` first go below the surface, (..., 3); NaN where they do not on the DSM.

        A march in steps of one cell, then bisection: putting the height found back into the ray does not converge
        where the ground slopes towards the camera, and reconstructions without GPS slope a lot.
        """
        rows, columns = self.heights.shape
        low = [self.west, self.north - rows * self.cell, self.heights.min() - self.cell]
        high = [self.west + columns * self.cell, self.north, self.heights.max() + self.cell]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            sides = np.stack([(low - origin) / rays, (high - origin) / rays])
        near = np.fmax.reduce(sides.min(0), axis=-1).clip(min=0)
        far = np.fmin.reduce(sides.max(0), axis=-1)
        crosses = near < far
        near, far = np.where(crosses, near, 0), np.where(crosses, far, 0)

        def below(depth: np.ndarray, along: np.ndarray) -> np.ndarray:
            points = origin + depth[..., None] * along
            return np.asarray(points[..., 2] <= self.height(points[..., :2]))

        longest = ((far - near) * np.linalg.norm(rays, axis=-1)).max()
        share = np.linspace(0, 1, int(np.ceil(longest / self.cell)) + 2)
        under = below(near[..., None] + (far - near)[..., None] * share, rays[..., None, :])
        first = under.argmax(-1)
        # One that is under the ground where it enters the DSM met it before.
        meets = crosses & (first > 0)
        above = near + (far - near) * share[np.maximum(first - 1, 0)]
        beneath = near + (far - near) * share[first]
        for _ in range(20):
            middle = (above + beneath) / 2
            inside = below(middle, rays)
            above, beneath = np.where(inside, above, middle), np.where(inside, middle, beneath)
        return np.where(meets[..., None], origin + beneath[..., None] * rays, np.nan)


@dataclass(frozen=True)
class PosedSite:
    """A site with real photo - mosaic pairs.

    ground: H x W bool, where in `ortho` clicks may be. from_map: 3 x 3, map point to pixel of `ortho`, whose pixels are
    square on the ground.
    """

    ortho: Orthophoto
    ground: np.ndarray
    from_map: np.ndarray
    surface: Surface
    cameras: tuple[Camera, ...]
    photos: tuple[np.ndarray, ...]

    def to_source(self, points: np.ndarray) -> np.ndarray:
        """Map points (..., 2) -> mosaic pixels."""
        return views.apply(self.from_map, points)

    def shows(self, source: np.ndarray, margin: float = 0) -> np.ndarray:
        """Whether mosaic pixels (..., 2) lie `margin` inside the mosaic, where clicks may be."""
        rows, columns = self.ortho.pixels.shape[:2]
        inside = np.asarray(((source >= margin) & (source < [columns - margin, rows - margin])).all(-1))
        x, y = np.moveaxis(np.where(inside[..., None], source, 0).astype(int), -1, 0)
        return np.asarray(inside & self.ground[y, x])


def load_site(folder: Path, held_out: bool | None = None) -> PosedSite:
    """Read `mosaic.tif`, `dsm.tif`, `cameras.json` and `photos/`.

    held_out: only every eighth photo and clicks on ground kept apart (True), all others (False) or all. Photos taken less than 15 m above the DSM
    (before take-off) are left out.
    """
    import rasterio

    try:
        described = json.loads((folder / "cameras.json").read_text())
        with rasterio.open(folder / "mosaic.tif") as mosaic:
            pixels = np.moveaxis(mosaic.read([1, 2, 3]), 0, -1).copy()
            affine = mosaic.transform
        with rasterio.open(folder / "dsm.tif") as dsm:
            surface = Surface(dsm.read(1).astype(float), dsm.transform.c, dsm.transform.f, dsm.transform.a)
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
    valid = cv2.erode(pixels.any(-1).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    apart = np.zeros_like(valid)
    apart[: round(HELD_OUT_SHARE * len(valid))] = True
    ground = valid if held_out is None else valid & (apart == held_out)
    # What is trained on never shows the ground kept apart; what is kept apart is looked for everywhere.
    ortho = Orthophoto(folder.name, pixels, affine.a, np.zeros((0, 4)), valid if held_out else ground)
    return PosedSite(ortho, ground, from_map, surface, tuple(cameras), tuple(photos))


def _level(pixels: np.ndarray, to_map: np.ndarray, surface: Surface) -> tuple[np.ndarray, np.ndarray]:
    """The mosaic as seen from above its own ground, and the homography from the map to its pixels.

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
    corners = views.apply(stretch, np.array([[0, 0], [width, 0], [width, height], [0, height]], float))
    shift = np.eye(3)
    shift[:2, 2] = -corners.min(0)
    from_pixels = shift @ stretch
    size = np.ceil(corners.max(0) - corners.min(0)).astype(int)
    levelled = cv2.warpPerspective(
        pixels,
        views.TO_CENTRE @ from_pixels @ views.TO_CORNER,
        (int(size[0]), int(size[1])),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return levelled, from_pixels @ np.linalg.inv(to_map)


def _camera(path: Path, entry: dict[str, Any]) -> Camera:
    return Camera(
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


def make_pair(site: PosedSite, rng: np.random.Generator, ranges: Ranges) -> Record | None:
    """A click in a real photograph and the mosaic there; None where the draw falls outside the mosaic."""
    index = int(rng.integers(len(site.cameras)))
    camera, photo = site.cameras[index], site.photos[index]
    height, width = photo.shape[:2]
    side = log_uniform(rng, 0.3 * height, 1.0 * height)
    half = side / 2
    middle = np.array([rng.uniform(half, width - half), rng.uniform(half, height - half)])
    # Which way is north in the photo, so that the crop can be turned near to it.
    ahead = camera.to_ground(np.stack([middle, middle - [0, 0.2 * side]]), site.surface)[:, :2]
    if not np.isfinite(ahead).all():
        return None
    bearing = math.degrees(math.atan2(ahead[1, 0] - ahead[0, 0], ahead[1, 1] - ahead[0, 1]))
    heading = rng.uniform(-HEADING_SPREAD_DEG, HEADING_SPREAD_DEG)
    turn = rng.uniform(0, 360)
    # Turning the crop by `angle` makes its up direction point to compass bearing `turn + heading`.
    angle = turn + heading - bearing
    scale = side / QUERY_PX
    query_to_photo = views.similarity(scale, angle, tuple(middle), (QUERY_PX / 2, QUERY_PX / 2))
    query = _crop(photo, query_to_photo, scale)

    at = np.clip(rng.normal(0.5, 0.2, 2), 0.08, 0.92) * QUERY_PX
    clicked = views.apply(query_to_photo, at)
    if not ((clicked >= 0) & (clicked < [width, height])).all():
        return None  # a turned crop reaches beyond the photo, and there the query is its mirror image
    source = site.to_source(camera.to_ground(clicked, site.surface)[:2])
    if not site.shows(source, margin=20):
        return None
    gsd = log_uniform(rng, *ranges.gsd_m)
    ref_at = rng.uniform(0.06, 0.94, 2) * REFERENCE_PX
    reference, holds, ref_to_source = site.ortho.window(gsd, turn, tuple(source), tuple(ref_at))
    source_to_ref = np.linalg.inv(ref_to_source)

    photo_points = views.apply(query_to_photo, cell_centres(QUERY_CELLS, QUERY_CELLS))
    ground = camera.to_ground(photo_points, site.surface)[..., :2]
    shown = site.to_source(ground)
    matches = views.apply(source_to_ref, shown)
    inside = np.asarray((photo_points >= 0).all(-1) & (photo_points < [width, height]).all(-1))
    inside &= site.shows(shown) & (matches >= 0).all(-1) & (matches < REFERENCE_PX).all(-1)
    size = log_uniform(rng, 2, 12) / gsd
    return Record(
        query=recolour(shade(query, rng), rng),
        click=at.astype(np.float32),
        reference=dressed(reference, holds, rng),
        box=np.concatenate([ref_at - size / 2, ref_at + size / 2]).astype(np.float32),
        present=True,
        sized=False,
        matches=np.where(inside[..., None], matches, np.nan).astype(np.float32),
    )


def _crop(photo: np.ndarray, to_photo: np.ndarray, scale: float) -> np.ndarray:
    """The crop, the photo softened first where a crop pixel covers several of its pixels."""
    if scale > 1.3:
        photo = cv2.GaussianBlur(photo, (0, 0), 0.35 * scale)
    return views.warp(photo, to_photo, QUERY_PX, QUERY_PX, cv2.BORDER_REFLECT_101)
