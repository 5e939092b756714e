"""Grounds whose objects' masks are known, and photographs of them: what the mask head is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geoloc.train.grounds.array_folder import load_arrays, save_arrays

LEAST_PX = 12
"""Pixels of a ground that an object has at least."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskedObject:
    """An object of a ground.

    Attributes:
        kind: such as "barn".
        corner: column and row of the mask's upper left pixel.
        mask: h x w, which pixels are the object's.
        box: xmin, ymin, xmax, ymax in pixels, the bounds of the true object.
        exact: whether the mask is true; else only the box is.
    """

    kind: str
    corner: tuple[int, int]
    mask: np.ndarray = field(repr=False)
    box: tuple[float, float, float, float]
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class FlatPhoto:
    """A photograph of a ground.

    Attributes:
        pixels: H x W x 3, RGB.
        to_ground: 3 x 3, photo pixels to pixels of the ground, right for what lies on it.
    """

    pixels: np.ndarray = field(repr=False)
    to_ground: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class MaskedGround:
    """An image seen from above, with its objects' masks and perhaps photographs of it.

    Attributes:
        name: of the ground.
        pixels: H x W x 3, RGB.
        gsd_m: metres a pixel.
        objects: those whose masks are known.
        photos: photographs of the ground.
    """

    name: str
    pixels: np.ndarray = field(repr=False)
    gsd_m: float
    objects: tuple[MaskedObject, ...] = field(repr=False)
    photos: tuple[FlatPhoto, ...] = field(default=(), repr=False)


def masked_objects(labels: np.ndarray, kinds: Sequence[tuple[int, str]]) -> tuple[MaskedObject, ...]:
    """Return the objects of an image of labels that lie inside it.

    Args:
        labels: H x W, the number of the object that each pixel shows.
        kinds: number and kind of every object.
    """
    height, width = labels.shape
    rows, columns = np.nonzero(labels)
    numbers = labels[rows, columns]
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    bounds = {
        int(numbers[order[first]]): (rows[part], columns[part])
        for first, last in zip(starts, [*starts[1:], len(order)], strict=True)
        if len(part := order[first:last]) >= LEAST_PX
    }
    found = []
    for number, kind in kinds:
        if number not in bounds:
            continue
        r, c = bounds[number]
        r0, r1, c0, c1 = int(r.min()), int(r.max()) + 1, int(c.min()), int(c.max()) + 1
        if r0 > 0 and c0 > 0 and r1 < height and c1 < width:
            mask = labels[r0:r1, c0:c1] == number
            found.append(MaskedObject(kind, (c0, r0), mask, (c0, r0, c1, r1), exact=True))
    return tuple(found)


def save_ground(folder: Path, ground: MaskedGround) -> None:
    """Keep a ground in a new folder, for it may have taken minutes to make.

    Raises:
        OutputError: it cannot be written.
    """
    header, masks = described_objects(ground.objects)
    save_arrays(
        folder,
        {"name": ground.name, "gsd_m": ground.gsd_m, "objects": header},
        {
            "pixels": [ground.pixels, *(photo.pixels for photo in ground.photos)],
            "to_ground": [photo.to_ground for photo in ground.photos],
            "masks": masks,
        },
    )


def load_ground(folder: Path) -> MaskedGround:
    """Return a ground that was kept.

    Raises:
        TrainingError: it cannot be read.
    """
    header, arrays = load_arrays(folder)
    pixels, *photos = arrays["pixels"]
    taken = tuple(FlatPhoto(*both) for both in zip(photos, arrays["to_ground"], strict=True))
    objects = objects_of(header["objects"], arrays["masks"])
    return MaskedGround(header["name"], pixels, header["gsd_m"], objects, taken)


def described_objects(objects: Sequence[MaskedObject]) -> tuple[list[Any], list[np.ndarray]]:
    """Return what `objects_of` makes them from again: a list that JSON knows, and their masks."""
    described = [[item.kind, item.corner, item.box, item.exact] for item in objects]
    return described, [item.mask for item in objects]


def objects_of(described: Sequence[Any], masks: Sequence[np.ndarray]) -> tuple[MaskedObject, ...]:
    """Return objects from what `described_objects` gave."""
    return tuple(
        MaskedObject(kind, tuple(corner), mask, tuple(box), exact)
        for (kind, corner, box, exact), mask in zip(described, masks, strict=True)
    )
