"""What must be true of anything built into a scene."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import shapely

from geoloc.town.picture.camera import Pinhole
from geoloc.town.picture.render import cast
from geoloc.town.scene.scene import Scene
from geoloc.town.scene.shapes import SceneObject, ShapeBuilder, pack

Build = Callable[[np.random.Generator, ShapeBuilder], None]


def assert_closed(kind: str, build: Build) -> None:
    """Faces seen from behind are not drawn: a wall turned inwards would be a hole in the silhouette."""
    for seed in range(3):
        builder = ShapeBuilder(0.0, 0.0, 0.4)
        build(np.random.default_rng(seed), builder)
        packed = pack([SceneObject(1, kind, tuple(builder.faces))])
        every = replace(packed, two_sided=np.ones_like(packed.two_sided))
        size = np.ptp(packed.hulls.reshape(-1, 3), axis=0)[:2].max()
        for heading in (10.0, 100.0, 190.0, 280.0):
            away = 2.5 * size
            ahead = away * np.array([np.sin(np.radians(heading)), np.cos(np.radians(heading))])
            camera = Pinhole((-ahead[0], -ahead[1], 0.8 * away), heading, -38.0, 150.0, 120, 100)
            drawn, filled = cast(camera, packed), cast(camera, every)
            assert (drawn.objects(packed) == filled.objects(packed)).mean() > 0.999, (kind, heading)


def assert_seed_decides(scene: Scene, again: Scene, other: Scene) -> None:
    """Assert that a scene is like one of the same seed in everything that stands, and unlike one of another seed."""
    outlines = [[item.outline().tobytes() for item in each.objects] for each in (scene, again, other)]
    assert outlines[0] == outlines[1]
    assert outlines[0] != outlines[2]


def assert_apart(scene: Scene, hanging: Collection[str]) -> None:
    """Assert that things do not overlap and are in the town, but for those of the kinds `hanging`."""
    solid = [item for item in scene.objects if item.kind not in hanging]
    plans = [item.plan() for item in solid]
    for a, b in shapely.STRtree(plans).query(plans, predicate="intersects").T:
        if a < b:
            shared = plans[a].intersection(plans[b]).area
            assert shared < 0.1 * min(plans[a].area, plans[b].area), (solid[a].kind, solid[b].kind)
    assert max(np.abs(item.outline()[:, :2]).max() for item in solid) < scene.layout.half_m + 8.0
