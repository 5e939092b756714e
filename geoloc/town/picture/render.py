"""Which surface every ray of a camera meets first: exact ray casting of each primitive inside its box in the picture.

No triangles and no clipping: a face's inside test is the sign of a dot product with the plane through each edge and the
ray, which is affine in the pixel (Pineda, "A Parallel Algorithm for Polygon Rasterization", 1988, in ray form).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.town.picture.camera import Camera, PixelWindow
from geoloc.town.scene.shapes import Floats, PackedScene

GROUND, SKY = -1, -2
"""Indices of what is no primitive."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What rays meet first.

    Attributes:
        depth: rows x columns float32, ray parameter t, infinite for the sky.
        primitive: rows x columns int32, index of the face or blob, or `GROUND` or `SKY`.
    """

    depth: NDArray[np.float32]
    primitive: NDArray[np.int32]

    def objects(self, packed: PackedScene) -> NDArray[np.int32]:
        """Return the ids of the objects met, rows x columns; 0 for ground and sky."""
        ids = np.concatenate([packed.object, [0, 0]]).astype(np.int32)  # index -2 and -1 count from the end
        return ids[self.primitive]


def cast(camera: Camera, packed: PackedScene, window: PixelWindow | None = None) -> Hits:
    """Cast the rays of a window, or all without one, on faces, blobs and the ground plane z = 0.

    Args:
        camera: what looks.
        packed: faces and blobs of the scene.
        window: the part of the picture wanted; None for all of it.
    """
    view = window or (0, camera.height, 0, camera.width)
    depth = _ground(camera, view)
    hits = Hits(depth, np.where(np.isfinite(depth), GROUND, SKY).astype(np.int32))
    first = len(packed.points)
    for index, whole in camera.windows(packed.hulls):
        part = max(whole[0], view[0]), min(whole[1], view[1]), max(whole[2], view[2]), min(whole[3], view[3])
        if part[0] >= part[1] or part[2] >= part[3]:
            continue
        if index >= first:
            found = _blob(camera, part, packed.centre[index - first], packed.radii[index - first])
        else:
            points, normal = packed.points[index], packed.normal[index]
            facing = normal @ (points[0] - camera.fixed if camera.central else camera.fixed)
            edge_on = abs(facing) < 1e-9
            if edge_on or (facing >= 0 and not packed.two_sided[index]):
                continue
            found = _face(camera, part, points, normal, -1.0 if facing >= 0 else 1.0)
        _keep(hits, view, part, found, index)
    return hits


def _keep(hits: Hits, view: PixelWindow, part: PixelWindow, depth: NDArray[np.float32], index: int) -> None:
    r0, r1, c0, c1 = part[0] - view[0], part[1] - view[0], part[2] - view[2], part[3] - view[2]
    before = hits.depth[r0:r1, c0:c1]
    nearer = depth < before
    np.copyto(before, depth, where=nearer)
    np.copyto(hits.primitive[r0:r1, c0:c1], index, where=nearer)


def _ground(camera: Camera, window: PixelWindow) -> NDArray[np.float32]:
    up = np.array([0.0, 0.0, 1.0])
    with np.errstate(divide="ignore"):
        if camera.central:
            depth = -camera.fixed[2] / np.minimum(camera.dot(up, window), np.float32(-1e-12))
            return np.where(depth < 1e6 / camera.spread, depth, np.inf).astype(np.float32)
        return (-camera.dot(up, window) / np.float32(camera.fixed[2])).astype(np.float32)


def _face(camera: Camera, window: PixelWindow, points: Floats, normal: Floats, side: float) -> NDArray[np.float32]:
    """Return the depth of a face in a window, infinite beside it; `side` is -1 where it is seen from behind."""
    ends = np.roll(points, -1, axis=0)
    if camera.central:
        edges, offsets = np.cross(points - camera.fixed, ends - camera.fixed), np.zeros(len(points))
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.float32(normal @ (points[0] - camera.fixed)) / camera.dot(normal, window)
    else:
        edges = np.cross(camera.fixed, ends - points)
        offsets = np.einsum("ij,ij->i", edges, points)
        depth = (np.float32(normal @ points[0]) - camera.dot(normal, window)) / np.float32(normal @ camera.fixed)
    # Seen from the front, corners run counter-clockwise, so the inside is where all these planes are on one side.
    inside = depth > 0
    for edge, offset in zip(edges, offsets, strict=True):
        inside &= side * (camera.dot(edge, window) - np.float32(offset)) <= 0
    return np.where(inside, depth, np.float32(np.inf))


def _blob(camera: Camera, window: PixelWindow, centre: Floats, radii: Floats) -> NDArray[np.float32]:
    """Return the depth of an ellipsoid in a window, infinite beside it.

    With s = centre - origin, |(t direction - s) / radii| = 1 is a t^2 - 2 b t + c = 0, whose discriminant is a
    quadratic form of the ray's varying half.
    """
    weight = np.diag(radii**-2.0)
    if camera.central:
        s = centre - camera.fixed
        line, c, shift = weight @ s, float(s @ weight @ s) - 1.0, np.zeros(3)
        root = camera.quadric(np.outer(line, line) - c * weight, shift, window)
        a = camera.quadric(weight, shift, window)
        b = camera.dot(line, window)
    else:
        line = weight @ camera.fixed
        a = np.full((), camera.fixed @ line, np.float32)
        root = camera.quadric(np.outer(line, line) - a * weight, centre, window) + a
        b = np.float32(line @ centre) - camera.dot(line, window)
    depth = (b - np.sqrt(np.maximum(root, 0))) / a
    return np.where((root > 0) & (depth > 0), depth, np.float32(np.inf)).astype(np.float32)
