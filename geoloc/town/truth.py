"""Which objects can fairly be asked for in a photograph, and where to click them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.town.picture.camera import Camera, Parallel, Pinhole, PixelWindow
from geoloc.town.picture.render import cast
from geoloc.town.scene.shapes import BOX_CORNERS, SceneObject, pack

MAX_DISTANCE_M = 95.0
"""Between the camera and what is asked for, along the ground: what a search round the photo's GPS finds."""
MARGIN_PX = 6
_KINDS = (
    "tent", "shelter", "store", "latrine", "lorry", "stall",
    "house", "car", "tree", "shed", "pool", "hall",
    "barn", "bale", "tank", "block", "row house", "container", "trailer", "stand", "court", "stack", "tractor", "pile",
    "hedge", "tree row", "solar", "orchard tree",
)  # fmt: skip
"""In the order in which they are asked for; those of the first line are of camps, a village has those of the second."""


@dataclass(frozen=True, slots=True)
class VisibleObject:
    """An object as a camera sees it.

    Attributes:
        item: the object.
        click: (x, y), the centre of a pixel that shows it.
        share: of it that is not hidden.
    """

    item: SceneObject
    click: tuple[float, float]
    share: float


def visible_objects(
    camera: Camera,
    ids: NDArray[np.int32],
    objects: Sequence[SceneObject],
    least_share: float,
    least_px: int,
    *,
    farthest_m: float = MAX_DISTANCE_M,
) -> list[VisibleObject]:
    """Find the objects that a camera sees well enough, whole in the picture and near the camera.

    Args:
        camera: what looks.
        ids: height x width, of the objects that it sees.
        objects: those to choose from.
        least_share: of an object that is visible.
        least_px: the area of an object.
        farthest_m: between the camera and an object, along the ground.
    """
    found = []
    for item in objects:
        window = _whole_window(camera, item, farthest_m)
        if window is None:
            continue
        r0, r1, c0, c1 = window
        mask = ids[r0:r1, c0:c1] == item.id
        area = int(np.count_nonzero(mask))
        if area < least_px:
            continue
        full = _full_area(camera, item, window)
        if area >= least_share * full:
            x, y = _click(mask)
            found.append(VisibleObject(item, (c0 + x + 0.5, r0 + y + 0.5), min(area / full, 1.0)))
    return found


class MosaicCoverage:
    """How much of each object a mosaic shows, added up over its tiles."""

    def __init__(self, objects: Sequence[SceneObject]) -> None:
        """Begin with nothing shown of these objects."""
        self._objects = objects
        self._visible = {item.id: 0 for item in objects}
        self._full = {item.id: 0 for item in objects}

    def add(self, camera: Parallel, ids: NDArray[np.int32]) -> None:
        """Count a tile; `ids`, height x width, are those of the objects visible in it."""
        areas = np.bincount(ids.ravel())
        for item in self._objects:
            for _, window in camera.windows(_bounding_corners(item)[None]):
                self._visible[item.id] += int(areas[item.id]) if item.id < len(areas) else 0
                self._full[item.id] += _full_area(camera, item, window)

    def covered(self, least: float) -> list[SceneObject]:
        """Return the objects of which at least the share `least` is not hidden from above."""
        pixels = self._visible
        return [o for o in self._objects if pixels[o.id] > 0 and pixels[o.id] >= least * self._full[o.id]]


def _full_area(camera: Camera, item: SceneObject, window: PixelWindow) -> int:
    """Count the pixels that the object would fill if nothing hid it."""
    alone = pack([item])
    return int(np.count_nonzero(cast(camera, alone, window).objects(alone)))


def _whole_window(camera: Camera, item: SceneObject, farthest_m: float) -> PixelWindow | None:
    """Return the object's box in the picture; None where it is cut by the edge, behind the camera or too far."""
    corners = _bounding_corners(item)
    if camera.central and np.linalg.norm(corners.mean(0)[:2] - camera.fixed[:2]) > farthest_m:
        return None
    pixels, front = camera.project(corners)
    if not front.all():
        return None
    if isinstance(camera, Pinhole):
        inside = (pixels >= MARGIN_PX).all() and (pixels <= [camera.width - MARGIN_PX, camera.height - MARGIN_PX]).all()
        if not inside:
            return None
    windows = camera.windows(corners[None])
    return windows[0][1] if len(windows) == 1 else None  # two: on a panorama's seam


def _bounding_corners(item: SceneObject) -> NDArray[np.floating]:
    """Return the corners of the box round all of the object, 8 x 3, ring by ring."""
    points = [face.points for face in item.faces]
    points += [blob.centre + np.outer([-1.0, 1.0], blob.radii) for blob in item.blobs]
    every = np.concatenate(points)
    low, high = every.min(0), every.max(0)
    return np.asarray((low + high) / 2 + BOX_CORNERS * (high - low) / 2)


def _click(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return column and row of the visible pixel nearest to the visible centre among those well inside the object."""
    inner = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    rows, columns = np.nonzero(inner >= 0.6 * inner.max())
    all_rows, all_columns = np.nonzero(mask)
    nearest = np.argmin((rows - all_rows.mean()) ** 2 + (columns - all_columns.mean()) ** 2)
    return int(columns[nearest]), int(rows[nearest])


def choose_queries(rng: np.random.Generator, visible: Sequence[VisibleObject], count: int) -> list[VisibleObject]:
    """Choose up to `count` objects, of as many kinds as there are, in the order of `_KINDS`."""
    shuffled = [visible[i] for i in rng.permutation(len(visible))]
    queues = [[one for one in shuffled if one.item.kind == kind] for kind in _KINDS]
    chosen: list[VisibleObject] = []
    while len(chosen) < count and any(queues):
        for queue in queues:
            if queue and len(chosen) < count:
                chosen.append(queue.pop())
    return chosen
