"""A crop of a photograph as the network takes it, and how pixels are drawn into one.

Points are in pixels with a corner origin, x right and y down, of the crop or of the upright photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import affine_for_opencv, for_opencv, map_points, translation

if TYPE_CHECKING:
    from affine import Affine

AS_TAKEN = (0.0, 0.0, 0.0)
"""The view of a crop that is cut out of the photo as it is."""
_MOST_SAMPLES = 4
"""Samples along either side of a crop pixel at the most, where the photo shrinks more along one axis than the other."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One crop of a photo, as the network takes it.

    Attributes:
        image: height x width x 3, RGB.
        click: (x, y) in crop pixels.
        heading_deg: heading of the photo's "up" that the crop supposes, in [0, 360): its content was turned clockwise
            by this angle, so that north is up if the supposition is right.
        to_photo: 3 x 3, crop pixels to photo pixels, its third row positive where the crop shows the photo. A
            panorama's x goes on past its edges: take it modulo the photo's width. Of a panorama drawn from above it is
            what touches the true way at the click.
        view: `AS_TAKEN`; of a crop drawn from above (x, y, 1): how things that stand up lean at the click, see
            `geoloc.plane.lean`.
    """

    image: NDArray[np.uint8] = field(repr=False)
    click: tuple[float, float]
    heading_deg: float
    to_photo: NDArray[np.float64]
    view: tuple[float, float, float] = AS_TAKEN

    @property
    def from_above(self) -> bool:
        """Whether it shows the photo drawn onto the ground."""
        return self.view[2] > 0


def resized(image: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize by area averages to a smaller shape, by cubic splines to a larger; outer edges stay outer edges."""
    height, width = shape
    smaller = height < image.shape[0] or width < image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def warped(
    image: NDArray[np.uint8],
    to_image: Affine,
    shape: tuple[int, int],
    scale: float,
    border: int = cv2.BORDER_CONSTANT,
) -> NDArray[np.uint8]:
    """Warp by the way from output to image pixels, with area averages where the image shrinks.

    OpenCV's warp samples points, so the image is first shrunk by averaging to the output's scale.

    Args:
        image: height x width x 3.
        to_image: a similarity.
        shape: height and width of the output.
        scale: image pixels along one output pixel.
        border: OpenCV's, for what is outside of the image; the image's mean colour by default.
    """
    # Not at the head: training from a pack does without the package.
    from affine import Affine

    height, width = shape
    corners = np.array([to_image * corner for corner in ((0, 0), (width, 0), (width, height), (0, height))])
    image, (x0, y0) = _touched(image, corners, margin=2.0 * scale + 2.0)
    to_image = Affine.translation(-x0, -y0) * to_image
    if scale > 1.0:
        image, (across, down) = _shrunk(image, scale)
        to_image = Affine.scale(across, down) * to_image
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(
        image, affine_for_opencv(to_image), (width, height), flags=flags, borderMode=border, borderValue=_mean(image)
    )
    return np.asarray(moved, np.uint8)


def drawn(
    image: NDArray[np.uint8], to_image: NDArray[np.float64], shown: NDArray[np.bool_]
) -> NDArray[np.uint8] | None:
    """Draw an image through a homography, with area averages where it shrinks, along either axis as much as it does.

    Args:
        image: height x width x 3.
        to_image: 3 x 3, output to image pixels.
        shown: rows x columns of the output, where it shows the image; the rest has the mean colour of the part of the
            image that it shows.

    Returns:
        rows x columns x 3; None where the output shows nothing of the image.
    """
    if not shown.any():
        return None
    step = max(1, min(shown.shape) // 32)
    rows, columns = (side * step for side in np.nonzero(shown[::step, ::step]))
    if not len(rows):
        step, (rows, columns) = 1, np.nonzero(shown)
    places = np.stack([columns, rows], axis=-1) + 0.5
    steps = [map_points(to_image, places + np.array(by)) for by in ((0, 0), (0.5, 0), (0, 0.5))]
    sizes = np.linalg.svd(2 * np.stack([steps[1] - steps[0], steps[2] - steps[0]], axis=-1), compute_uv=False)
    # Averaged first as far as the image shrinks everywhere and along both axes, then sampled often enough.
    scale = max(1.0, float(np.nanmin(sizes[:, 1])))
    samples = min(_MOST_SAMPLES, max(1, math.ceil(float(np.nanmax(sizes[:, 0])) / scale)))
    image, (x0, y0) = _touched(image, steps[0], margin=2.0 * step * float(np.nanmax(sizes)) + 2.0)
    to_part = translation(-x0, -y0) @ to_image
    if scale > 1.0:
        image, (across, down) = _shrunk(image, scale)
        to_part = np.diag([across, down, 1.0]) @ to_part
    to_part = to_part @ np.diag([1 / samples, 1 / samples, 1.0])
    fill = _mean(image)
    size = shown.shape[1] * samples, shown.shape[0] * samples
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpPerspective(image, for_opencv(to_part), size, flags=flags, borderValue=fill)
    out = np.asarray(moved, np.uint8) if samples == 1 else resized(np.asarray(moved, np.uint8), shown.shape)
    out[~shown] = np.round(fill).astype(np.uint8)
    return out


def _mean(image: NDArray[np.uint8]) -> tuple[float, ...]:
    return tuple(float(value) for value in cv2.mean(image)[:3])


def _shrunk(image: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """Shrink by area averages; returns the image, and by what its width and its height were multiplied."""
    height, width = image.shape[:2]
    small = (max(1, round(height / scale)), max(1, round(width / scale)))
    return resized(image, small), (small[1] / width, small[0] / height)


def _touched(
    image: NDArray[np.uint8], points: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return the part of the image that lies about points, N x 2, never empty, and the (x, y) of its corner."""
    low, high = np.nanmin(points, axis=0) - margin, np.nanmax(points, axis=0) + margin
    x0 = min(max(math.floor(low[0]), 0), image.shape[1] - 1)
    y0 = min(max(math.floor(low[1]), 0), image.shape[0] - 1)
    x1 = max(min(math.ceil(high[0]), image.shape[1]), x0 + 1)
    y1 = max(min(math.ceil(high[1]), image.shape[0]), y0 + 1)
    return image[y0:y1, x0:x1], (x0, y0)
