"""Clicks in photographs of synthetic towns from eye level, each with the mosaic before the camera and where it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from geoloc.town.scene.shapes import SceneObject
from geoloc.town.truth import visible_objects
from geoloc.train.sights.drawn import DrawnSights
from geoloc.train.sights.seen_town import SeenTown, TakenPhoto

CLICKS = 16
"""Of a photograph at the most."""
FARTHEST_M = 100.0
LEAST_SHARE, LEAST_PX = 0.4, 60
"""Of a thing that is seen, and its area."""
STRIPS = 2
"""Of a click, each by a pose that is a little wrong."""
OFF_M, OFF_DEG = 0.5, 1.0
"""By how much: of the position along each axis, and of the heading; standard deviations."""


@dataclass(frozen=True, slots=True, eq=False)
class SightClicks(DrawnSights):
    """N clicks in one photograph.

    Attributes:
        views: features of the views of each, N, in 16 bits.
        strips: features of the strips of each, N * `STRIPS`, in 16 bits.
        height_m: N, of the camera over the ground.
        below_deg: N, how far below level was clicked, in the middle of the views.
        town: N, the seed of the town.
        at_m: N x `STRIPS` x 2, where on each strip the middle of the thing is: along it from the camera, and to the
            right.
        size_m: N, the root of the area of the box round its plan.
        present: N, whether the mosaic shows it.
    """

    at_m: torch.Tensor
    size_m: torch.Tensor
    present: torch.Tensor


def clicks_in(
    photo: TakenPhoto, objects: Sequence[SceneObject], town: SeenTown, rng: np.random.Generator
) -> SightClicks | None:
    """Draw clicks on things in a photograph: near the middle of what is seen, and anywhere on it; None without any."""
    found, ids = [], photo.view.ids
    for seen in visible_objects(photo.camera, ids, objects, LEAST_SHARE, LEAST_PX, farthest_m=FARTHEST_M):
        found.append((seen.item, int(seen.click[0]), int(seen.click[1])))
        inner = cv2.erode((ids == seen.item.id).astype(np.uint8), np.ones((3, 3), np.uint8))
        rows, columns = np.nonzero(inner)
        if len(rows):
            i = int(rng.integers(len(rows), size=1)[0])
            found.append((seen.item, int(columns[i]), int(rows[i])))
    rng.shuffle(found)
    clicks = [
        _click(item, photo.camera.ray(column + 0.5, row + 0.5)[1], photo, town, rng)
        for item, column, row in found[:CLICKS]
    ]
    return SightClicks.joined(clicks) if clicks else None


def _click(
    item: SceneObject, ray: NDArray[np.floating], photo: TakenPhoto, town: SeenTown, rng: np.random.Generator
) -> SightClicks:
    camera, (east, north, up) = photo.camera, ray
    aside, below = math.atan2(east, north), math.atan2(-up, math.hypot(east, north))
    plan = item.outline()[:, :2]
    low, high = plan.min(0), plan.max(0)
    poses, places = [], []
    for _ in range(STRIPS):
        place = camera.fixed[:2] + rng.normal(0, OFF_M, 2)
        azimuth = aside + math.radians(rng.normal(0, OFF_DEG))
        poses.append((place, azimuth))
        sin, cos = math.sin(azimuth), math.cos(azimuth)
        places.append(((low + high) / 2 - place) @ np.array([[sin, cos], [cos, -sin]]))
    return SightClicks(
        town.views(photo, aside, below),
        town.strips(poses),
        torch.tensor([float(camera.fixed[2])]),
        torch.tensor([math.degrees(below)]),
        torch.tensor([town.seed]),
        torch.tensor(np.array([places]), dtype=torch.float32),
        torch.tensor([math.sqrt(float(np.prod(high - low)))]),
        torch.tensor([town.shows(item)]),
    )
