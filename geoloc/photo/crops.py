"""Crops of a photograph round a click, at several scales, headings and tilts: queries as the network is shown them.

A click or a box is in pixels of the upright photo, corner origin; so are crop coordinates in the crop. Every crop
carries the homography that leads back to the photo.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from geoloc.photo.above import across, crop_above, ground_plane, quarter_turned
from geoloc.photo.crop import Crop, resized, warped
from geoloc.photo.panorama import ground_crop, strip_crop
from geoloc.photo.photo import Photo
from geoloc.photo.rectify import Tilt, known_tilt
from geoloc.photo.sight import EYE_LEVEL_M, camera_height
from geoloc.photo.target import Click, Target, check_target
from geoloc.plane.lean import lean_of

MIN_SIDE = 64
"""Least side of a crop, photo pixels: a smaller one holds too little round the object to be recognised."""
GROUND_SIDE_M = 50.0
"""Side of the ground that a crop shows where the photo's own scale is known; the network is trained on 18 to 80 m."""
HAND_SIDE_M = 18.0
"""As `GROUND_SIDE_M`, where a photo may have been taken by hand: the least that the network is trained on."""
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
STEEP_DEG = 15.0
"""What is seen at more than this from straight down is shown from above."""
SUPPOSED_TILTS_DEG = (45.0, 60.0)
"""Tilts that are supposed where neither the file of the photo nor a horizon tells it, beside the photo as taken."""
_NADIR_TOLERANCE_DEG = 30.0
_MIN_HEIGHT_M = 2.0
_CLICK_MARGIN = 1 / 16
"""A turned crop is kept so close to the click that it stands this share of the side or more inside."""


def make_crops(photo: Photo, target: Target, shape: tuple[int, int] = (256, 256)) -> list[Crop]:
    """Cut crops round the click at every scale, heading and tilt that the photo leaves possible.

    A photo that is known to look down is shown as it was taken; one that is known to be tilted more than `STEEP_DEG` is
    drawn from above; where nothing is known it is shown as it was taken and from above at `SUPPOSED_TILTS_DEG`. So is
    what is clicked farther than `HORIZON_DEG` from straight down, which cannot be drawn.

    A crop is a square of the photo or of its ground, shifted so that it holds more of the photo, so that the click may
    be off centre. Its side follows from the box of the object, or else from the drone's height where that tells the
    scale, or else it is the photo's shorter side and half of it. Where the photo's heading is known each crop is turned
    north up; where not, it is given at the four `HEADINGS`.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        shape: height and width of each crop, pixels; those of a panorama are twice as wide, one of the whole turn and,
            near the camera, some of the ground from above.

    Raises:
        PhotoError: the click is outside the photo.
    """
    check_target(photo, target)
    height, width = shape
    if photo.panorama:
        return _of_panorama(photo, target.click, (height, 2 * width))
    if height != width:
        raise ValueError(f"crops of perspective photos are square, not {height} x {width}")
    tilt = known_tilt(photo)
    if tilt is None:
        supposed = [
            crop for degrees in SUPPOSED_TILTS_DEG for crop in _from_above(photo, target, Tilt(degrees), height)
        ]
        return [*_as_taken(photo, target, height), *supposed]
    above = _from_above(photo, target, tilt, height) if tilt.degrees > STEEP_DEG else []
    return above or _as_taken(photo, target, height)


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
    return _like(photo, target.click, crop, 1.0, _Variety(glance=glance))


def closer_crops(photo: Photo, target: Target, crop: Crop, *, known: bool = False) -> list[Crop]:
    """Cut crops `CLOSER` times as wide as one of the target's, turned and sized a little otherwise.

    Not of panorama photos: their crops show all directions.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        crop: the one whose place, size and heading they share.
        known: heading and scale are known, not found by attention: one crop will do.
    """
    variety = _Variety((0.0,), (1.0,)) if known else _Variety(CLOSE_TURNS_DEG, CLOSE_SIZES)
    return _like(photo, target.click, crop, CLOSER, variety)


def crops_in_view(
    photo: Photo, target: Target, size: int, *, heading_deg: float, px_per_m: float, to_photo: NDArray[np.float64]
) -> list[Crop]:
    """Cut north-up crops about `GROUND_SIDE_M` wide of a photo whose pose is known, and which is no panorama.

    Scales differ a little, so that one suits an object of any size; headings need not. Where the ground is seen at more
    than `STEEP_DEG` from straight down the crops are drawn from above.

    Args:
        photo: the photograph.
        target: what was clicked in it.
        size: side of each crop, pixels.
        heading_deg: heading of the photo's up at the click.
        px_per_m: photo pixels a metre of ground at the click.
        to_photo: 3 x 3, metres on the ground, to the east and to the south of the click's place, to photo pixels.
    """
    variety = _Variety((0.0,))
    about = _Round(photo, target.click, size, heading_deg)
    if math.hypot(*lean_of(to_photo, (0.0, 0.0))) > math.sin(math.radians(STEEP_DEG)):
        above = about.above(to_photo, GROUND_SIDE_M, variety)
        if above:
            return above
    return about.as_taken(GROUND_SIDE_M * px_per_m, variety)


@dataclass(frozen=True, slots=True)
class _Variety:
    """How crops differ from what is supposed.

    Attributes:
        turns: in heading, degrees.
        sizes: by these factors.
        glance: whether only one of each size is cut, each turned otherwise.
    """

    turns: Sequence[float] = TURNS_DEG
    sizes: Sequence[float] = SIZES
    glance: bool = False

    def of(self, sides: Iterable[float]) -> list[tuple[float, float]]:
        """Return sides and turns of the crops; sides that are the same count once."""
        apart = sorted(set(sides))
        shapes = [(side, turn) for side in apart for turn in self.turns]
        if self.glance:
            # Along the diagonal; of a single size the heading as it is.
            shapes = shapes[0 if len(apart) > 1 else len(self.turns) // 2 :: len(self.turns) + 1]
        return shapes


@dataclass(frozen=True, slots=True)
class _Round:
    """What crops are cut round, and how: `size` crop pixels a side, content turned clockwise by about `heading_deg`."""

    photo: Photo
    click: Click
    size: int
    heading_deg: float

    def as_taken(self, side: float, variety: _Variety) -> list[Crop]:
        """Cut crops of the photo as taken, about `side` photo pixels wide."""
        sides = [min(*self.photo.size, max(MIN_SIDE, round(side * share))) for share in variety.sizes]
        return [
            _north_up_crop(self.photo, self.click, a, self.size, (self.heading_deg + turn) % 360)
            for a, turn in variety.of(sides)
        ]

    def above(self, to_photo: NDArray[np.float64], side: float, variety: _Variety) -> list[Crop]:
        """Cut crops from above, about `side` pixels of a plane wide, which is turned by the heading already.

        Nothing where the plane does not show the click.
        """
        if (unit := across(to_photo, self.photo, self.click)) is None:
            return []
        cut = (
            crop_above(
                self.photo,
                to_photo,
                self.click,
                side=wanted,
                turn_deg=turn,
                heading_deg=self.heading_deg + turn,
                size=self.size,
            )
            for wanted, turn in variety.of(max(MIN_SIDE * unit, side * share) for share in variety.sizes)
        )
        return [crop for crop in cut if crop is not None]


def _like(photo: Photo, click: Click, crop: Crop, share: float, variety: _Variety) -> list[Crop]:
    """Cut crops as wide as another one of the click times `share`, in the same view."""
    size, matrix = len(crop.image), crop.to_photo
    about = _Round(photo, click, size, crop.heading_deg)
    if crop.from_above:
        return about.above(matrix, share * size, variety)
    side = share * math.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])) * size
    return about.as_taken(side, variety)


def _of_panorama(photo: Photo, click: Click, shape: tuple[int, int]) -> list[Crop]:
    """Cut the whole turn as a strip, and the ground from above where the click is near enough for it."""
    headings = HEADINGS if photo.heading_deg is None else (photo.heading_deg,)
    above = (ground_crop(photo, click, heading, shape) for heading in headings)
    return [strip_crop(photo, click, shape), *(crop for crop in above if crop is not None)]


def _from_above(photo: Photo, target: Target, tilt: Tilt, size: int) -> list[Crop]:
    """Cut crops from above at every scale and heading that the photo leaves possible; none where nothing is shown.

    A photo pixel's ground is measured across the line of sight, where it is not foreshortened.
    """
    plane, click = ground_plane(photo, tilt), target.click
    if (unit := across(plane, photo, click)) is None:
        return []
    height_m = photo.relative_altitude_m
    if target.box is None and height_m is not None and height_m >= _MIN_HEIGHT_M:
        sides = [min(max(GROUND_SIDE_M / height_m, MIN_SIDE * unit), max(photo.size) * unit)]
    else:
        sides = [side * unit for side in _sides(photo, target)]
        eye_m, _ = camera_height(photo) or (math.inf, 0.0)
        if target.box is None and eye_m < EYE_LEVEL_M:
            sides.append(HAND_SIDE_M / eye_m)
    known = photo.heading_deg
    crops = []
    for side in sides:
        turn = known or 0.0
        crop = crop_above(photo, plane, click, side=side, turn_deg=turn, heading_deg=turn, size=size)
        if crop is not None:
            crops += [crop] if known is not None else [quarter_turned(crop, turn) for turn in HEADINGS]
    return crops


def _as_taken(photo: Photo, target: Target, size: int) -> list[Crop]:
    """Cut crops of the photo as it was taken, at every scale and heading that it leaves possible."""
    crops: list[Crop] = []
    for side in _sides(photo, target):
        if photo.heading_deg is None:
            crops.extend(_square_crops(photo, target.click, side, size))
        else:
            crops.append(_north_up_crop(photo, target.click, side, size, photo.heading_deg))
    return crops


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
    image = resized(photo.pixels[y0 : y0 + side, x0 : x0 + side], (size, size))
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


def _north_up_crop(photo: Photo, click: Click, side: float, size: int, heading: float) -> Crop:
    """Cut one crop with north up; corners that reach over the photo's edge are filled with its mean colour."""
    centre = _turned_centre(photo.size, click, side, heading)
    scale = side / size
    to_photo = (
        Affine.translation(*centre)
        * Affine.rotation(-heading)
        * Affine.scale(scale)
        * Affine.translation(-size / 2, -size / 2)
    )
    return _crop_of(warped(photo.pixels, to_photo, (size, size), scale), click, heading, to_photo)


def _turned_centre(size: tuple[int, int], click: Click, side: float, heading: float) -> tuple[float, float]:
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


def _crop_of(image: NDArray[np.uint8], click: Click, heading: float, to_photo: Affine) -> Crop:
    x, y = ~to_photo * (click.x, click.y)
    return Crop(image, (x, y), heading, np.array(to_photo).reshape(3, 3))
