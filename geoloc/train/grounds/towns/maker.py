"""The maker of synthetic towns to train on: one scene, rendered once, for the search and for the mask head.

A town is its mosaic with boxes and exact masks of what it shows, and drone and ground photographs and panoramas whose
every pixel's place is exact. Survey and flight have a season, a time of day and a sensor each of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from geoloc.town.labels import label_map
from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.frame import Frame, MosaicGrid
from geoloc.town.picture.render import cast
from geoloc.town.picture.shade import PaintedGround, SceneRenderer
from geoloc.town.scene.scene import Scene, Style, build_scene
from geoloc.town.scene.shapes import PackedScene
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, masked_objects
from geoloc.train.grounds.posed_photo import PosedPhoto, Stand
from geoloc.train.grounds.sources import CollectionBuilder
from geoloc.train.grounds.towns.cameras import day, drone, panorama, walker

FIRST_SEED = 1000
"""Seeds from here on are for training, those below for demonstrations, tests, benchmarks and what is held out."""
HELD_OUT: dict[int, Style] = {999: "village", 900: "village", 951: "farm"}
"""Towns that nobody trains on: the first for the network that searches, the others for the mask head."""
SIZE_M = 240.0
GSD_M = 0.2
STEP = 8
MAX_DISTANCE_M = 120.0
WEIGHT = 1.0
FRAME = Frame((15.31, 51.87), 32633)
"""Where all of them lie."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingTown:
    """A town to train on; its parts share their pictures.

    Attributes:
        ground: the mosaic with the boxes of objects that stand there on both days.
        photos: of the ground, whose number is 0: drones', those from eye level, panoramas.
        masked: the mosaic with the masks of all that it shows, and the drones' photos.
    """

    ground: Ground = field(repr=False)
    photos: tuple[PosedPhoto, ...] = field(repr=False)
    masked: MaskedGround = field(repr=False)


def style_of(seed: int) -> Style:
    """Return the style of a town: held-out ones have theirs, of others even seeds are villages and odd ones farms."""
    return HELD_OUT.get(seed, "farm" if seed % 2 else "village")


def build_town(
    seed: int,
    style: Style | None = None,
    *,
    drones: int = 10,
    walkers: int = 4,
    panoramas: int = 5,
    report: Callable[[str], None] = lambda line: None,
) -> TrainingTown:
    """Build a town with its photographs from drones at tilts of 0 to 75 degrees, from eye level, and panoramas.

    Args:
        seed: of the town; another one makes another.
        style: of the town, see `geoloc.town.scene.scene`; None for that of its seed.
        drones: photographs by drones.
        walkers: photographs from eye level, or from poles.
        panoramas: photographs all round, from streets.
        report: called with a line for each photograph.
    """
    rng = np.random.default_rng([seed, 11])
    grid = MosaicGrid.over(FRAME, SIZE_M, GSD_M, 0.0)
    scene = build_scene(seed, SIZE_M, style or style_of(seed))
    painted = PaintedGround(scene, seed)
    pixels, valid = surveyed(SceneRenderer(scene, scene.on_survey(), day(rng), painted), grid)
    boxes, heights = _boxes(scene, grid)
    name = f"town_{seed}"
    ground = Ground(name, pixels, GSD_M, boxes, heights, np.zeros((0, 3)), valid)
    labels = label_map(scene, grid)
    objects = masked_objects(labels.ids, [(thing.id, thing.kind) for thing in labels.things])
    report(f"town {seed}: mosaic")
    flight = SceneRenderer(scene, scene.on_flight(), day(rng), painted)
    cameras: list[Camera] = [drone(rng, scene) for _ in range(drones)]
    cameras += [walker(rng, scene) for _ in range(walkers)]
    cameras += [panorama(rng, scene) for _ in range(panoramas)]
    photos = []
    for number, camera in enumerate(cameras):
        picture = flight.render(camera, number).pixels
        kind = type(camera).__name__.lower()
        stand = _stand(camera, grid) if isinstance(camera, Equirectangular) else None
        places = _places(camera, flight.packed, grid)
        photos.append(PosedPhoto(f"{kind}_{number}", 0, picture, places, float(STEP), stand is not None, stand))
        report(f"town {seed}: {kind}_{number}")
    flat = tuple(
        FlatPhoto(photo.pixels, _to_ground(camera, grid))
        for photo, camera in zip(photos[:drones], cameras, strict=False)
        if isinstance(camera, Pinhole)
    )
    return TrainingTown(ground, tuple(photos), MaskedGround(name, pixels, GSD_M, objects, flat))


def add_town(builder: CollectionBuilder, seed: int, report: Callable[[str], None] = lambda line: None) -> None:
    """Build a town and add it to what the network that searches is trained on."""
    town = build_town(seed, report=report)
    builder.add(town.ground, WEIGHT, town.photos)


def _boxes(scene: Scene, grid: MosaicGrid) -> tuple[np.ndarray, np.ndarray]:
    """Objects that stand there on both days, N x 4 pixels of the mosaic, and their heights twice, N x 2."""
    boxes, heights = [], []
    for item in scene.objects:
        outline = item.outline()
        if not (item.surveyed and item.flown) or np.abs(outline[:, :2]).max() >= grid.half_m:
            continue
        x, y = _mosaic_pixels(outline, grid).T
        boxes.append([x.min(), y.min(), x.max(), y.max()])
        heights.append([float(outline[:, 2].max())] * 2)
    return np.array(boxes).reshape(-1, 4), np.array(heights).reshape(-1, 2)


def surveyed(renderer: SceneRenderer, grid: MosaicGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return a town's mosaic, H x W x 3, and which of its pixels lie in the town, H x W."""
    pixels = np.zeros((grid.height, grid.width, 3), np.uint8)
    valid = np.zeros((grid.height, grid.width), bool)
    for number, (window, straight_down) in enumerate(grid.cameras()):
        r0, r1, c0, c1 = window
        valid[r0:r1, c0:c1] = grid.valid(window)
        pixels[r0:r1, c0:c1] = renderer.render(straight_down, number).pixels
    return pixels, valid


def _mosaic_pixels(points: np.ndarray, grid: MosaicGrid) -> np.ndarray:
    """Turn local metres (N x 2 or more) into mosaic pixels, N x 2."""
    to_pixels = ~grid.affine
    x, y = grid.frame.to_crs(points).T
    return np.stack(to_pixels * (x, y), axis=-1)


def _stand(camera: Equirectangular, grid: MosaicGrid) -> Stand:
    """Where a panorama was taken; the heading is that on the mosaic, whose grid may be turned against north."""
    heading = np.radians(camera.heading_deg)
    ahead = camera.fixed + np.array([np.sin(heading), np.cos(heading), 0.0])
    (x, y), (to_x, to_y) = _mosaic_pixels(np.array([camera.fixed, ahead]), grid)
    turned = float(np.degrees(np.arctan2(to_x - x, y - to_y))) % 360.0
    return Stand(float(x), float(y), float(camera.fixed[2]), turned)


def _places(camera: Camera, packed: PackedScene, grid: MosaicGrid) -> np.ndarray:
    """What the middle of every block of STEP x STEP pixels shows, as pixels of the mosaic; NaN far away and in the sky.

    A camera with one ray for each block has it through the block's middle.
    """
    coarse = _coarse(camera)
    window = (0, coarse.height, 0, coarse.width)
    depth = cast(coarse, packed, window).depth
    points = coarse.fixed + np.where(np.isfinite(depth), depth, 0)[..., None] * coarse.rays(window)
    away = np.linalg.norm(points[..., :2] - coarse.fixed[:2], axis=-1)
    known = np.isfinite(depth) & (away < MAX_DISTANCE_M)
    pixels = _mosaic_pixels(points.reshape(-1, 3), grid).reshape(*points.shape[:2], 2)
    return np.where(known[..., None], pixels, np.nan).astype(np.float32)


def _coarse(camera: Camera) -> Camera:
    """Return the same view with one pixel a block."""
    if isinstance(camera, Equirectangular):
        return replace(camera, width=camera.width // STEP, height=camera.height // STEP)
    if isinstance(camera, Pinhole):
        return replace(
            camera, width=camera.width // STEP, height=camera.height // STEP, focal_px=camera.focal_px / STEP
        )
    raise TypeError(f"no coarse view of a {type(camera).__name__}")


def _to_ground(camera: Pinhole, grid: MosaicGrid) -> np.ndarray:
    """The homography from a camera's pixels to those of the mosaic, of the ground at height 0."""
    corners = np.array([[x, y] for x in (0.2, 0.8) for y in (0.8, 0.98)]) * [camera.width, camera.height]
    points = []
    for x, y in corners:
        origin, direction = camera.ray(x, y)
        points.append(origin - direction * (origin[2] / direction[2]))
    seen, _ = camera.project(np.array(points))
    matrix = cv2.getPerspectiveTransform(
        seen.astype(np.float32), _mosaic_pixels(np.array(points), grid).astype(np.float32)
    ).astype(np.float64)
    # Positive before the camera, so that what lies beyond the horizon is told from the ground.
    return np.asarray(matrix * np.sign(matrix[2] @ [*seen[0], 1.0]))
