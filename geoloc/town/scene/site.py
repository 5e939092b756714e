"""The scene while it is built: what stands there already, and which ground is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from geoloc.town.scene import details
from geoloc.town.scene.houses import pick
from geoloc.town.scene.shapes import Blob, Colour, Face, SceneObject, ShapeBuilder

_CLUMPS = 46


@dataclass(frozen=True, slots=True)
class Surface:
    """A painted part of the ground.

    Attributes:
        polygon: in local metres.
        material: name of its look, see `geoloc.town.picture.ground`.
        colour: sRGB.
        kind: such as "terrace", where it is a thing that has an outline; empty for what belongs to its surroundings.
    """

    polygon: Polygon
    material: str
    colour: Colour
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What is put somewhere.

    Attributes:
        kind: of the object.
        size: length and width of the ground that it needs, metres.
        build: builds it.
    """

    kind: str
    size: tuple[float, float]
    build: Callable[[ShapeBuilder], None]


@dataclass(slots=True)
class Site:
    """What is built so far.

    Attributes:
        rng: what all is drawn from.
        surfaces: painted in order.
        objects: with ids from 1.
        greenery: hedges and bushes that are no objects, with the id 0.
        taken: ground that nothing else may stand on.
    """

    rng: np.random.Generator
    surfaces: list[Surface] = field(default_factory=list)
    objects: list[SceneObject] = field(default_factory=list)
    greenery: list[SceneObject] = field(default_factory=list)
    taken: list[Polygon] = field(default_factory=list)

    def free(self, polygon: Polygon, margin: float = 0.0) -> bool:
        """Tell whether nothing stands within `margin` metres of a polygon."""
        return not self.taken or bool(shapely.distance(np.array(self.taken, object), polygon).min() > margin)

    def add(self, kind: str, faces: Sequence[Face], blobs: Sequence[Blob] = ()) -> None:
        """Add an object, wherever it is."""
        self.objects.append(SceneObject(len(self.objects) + 1, kind, tuple(faces), tuple(blobs)))

    def plant(self, kind: str, blobs: Sequence[Blob]) -> None:
        """Add greenery that is no object."""
        if blobs:
            self.greenery.append(SceneObject(0, kind, (), tuple(blobs)))

    def put(
        self,
        kind: str,
        place: tuple[float, float, float],
        size: tuple[float, float],
        build: Callable[[ShapeBuilder], None],
        margin: float = 0.3,
    ) -> bool:
        """Build an object unless the ground is taken.

        Args:
            kind: of the object.
            place: x, y and angle of the builder, local metres and radians.
            size: length and width of the rectangle there that must be free, metres.
            build: builds it.
            margin: metres to what stands beside it.

        Returns:
            Whether the ground was free.
        """
        if not self.free(turned_rectangle(*place, *size), margin):
            return False
        builder = ShapeBuilder(*place)
        build(builder)
        self.taken.append(Polygon(_hull(builder.faces)))
        self.add(kind, builder.faces)
        return True

    def bush(self, x: float, y: float, size: float, colours: tuple[Colour, ...]) -> None:
        """Plant a shrub of about `size` metres to every side unless something stands there."""
        if self.free(Point(x, y).buffer(size), 0.2):
            colour = pick(self.rng, colours)
            radii = np.array([size, size * self.rng.uniform(0.8, 1.2), 0.9 * size])
            self.plant("bush", [Blob(np.array([x, y, 0.5 * size]), radii, colour)])

    def tree(self, x: float, y: float, radius: float, clumps: int = _CLUMPS) -> None:
        """Plant a tree unless something stands under its crown."""
        if self.free(Point(x, y).buffer(radius * 1.1), 0.2):
            self.add("tree", *details.build_tree(self.rng, x, y, radius, clumps))
            self.taken.append(Point(x, y).buffer(0.8 * radius))


def turned_rectangle(x: float, y: float, angle: float, length: float, width: float) -> Polygon:
    """Return the rectangle about a point whose length runs at `angle`."""
    corners = ShapeBuilder(x, y, angle).place(
        [(sx * length / 2, sy * width / 2, 0.0) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    return Polygon(corners[:, :2])


def _hull(faces: list[Face]) -> np.ndarray:
    points = shapely.MultiPoint(np.concatenate([face.points[:, :2] for face in faces]))
    return np.array(points.convex_hull.exterior.coords)
