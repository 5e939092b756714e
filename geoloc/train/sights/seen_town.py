"""A synthetic town as the sight head is shown it: views of its photographs, and strips of its mosaic, as features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from geoloc.model.network.config import FILL
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.features import Features
from geoloc.model.sight.cells import Views
from geoloc.model.sight.head import STRIP_STEP_M
from geoloc.photo.click_view import SIDE_PX, VIEWS_DEG, directions, drawn
from geoloc.photo.sight import strip_ahead
from geoloc.plane.homography import to_opencv
from geoloc.town.picture.camera import Camera, Equirectangular
from geoloc.town.picture.frame import MosaicGrid
from geoloc.town.picture.shade import RenderedView
from geoloc.town.scene.shapes import SceneObject
from tiling.grid import transformer

_FAR_M = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class TakenPhoto:
    """A photograph of a town with its camera."""

    camera: Camera
    view: RenderedView

    @property
    def panorama(self) -> bool:
        """Whether it shows a whole turn."""
        return isinstance(self.camera, Equirectangular)

    def shows(self, aside: float, below: float) -> bool:
        """Whether it has what lies in a direction, radians: azimuth, and below level."""
        flat = math.cos(below)
        ray = np.array([[math.sin(aside) * flat, math.cos(aside) * flat, -math.sin(below)]])
        return bool(self._at(ray)[1][0])

    def towards(self, aside: float, below: float, view_deg: float) -> NDArray[np.uint8]:
        """Draw a view in a direction as `geoloc.photo.click_view` does of a photo whose tilt is known."""
        east, north, down = directions(aside, below, view_deg)
        pixels, inside = self._at(np.stack([east, north, -down], axis=-1).reshape(-1, 3))
        shape = SIDE_PX, SIDE_PX
        return drawn(self.view.pixels, pixels.reshape(*shape, 2), inside.reshape(shape), whole_turn=self.panorama)

    def _at(self, rays: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return where rays (east, north, up), N x 3, are in the picture, and which of them it has."""
        camera = self.camera
        pixels, before = camera.project(camera.fixed + rays * _FAR_M)
        inside = before & (pixels >= 0).all(1) & (pixels <= [camera.width, camera.height]).all(1)
        return np.asarray(pixels, np.float64), np.asarray(inside)


@dataclass(frozen=True, slots=True, eq=False)
class SeenTown:
    """A town's mosaic, what is not in the town grey, and the network that sees it."""

    pixels: NDArray[np.uint8]
    grid: MosaicGrid
    net: CrossViewNet
    seed: int

    def views(self, photo: TakenPhoto, aside: float, below: float) -> Views:
        """Return the features of the two views of a photograph in a direction, radians: azimuth, and below level."""
        return Views.cut(self._features([photo.towards(aside, below, view_deg) for view_deg in VIEWS_DEG]))

    def strips(self, poses: Sequence[tuple[NDArray[np.float64], float]]) -> Features:
        """Return the features of the strips before places, each by the azimuth of its strip, radians."""
        return self._features([self.strip(*pose) for pose in poses])

    def shows(self, item: SceneObject) -> bool:
        """Whether a thing stands there on the survey's day as on the flight's."""
        inside = np.abs(item.outline()[:, :2]).max() < self.grid.half_m
        return bool(item.surveyed and item.flown and inside)

    def strip(self, place: NDArray[np.float64], azimuth: float) -> NDArray[np.uint8]:
        """Draw the strip before a place, what is not in the town grey."""
        lonlat = self.grid.frame.lonlat(float(place[0]), float(place[1]))
        strip = strip_ahead(lonlat, math.degrees(azimuth), STRIP_STEP_M)
        size = strip.width, strip.height
        corners = np.array([[0.0, 0.0], [strip.width, 0.0], [0.0, strip.height]])
        to_mosaic = transformer(strip.crs, f"EPSG:{self.grid.frame.epsg}")
        at = [~self.grid.affine * to_mosaic.transform(*(strip.affine * corner)) for corner in corners]
        to_pixels = cv2.getAffineTransform(*(to_opencv(np.array(each)).astype(np.float32) for each in (corners, at)))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(self.pixels, to_pixels, size, flags=flags, borderValue=(FILL,) * 3), np.uint8)

    @torch.inference_mode()
    def _features(self, pictures: Sequence[NDArray[np.uint8]]) -> Features:
        """Return features of pictures of one shape, in 16 bits."""
        shown = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
        return Features(*(side.half() for side in self.net.encode_reference(shown)))
