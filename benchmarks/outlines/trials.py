"""Objects of a ground with what a search might suppose of them, and what somebody might draw round them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import Polygon, box

from benchmarks.outlines.flat_mosaic import CRS, reader
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.outline.chip import Known
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.homography import map_points
from geoloc.plane.shapes import valid_ring
from geoloc.results.detection import iou
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, MaskedObject, load_ground
from geoloc.train.grounds.towns.store import load_town
from tiling.mosaic import PixelReader

SIZE_SPREAD, SHAPE_SPREAD = 0.35, 0.2
"""Standard deviations of the logarithm of the size that is supposed: of both sides together, and of each alone."""
PLACE_M = 0.5
"""How far off the place is along each axis, besides a tenth of the object."""
DRAWN_SPREAD = 0.04
"""How far off each side of a drawn box is, as a share of the object's size in the photo."""
VERIFIED_M = 0.3
"""How far off a place is that the photo's plane verifies."""
KEPT_M = 0.3
"""Grounds are read at this GSD where they are finer: as on the sites that users have."""
FLIP = np.diag([1.0, -1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class DrawnBox:
    """A box that somebody drew in a photograph whose plane is known.

    Attributes:
        target: the box.
        fit: the photo's plane, to pixels of the ground, y downwards.
        known: what is known of the object with it.
        off: how far the place is off, map units.
    """

    target: Target
    fit: HomographyFit = field(repr=False)
    known: Known = field(repr=False)
    off: tuple[float, float]

    def on_map(self, rectangle: Polygon) -> Polygon:
        """Bring a shape from pixels of the ground to the map, to where the place is supposed."""
        return affinity.translate(affinity.scale(rectangle, 1, -1, origin=(0, 0)), *self.off)


@dataclass(frozen=True, slots=True, eq=False)
class OutlineTrial:
    """An object to outline; all shapes are on the map of `flat_mosaic`.

    Attributes:
        kind: of the object; "box" where only its box is known.
        exact: whether the true outline is known.
        truth: the outline, or else the box.
        supposed: the box that a search supposes.
        pixel: side of the mosaic's pixels.
        gsd_m: metres a unit of the map.
        read: of the mosaic.
        known: what is known of it.
        photo_known: the same with a photograph that shows it; `known` where none does.
        drawn: a box drawn round it, where a photograph shows it and the outline is known.
    """

    kind: str
    exact: bool
    truth: Polygon
    supposed: Polygon
    pixel: float
    gsd_m: float
    read: PixelReader = field(repr=False)
    known: Known = field(repr=False)
    photo_known: Known = field(repr=False)
    drawn: DrawnBox | None = field(repr=False)

    def iou(self, shape: Polygon) -> float:
        """Return the IoU of an outline with the true one, or of both boxes where only the true one is known."""
        return iou(shape if self.exact else box(*shape.bounds), self.truth)


def trials(path: Path, most: int) -> Iterator[OutlineTrial]:
    """Yield up to so many objects of a ground, the same ones each time."""
    ground = ground_of(path)
    pixel = max(1.0, KEPT_M / ground.gsd_m)
    read = reader(as_coarse(ground.pixels, pixel))
    rng = np.random.default_rng(7)
    for number in rng.permutation(len(ground.objects))[:most]:
        item = ground.objects[number]
        x0, y0, x1, y1 = item.box
        size = np.array([x1 - x0, y1 - y0])
        place = np.array([(x0 + x1) / 2, -(y0 + y1) / 2])
        place += rng.normal(0, PLACE_M / ground.gsd_m, 2) + rng.normal(0, 0.1 * size.max(), 2)
        half = size * np.exp(rng.normal(0, SIZE_SPREAD) + rng.normal(0, SHAPE_SPREAD, 2)) / 2
        truth = polygon_of(item) if item.exact else box(x0, -y1, x1, -y0)
        taken = _photo_of(ground, item)
        empty = Photo(Path("x"), ground.pixels[:8, :8])
        known = Known(CRS, (float(place[0]), float(place[1])), float(2 * half.max()), empty)
        photo_known, drawn = known, None
        if taken is not None:
            photo_known = replace(known, photo=Photo(Path("x"), taken.pixels), to_map=FLIP @ taken.to_ground)
            if item.exact:
                drawn = _drawn(truth, taken, photo_known, ground.gsd_m, rng)
        supposed = box(*(place - half), *(place + half))
        kind = item.kind or "box"
        yield OutlineTrial(kind, item.exact, truth, supposed, pixel, ground.gsd_m, read, known, photo_known, drawn)


def ground_of(path: Path) -> MaskedGround:
    """Return a ground that was kept, or that of a town kept whole.

    Raises:
        TrainingError: it cannot be read.
    """
    return load_town(path).masked if is_town(path) else load_ground(path)


def is_town(path: Path) -> bool:
    """Whether a folder holds a town with all its photographs, as `geoloc.train.grow_towns` leaves it."""
    return (path / "places.npy").exists()


def polygon_of(item: MaskedObject) -> Polygon:
    """Return the true mask's outline, y upwards."""
    padded = np.pad(item.mask.astype(np.uint8), 1)
    finer = cv2.resize(padded, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    rings, _ = cv2.findContours(finer, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(rings, key=cv2.contourArea)[:, 0]
    shape = valid_ring(Polygon((largest + 0.5) / 4 - 1))
    assert shape is not None, "masks hold pixels"
    return affinity.affine_transform(shape, [1, 0, 0, -1, item.corner[0], -item.corner[1]])


def _photo_of(ground: MaskedGround, item: MaskedObject) -> FlatPhoto | None:
    """The first photograph that shows an object whole."""
    corners = np.array(box(*item.box).exterior.coords)[:-1]
    for taken in ground.photos:
        seen = map_points(np.linalg.inv(taken.to_ground), corners)
        if np.isfinite(seen).all() and (seen > 5).all() and (seen < np.array(taken.pixels.shape[1::-1]) - 5).all():
            return taken
    return None


def _drawn(truth: Polygon, taken: FlatPhoto, known: Known, gsd_m: float, rng: np.random.Generator) -> DrawnBox:
    assert known.to_map is not None, "a photograph shows it"
    seen = shapely.transform(truth, lambda points: map_points(np.linalg.inv(known.to_map), points))
    low, high = np.reshape(seen.bounds, (2, 2))
    corners = [side + rng.normal(0, DRAWN_SPREAD, 2) * (high - low) for side in (low, high)]
    target = Target.from_corners(*corners[0], *corners[1])
    assert target.box is not None
    off = rng.normal(0, VERIFIED_M / gsd_m, 2)
    fit = plane_of(taken)
    shape = Polygon(map_points(known.to_map, np.array(target.box.corners(), float)) + off)
    place = shape.centroid
    told = replace(known, place=(place.x, place.y), drawn=shape)
    return DrawnBox(target, fit, told, (float(off[0]), float(off[1])))


def plane_of(taken: FlatPhoto) -> HomographyFit:
    """Return a photo's plane with matches all over the photo that agree with it."""
    places = np.stack(np.meshgrid(*(np.linspace(0.1, 0.9, 5) * side for side in taken.pixels.shape[1::-1])), -1)
    before = places.reshape(-1, 2)[(places.reshape(-1, 2) @ taken.to_ground[2, :2] + taken.to_ground[2, 2]) > 0]
    return HomographyFit(taken.to_ground, before, map_points(taken.to_ground, before))


def as_coarse(pixels: NDArray[np.uint8], step: float) -> NDArray[np.uint8]:
    """The same picture with no more detail than one read `step` times coarser has."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width / step), round(height / step)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
