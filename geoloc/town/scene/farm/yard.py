"""A farmyard: a farmhouse, barns round bare ground, and all that stands about on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from geoloc.town.scene import details, houses, things
from geoloc.town.scene.farm import barns, planting
from geoloc.town.scene.layout import Plot
from geoloc.town.scene.marks import blotch, paint, soften, tyre_tracks
from geoloc.town.scene.shapes import Colour, ShapeBuilder
from geoloc.town.scene.site import Item, Site

_GROUNDS: tuple[tuple[str, Colour], ...] = (
    ("soil", (142, 122, 98)), ("soil", (122, 104, 84)), ("gravel", (164, 154, 136)), ("gravel", (142, 136, 124)),
    ("slabs", (156, 152, 144)), ("asphalt", (116, 116, 116)),
)  # fmt: skip
Build = Callable[[ShapeBuilder], None]


def build_farmyard(site: Site, plot: Plot) -> None:
    """Build a farm on a lot."""
    rng = site.rng
    paint(site, plot.polygon, "field", houses.varied(rng, (122, 128, 80), 8.0), "plot")
    turn = plot.angle + rng.normal(0, 0.05)
    first = len(site.taken)
    if rng.random() < 0.85:
        length, width = rng.uniform(12.0, 19.0), rng.uniform(7.0, 9.0)
        x, y = plot.at(rng.choice([-1, 1]) * (plot.width / 2 - length / 2 - 2.0), width / 2 + rng.uniform(3.0, 6.0))
        facing = turn + rng.choice([0.0, math.pi])
        site.put(
            "house", (x, y, facing), (length, 1.6 * width), lambda b: barns.build_farmhouse(rng, b, length, width), 0.8
        )
    house = len(site.taken)
    for number in range(int(rng.integers(3, 8))):
        _barn(site, plot, turn, large=number == 0)
    yard = _yard_ground(site, plot, site.taken[house:])
    if yard.is_empty:
        return
    _furnish(site, yard, turn)
    for taken in site.taken[first:house]:  # a garden with trees round the house
        for _ in range(int(rng.integers(1, 5))):
            around = taken.buffer(rng.uniform(2.0, 5.0)).exterior
            point = around.interpolate(rng.uniform(0, around.length))
            planting.plant_over(site, point.x, point.y, rng.uniform(2.0, 5.0))
    x0, y0, x1, y1 = plot.polygon.bounds
    for _ in range(int(rng.integers(1, 7))):
        point = Point(rng.uniform(x0, x1), rng.uniform(y0, y1))
        if plot.polygon.contains(point) and not yard.buffer(-4.0).contains(point):
            planting.plant_over(site, point.x, point.y, rng.uniform(1.6, 5.5))


def _barn(site: Site, plot: Plot, turn: float, *, large: bool) -> None:
    """Build one barn, shed or tunnel somewhere on the lot, mostly along its sides."""
    rng = site.rng
    most = min(60.0, 0.9 * plot.width)
    for _ in range(8):
        length = float(np.exp(rng.uniform(*np.log([0.5 * most, most] if large else [6.0, 0.7 * most]))))
        width = float(np.clip(length * rng.uniform(0.25, 0.6), 4.0, 22.0))
        across = rng.random() < 0.4
        angle = turn + (math.pi / 2 if across else 0.0) + (rng.normal(0, 0.2) if rng.random() < 0.15 else 0.0)
        reach_u, reach_v = (width / 2, length / 2) if across else (length / 2, width / 2)
        room_u, room_v = plot.width / 2 - reach_u - 1.0, plot.depth - 2 * reach_v - 2.0
        if room_u < 0 or room_v < 0:
            continue
        u = rng.choice([-1.0, 1.0, rng.uniform(-1, 1)]) * room_u
        v = 1.0 + reach_v + (room_v if rng.random() < 0.5 else rng.uniform(0.0, room_v))
        x, y = plot.at(u, v)
        build, kind, beside = barns.build_barn, "barn", 4.0
        if rng.random() < 0.14 and length < 32.0:
            build, beside = barns.build_tunnel, 0.0
        elif length < 8.0:
            build, kind, beside = houses.build_shed, "shed", 0.0
        built = partial(build, rng, length=length, width=width)
        if site.put(kind, (x, y, angle), (length, width + beside), built, rng.choice([0.15, 1.0, 4.0])):
            return


def _yard_ground(site: Site, plot: Plot, standing: list[Polygon]) -> Polygon:
    """Paint the bare ground between the barns and to the road; returns it."""
    rng = site.rng
    reach = rng.uniform(3.0, 7.0)
    drive = rng.uniform(-0.3, 0.3) * plot.width
    middle = plot.at(0.6 * drive, rng.uniform(0.35, 0.5) * plot.depth)
    road = shapely.LineString([plot.at(drive, -1.2), plot.at(drive, 0.2 * plot.depth), middle]).buffer(2.4)
    parts = [item.buffer(reach) for item in standing] + [road]
    parts.append(blotch(rng, *middle, 0.26 * min(plot.width, plot.depth), longer=1.4))
    yard = shapely.union_all(parts).buffer(4.0).buffer(-4.0).intersection(shapely.union_all([plot.polygon, road]))
    yard = max(getattr(yard, "geoms", [yard]), key=lambda part: part.area)
    material, colour = _GROUNDS[rng.integers(len(_GROUNDS))]
    colour = houses.varied(rng, colour, 9.0)
    edge = yard.buffer(1.2).intersection(plot.polygon)  # worn grass
    paint(site, edge, "soil", houses.varied(rng, (136, 130, 92), 5.0))
    paint(site, yard, material, colour, "yard")
    x0, y0, x1, y1 = yard.bounds
    for _ in range(int(yard.area / 90)):
        spot = blotch(rng, rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(1.0, 5.0), longer=rng.uniform(1, 2.5))
        darker = np.array(colour) * rng.uniform(0.82, 1.14)
        if rng.random() < 0.2:
            darker = 0.5 * darker + 0.5 * np.array([118.0, 124.0, 78.0])  # weeds
        red, green, blue = map(float, darker)
        soften(site, spot, material, (colour, (red, green, blue)), yard)
    tyre_tracks(site, yard, material, colour, int(rng.integers(2, 8)))
    for _ in range(int(rng.choice([0, 0, 2, 5]))):
        puddle = blotch(
            rng, rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(0.5, 2.2), longer=rng.uniform(1, 2.5)
        )
        paint(site, puddle.buffer(0.3).intersection(yard), "soil", (98.0, 84.0, 66.0))
        paint(site, puddle.intersection(yard), "water", houses.varied(rng, (106, 102, 88)), "puddle")
    return yard


def _scatter(site: Site, within: Polygon, item: Item, turn: float, margin: float = 0.2) -> None:
    """Put an item somewhere into a piece of ground if there is room, along `turn` or across."""
    rng = site.rng
    x0, y0, x1, y1 = within.bounds
    for _ in range(12):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        angle = turn + rng.choice([0.0, math.pi / 2, math.pi]) + rng.normal(0, 0.12)
        if within.contains(Point(x, y)) and site.put(item.kind, (x, y, angle), item.size, item.build, margin):
            return


def _furnish(site: Site, yard: Polygon, turn: float) -> None:
    """Stand things about the yard, mostly along its edges and close to each other."""
    rng = site.rng
    rim = yard.difference(yard.buffer(-7.0)) if rng.random() < 0.7 else yard
    for _ in range(int(rng.choice([0, 1, 2, 4]))):
        radius = float(rng.choice([rng.uniform(1.2, 3.0), rng.uniform(1.2, 3.0), rng.uniform(4.0, 9.0)]))
        build: Build = partial(things.build_tank, rng, radius=radius)
        _scatter(site, rim, Item("tank", (2 * radius, 2 * radius), build), turn, 0.1)
    for _ in range(int(rng.choice([0, 1, 2]))):
        size = rng.uniform(3.0, 14.0), rng.uniform(2.5, 7.0)
        build = partial(things.build_stack, rng, length=size[0], width=size[1])
        _scatter(site, rim, Item("stack", size, build), turn)
    for counts, ground, item in (
        ([0, 0, 1, 3], rim, Item("container", (12.2, 2.5), partial(things.build_container, rng))),
        ([0, 1, 2, 4], rim, Item("trailer", (9.0, 2.6), partial(things.build_trailer, rng))),
        ([0, 1, 2, 3], yard, Item("tractor", (4.8, 2.6), partial(things.build_tractor, rng))),
        ([0, 1, 3, 5], yard, Item("car", (4.6, 1.9), partial(details.build_car, rng))),
    ):
        for _ in range(int(rng.choice(counts))):
            _scatter(site, ground, item, turn)
    for _ in range(int(rng.choice([0, 1, 3]))):
        _bales_in_rows(site, yard, turn, int(rng.integers(3, 18)))
    for _ in range(int(rng.choice([0, 1, 3]))):
        things.heap_up(site, rim, rng.uniform(1.0, 3.5))


def _bales_in_rows(site: Site, within: Polygon, turn: float, count: int) -> None:
    """Lay round bales side by side in two rows, nearly touching."""
    rng = site.rng
    x0, y0, x1, y1 = within.bounds
    x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
    cos, sin = math.cos(turn), math.sin(turn)
    for number in range(count):
        u, v = 1.5 * (number // 2) + rng.normal(0, 0.05), 1.55 * (number % 2)
        place = (x + cos * u - sin * v, y + sin * u + cos * v)
        if within.contains(Point(place)):
            angle = turn + math.pi / 2 + rng.normal(0, 0.06)
            site.put("bale", (*place, angle), (1.3, 1.3), lambda b: things.build_bale(rng, b), 0.0)
