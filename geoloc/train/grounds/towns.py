"""Synthetic towns to train on: drone and ground photographs and panoramas whose every pixel's place is exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.frame import Frame, MosaicGrid
from geoloc.town.picture.render import cast
from geoloc.town.picture.shade import PaintedGround, SceneRenderer, flight_day, survey_day
from geoloc.town.scene.scene import Scene, Style, build_scene
from geoloc.town.scene.shapes import PackedScene, pack
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.posed_photo import PosedPhoto, Stand
from geoloc.train.grounds.sources import CollectionBuilder

FIRST_SEED = 1000
"""Seeds from here on are for training, those below for demonstrations, tests and benchmarks."""
SIZE_M = 240.0
GSD_M = 0.2
DRONE_PX = (720, 540)
PANORAMA_PX = 1024
STEP = 8
MAX_DISTANCE_M = 120.0
WEIGHT = 1.0
FRAME = Frame((15.31, 51.87), 32633)
"""Where all of them lie."""


def add_town(
    builder: CollectionBuilder,
    seed: int,
    *,
    drones: int = 16,
    walkers: int = 6,
    panoramas: int = 8,
    style: Style = "village",
    report: Callable[[str], None] = lambda line: None,
) -> None:
    """Add a town with its photographs from drones at tilts of 0 to 75 degrees, from eye level, and panoramas.

    Args:
        builder: what it is added to.
        seed: of the town; another one makes another.
        drones: photographs by drones.
        walkers: photographs from eye level.
        panoramas: photographs all round, from streets.
        style: of the town, see `geoloc.town.scene.scene`.
        report: called with a line for each photograph.
    """
    rng = np.random.default_rng([seed, 11])
    grid = MosaicGrid.over(FRAME, SIZE_M, GSD_M, 0.0)
    scene = build_scene(seed, SIZE_M, style)
    painted = PaintedGround(scene, seed)
    survey = survey_day(rng, style)
    survey_renderer = SceneRenderer(scene, scene.on_survey(), survey, painted)
    pixels, valid = surveyed(survey_renderer, grid)
    boxes, heights = _boxes(scene, grid)
    ground = Ground(f"town_{seed}", pixels, GSD_M, boxes, heights, np.zeros((0, 3)), valid)
    flight_renderer = SceneRenderer(scene, scene.on_flight(), flight_day(rng, survey), painted)
    packed = pack(scene.on_flight())
    cameras: list[Camera] = [drone(rng, scene) for _ in range(drones)]
    cameras += [_walker(rng, scene) for _ in range(walkers)]
    cameras += [_panorama(rng, scene) for _ in range(panoramas)]
    photos = []
    for number, camera in enumerate(cameras):
        picture = flight_renderer.render(camera, number).pixels
        name = f"{type(camera).__name__.lower()}_{number}"
        places = _places(camera, packed, grid)
        stand = None
        if isinstance(camera, Equirectangular):
            (x, y), = mosaic_pixels(np.array([camera.position]), grid)
            stand = Stand(float(x), float(y), camera.position[2], camera.heading_deg)
        photos.append(PosedPhoto(name, 0, picture, places, float(STEP), stand is not None, stand))
        report(f"town {seed}: {name}")
    builder.add(ground, WEIGHT, photos)


def _boxes(scene: Scene, grid: MosaicGrid) -> tuple[np.ndarray, np.ndarray]:
    """Objects that stand there on both days, N x 4 pixels of the mosaic, and their heights twice, N x 2."""
    boxes, heights = [], []
    for item in scene.objects:
        outline = item.outline()
        if not (item.surveyed and item.flown) or np.abs(outline[:, :2]).max() >= grid.half_m:
            continue
        x, y = mosaic_pixels(outline, grid).T
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


def mosaic_pixels(points: np.ndarray, grid: MosaicGrid) -> np.ndarray:
    """Turn local metres (N x 2 or more) into mosaic pixels, N x 2."""
    to_pixels = ~grid.affine
    x, y = grid.frame.to_crs(points).T
    return np.stack(to_pixels * (x, y), axis=-1)


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
    pixels = mosaic_pixels(points.reshape(-1, 3), grid).reshape(*points.shape[:2], 2)
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


def drone(rng: np.random.Generator, scene: Scene) -> Pinhole:
    """Draw a drone's camera over a town, tilted by 0 to 75 degrees."""
    tilt = 75.0 * rng.random()
    height = float(np.exp(rng.uniform(np.log(25), np.log(110)))) if tilt < 50 else float(rng.uniform(20, 45))
    heading = rng.uniform(0, 360)
    aim = rng.uniform(-0.6, 0.6, 2) * scene.layout.half_m
    back = height * math.tan(math.radians(tilt))
    x, y = aim - back * np.array([math.sin(math.radians(heading)), math.cos(math.radians(heading))])
    return _pinhole(rng, (float(x), float(y), height), heading, tilt - 90.0)


def _walker(rng: np.random.Generator, scene: Scene) -> Pinhole:
    """At eye level or on a pole, looking a little down."""
    x, y = _street(rng, scene)
    return _pinhole(rng, (x, y, float(rng.uniform(1.6, 5.0))), rng.uniform(0, 360), float(rng.uniform(-25, -4)))


def _pinhole(rng: np.random.Generator, position: tuple[float, float, float], heading: float, pitch: float) -> Pinhole:
    focal = DRONE_PX[0] / (2 * math.tan(math.radians(rng.uniform(40, 90)) / 2))
    return Pinhole(position, heading, pitch, focal, *DRONE_PX)


def _panorama(rng: np.random.Generator, scene: Scene) -> Equirectangular:
    x, y = _street(rng, scene)
    return Equirectangular((x, y, float(rng.uniform(1.7, 3.0))), rng.uniform(0, 360), PANORAMA_PX, PANORAMA_PX // 2)


def _street(rng: np.random.Generator, scene: Scene) -> tuple[float, float]:
    """A place on a street of the inner town."""
    streets = scene.layout.streets
    while True:
        line = streets[rng.integers(len(streets))].line
        point = line.interpolate(rng.uniform(0.0, line.length))
        if max(abs(point.x), abs(point.y)) < 0.8 * scene.layout.half_m:
            return point.x, point.y
