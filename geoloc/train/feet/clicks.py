"""Clicks in photographs of synthetic towns from eye level, each with how far below it the thing meets the ground."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from geoloc.model.foot_net import band
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.photo.foot_view import SIDE_PX, VIEWS_DEG, directions, drawn
from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.shade import PaintedGround, RenderedView, SceneRenderer
from geoloc.town.scene.scene import Scene, build_scene
from geoloc.town.scene.shapes import SceneObject
from geoloc.town.truth import visible_objects
from geoloc.train.grounds.towns.cameras import day, street_place

SIZE_M = 240.0
PHOTOS, PANORAMAS = 6, 1
"""Of a town."""
CLICKS = 22
"""Of a photograph at the most."""
FARTHEST_M = 100.0
LEAST_SHARE, LEAST_PX = 0.4, 60
"""Of a thing that is seen, and its area."""
TILT_SD_DEG = 0.3
"""How far the tilt is off by which views are drawn."""
_FAR_M = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class FootClicks:
    """N clicks in one photograph.

    Attributes:
        views: features of the bands of both views of each, N * 2, in 16 bits.
        below_deg: N, how far below level was clicked.
        foot_deg: N, how far below the click the thing's near side meets the ground.
        distance_m: N, how far off that is.
    """

    views: Features = field(repr=False)
    below_deg: torch.Tensor
    foot_deg: torch.Tensor
    distance_m: torch.Tensor

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All that it holds, to be kept."""
        return [*self.views, self.below_deg, self.foot_deg, self.distance_m]

    @classmethod
    def of(cls, tensors: Sequence[torch.Tensor]) -> FootClicks:
        """Make it of what was kept."""
        coarse, fine, below_deg, foot_deg, distance_m = tensors
        return cls(Features(coarse, fine), below_deg, foot_deg, distance_m)


def town_clicks(seed: int, net: CrossViewNet) -> Iterator[FootClicks]:
    """Draw the clicks of a town, a photograph at a time; every fourth town is a farm.

    Args:
        seed: of the town.
        net: the network whose backbone sees the views.
    """
    rng = np.random.default_rng([seed, 77])
    scene = build_scene(seed, SIZE_M, "farm" if seed % 4 == 3 else "village")
    standing = scene.on_flight()
    renderer = SceneRenderer(scene, standing, day(rng), PaintedGround(scene, seed))
    # Scenery has no number of its own.
    objects = [item for item in standing if item.id]
    for number in range(PHOTOS + PANORAMAS):
        camera = _camera(rng, scene, panorama=number >= PHOTOS)
        view = renderer.render(camera, number)
        clicks = _clicks(camera, view, objects, rng)
        if clicks:
            yield _seen(clicks, camera, view, net, rng)


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


def _clicks(
    camera: Camera, view: RenderedView, objects: Sequence[SceneObject], rng: np.random.Generator
) -> list[tuple[SceneObject, int, int]]:
    """Draw things with a column and a row that shows each: near the middle of what is seen, and anywhere on it."""
    found = []
    for seen in visible_objects(camera, view.ids, objects, LEAST_SHARE, LEAST_PX, farthest_m=FARTHEST_M):
        found.append((seen.item, int(seen.click[0]), int(seen.click[1])))
        inner = cv2.erode((view.ids == seen.item.id).astype(np.uint8), np.ones((3, 3), np.uint8))
        rows, columns = np.nonzero(inner)
        if len(rows):
            i = int(rng.integers(len(rows), size=1)[0])
            found.append((seen.item, int(columns[i]), int(rows[i])))
    rng.shuffle(found)
    return found[:CLICKS]


def _seen(
    clicks: Sequence[tuple[SceneObject, int, int]],
    camera: Camera,
    view: RenderedView,
    net: CrossViewNet,
    rng: np.random.Generator,
) -> FootClicks:
    pictures, below, feet, distances = [], [], [], []
    for item, column, row in clicks:
        _, (east, north, up) = camera.ray(column + 0.5, row + 0.5)
        aside, clicked = math.atan2(east, north), math.atan2(-up, math.hypot(east, north))
        away = _near_side(item, camera)
        below.append(math.degrees(clicked))
        feet.append(math.degrees(math.atan2(camera.fixed[2], away) - clicked))
        distances.append(away)
        drawn_below = clicked + math.radians(rng.normal(0, TILT_SD_DEG))
        pictures += [_view(camera, view, aside, drawn_below, view_deg) for view_deg in VIEWS_DEG]
    with torch.inference_mode():
        shown = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
        parts = [band(net.encode_reference(some)) for some in shown.split(2)]
    views = Features(*(torch.cat(side).half() for side in zip(*parts, strict=True)))
    return FootClicks(views, *(torch.tensor(column).float() for column in (below, feet, distances)))


def _near_side(item: SceneObject, camera: Camera) -> float:
    """Return how far off a thing's near side is, its plan taken as a square: as a search takes it."""
    plan = item.outline()[:, :2]
    low, high = plan.min(0), plan.max(0)
    size = math.sqrt(float(np.prod(high - low)))
    return max(float(np.hypot(*((low + high) / 2 - camera.fixed[:2]))) - size / 2, 1.0)


def _view(camera: Camera, view: RenderedView, aside: float, below: float, view_deg: float) -> NDArray[np.uint8]:
    """Draw a view as `geoloc.photo.foot_view` does of a photo whose tilt is known."""
    east, north, down = directions(aside, below, view_deg)
    points = camera.fixed + np.stack([east, north, -down], axis=-1).reshape(-1, 3) * _FAR_M
    pixels, before = camera.project(points)
    inside = before & (pixels >= 0).all(1) & (pixels <= [camera.width, camera.height]).all(1)
    shape = SIDE_PX, SIDE_PX
    whole_turn = isinstance(camera, Equirectangular)
    seen = np.asarray(pixels, np.float64).reshape(*shape, 2)
    return drawn(view.pixels, seen, inside.reshape(shape), whole_turn=whole_turn)
