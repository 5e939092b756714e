"""A camp as a whole: each block by its use, then what stands alone between and round them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import shapely
from shapely.geometry import Point

from geoloc.town.scene import details
from geoloc.town.scene.camp import services, shelters
from geoloc.town.scene.camp.plan import plan_camp
from geoloc.town.scene.farm import yard_things
from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.layout import Layout, Plot
from geoloc.town.scene.marks import blotch, lines, paint, soften, tyre_tracks
from geoloc.town.scene.shapes import Blob, Colour, Material, ShapeBuilder
from geoloc.town.scene.site import Site

_EARTH: tuple[Colour, ...] = ((186, 160, 126), (174, 148, 116), (196, 174, 142))
_ASH: Colour = (96.0, 88.0, 80.0)
_SCRUB: tuple[Colour, ...] = ((110, 112, 70), (96, 104, 62), (128, 122, 84))
_SHELTERS_OUTSIDE_M2 = 900.0
"""Ground outside the blocks for each shelter that somebody has put up there."""


def build_camp(site: Site, size_m: float) -> Layout:
    """Build a camp of `size_m` x `size_m` metres; returns its layout."""
    layout, lots = plan_camp(site.rng, size_m)
    for lot in lots:
        paint(site, lot.plot.polygon, "soil", pick(site.rng, _EARTH), "plot")
        _BUILDERS[lot.use](site, lot.plot)
        _trodden(site, lot.plot)
    _between(site, layout)
    return layout


def _rows(plot: Plot, step: tuple[float, float], rim: float) -> Iterator[tuple[float, float]]:
    """Yield places (u, v) of a grid in a plot, `rim` metres from its edge."""
    across = max(1, int((plot.width - 2 * rim) / step[0]))
    deep = max(1, int((plot.depth - 2 * rim) / step[1]))
    for row in range(deep):
        for column in range(across):
            yield (
                (column + 0.5) * (plot.width - 2 * rim) / across - plot.width / 2 + rim,
                (row + 0.5) * (plot.depth - 2 * rim) / deep + rim,
            )


def _build_tents(site: Site, plot: Plot) -> None:
    """Pitch tents of one model in rows, a few of another one or missing, with a tap and latrines at the rim."""
    rng = site.rng
    model, other = shelters.draw_model(rng), shelters.draw_model(rng)
    turn = plot.angle + rng.choice([0.0, math.pi / 2])
    along, across = model.size if turn == plot.angle else model.size[::-1]
    _serve(site, plot)
    for u, v in _rows(plot, (along + rng.uniform(1.6, 3.0), across + rng.uniform(2.0, 4.5)), 1.5):
        if rng.random() < 0.1:
            continue
        x, y = plot.at(u + rng.normal(0, 0.2), v + rng.normal(0, 0.2))
        kind = model if rng.random() < 0.9 else other
        place = (x, y, turn + rng.normal(0, 0.04) + rng.choice([0.0, math.pi]))
        site.put("tent", place, kind.size, lambda b, m=kind: shelters.build_tent(rng, b, m), 0.15)  # type: ignore[misc]


def _build_shelters(site: Site, plot: Plot) -> None:
    """Put up huts close to each other, roughly in rows, with mats between them and a few trees."""
    rng = site.rng
    _serve(site, plot)
    for u, v in _rows(plot, (rng.uniform(6.5, 8.0), rng.uniform(5.5, 7.0)), 1.0):
        if rng.random() < 0.12:
            if rng.random() < 0.3:
                site.tree(*plot.at(u, v), rng.uniform(1.0, 2.4))
            continue
        _shelter(site, *plot.at(u + rng.normal(0, 0.5), v + rng.normal(0, 0.4)), plot.angle)
    for _ in range(int(plot.polygon.area / 120)):
        u, v = rng.uniform(-0.5, 0.5) * plot.width, rng.uniform(0.0, 1.0) * plot.depth
        screen = (*plot.at(u, v), plot.angle + rng.choice([0.0, math.pi / 2]))
        length = rng.uniform(2.5, 6.0)
        site.put("screen", screen, (length, 0.2), lambda b, s=length: _build_screen(site, b, s), 0.1)  # type: ignore[misc]


def _shelter(site: Site, x: float, y: float, turn: float) -> None:
    rng = site.rng
    size = rng.uniform(3.8, 6.2), rng.uniform(3.0, 4.2)
    place = (x, y, turn + rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.12))
    site.put("shelter", place, size, lambda b: shelters.build_shelter(rng, b, *size), 0.1)


def _build_screen(site: Site, builder: ShapeBuilder, length: float) -> None:
    x = length / 2
    builder.box((-x, -0.05, x, 0.05), (0.0, 1.5), (Material.STRAW, varied(site.rng, (158, 136, 96))))


def _serve(site: Site, plot: Plot) -> None:
    """Stand a water tank and a row of latrines somewhere at the rim of a block."""
    rng, half = site.rng, plot.width / 2
    radius = rng.uniform(0.8, 1.9)
    tank = (*plot.at(rng.choice([-1, 1]) * (half - 2.6), rng.uniform(3.0, plot.depth - 3.0)), plot.angle)
    side = 2.3 * radius
    if site.put("tank", tank, (side, side), lambda b: services.build_water_tank(rng, b, radius), 0.3):
        spot = blotch(rng, *plot.at(rng.uniform(-2, 2), 3.0), rng.uniform(0.8, 2.0), longer=2.0)
        soften(site, spot, "soil", ((150.0, 126.0, 98.0), (122.0, 100.0, 78.0)), plot.polygon)
    for _ in range(int(rng.integers(1, 3))):
        cells = int(rng.integers(2, 7))
        u, v = rng.uniform(-0.4, 0.4) * plot.width, rng.choice([1.2, plot.depth - 1.2])
        place = (*plot.at(u, v), plot.angle)
        size = (1.2 * cells, 1.6)
        site.put("latrine", place, size, lambda b, n=cells: shelters.build_latrine(rng, b, n), 0.2)  # type: ignore[misc]


def _build_services(site: Site, plot: Plot) -> None:
    """Fence in stores, containers, tanks and the lorries and cars of those who run the camp."""
    rng, half = site.rng, plot.width / 2
    gravel = varied(rng, (182, 170, 150))
    paint(site, plot.polygon.buffer(-1.0), "gravel", gravel, "yard")
    tyre_tracks(site, plot.polygon, "gravel", gravel, int(rng.integers(3, 8)))
    length, width = rng.uniform(14.0, min(26.0, plot.width - 6)), rng.uniform(8.0, 11.0)
    back = (*plot.at(rng.uniform(-0.1, 0.1) * plot.width, plot.depth - width / 2 - 2.0), plot.angle)
    site.put("store", back, (length, width), lambda b: services.build_store(rng, b, length, width), 0.4)
    for count, item, size in (
        (int(rng.integers(1, 5)), "container", (6.2, 2.5)),
        (int(rng.integers(0, 3)), "store", (rng.uniform(8.0, 12.0), rng.uniform(5.0, 6.5))),
        (int(rng.integers(1, 4)), "lorry", (8.8, 2.5)),
        (int(rng.integers(2, 7)), "car", (4.8, 1.9)),
        (int(rng.integers(1, 4)), "tank", (4.4, 4.4)),
    ):
        for _ in range(count):
            x, y = plot.at(rng.uniform(-half + 4, half - 4), rng.uniform(3.0, plot.depth - 3.0))
            place = (x, y, plot.angle + rng.choice([0.0, 0.5, 1.0, 1.5]) * math.pi + rng.normal(0, 0.05))
            site.put(item, place, size, _service(site, item, size), 0.4)
    for share in np.arange(-0.5, 0.5, 0.06):
        if rng.random() < 0.25:
            site.tree(*plot.at(share * plot.width, plot.depth - 0.9), rng.uniform(0.9, 2.0))


def _service(site: Site, item: str, size: tuple[float, float]) -> Callable[[ShapeBuilder], None]:
    rng = site.rng
    return {
        "container": lambda b: yard_things.build_container(rng, b),
        "store": lambda b: services.build_store(rng, b, *size),
        "lorry": lambda b: services.build_lorry(rng, b),
        "car": lambda b: details.build_car(rng, b),
        "tank": lambda b: services.build_water_tank(rng, b, size[0] / 2.3),
    }[item]


def _build_market(site: Site, plot: Plot) -> None:
    """Stand stalls side by side along lanes, with carts' tracks and lorries at the end."""
    rng = site.rng
    for v in np.arange(3.0, plot.depth - 2.0, rng.uniform(6.5, 8.0)):
        u = -plot.width / 2 + 2.0
        while u < plot.width / 2 - 3.0:
            length, width = rng.uniform(2.2, 4.2), rng.uniform(2.0, 3.0)
            for side in (-1.0, 1.0):
                place = (*plot.at(u + length / 2, v + side * 1.9), plot.angle + (0.0 if side < 0 else math.pi))
                size = (length, width)
                if rng.random() < 0.85:
                    site.put("stall", place, size, lambda b, s=size: shelters.build_stall(rng, b, *s), 0.05)  # type: ignore[misc]
            u += length + rng.uniform(0.5, 1.2)
    for _ in range(3):
        place = (*plot.at(rng.uniform(-0.4, 0.4) * plot.width, rng.uniform(1.5, plot.depth)), plot.angle)
        site.put("lorry", place, (8.8, 2.5), lambda b: services.build_lorry(rng, b), 0.3)


def _build_open(site: Site, plot: Plot) -> None:
    """Leave ground open: a pitch with stones for goals, a school of long tents under trees, a heap of sand."""
    rng, half = site.rng, plot.width / 2
    x, y0, y1 = half - 4.0, 3.0, 0.6 * plot.depth
    corners = [plot.at(-x, y0), plot.at(x, y0), plot.at(x, y1), plot.at(-x, y1)]
    lines(site, [*zip(corners, [*corners[1:], corners[0]], strict=True)], 0.1)
    canvas = shelters.TentModel((rng.uniform(8.0, 12.0), rng.uniform(5.0, 6.0)), 1.8, 3.0, pick(rng, shelters.CANVAS))
    for share in (-0.3, 0.0, 0.3):
        place = (*plot.at(share * plot.width, 0.8 * plot.depth), plot.angle + math.pi / 2 + rng.normal(0, 0.03))
        site.put("tent", place, canvas.size, lambda b: shelters.build_tent(rng, b, canvas), 0.4)
    for _ in range(int(rng.integers(2, 6))):
        site.tree(*plot.at(rng.uniform(-half, half), rng.uniform(0.55, 1.0) * plot.depth), rng.uniform(1.8, 4.2))
    heap = Point(plot.at(rng.uniform(-0.4, 0.4) * plot.width, 1.5)).buffer(2.0)
    if site.free(heap, 0.2):
        site.add("pile", (), yard_things.build_heap(rng, heap.centroid.x, heap.centroid.y, 1.6))
        site.taken.append(heap)


def _trodden(site: Site, plot: Plot) -> None:
    """Paint fireplaces, worn patches and tracks of wheels over a block, and let scrub grow in it."""
    rng, half = site.rng, plot.width / 2
    for _ in range(int(plot.polygon.area / 60)):
        place = plot.at(rng.uniform(-half, half), rng.uniform(0, plot.depth))
        colour = _ASH if rng.random() < 0.35 else pick(rng, _EARTH)
        spot = blotch(rng, *place, rng.uniform(0.3, 0.9) if colour is _ASH else rng.uniform(0.8, 3.5), longer=1.6)
        paint(site, spot.intersection(plot.polygon), "soil", colour)
    for _ in range(int(plot.polygon.area / 150)):
        _bush(site, *plot.at(rng.uniform(-half, half), rng.uniform(0, plot.depth)))


def _bush(site: Site, x: float, y: float) -> None:
    size = site.rng.uniform(0.25, 0.8)
    if site.free(Point(x, y).buffer(size), 0.1):
        radii = size * np.array([1.0, site.rng.uniform(0.8, 1.2), 0.8])
        site.plant("bush", [Blob(np.array([x, y, 0.4 * size]), radii, pick(site.rng, _SCRUB))])


def _between(site: Site, layout: Layout) -> None:
    """Put shelters, trees and scrub on the ground outside the blocks, and cars and lorries on the tracks."""
    rng, half = site.rng, layout.half_m
    closed = shapely.union_all([layout.paved.buffer(0.5), *(plot.polygon.buffer(1.0) for plot in layout.plots)])
    shapely.prepare(closed)
    outside = (2 * half) ** 2 - closed.area
    for _ in range(int(max(outside, 0.0) / _SHELTERS_OUTSIDE_M2) + 4):
        x, y = rng.uniform(-half + 4, half - 4, 2)
        if closed.distance(Point(x, y)) > 3.5:
            _shelter(site, x, y, rng.uniform(0, math.pi))
    for _ in range(int((2 * half) ** 2 / 700)):
        x, y = rng.uniform(-half + 4, half - 4, 2)
        radius = rng.uniform(0.9, 3.2)
        if closed.distance(Point(x, y)) > radius:
            site.tree(x, y, radius)
    for _ in range(int((2 * half) ** 2 / 220)):
        x, y = rng.uniform(-1.6, 1.6, 2) * half
        if closed.distance(Point(x, y)) > 1.0:
            _bush(site, x, y)
    for street in layout.streets:
        for at in np.arange(rng.uniform(0.0, 40.0), street.line.length - 2.0, rng.uniform(35.0, 80.0)):
            point, ahead = street.line.interpolate(at), street.line.interpolate(at + 1.0)
            if max(abs(point.x), abs(point.y)) > half - 6.0:
                continue
            turn = math.atan2(ahead.y - point.y, ahead.x - point.x)
            off = 0.25 * street.width
            place = (point.x - off * math.sin(turn), point.y + off * math.cos(turn), turn)
            if rng.random() < 0.35:
                site.put("lorry", place, (8.8, 2.5), lambda b: services.build_lorry(rng, b), 0.2)
            else:
                site.put("car", place, (4.6, 1.9), lambda b: details.build_car(rng, b), 0.2)


_BUILDERS: dict[str, Callable[[Site, Plot], None]] = {
    "tents": _build_tents,
    "shelters": _build_shelters,
    "services": _build_services,
    "market": _build_market,
    "open": _build_open,
}
