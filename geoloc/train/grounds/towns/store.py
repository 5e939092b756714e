"""Towns as folders, written once and read by many processes at the same time, which share what they read."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from geoloc.train.grounds.array_folder import load_arrays, save_arrays
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.ground import Ground
from geoloc.train.grounds.masked import FlatPhoto, MaskedGround, described_objects, objects_of
from geoloc.train.grounds.posed_photo import PosedPhoto, Stand
from geoloc.train.grounds.towns.maker import HELD_OUT, WEIGHT, TrainingTown

LOOK_S = 5.0
"""How often it is looked for new towns."""


def town_folder(folder: Path, seed: int) -> Path:
    """Return where a folder of towns keeps one."""
    return folder / f"town_{seed}"


def training_towns(folder: Path) -> list[Path]:
    """Return the whole towns that a folder holds by now, by seed; those held out are left out."""
    seeds = (int(path.name[5:]) for path in folder.glob("town_*") if path.name[5:].isdecimal())
    return [town_folder(folder, seed) for seed in sorted(seeds) if seed not in HELD_OUT]


def save_town(folder: Path, town: TrainingTown) -> None:
    """Write a town into a new folder, which is there whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    ground, masked = town.ground, town.masked
    objects, masks = described_objects(masked.objects)
    numbers = {id(photo.pixels): number for number, photo in enumerate(town.photos)}
    header = {
        "name": ground.name,
        "gsd_m": ground.gsd_m,
        "boxes": ground.boxes.tolist(),
        "heights": ground.heights.tolist(),
        "photos": [
            [photo.name, photo.step, photo.panorama, None if photo.stand is None else asdict(photo.stand)]
            for photo in town.photos
        ],
        "flat": [numbers[id(photo.pixels)] for photo in masked.photos],
        "objects": objects,
    }
    valid = np.ones(ground.pixels.shape[:2], bool) if ground.valid is None else ground.valid
    arrays = {
        "pixels": [ground.pixels, *(photo.pixels for photo in town.photos)],
        "places": [photo.places.astype(np.float32) for photo in town.photos],
        "to_ground": [photo.to_ground for photo in masked.photos],
        "masks": [valid, *masks],
    }
    save_arrays(folder, header, arrays)


def load_town(folder: Path) -> TrainingTown:
    """Return a town that was written; its pictures are mapped, not read.

    Raises:
        TrainingError: it cannot be read.
    """
    header, arrays = load_arrays(folder)
    pixels, *pictures = arrays["pixels"]
    valid, *masks = arrays["masks"]
    name, gsd_m = header["name"], header["gsd_m"]
    boxes, heights = np.reshape(header["boxes"], (-1, 4)), np.reshape(header["heights"], (-1, 2))
    photos = tuple(
        PosedPhoto(name, 0, picture, places, step, panorama, None if stand is None else Stand(**stand))
        for (name, step, panorama, stand), picture, places in zip(
            header["photos"], pictures, arrays["places"], strict=True
        )
    )
    flat = tuple(FlatPhoto(pictures[n], at) for n, at in zip(header["flat"], arrays["to_ground"], strict=True))
    masked = MaskedGround(name, pixels, gsd_m, objects_of(header["objects"], masks), flat)
    return TrainingTown(Ground(name, pixels, gsd_m, boxes, heights, np.zeros((0, 3)), valid), photos, masked)


class GrowingTowns:
    """A folder that towns are put into while they are trained on; see `geoloc.train.fit.endless_batches.Newcomers`."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which need not be there yet."""
        self._folder = folder
        self._taken: set[Path] = set()
        self._looked = -math.inf

    def new(self, number: int = 0, count: int = 1) -> Iterator[Path]:
        """Yield towns that have come, looked for every `LOOK_S`: each process of `count` has its own share of them."""
        if time.monotonic() - self._looked < LOOK_S:
            return
        self._looked = time.monotonic()
        for path in training_towns(self._folder):
            # Seeds follow each other, and their styles take turns: every process gets both.
            if path not in self._taken and int(path.name[5:]) // 2 % count == number:
                self._taken.add(path)
                yield path

    def load(self, path: Path) -> Collection:
        """Return a town to be drawn from.

        Raises:
            TrainingError: it cannot be read.
        """
        town = load_town(path)
        return Collection((town.ground,), town.photos, (WEIGHT,))
