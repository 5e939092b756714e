"""Crops of a photograph round a click, at several scales and headings: queries as the network is shown them.

A click or a box is in pixels of the upright photo, corner origin; so are crop coordinates in the crop. Every crop
carries the affine that leads back to the photo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target, check_target
from geoloc.plane.homography import affine_for_opencv

MIN_SIDE = 64
"""Least side of a crop, photo pixels: a smaller one holds too little round the object to be recognised."""
GROUND_SIDE_M = 50.0
"""Side of the ground that a crop shows where the photo's own scale is known; the network is trained on 18 to 80 m."""
BOX_SHARE = 1 / 6
"""Longer side of the object's box over the side of its crop."""
SCALES = (1.0, 0.5)
"""Crop sides over the photo's shorter side, where nothing is known about scale."""
HEADINGS = (0, 90, 180, 270)
"""Headings of the photo's up that are supposed where it is not known, degrees."""
TURNS_DEG = (-30.0, 0.0, 30.0)
"""How crops of a second look differ in heading from what is supposed."""
SIZES = (0.71, 1.0, 1.41)
"""Sides of crops of a second look over what is supposed."""
CLOSER = 0.5
"""How wide a crop of a close look is beside the one before it; the reference is as much finer."""
CLOSE_TURNS_DEG = (-15.0, 0.0, 15.0)
"""As `TURNS_DEG`, of a close look."""
CLOSE_SIZES = (0.84, 1.0, 1.19)
"""As `SIZES`, of a close look."""
_NADIR_TOLERANCE_DEG = 30.0
_MIN_HEIGHT_M = 2.0
_CLICK_MARGIN = 1 / 16
"""A turned crop is kept so close to the click that it stands this share of the side or more inside."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One crop of a photo, as the network takes it.

    Attributes:
        image: height x width x 3, RGB.
        click: (x, y) in crop pixels.
        heading_deg: heading of the photo's "up" that the crop supposes, in [0, 360): its content was turned clockwise
            by this angle, so that north is up if the supposition is right.
        to_photo: crop (x, y) to photo (x, y). A panorama's x goes on past its edges: take it modulo the photo's width.
    """

    image: NDArray[np.uint8] = field(repr=False)
    click: tuple[float, float]
    heading_deg: float
    to_photo: Affine


def make_crops(photo: Photo, target: Target, shape: tuple[int, int] = (256, 256)) -> list[Crop]:
    """Cut crops round the click at every scale and heading that the photo leaves possible.

    A crop is a square of the photo, shifted (not padded) to lie inside it, so that the click may be off centre. Its
    side follows from the box of the object, or else from the drone's height where it looks down, or else it is the
    photo's shorter side and half of it. Where the photo's heading is known each crop is turned north up; where not, it
    is given at the four `HEADINGS`.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        shape: height and width of each crop, pixels; a panorama is given as one crop of twice that width.

    Raises:
        PhotoError: the click is outside the photo.
    """
    check_target(photo, target)
    height, width = shape
    if photo.panorama:
        return [_panorama_crop(photo, target.click, (height, 2 * width))]
    if height != width:
        raise ValueError(f"crops of perspective photos are square, not {height} x {width}")
    crops: list[Crop] = []
    for side in _sides(photo, target):
        if photo.heading_deg is None:
            crops.extend(_square_crops(photo, target.click, side, height))
        else:
            crops.append(_north_up_crop(photo, target.click, side, height, photo.heading_deg))
    return crops


def px_per_m(photo: Photo) -> float | None:
    """Return photo pixels a metre of ground for a camera looking nearly straight down; None for any other."""
    if photo.relative_altitude_m is None or photo.focal_px is None or photo.pitch_deg is None:
        return None
    if photo.relative_altitude_m < _MIN_HEIGHT_M or abs(photo.pitch_deg + 90.0) > _NADIR_TOLERANCE_DEG:
        return None
    return photo.focal_px / photo.relative_altitude_m


def varied_crops(photo: Photo, target: Target, crop: Crop, *, glance: bool = False) -> list[Crop]:
    """Cut crops like one of the target's, turned and sized a little otherwise, and as it was.

    A panorama shows all directions and no more of it can be shown: its crop stays the only one.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        crop: the one whose place, size and heading they share.
        glance: cut some of them only, one of each size, each turned otherwise.
    """
    if photo.panorama:
        return [crop]
    size = len(crop.image)
    side = math.sqrt(abs(crop.to_photo.determinant)) * size
    return _about(photo, target.click, size, side, crop.heading_deg, glance=glance)


def closer_crops(photo: Photo, target: Target, crop: Crop, *, known: bool = False) -> list[Crop]:
    """Cut crops `CLOSER` times as wide as one of the target's, turned and sized a little otherwise.

    Not of panorama photos: their crops show all directions.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        crop: the one whose place, size and heading they share.
        known: heading and scale are known, not found by attention: one crop will do.
    """
    size = len(crop.image)
    side = CLOSER * math.sqrt(abs(crop.to_photo.determinant)) * size
    turns, sizes = ((0.0,), (1.0,)) if known else (CLOSE_TURNS_DEG, CLOSE_SIZES)
    return _about(photo, target.click, size, side, crop.heading_deg, turns=turns, sizes=sizes)


def crops_in_view(photo: Photo, target: Target, size: int, heading_deg: float, px_per_m: float) -> list[Crop]:
    """Cut north-up crops about `GROUND_SIDE_M` wide of a photo whose pose is known, and which is no panorama.

    Scales differ a little, so that one suits an object of any size; headings need not.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        size: side of each crop, pixels.
        heading_deg: heading of the photo's up at the click.
        px_per_m: photo pixels a metre of ground at the click.
    """
    return _about(photo, target.click, size, GROUND_SIDE_M * px_per_m, heading_deg, turns=(0.0,))


def _about(
    photo: Photo,
    click: Click,
    size: int,
    side: float,
    heading: float,
    *,
    turns: Sequence[float] = TURNS_DEG,
    sizes: Sequence[float] = SIZES,
    glance: bool = False,
) -> list[Crop]:
    """Cut north-up crops for headings and sides about the given ones; `glance` as in `varied_crops`."""
    sides = sorted({min(*photo.size, max(MIN_SIDE, round(side * share))) for share in sizes})
    shapes = [(a, (heading + turn) % 360) for a in sides for turn in turns]
    if glance:
        # Along the diagonal; of a single size the heading as it is.
        shapes = shapes[0 if len(sides) > 1 else len(turns) // 2 :: len(turns) + 1]
    return [_north_up_crop(photo, click, a, size, turn) for a, turn in shapes]


def _sides(photo: Photo, target: Target) -> Sequence[int]:
    """Return the sides of the square crops in photo pixels, largest first."""
    shorter = min(photo.size)
    if target.box is not None:
        wanted = [max(target.box.width, target.box.height) / BOX_SHARE]
    elif (scale := px_per_m(photo)) is not None:
        wanted = [GROUND_SIDE_M * scale]
    else:
        wanted = [shorter * scale for scale in SCALES]
    limited = {min(shorter, max(MIN_SIDE, round(side))) for side in wanted}
    return sorted(limited, reverse=True)


def _square_crops(photo: Photo, click: Click, side: int, size: int) -> list[Crop]:
    """Cut one crop and turn it to every heading; quarter turns of an array are exact."""
    width, height = photo.size
    x0 = min(max(round(click.x - side / 2), 0), width - side)
    y0 = min(max(round(click.y - side / 2), 0), height - side)
    image = _resized(photo.pixels[y0 : y0 + side, x0 : x0 + side], (size, size))
    scale = side / size
    upright = Affine.translation(x0, y0) * Affine.scale(scale)
    crops = []
    for heading in HEADINGS:
        middle = (size / 2, size / 2)
        # Affine.rotation turns clockwise where y is down; the way back from the turned crop is the other way.
        to_photo = upright * Affine.rotation(-heading, middle)
        turned = np.ascontiguousarray(np.rot90(image, -heading // 90))
        crops.append(_crop_of(turned, click, float(heading), to_photo))
    return crops


def _north_up_crop(photo: Photo, click: Click, side: int, size: int, heading: float) -> Crop:
    """Cut one crop with north up; corners that reach over the photo's edge are filled with its mean colour."""
    centre = _turned_centre(photo.size, click, side, heading)
    scale = side / size
    to_photo = (
        Affine.translation(*centre)
        * Affine.rotation(-heading)
        * Affine.scale(scale)
        * Affine.translation(-size / 2, -size / 2)
    )
    return _crop_of(_warped(photo.pixels, to_photo, (size, size), scale), click, heading, to_photo)


def _turned_centre(size: tuple[int, int], click: Click, side: int, heading: float) -> tuple[float, float]:
    """Return the centre of a turned square, as near to the click as keeps the square inside the photo where it fits.

    It is never so far that the click leaves the square.
    """
    radians = math.radians(heading)
    cos, sin = math.cos(radians), math.sin(radians)
    half = side / 2 * (abs(cos) + abs(sin))
    x, y = (
        length / 2 if 2 * half >= length else min(max(at, half), length - half)
        for at, length in zip((click.x, click.y), size, strict=True)
    )
    # The click relative to the centre along the square's own axes, and how far it is out along each.
    along = cos * (click.x - x) - sin * (click.y - y)
    across = sin * (click.x - x) + cos * (click.y - y)
    inner = side * (0.5 - _CLICK_MARGIN)
    out_along = along - min(max(along, -inner), inner)
    out_across = across - min(max(across, -inner), inner)
    return x + cos * out_along + sin * out_across, y - sin * out_along + cos * out_across


def _panorama_crop(photo: Photo, click: Click, shape: tuple[int, int]) -> Crop:
    """Cut the whole turn as a strip, rolled so that the click's azimuth is in its middle column.

    A panorama cut at the top or bottom is centred, its first and last row repeated.
    """
    width, height = photo.size
    out_height, out_width = shape
    scale = width / out_width
    to_photo = Affine.translation(click.x - width / 2, height / 2 - scale * out_height / 2) * Affine.scale(scale)
    start = math.floor(click.x - width / 2)
    rolled = np.roll(photo.pixels, -start, axis=1)
    image = _warped(rolled, Affine.translation(-start, 0) * to_photo, shape, scale, cv2.BORDER_REPLICATE)
    return _crop_of(image, click, 0.0, to_photo)


def _crop_of(image: NDArray[np.uint8], click: Click, heading: float, to_photo: Affine) -> Crop:
    x, y = ~to_photo * (click.x, click.y)
    return Crop(image, (x, y), heading, to_photo)


def _resized(image: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize by area averages to a smaller shape, by cubic splines to a larger; outer edges stay outer edges."""
    height, width = shape
    smaller = height < image.shape[0] or width < image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)


def _warped(
    image: NDArray[np.uint8],
    to_image: Affine,
    shape: tuple[int, int],
    scale: float,
    border: int = cv2.BORDER_CONSTANT,
) -> NDArray[np.uint8]:
    """Warp by the way from output to image pixels (corner origin), with area averages where the image shrinks.

    OpenCV's warp samples points, so the image is first shrunk by averaging to the output's scale.
    """
    x0, y0, x1, y1 = _reach(to_image, shape, image.shape, margin=2.0 * scale + 2.0)
    image = image[y0:y1, x0:x1]
    to_image = Affine.translation(-x0, -y0) * to_image
    if scale > 1.0:
        height, width = image.shape[:2]
        small = (max(1, round(height / scale)), max(1, round(width / scale)))
        image = _resized(image, small)
        to_image = Affine.scale(small[1] / width, small[0] / height) * to_image
    matrix = affine_for_opencv(to_image)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fill = tuple(float(value) for value in cv2.mean(image)[:3])
    size = (shape[1], shape[0])
    warped = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=border, borderValue=fill)
    return np.asarray(warped, np.uint8)


def _reach(
    to_image: Affine, shape: tuple[int, int], image_shape: tuple[int, ...], margin: float
) -> tuple[int, int, int, int]:
    """Return x0, y0, x1, y1 of the part of the image that an output of `shape` can touch; never empty."""
    height, width = shape
    corners = [to_image * corner for corner in ((0, 0), (width, 0), (width, height), (0, height))]
    xs, ys = zip(*corners, strict=True)
    x0 = min(max(math.floor(min(xs) - margin), 0), image_shape[1] - 1)
    y0 = min(max(math.floor(min(ys) - margin), 0), image_shape[0] - 1)
    x1 = max(min(math.ceil(max(xs) + margin), image_shape[1]), x0 + 1)
    y1 = max(min(math.ceil(max(ys) + margin), image_shape[0]), y0 + 1)
    return x0, y0, x1, y1
