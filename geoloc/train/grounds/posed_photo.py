"""Photographs, real or rendered, whose every pixel's place on the ground is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from geoloc.plane.bilinear import bilinear


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a panorama was taken.

    Attributes:
        x: of the camera, pixels of the ground.
        y: likewise.
        height_m: of the camera above the ground, metres.
        heading_deg: of the middle column, clockwise from the ground's up, which is north; columns go clockwise, as in
            `geoloc.town.picture.camera.Equirectangular`.
    """

    x: float
    y: float
    height_m: float
    heading_deg: float


@dataclass(frozen=True, eq=False)
class PosedPhoto:
    """A photograph with the places on the ground that it shows.

    Attributes:
        name: of its file.
        ground: the number, in its collection, of the ground it shows.
        pixels: H x W x 3 uint8, RGB.
        places: h x w x 2, pixel of the ground that the photo pixel ((column + 0.5) step, (row + 0.5) step) shows, NaN
            where none.
        step: photo pixels between the places.
        panorama: whether its left and right edges meet.
        stand: where it was taken; None where nobody knows, and of what is no panorama.
    """

    name: str
    ground: int
    pixels: np.ndarray = field(repr=False)
    places: np.ndarray = field(repr=False)
    step: float
    panorama: bool
    stand: Stand | None = None

    @property
    def size(self) -> np.ndarray:
        """Width and height in pixels."""
        return np.array(self.pixels.shape[1::-1])

    def place(self, xy: np.ndarray) -> np.ndarray:
        """Return the ground pixels (..., 2) that photo pixels (..., 2) show, NaN outside and beside unknown places."""
        if self.panorama:
            xy = np.stack([xy[..., 0] % self.size[0], xy[..., 1]], axis=-1)
        inside = np.asarray(((xy >= 0) & (xy < self.size)).all(-1))
        x, y = (np.where(inside, xy[..., axis], 0) / self.step for axis in (0, 1))
        return np.where(inside[..., None], bilinear(self.places, x, y), np.nan)
