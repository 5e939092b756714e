"""What the town is made of: convex flat faces and ellipsoids, each of a material and belonging to an object.

Local metres, x east, y north, z up; colours are sRGB 0..255.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

Floats = NDArray[np.floating]
Colour = tuple[float, float, float]


BOX_CORNERS = np.array([[x, y, z] for z in (-1.0, 1.0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])
"""Corners of a cube, ring by ring, 8 x 3."""


class Material(IntEnum):
    """How a surface is shaded."""

    PLAIN = 0
    TILES = 1
    FLAT_ROOF = 2
    PLASTER = 3
    BRICK = 4
    PLANKS = 5
    PAINT = 6
    GLASS = 7
    LEAVES = 8
    BARK = 9
    SOLAR = 10
    WATER = 11
    METAL = 12
    RUST = 13
    STRAW = 14


Finish = tuple[Material, Colour]
"""What a surface looks like."""
Footprint = tuple[float, float, float, float]
"""A rectangle on the ground: x0, y0, x1, y1."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Windows and door of a wall.

    Attributes:
        columns: of windows.
        storeys: of windows.
        door: its column in the lowest storey, or -1 for none.
    """

    columns: int = 0
    storeys: int = 0
    door: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A convex flat polygon; u runs along its first edge, v up from it.

    Attributes:
        points: N x 3, counter-clockwise as its front is seen.
        material: how it is shaded.
        colour: sRGB.
        openings: windows and door.
        two_sided: whether it is visible from behind, too.
    """

    points: Floats
    material: Material
    colour: Colour
    openings: Openings = Openings()
    two_sided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """An ellipsoid along the axes.

    Attributes:
        centre: 3.
        radii: 3.
        colour: sRGB.
        material: how it is shaded.
    """

    centre: Floats
    radii: Floats
    colour: Colour
    material: Material = Material.LEAVES


@dataclass(frozen=True, slots=True)
class SceneObject:
    """Something that can be clicked.

    Attributes:
        id: from 1; 0 for what is no object.
        kind: such as "house".
        faces: its flat surfaces.
        blobs: its round ones.
        surveyed: whether it is there when the mosaic is made.
        flown: whether it is there when the photos are taken.
    """

    id: int
    kind: str
    faces: tuple[Face, ...]
    blobs: tuple[Blob, ...] = ()
    surveyed: bool = True
    flown: bool = True

    def outline(self) -> Floats:
        """Return points (N x 3) whose bounds are those of the object from straight above, to a thousandth."""
        points = [face.points for face in self.faces]
        around = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
        ring = np.stack([np.cos(around), np.sin(around), np.zeros_like(around)], axis=-1)
        points += [blob.centre + ring * blob.radii for blob in self.blobs]
        return np.concatenate(points)

    def plan(self) -> Polygon:
        """Return its outline from straight above in local metres, true to a centimetre: one valid ring without holes.

        Of an object in several parts it is the largest one.
        """
        parts = [face.points[:, :2] for face in self.faces]
        around = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
        # A little larger, so that the polygon has the area of the ellipse.
        ring = np.stack([np.cos(around), np.sin(around)], axis=-1) * math.sqrt(
            2 * math.pi / 48 / math.sin(math.pi / 24)
        )
        parts += [blob.centre[:2] + ring * blob.radii[:2] for blob in self.blobs]
        polygons = [Polygon(part) for part in parts]
        seen = shapely.union_all([part for part in polygons if part.area > 1e-6 and part.is_valid])
        return largest_part(seen).simplify(0.005)


def largest_part(shape: Polygon | MultiPolygon) -> Polygon:
    """Return the largest part of a shape, its holes filled."""
    return Polygon(max(getattr(shape, "geoms", [shape]), key=lambda part: part.area).exterior)


@dataclass(slots=True)
class ShapeBuilder:
    """Collects faces in an object's own frame: origin on the ground, x along its length, turned and moved in the end.

    Attributes:
        x: of the origin, local metres.
        y: of the origin, local metres.
        angle: radians counter-clockwise from east.
        faces: collected so far.
    """

    x: float
    y: float
    angle: float
    faces: list[Face] = field(default_factory=list)

    def place(self, points: Sequence[Sequence[float]] | Floats) -> Floats:
        """Turn own coordinates, N x 3, into local ones."""
        points = np.asarray(points, np.float64)
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        x = self.x + cos * points[:, 0] - sin * points[:, 1]
        y = self.y + sin * points[:, 0] + cos * points[:, 1]
        return np.stack([x, y, points[:, 2]], axis=-1)

    def face(
        self,
        points: Sequence[Sequence[float]] | Floats,
        finish: Finish,
        *,
        openings: Openings = Openings(),
        two_sided: bool = False,
    ) -> None:
        """Add a face by its corners in own coordinates.

        Args:
            points: N x 3, own coordinates, counter-clockwise as seen from outside.
            finish: material and colour.
            openings: windows and door of a wall.
            two_sided: whether it is seen from behind too.
        """
        self.faces.append(Face(self.place(points), *finish, openings, two_sided))

    def prism(
        self,
        plan: Sequence[tuple[float, float]],
        z: tuple[float, float],
        finish: Finish,
        *,
        top: Finish | None = None,
        openings: Iterable[Openings] = (),
    ) -> None:
        """Add upright walls on a convex counter-clockwise plan, and a lid (of the same finish without `top`).

        Args:
            plan: corners (x, y), own coordinates.
            z: foot and top, metres.
            finish: material and colour of the walls.
            top: of the lid; None for that of the walls.
            openings: one a wall, from the first corner on; walls without one have none.
        """
        low, high = z
        openings = [*openings, *[Openings()] * len(plan)]
        for (ax, ay), (bx, by), holes in zip(plan, [*plan[1:], plan[0]], openings, strict=False):
            self.face([(ax, ay, low), (bx, by, low), (bx, by, high), (ax, ay, high)], finish, openings=holes)
        self.face([(x, y, high) for x, y in plan], top or finish)

    def box(self, footprint: Footprint, z: tuple[float, float], finish: Finish, *, top: Finish | None = None) -> None:
        """Add a prism on a rectangle."""
        self.prism(rectangle(*footprint), z, finish, top=top)

    def tunnel(self, size: tuple[float, float], high: float, finish: Finish) -> None:
        """Add a round roof down to the ground and its ends; `size` is its length along x and its width, metres."""
        x, half = size[0] / 2, size[1] / 2
        around = [(-math.cos(a) * half, math.sin(a) * high) for a in np.linspace(0.0, math.pi, 8)]
        for (y0, z0), (y1, z1) in pairwise(around):
            self.face([(-x, y0, z0), (x, y0, z0), (x, y1, z1), (-x, y1, z1)], finish, two_sided=True)
        for end in (-x, x):
            self.face([(end, y, z) for y, z in around], finish, two_sided=True)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Return corners, counter-clockwise from the lower left."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


@dataclass(frozen=True, slots=True, eq=False)
class PackedScene:
    """Faces and blobs of many objects as arrays; a primitive's index counts the faces (F), then the blobs (B).

    Attributes:
        points: F arrays, N x 3.
        hulls: (F + B) x 8 x 3, corners round each primitive, some repeated.
        normal: F x 3, unit.
        origin: F x 3, the first corner.
        along_u: F x 3, unit.
        along_v: F x 3, unit.
        span: F x 2, extent in u and v.
        openings: F x 3, columns, storeys and door.
        two_sided: F.
        centre: B x 3.
        radii: B x 3.
        colour: (F + B) x 3, linear, 0..1.
        material: F + B.
        object: F + B, ids.
    """

    points: Sequence[Floats]
    hulls: Floats
    normal: Floats
    origin: Floats
    along_u: Floats
    along_v: Floats
    span: Floats
    openings: NDArray[np.int64]
    two_sided: NDArray[np.bool_]
    centre: Floats
    radii: Floats
    colour: Floats
    material: NDArray[np.int64]
    object: NDArray[np.int64]


def linear(colour: Floats) -> Floats:
    """Turn sRGB 0..255 into linear 0..1, by the plain power 2.2."""
    return (np.asarray(colour, np.float32) / 255.0) ** 2.2


def pack(objects: Sequence[SceneObject]) -> PackedScene:
    """Pack all faces and blobs of objects into arrays."""
    faces = [(face, item.id) for item in objects for face in item.faces]
    blobs = [(blob, item.id) for item in objects for blob in item.blobs]
    parts: list[Face | Blob] = [*(face for face, _ in faces), *(blob for blob, _ in blobs)]
    points = [np.asarray(face.points, np.float64) for face, _ in faces]
    blobs_at = np.array([blob.centre for blob, _ in blobs], np.float64).reshape(-1, 3)
    radii = np.array([blob.radii for blob, _ in blobs], np.float64).reshape(-1, 3)
    origin = np.array([p[0] for p in points]).reshape(-1, 3)
    edge = np.array([p[1] - p[0] for p in points]).reshape(-1, 3)
    along_u = edge / np.linalg.norm(edge, axis=1, keepdims=True)
    normal = np.array([np.cross(p[1] - p[0], p[2] - p[0]) for p in points]).reshape(-1, 3)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along_v = np.cross(normal, along_u)
    corners = [((p - p[0]) @ np.stack([u, v], axis=1)) for p, u, v in zip(points, along_u, along_v, strict=True)]
    return PackedScene(
        points=points,
        hulls=_hulls(points, blobs_at, radii),
        normal=normal,
        origin=origin,
        along_u=along_u,
        along_v=along_v,
        span=np.array([c.max(0) for c in corners]).reshape(-1, 2),
        openings=np.array([(f.openings.columns, f.openings.storeys, f.openings.door) for f, _ in faces]).reshape(-1, 3),
        two_sided=np.array([face.two_sided for face, _ in faces], bool),
        centre=blobs_at,
        radii=radii,
        colour=linear(np.array([part.colour for part in parts]).reshape(-1, 3)),
        material=np.array([part.material for part in parts], np.int64),
        object=np.array([owner for _, owner in (*faces, *blobs)], np.int64),
    )


def _hulls(points: Sequence[Floats], centre: Floats, radii: Floats) -> Floats:
    faces = [np.concatenate([p, np.repeat(p[-1:], 8 - len(p), axis=0)]) for p in points]
    blobs = centre[:, None] + BOX_CORNERS * radii[:, None]
    return np.concatenate([np.array(faces).reshape(-1, 8, 3), blobs])
