"""What every pixel of a mosaic shows: the things on the ground and above it with their exact masks, to train on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon, box

from geoloc.town.picture.frame import MosaicGrid
from geoloc.town.picture.render import cast
from geoloc.town.scene.scene import Scene
from geoloc.town.scene.shapes import Blob, SceneObject, largest_part, pack

LEAST_M2 = 0.3
"""Of a piece of ground that counts as a thing."""
_NO_THINGS = ("plot", "verge")
"""Kinds of ground that hide what is below and are no things: from one lawn to the next there is often no border."""
_GAP_M = 0.5
"""Half the gap between bushes that still belong to one hedge."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a mosaic shows and that has an outline.

    Attributes:
        id: from 1; of an object the same as in the scene.
        kind: such as "house", "hedge" or "field".
        outline: in pixels of the mosaic, corner origin, as if nothing hid it; one of the ground may have holes, where
            other ground lies on it, and ends where the town does.
    """

    id: int
    kind: str
    outline: Polygon


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """Which thing each pixel shows.

    Attributes:
        ids: H x W int32, what the middle of a pixel shows; 0 for streets, lawns, verges and what lies outside the town.
        things: all that fill a pixel, by id.
    """

    ids: NDArray[np.int32]
    things: tuple[Thing, ...]


def label_map(scene: Scene, grid: MosaicGrid) -> LabelMap:
    """Tell for each pixel of a mosaic which thing it shows on the day of the survey.

    Beside the objects that can be clicked, things are hedges, bushes, fields, the pond, the square, drives and all
    other painted ground that has a kind. What stands on ground or hides it, such as a tree's crown, is cut out of its
    mask.

    Args:
        scene: the town.
        grid: of its mosaic.
    """
    standing = [item for item in scene.objects if item.surveyed]
    first = max((item.id for item in scene.objects), default=0) + 1
    for whole in scene.greenery:
        standing += [SceneObject(first + i, whole.kind, (), blobs) for i, blobs in enumerate(_rows(whole))]
        first = max(first, standing[-1].id + 1)
    lying = [Thing(first + i, kind, grid.to_pixels(part)) for i, (kind, part) in enumerate(_ground(scene))]

    ids = np.zeros((grid.height, grid.width), np.int32)
    for thing in lying:
        _burn(ids, thing)
    packed = pack(standing)
    for window, camera in grid.cameras():
        r0, r1, c0, c1 = window
        tile = ids[r0:r1, c0:c1]
        above = cast(camera, packed).objects(packed)
        np.copyto(tile, above, where=above > 0)
        tile[~grid.valid(window)] = 0
    shown = set(np.unique(ids).tolist())
    things = [Thing(o.id, o.kind, grid.to_pixels(_outline(o))) for o in standing if o.id in shown]
    return LabelMap(ids, (*things, *(thing for thing in lying if thing.id in shown)))


def _burn(ids: NDArray[np.int32], thing: Thing) -> None:
    """Write a thing's number where its outline holds the middle of a pixel."""
    size = np.array(ids.shape[::-1])
    low = np.floor(thing.outline.bounds[:2]).clip(0, size).astype(int)
    high = np.ceil(thing.outline.bounds[2:]).clip(0, size).astype(int)
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    shapely.prepare(thing.outline)
    ids[low[1] : high[1], low[0] : high[0]][shapely.contains_xy(thing.outline, x, y)] = thing.id


def _outline(item: SceneObject) -> Polygon:
    """Return an object's plan; of a hedge with the small gaps between its bushes."""
    return largest_part(_joined(item)) if item.kind == "hedge" and item.blobs else item.plan()


def _joined(item: SceneObject) -> Polygon | MultiPolygon:
    plans = [SceneObject(0, item.kind, (), (blob,)).plan() for blob in item.blobs]
    return shapely.union_all([plan.buffer(_GAP_M) for plan in plans]).buffer(-_GAP_M)


def _rows(item: SceneObject) -> list[tuple[Blob, ...]]:
    """Split the bushes of a hedge where the gaps are wide."""
    if len(item.blobs) == 1:
        return [item.blobs]
    middles = np.array([blob.centre for blob in item.blobs])
    parts = getattr(_joined(item), "geoms", None)
    if parts is None:
        return [item.blobs]
    inside = [shapely.contains_xy(part, middles[:, 0], middles[:, 1]) for part in parts]
    return [tuple(blob for blob, kept in zip(item.blobs, row, strict=True) if kept) for row in inside]


def _ground(scene: Scene) -> list[tuple[str, Polygon]]:
    """Return kind and polygon of every visible piece of ground that is a thing, in local metres; no two overlap."""
    layout = scene.layout
    streets = shapely.union_all([s.line.buffer(s.reach) for s in layout.streets])
    # In the order of painting, see `geoloc.town.picture.ground`.
    painted = [("field", parcel.polygon) for parcel in layout.parcels]
    painted += [("pond", layout.pond)]
    painted += [(surface.kind, surface.polygon) for surface in scene.surfaces if surface.kind]
    painted += [("square", layout.square)]
    covered: list[Polygon | MultiPolygon] = [streets]
    found = []
    town = box(-layout.half_m, -layout.half_m, layout.half_m, layout.half_m)
    for kind, polygon in reversed(painted):
        if not polygon.intersects(town):
            continue
        near = [other for other in covered if other.intersects(polygon)]
        left = polygon.intersection(town).difference(shapely.union_all(near))
        covered.append(polygon)
        if kind not in _NO_THINGS:
            parts = getattr(left, "geoms", [left])
            found += [(kind, part) for part in parts if part.geom_type == "Polygon" and part.area > LEAST_M2]
    return found
