"""Where the town's streets, plots, parcels, square and pond lie: polygons only, in local metres."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.ops import unary_union

PAVEMENT_M = 1.8
VERGE_M = 0.7
"""Of gravel, along streets without a pavement."""
_STEP_M = 2.0


@dataclass(frozen=True, slots=True)
class Street:
    """A street, as wide as its carriageway.

    Attributes:
        line: its axis.
        width: of the carriageway, metres.
        marked: whether it has a centre line.
        pavement: width of those along both sides, metres; 0 for a verge.
        sealed: whether it is of asphalt; else of earth, with ruts.
    """

    line: LineString
    width: float
    marked: bool
    pavement: float = PAVEMENT_M
    sealed: bool = True

    @property
    def reach(self) -> float:
        """From the axis to the outer edge of pavement or verge, metres."""
        return self.width / 2 + (self.pavement or VERGE_M)


@dataclass(frozen=True, slots=True)
class Plot:
    """A rectangle beside a street.

    Attributes:
        x: of the middle of its front.
        y: of the middle of its front.
        angle: radians, of the front as seen from the street (own x along it, y into the plot).
        width: along the front.
        depth: away from the front.
        polygon: in local metres.
    """

    x: float
    y: float
    angle: float
    width: float
    depth: float
    polygon: Polygon

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the local metres of a point u along the front (0 in its middle) and v behind it."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return self.x + cos * u - sin * v, self.y + sin * u + cos * v


@dataclass(frozen=True, slots=True)
class Lot:
    """A plot and what it is for.

    Attributes:
        use: such as "farmyard" or "market".
        plot: its ground.
    """

    use: str
    plot: Plot


@dataclass(frozen=True, slots=True)
class Parcel:
    """A field of one crop.

    Attributes:
        polygon: in local metres.
        angle: of its furrows, radians.
        crop: an index that decides its look.
        tone: brightness against that of its crop.
    """

    polygon: Polygon
    angle: float
    crop: int
    tone: float = 1.0


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything on the ground lies.

    Attributes:
        half_m: the town reaches from -half_m to half_m in x and y.
        angle: of its streets, radians.
        streets: of the town and out of it.
        plots: beside the streets.
        parcels: fields all round.
        square: beside a crossing.
        pond: off the streets; empty in small towns.
        paved: carriageways, pavements and the square together.
    """

    half_m: float
    angle: float
    streets: tuple[Street, ...]
    plots: tuple[Plot, ...]
    parcels: tuple[Parcel, ...]
    square: Polygon
    pond: Polygon
    paved: Polygon


def plan_town(rng: np.random.Generator, size_m: float) -> Layout:
    """Plan streets through the middle, plots along both sides, a square at a crossing, a pond, fields around."""
    half = size_m / 2
    angle = math.radians(rng.uniform(-28.0, 28.0))
    streets = _streets(rng, half, angle)
    carriageways = unary_union([s.line.buffer(s.width / 2 + PAVEMENT_M, join_style="round") for s in streets])
    square = _square(rng, streets, half)
    paved = unary_union([carriageways, square])
    pond = _pond(rng, half, paved)
    plots = _plots(rng, streets, half, [carriageways, square, pond.buffer(4.0)])
    return Layout(half, angle, streets, plots, lay_parcels(rng, angle), square, pond, paved)


def _streets(rng: np.random.Generator, half: float, angle: float) -> tuple[Street, ...]:
    far = 700.0
    along = np.concatenate([[-far], np.linspace(-1.4 * half, 1.4 * half, 24), [far]])
    bend, phase = rng.uniform(3.0, 0.05 * half + 3.5), rng.uniform(0.0, 6.0)

    def street(points: np.ndarray, width: float, marked: bool) -> Street:
        turned = rotate(LineString(points), angle, origin=(0, 0), use_radians=True)
        return Street(turned, width, marked)

    main = np.stack([along, bend * np.sin(along / (0.7 * half) + phase) * np.exp(-((along / half) ** 2) / 4)], axis=1)
    streets = [street(main, 7.0, True)]
    cross_at = [rng.uniform(-0.15, 0.15)] if half < 70 else [rng.uniform(-0.5, -0.35), rng.uniform(0.3, 0.5)]
    for at in cross_at:
        lean = rng.uniform(-0.12, 0.12)
        north = far if rng.random() < 0.5 or half < 70 else 0.9 * half
        points = np.array([[at * half + lean * y, y] for y in np.linspace(-1.3 * half, north, 12)])
        streets.append(street(points, 5.5, False))
    if half >= 100:
        lane = np.array([[x, -0.6 * half + 2.5 * math.sin(x / 40 + phase)] for x in np.linspace(-1.2, 1.2, 20) * half])
        streets.append(street(lane, 5.0, False))
    return tuple(streets)


def _square(rng: np.random.Generator, streets: tuple[Street, ...], half: float) -> Polygon:
    crossing = streets[0].line.intersection(streets[-2 if half >= 100 else -1].line)
    x, y = crossing.centroid.coords[0]
    line = streets[0].line
    place = line.project(Point(x, y))
    ahead = line.interpolate(place + 5.0)
    turn = math.atan2(ahead.y - y, ahead.x - x)
    length, depth = rng.uniform(0.14, 0.2) * half + 10.0, rng.uniform(0.1, 0.14) * half + 8.0
    side = translate(box(3.0, 3.0, 3.0 + length, 3.0 + depth), 2.0, 2.0)
    return translate(rotate(side, turn, origin=(0, 0), use_radians=True), x, y)


def _pond(rng: np.random.Generator, half: float, paved: Polygon) -> Polygon:
    """Place an irregular pond somewhere off the streets; empty in towns too small for it."""
    around = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    for _ in range(40):
        radius = rng.uniform(0.07, 0.1) * half + 1.0
        wave = 1.0 + 0.18 * np.sin(2 * around + rng.uniform(0, 6)) + 0.1 * np.sin(3 * around + rng.uniform(0, 6))
        x, y = rng.uniform(-0.75, 0.75, 2) * half
        pond = Polygon(np.stack([x + 1.3 * radius * wave * np.cos(around), y + radius * wave * np.sin(around)], axis=1))
        if pond.distance(paved) > 8.0 and y > -0.2 * half:
            return pond
    return Polygon()


def _plots(
    rng: np.random.Generator, streets: tuple[Street, ...], half: float, taken: list[Polygon]
) -> tuple[Plot, ...]:
    free = box(-half, -half, half, half).buffer(-1.0).difference(unary_union(taken).buffer(0.3))
    plots: list[Plot] = []
    for street in streets:
        for side in (1.0, -1.0):
            at = rng.uniform(0.0, 6.0)
            while at < street.line.length:
                width = rng.uniform(17.0, 25.0)
                plot = plot_beside(
                    street, at, side, width, depths=lambda: (rng.uniform(27.0, 33.0), 23.0, 19.0), free=free
                )
                if plot is None:
                    at += _STEP_M
                    continue
                plots.append(plot)
                free = free.difference(plot.polygon.buffer(0.15))
                at += plot.width + rng.uniform(0.3, 3.0)
    return tuple(plots)


def places_along(street: Street, reach: float, step: Callable[[], float]) -> Iterator[tuple[float, float, float]]:
    """Yield x, y and direction at places of a street's axis within `reach` of the middle in x and y, `step` apart."""
    at = step()
    while at < street.line.length - 1.0:
        point, ahead = street.line.interpolate(at), street.line.interpolate(at + 1.0)
        if max(abs(point.x), abs(point.y)) < reach:
            yield point.x, point.y, math.atan2(ahead.y - point.y, ahead.x - point.x)
        at += step()


def plot_beside(
    street: Street, at: float, side: float, width: float, *, depths: Callable[[], Sequence[float]], free: Polygon
) -> Plot | None:
    """Lay a plot along a street, as deep as there is room for; None where there is none.

    Args:
        street: that its front faces.
        at: where it begins, metres along the street.
        side: 1 for the left of the street, -1 for its right.
        width: of the front, metres.
        depths: gives those to try in turn; called where the front is free.
        free: ground that it may take.
    """
    start, end = street.line.interpolate(at), street.line.interpolate(min(at + width, street.line.length))
    angle = math.atan2(end.y - start.y, end.x - start.x) + (0.0 if side > 0 else math.pi)
    away = street.width / 2 + street.pavement + 0.7
    x = (start.x + end.x) / 2 - math.sin(angle) * away
    y = (start.y + end.y) / 2 + math.cos(angle) * away
    if not free.contains(Point(x - math.sin(angle) * 8, y + math.cos(angle) * 8)):
        return None
    for depth in depths():
        plot = translate(rotate(box(-width / 2, 0, width / 2, depth), angle, origin=(0, 0), use_radians=True), x, y)
        if free.contains(plot):
            return Plot(x, y, angle, width, depth, plot)
    return None


def lay_parcels(
    rng: np.random.Generator, angle: float, sides: tuple[float, float] = (70, 130), crops: int = 7
) -> tuple[Parcel, ...]:
    """Lay a jittered grid of fields over 1.4 km.

    Args:
        rng: what they are drawn from.
        angle: of the grid, radians.
        sides: least and greatest length of a cell of the grid, metres; half of the cells are cut in two.
        crops: how many looks there are.
    """
    count = round(1400 / sum(sides))
    edges = np.concatenate([-np.cumsum(rng.uniform(*sides, count))[::-1], [0.0], np.cumsum(rng.uniform(*sides, count))])
    lines = np.stack(np.meshgrid(edges + rng.uniform(-30, 30), edges + rng.uniform(-30, 30)), axis=-1)
    lines = lines + rng.uniform(-12, 12, lines.shape)
    parcels = []
    for i in range(len(edges) - 1):
        for j in range(len(edges) - 1):
            corners = Polygon([lines[i, j], lines[i, j + 1], lines[i + 1, j + 1], lines[i + 1, j]]).buffer(-1.2)
            parts = [corners]
            if rng.random() < 0.5:
                cut = rng.uniform(0.3, 0.7)
                x0, y0, x1, y1 = corners.bounds
                middle = x0 + cut * (x1 - x0)
                parts = [
                    corners.intersection(box(x0, y0, middle - 0.5, y1)),
                    corners.intersection(box(middle, y0, x1, y1)),
                ]
            for part in parts:
                if part.geom_type != "Polygon" or part.is_empty:
                    continue
                polygon = rotate(part, angle, origin=(0, 0), use_radians=True)
                furrows = angle + rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.05)
                parcels.append(Parcel(shapely.make_valid(polygon), furrows, int(rng.integers(crops))))
    return tuple(parcels)
