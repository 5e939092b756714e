"""A chip: a square of the mosaic round an object, with the photograph laid over it and what else is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pyproj
from affine import Affine
from numpy.typing import NDArray
from shapely.affinity import affine_transform
from shapely.geometry import Polygon

from geoloc.model.network.config import CHIP_PX, FILL
from geoloc.photo.photo import Photo
from geoloc.plane.homography import for_opencv, map_points, translation
from geoloc.plane.shapes import filled
from tiling.grid import Grid
from tiling.mosaic import PixelReader


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of an object before its outline is.

    Attributes:
        crs: CRS that places are in, one whose axes go east and north.
        place: (x, y) of the object.
        side: its longest side, about, units of the CRS.
        photo: the photograph.
        to_map: 3 x 3, photo pixels to the CRS, right for the ground round the object; None where nothing tells it.
        drawn: what was drawn round the object, in the CRS; None where nothing was.
    """

    crs: pyproj.CRS
    place: tuple[float, float]
    side: float
    photo: Photo = field(repr=False)
    to_map: NDArray[np.float64] | None = None
    drawn: Polygon | None = None

    def resized(self, side: float, place: tuple[float, float]) -> Known:
        """Return the same with another size and place."""
        return replace(self, side=side, place=place)


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """What the mask head is shown.

    Attributes:
        grid: pixels of the chip.
        mosaic: px x px x 3, RGB.
        valid: px x px, where the mosaic has data.
        photo: px x px x 3, the photograph laid over the mosaic.
        shown: px x px, 1 where the photograph shows the place.
        click: (x, y) of the place, chip pixels.
        drawn: px x px, 1 inside of what was drawn; 0 all over where nothing was.
    """

    grid: Grid
    mosaic: NDArray[np.uint8] = field(repr=False)
    valid: NDArray[np.bool_] = field(repr=False)
    photo: NDArray[np.uint8] = field(repr=False)
    shown: NDArray[np.uint8] = field(repr=False)
    click: NDArray[np.float32]
    drawn: NDArray[np.uint8] = field(repr=False)

    def to_map(self, shape: Polygon) -> Polygon:
        """Bring a shape from chip pixels to the grid's CRS."""
        a, b, c, d, e, f = tuple(self.grid.affine)[:6]
        return affine_transform(shape, [a, b, d, e, c, f])


def cut_chip(read: PixelReader, known: Known, side: float) -> Chip:
    """Cut a chip of a given side round the place.

    Args:
        read: of the mosaic.
        known: what is known of the object.
        side: of the chip, units of the CRS.

    Raises:
        MosaicError: pixels cannot be read.
    """
    step = side / CHIP_PX
    x, y = known.place
    grid = Grid(known.crs, Affine(step, 0, x - side / 2, 0, -step, y + side / 2), CHIP_PX, CHIP_PX)
    pixels = read(grid)
    mosaic = np.where(pixels.valid[..., None], pixels.rgb, np.uint8(FILL))
    photo = np.full((CHIP_PX, CHIP_PX, 3), FILL, np.uint8)
    shown = np.zeros((CHIP_PX, CHIP_PX), np.uint8)
    if known.to_map is not None:
        a, b, c, d, e, f = tuple(grid.affine)[:6]
        to_photo = np.linalg.inv(known.to_map) @ np.array([[a, b, c], [d, e, f], [0, 0, 1.0]])
        photo, shown = laid_over(known.photo.pixels, to_photo)
    corners = np.zeros((0, 2))
    if known.drawn is not None:
        corners = np.stack(~grid.affine * np.array(known.drawn.exterior.coords).T, axis=-1)
    drawn = filled(corners, CHIP_PX)
    click = np.full(2, CHIP_PX / 2, np.float32)
    return Chip(grid, mosaic, pixels.valid, photo, shown, click, drawn)


def laid_over(pixels: NDArray[np.uint8], to_photo: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw a picture as it lies on a chip.

    Args:
        pixels: H x W x 3.
        to_photo: 3 x 3, chip pixels (corner origin) to the picture's; its third row is positive before the camera.

    Returns:
        px x px x 3, and where (1) the picture shows anything, px x px.
    """
    empty = np.full((CHIP_PX, CHIP_PX, 3), FILL, np.uint8), np.zeros((CHIP_PX, CHIP_PX), np.uint8)
    corners = map_points(to_photo, CHIP_PX * np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]]))
    middle = map_points(to_photo, CHIP_PX / 2 + np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]]))
    if not (np.isfinite(corners).all() and np.isfinite(middle).all()):
        return empty
    low = np.floor(corners.min(0) - 4).clip(0, None).astype(int)
    high = np.minimum(np.ceil(corners.max(0) + 4), pixels.shape[1::-1]).astype(int)
    if (high - low < 2).any():
        return empty
    part = pixels[low[1] : high[1], low[0] : high[0]]
    jacobian = np.stack([middle[1] - middle[0], middle[3] - middle[2]], axis=-1)
    # Averaged over what a pixel of the chip covers, as far as the view is alike along both axes.
    shrink = 1 / max(1.0, float(np.sqrt(abs(np.linalg.det(jacobian)))))
    if shrink < 1:
        size = np.maximum(2, np.round((high - low) * shrink)).astype(int)
        part = np.asarray(cv2.resize(part, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
    scale = np.array(part.shape[1::-1]) / (high - low)
    to_part = for_opencv(np.diag([*scale, 1.0]) @ translation(*-low) @ to_photo)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size_px = (CHIP_PX, CHIP_PX)
    drawn = cv2.warpPerspective(part, to_part, size_px, flags=flags, borderValue=(FILL, FILL, FILL))
    inside = cv2.warpPerspective(np.full(part.shape[:2], 255, np.uint8), to_part, size_px, flags=flags)
    return np.asarray(drawn, np.uint8), (inside == 255).astype(np.uint8)
