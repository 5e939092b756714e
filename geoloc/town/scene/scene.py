"""A whole town: what stands where, and what of it moved between the survey and the flight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from geoloc.town.scene.camp.build import build_camp
from geoloc.town.scene.farm.build import build_farm
from geoloc.town.scene.layout import Layout
from geoloc.town.scene.shapes import SceneObject
from geoloc.town.scene.site import Site, Surface
from geoloc.town.scene.village import build_village

Style = Literal["village", "farm", "camp"]
"""Houses in gardens along streets; barns, blocks, rows, courts and fields; or tents and shelters on bare ground."""
_MOVED_SHARE = 0.3
"""Share of what has wheels that is gone or come between the two days."""
_CHANGED_SHARE = 0.1
"""Share of all other objects that is gone or come within a year."""
_ON_WHEELS = ("car", "tractor", "trailer", "lorry")


@dataclass(frozen=True, slots=True)
class Scene:
    """All that stands and lies in a town.

    Attributes:
        layout: of the ground.
        surfaces: drives, terraces and lawns, painted in order.
        objects: all, with ids from 1.
        greenery: hedges and bushes, which are no objects: their id is 0.
    """

    layout: Layout
    surfaces: tuple[Surface, ...]
    objects: tuple[SceneObject, ...]
    greenery: tuple[SceneObject, ...]

    def on_survey(self) -> list[SceneObject]:
        """Return what the mosaic shows; what is no object has the id 0."""
        return [*self.greenery, *(item for item in self.objects if item.surveyed)]

    def on_flight(self) -> list[SceneObject]:
        """Return what the photographs show."""
        return [*self.greenery, *(item for item in self.objects if item.flown)]


def build_scene(seed: int, size_m: float, style: Style = "village") -> Scene:
    """Build the town of `size_m` x `size_m` metres that belongs to a seed.

    Raises:
        ValueError: there is no such style.
    """
    rng = np.random.default_rng([seed, 1])
    site = Site(rng)
    if style == "village":
        layout = build_village(site, size_m)
    elif style == "farm":
        layout = build_farm(site, size_m)
    elif style == "camp":
        layout = build_camp(site, size_m)
    else:
        raise ValueError(f"no town of the style {style!r}: village, farm or camp")
    moved = _some_moved(rng, site.objects)
    return Scene(layout, tuple(site.surfaces), tuple(moved), tuple(site.greenery))


def _some_moved(rng: np.random.Generator, objects: list[SceneObject]) -> list[SceneObject]:
    """Return the same objects, but some of those on wheels only there on one of the two days."""
    found = []
    for item in objects:
        surveyed, flown = True, True
        if item.kind in _ON_WHEELS and rng.random() < _MOVED_SHARE:
            surveyed = bool(rng.random() < 0.5)
            flown = not surveyed
        found.append(SceneObject(item.id, item.kind, item.faces, item.blobs, surveyed, flown))
    return found


def a_year_later(scene: Scene, seed: int) -> Scene:
    """Return the same town with a tenth of what does not move anyway there on one of the two days only."""
    rng = np.random.default_rng([seed, 6])
    objects = []
    for item in scene.objects:
        if item.surveyed and item.flown and rng.random() < _CHANGED_SHARE:
            gone = bool(rng.random() < 0.5)
            objects.append(replace(item, surveyed=gone, flown=not gone))
        else:
            objects.append(item)
    return replace(scene, objects=tuple(objects))
