"""Synthetic towns that take a second or two to build, where other processes can import them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

from geoloc.town.picture import shade
from geoloc.town.scene import village
from geoloc.town.scene.farm import fields
from geoloc.train.grounds.towns import cameras, maker
from geoloc.train.grounds.towns.store import load_town


def endless_town(seed: int) -> maker.TrainingTown:
    """Build a town until somebody ends that."""
    while True:
        time.sleep(600)


@contextmanager
def quick_towns() -> Iterator[None]:
    """Build towns without the trees far outside them and look once at a pixel: of a seed these are other towns.

    Both take three quarters of the time that a town takes, and few tests look at so much.
    """
    name = "plant_far_trees"
    with (
        patch.object(village, name, autospec=True),
        patch.object(fields, name, autospec=True),
        patch.object(shade, "SUPERSAMPLE", 1),
    ):
        yield


@cache
def tiny_town(seed: int, drones: int = 4, panoramas: int = 1) -> maker.TrainingTown:
    """Return a town of 90 m with drone photos, one from eye level and panoramas; nobody may write into it."""
    with (
        quick_towns(),
        patch.object(maker, "SIZE_M", 90.0),
        patch.object(maker, "GSD_M", 0.3),
        patch.object(cameras, "DRONE_PX", (160, 120)),
        patch.object(cameras, "PANORAMA_PX", 256),
    ):
        town = maker.build_town(seed, drones=drones, walkers=1, panoramas=panoramas)
    for picture in (town.ground, *town.photos):
        picture.pixels.setflags(write=False)
    return town


def kept_town(folder: Path, seed: int, *_: object, **__: object) -> maker.TrainingTown:
    """Return the town that lies in a folder, under the name of the one that is asked for."""
    town = load_town(folder)
    name = f"town_{seed}"
    return replace(town, ground=replace(town.ground, name=name), masked=replace(town.masked, name=name))
