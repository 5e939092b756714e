"""Clicks in photographs of synthetic towns from eye level, each with the mosaic before the camera and where it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from geoloc.model.network.config import FILL
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.sight.head import STRIP_STEP_M
from geoloc.model.sight.net import Views
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG, directions, drawn
from geoloc.photo.sight import strip_ahead
from geoloc.plane.homography import to_opencv
from geoloc.town.picture.camera import Camera, Equirectangular, Pinhole
from geoloc.town.picture.frame import MosaicGrid
from geoloc.town.picture.shade import PaintedGround, RenderedView, SceneRenderer
from geoloc.town.scene.scene import Scene, build_scene
from geoloc.town.scene.shapes import SceneObject
from geoloc.town.truth import visible_objects
from geoloc.train.grounds.towns.cameras import day, street_place
from geoloc.train.grounds.towns.maker import FRAME, GSD_M, SIZE_M, surveyed
from tiling.grid import transformer

PHOTOS, PANORAMAS = 10, 2
"""Of a town."""
CLICKS = 16
"""Of a photograph at the most."""
FARTHEST_M = 100.0
LEAST_SHARE, LEAST_PX = 0.4, 60
"""Of a thing that is seen, and its area."""
STRIPS = 2
"""Of a click, each by a pose that is a little wrong."""
OFF_M, OFF_DEG = 0.5, 1.0
"""By how much: of the position along each axis, and of the heading; standard deviations."""
_FAR_M = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class SightClicks:
    """N clicks in one photograph.

    Attributes:
        views: features of the views of each, N, in 16 bits.
        strips: features of the strips of each, N * `STRIPS`, in 16 bits.
        height_m: N, of the camera over the ground.
        clicked_deg: N, how far below level was clicked.
        at_m: N x `STRIPS` x 2, where on each strip the middle of the thing is: along it from the camera, and to the
            right.
        size_m: N, the root of the area of the box round its plan.
        present: N, whether the mosaic shows it.
    """

    views: Views = field(repr=False)
    strips: Features = field(repr=False)
    height_m: torch.Tensor
    clicked_deg: torch.Tensor
    at_m: torch.Tensor
    size_m: torch.Tensor
    present: torch.Tensor

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All that it holds, to be kept."""
        features = [*self.views.narrow, *self.views.wide, *self.strips]
        return [*features, self.height_m, self.clicked_deg, self.at_m, self.size_m, self.present]

    @classmethod
    def of(cls, tensors: Sequence[torch.Tensor]) -> SightClicks:
        """Make it of what was kept."""
        narrow, wide, strips = (Features(*tensors[2 * n : 2 * n + 2]) for n in range(3))
        return cls(Views(narrow, wide), strips, *tensors[6:])


def joined(photos: Sequence[SightClicks]) -> SightClicks:
    """Return the clicks of many photographs in one."""
    return SightClicks.of([torch.cat(side) for side in zip(*(photo.tensors for photo in photos), strict=True)])


@dataclass(frozen=True, slots=True, eq=False)
class _Town:
    """A town's mosaic, what is not in the town grey, the network that sees it, and what draws errors of poses."""

    pixels: NDArray[np.uint8]
    grid: MosaicGrid
    net: CrossViewNet
    rng: np.random.Generator

    def seen(self, clicks: Sequence[tuple[SceneObject, int, int]], camera: Camera, view: RenderedView) -> SightClicks:
        """Return clicks in a photograph: things, each with a column and a row."""
        return joined([self._click(*click, camera, view) for click in clicks])

    def _click(self, item: SceneObject, column: int, row: int, camera: Camera, view: RenderedView) -> SightClicks:
        _, (east, north, up) = camera.ray(column + 0.5, row + 0.5)
        aside, below = math.atan2(east, north), math.atan2(-up, math.hypot(east, north))
        plan = item.outline()[:, :2]
        low, high = plan.min(0), plan.max(0)
        strips, places = [], []
        for _ in range(STRIPS):
            place = camera.fixed[:2] + self.rng.normal(0, OFF_M, 2)
            azimuth = aside + math.radians(self.rng.normal(0, OFF_DEG))
            strips.append(self._strip(place, azimuth))
            sin, cos = math.sin(azimuth), math.cos(azimuth)
            places.append(((low + high) / 2 - place) @ np.array([[sin, cos], [cos, -sin]]))
        return SightClicks(
            Views.cut(self._features([_view(camera, view, aside, below, view_deg) for view_deg in VIEWS_DEG])),
            self._features(strips),
            torch.tensor([float(camera.fixed[2])]),
            torch.tensor([math.degrees(below)]),
            torch.tensor(np.array([places]), dtype=torch.float32),
            torch.tensor([math.sqrt(float(np.prod(high - low)))]),
            torch.tensor([self._shows(item)]),
        )

    @torch.inference_mode()
    def _features(self, pictures: Sequence[NDArray[np.uint8]]) -> Features:
        """Return features of pictures of one shape, in 16 bits."""
        shown = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
        return Features(*(side.half() for side in self.net.encode_reference(shown)))

    def _shows(self, item: SceneObject) -> bool:
        """Whether a thing stands there on the survey's day as on the flight's."""
        inside = np.abs(item.outline()[:, :2]).max() < self.grid.half_m
        return bool(item.surveyed and item.flown and inside)

    def _strip(self, place: NDArray[np.float64], azimuth: float) -> NDArray[np.uint8]:
        """Draw the strip before a camera, what is not in the town grey."""
        lonlat = self.grid.frame.lonlat(float(place[0]), float(place[1]))
        strip = strip_ahead(lonlat, math.degrees(azimuth), STRIP_STEP_M)
        size = strip.width, strip.height
        corners = np.array([[0.0, 0.0], [strip.width, 0.0], [0.0, strip.height]])
        to_mosaic = transformer(strip.crs, f"EPSG:{self.grid.frame.epsg}")
        at = [~self.grid.affine * to_mosaic.transform(*(strip.affine * corner)) for corner in corners]
        to_pixels = cv2.getAffineTransform(*(to_opencv(np.array(each)).astype(np.float32) for each in (corners, at)))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(self.pixels, to_pixels, size, flags=flags, borderValue=(FILL,) * 3), np.uint8)


def town_clicks(seed: int, net: CrossViewNet) -> Iterator[SightClicks]:
    """Draw the clicks of a town, a photograph at a time; every fourth town is a farm.

    Args:
        seed: of the town.
        net: the network whose backbone sees the views and strips.
    """
    rng = np.random.default_rng([seed, 78])
    scene = build_scene(seed, SIZE_M, "farm" if seed % 4 == 3 else "village")
    painted = PaintedGround(scene, seed)
    grid = MosaicGrid.over(FRAME, SIZE_M, GSD_M, 0.0)
    pixels, valid = surveyed(SceneRenderer(scene, scene.on_survey(), day(rng), painted), grid)
    town = _Town(np.where(valid[..., None], pixels, np.uint8(FILL)), grid, net, rng)
    standing = scene.on_flight()
    renderer = SceneRenderer(scene, standing, day(rng), painted)
    # Scenery has no number of its own.
    objects = [item for item in standing if item.id]
    for number in range(PHOTOS + PANORAMAS):
        camera = _camera(rng, scene, panorama=number >= PHOTOS)
        view = renderer.render(camera, number)
        clicks = _clicks(camera, view, objects, rng)
        if clicks:
            yield town.seen(clicks, camera, view)


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


def _view(camera: Camera, view: RenderedView, aside: float, below: float, view_deg: float) -> NDArray[np.uint8]:
    """Draw a view as `geoloc.photo.click_view` does of a photo whose tilt is known."""
    east, north, down = directions(aside, below, view_deg)
    points = camera.fixed + np.stack([east, north, -down], axis=-1).reshape(-1, 3) * _FAR_M
    pixels, before = camera.project(points)
    inside = before & (pixels >= 0).all(1) & (pixels <= [camera.width, camera.height]).all(1)
    shape = SIDE_PX, SIDE_PX
    whole_turn = isinstance(camera, Equirectangular)
    seen = np.asarray(pixels, np.float64).reshape(*shape, 2)
    return drawn(view.pixels, seen, inside.reshape(shape), whole_turn=whole_turn)
