"""A whole town: what stands where, and what of it moved between the survey and the flight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoloc.town.scene.layout import Layout
from geoloc.town.scene.shapes import SceneObject
from geoloc.town.scene.site import Site, Surface
from geoloc.town.scene.village import build_village

_MOVED_SHARE = 0.3
"""Share of the cars that are gone or come between the two days."""


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


def build_scene(seed: int, size_m: float) -> Scene:
    """Build the town of `size_m` x `size_m` metres that belongs to a seed."""
    rng = np.random.default_rng([seed, 1])
    site = Site(rng)
    layout = build_village(site, size_m)
    moved = _some_moved(rng, site.objects)
    return Scene(layout, tuple(site.surfaces), tuple(moved), tuple(site.greenery))


def _some_moved(rng: np.random.Generator, objects: list[SceneObject]) -> list[SceneObject]:
    """Return the same objects, but some cars only there on one of the two days."""
    found = []
    for item in objects:
        surveyed, flown = True, True
        if item.kind == "car" and rng.random() < _MOVED_SHARE:
            surveyed = bool(rng.random() < 0.5)
            flown = not surveyed
        found.append(SceneObject(item.id, item.kind, item.faces, item.blobs, surveyed, flown))
    return found
