"""Synthetic towns whose photographs from eye level the sight head learns from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from geoloc.model.network.config import FILL
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.frame import MosaicGrid
from geoloc.town.picture.shade import PaintedGround, SceneRenderer
from geoloc.town.scene.scene import Scene, build_scene
from geoloc.train.grounds.towns.cameras import day, street_place
from geoloc.train.grounds.towns.maker import FRAME, GSD_M, SIZE_M, surveyed
from geoloc.train.sights.clicks import SightClicks, clicks_in
from geoloc.train.sights.looks import SightLooks, looks_in
from geoloc.train.sights.seen_town import SeenTown, TakenPhoto

PHOTOS, PANORAMAS = 10, 2
"""Of a town."""


def town_sights(seed: int, net: CrossViewNet) -> Iterator[tuple[SightClicks | None, SightLooks | None]]:
    """Draw the clicks and looks of a town, a photograph at a time; every fourth town is a farm.

    Args:
        seed: of the town.
        net: the network whose backbone sees the views and strips.
    """
    # The looks' own, so that clicks are the same without them.
    rng, looking = np.random.default_rng([seed, 78]), np.random.default_rng([seed, 79])
    scene = build_scene(seed, SIZE_M, "farm" if seed % 4 == 3 else "village")
    painted = PaintedGround(scene, seed)
    grid = MosaicGrid.over(FRAME, SIZE_M, GSD_M, 0.0)
    pixels, valid = surveyed(SceneRenderer(scene, scene.on_survey(), day(rng), painted), grid)
    shown = np.where(valid[..., None], pixels, np.uint8(FILL))
    town = SeenTown(shown, grid, net, seed)
    standing = scene.on_flight()
    renderer = SceneRenderer(scene, standing, day(rng), painted)
    # Scenery has no number of its own.
    objects = [item for item in standing if item.id]
    for number in range(PHOTOS + PANORAMAS):
        camera = _camera(rng, scene, panorama=number >= PHOTOS)
        photo = TakenPhoto(camera, renderer.render(camera, number))
        looks = looks_in(photo, lambda: street_place(looking, scene), town, looking)
        yield clicks_in(photo, objects, town, rng), looks


def _camera(rng: np.random.Generator, scene: Scene, *, panorama: bool) -> Camera:
    """Draw a camera in somebody's hand, one in five on a pole, in a street."""
    x, y = street_place(rng, scene)
    height = float(rng.uniform(1.4, 1.9)) if rng.random() < 0.8 else float(rng.uniform(1.9, 3.5))
    if panorama:
        return Equirectangular((x, y, height), float(rng.uniform(0, 360)), 2048, 1024)
    size = (1200, 900) if rng.random() < 0.7 else (900, 1200)
    focal = max(size) * float(rng.uniform(0.55, 0.85))
    heading, pitch = float(rng.uniform(0, 360)), float(rng.uniform(-18, 4))
    return Pinhole((x, y, height), heading, pitch, focal, *size, roll_deg=float(rng.normal(0, 2)))
