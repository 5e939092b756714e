"""A camp as a whole: each block by its use, then what stands alone between and round them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import shapely
from shapely.geometry import Point, box

from geoloc.town.scene import details, things
from geoloc.town.scene.camp import services, shelters
from geoloc.town.scene.camp.plan import plan_camp
from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.layout import Layout, Plot, places_along
from geoloc.town.scene.marks import blotch, lines, paint, soften, tyre_tracks
from geoloc.town.scene.shapes import Colour
from geoloc.town.scene.site import Item, Site, turned_rectangle

_EARTH: tuple[Colour, ...] = ((186, 160, 126), (174, 148, 116), (196, 174, 142))
_ASH: Colour = (96.0, 88.0, 80.0)
_SCRUB: tuple[Colour, ...] = ((110, 112, 70), (96, 104, 62), (128, 122, 84))
_EAVES_M, _FLAPS_M = 0.6, 0.44
"""By how much roofs of shelters and stalls, and canvas of tents, are longer and wider than what they cover."""
_SHELTER_M2 = 900.0
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


def _put(site: Site, plot: Plot, item: Item, place: tuple[float, float, float], margin: float) -> bool:
    """Build an item at (x, y, angle) where it is in its block and the ground is free; tells whether it was."""
    inside = plot.polygon.contains(turned_rectangle(*place, *item.size))
    return inside and site.put(item.kind, place, item.size, item.build, margin)


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


def _tent(site: Site, model: shelters.TentModel) -> Item:
    length, width = model.size
    return Item("tent", (length + _FLAPS_M, width + _FLAPS_M), partial(shelters.build_tent, site.rng, model=model))


def _build_tents(site: Site, plot: Plot) -> None:
    """Pitch tents of one model in rows, a few of another one or missing, with water and latrines at the rim."""
    rng = site.rng
    usual, other = (_tent(site, shelters.draw_model(rng)) for _ in range(2))
    turn = plot.angle + rng.choice([0.0, math.pi / 2])
    along, across = usual.size if turn == plot.angle else usual.size[::-1]
    _serve(site, plot)
    for u, v in _rows(plot, (along + rng.uniform(1.2, 2.6), across + rng.uniform(1.6, 4.0)), 1.0):
        if rng.random() < 0.1:
            continue
        x, y = plot.at(u + rng.normal(0, 0.2), v + rng.normal(0, 0.2))
        item = usual if rng.random() < 0.9 else other
        _put(site, plot, item, (x, y, turn + rng.normal(0, 0.04) + rng.choice([0.0, math.pi])), 0.15)


def _build_shelters(site: Site, plot: Plot) -> None:
    """Put up huts close to each other, roughly in rows, with mats between them and a few trees."""
    rng = site.rng
    _serve(site, plot)
    for u, v in _rows(plot, (rng.uniform(6.5, 8.0), rng.uniform(5.5, 7.0)), 1.0):
        if rng.random() < 0.12:
            if rng.random() < 0.3:
                site.tree(*plot.at(u, v), rng.uniform(1.0, 2.4))
            continue
        x, y = plot.at(u + rng.normal(0, 0.5), v + rng.normal(0, 0.4))
        turn = plot.angle + rng.choice([0.0, math.pi / 2]) + rng.normal(0, 0.12)
        _put(site, plot, _shelter(site), (x, y, turn), 0.1)
    for _ in range(int(plot.polygon.area / 120)):
        x, y = plot.at(rng.uniform(-0.5, 0.5) * plot.width, rng.uniform(0.0, 1.0) * plot.depth)
        length = rng.uniform(2.5, 6.0)
        screen = Item("screen", (length, 0.2), partial(shelters.build_screen, rng, length=length))
        _put(site, plot, screen, (x, y, plot.angle + rng.choice([0.0, math.pi / 2])), 0.1)


def _shelter(site: Site) -> Item:
    length, width = site.rng.uniform(3.8, 6.2), site.rng.uniform(3.0, 4.2)
    build = partial(shelters.build_shelter, site.rng, length=length, width=width)
    return Item("shelter", (length + _EAVES_M, width + _EAVES_M), build)


def _water_tank(site: Site, radius: float) -> Item:
    return Item("tank", (2.3 * radius, 2.3 * radius), partial(services.build_water_tank, site.rng, radius=radius))


def _serve(site: Site, plot: Plot) -> None:
    """Stand a water tank and rows of latrines somewhere at the rim of a block."""
    rng = site.rng
    u, v = rng.choice([-1, 1]) * (plot.width / 2 - 2.6), rng.uniform(3.0, plot.depth - 3.0)
    if _put(site, plot, _water_tank(site, rng.uniform(0.8, 1.9)), (*plot.at(u, v), plot.angle), 0.3):
        spot = blotch(rng, *plot.at(u + rng.uniform(-2, 2), v), rng.uniform(0.8, 2.0), longer=2.0)
        soften(site, spot, "soil", ((150.0, 126.0, 98.0), (122.0, 100.0, 78.0)), plot.polygon)
    for _ in range(int(rng.integers(1, 3))):
        cells = int(rng.integers(2, 7))
        latrine = Item("latrine", (1.2 * cells + 0.2, 2.0), partial(shelters.build_latrine, rng, cells=cells))
        u, v = rng.uniform(-0.4, 0.4) * plot.width, rng.choice([1.1, plot.depth - 1.1])
        _put(site, plot, latrine, (*plot.at(u, v), plot.angle), 0.2)


def _lorry(site: Site) -> Item:
    return Item("lorry", (8.9, 2.5), partial(services.build_lorry, site.rng))


def _store(site: Site, length: float, width: float) -> Item:
    build = partial(services.build_store, site.rng, length=length, width=width)
    return Item("store", (length + 0.2, width + 0.2), build)


def _build_services(site: Site, plot: Plot) -> None:
    """Stand stores, containers, tanks and the lorries and cars of those who run the camp on gravel."""
    rng, half = site.rng, plot.width / 2
    gravel = varied(rng, (182, 170, 150))
    paint(site, plot.polygon.buffer(-1.0), "gravel", gravel, "yard")
    tyre_tracks(site, plot.polygon, "gravel", gravel, int(rng.integers(3, 8)))
    length, width = rng.uniform(14.0, min(26.0, plot.width - 6)), rng.uniform(8.0, 11.0)
    middle = plot.at(rng.uniform(-0.1, 0.1) * plot.width, plot.depth - width / 2 - 2.0)
    _put(site, plot, _store(site, length, width), (*middle, plot.angle), 0.4)
    for count, item in (
        (rng.integers(1, 5), Item("container", (12.2, 2.5), partial(things.build_container, rng))),
        (rng.integers(0, 3), _store(site, rng.uniform(8.0, 12.0), rng.uniform(5.0, 6.5))),
        (rng.integers(1, 4), _lorry(site)),
        (rng.integers(2, 7), Item("car", (4.8, 1.9), partial(details.build_car, rng))),
        (rng.integers(1, 4), _water_tank(site, rng.uniform(1.2, 1.9))),
    ):
        for _ in range(2 * int(count)):
            x, y = plot.at(rng.uniform(-half, half), rng.uniform(0.0, plot.depth))
            turn = plot.angle + rng.choice([0.0, 0.5, 1.0, 1.5]) * math.pi + rng.normal(0, 0.05)
            _put(site, plot, item, (x, y, turn), 0.4)
    for share in np.arange(-0.5, 0.5, 0.06):
        if rng.random() < 0.25:
            site.tree(*plot.at(share * plot.width, plot.depth - 0.9), rng.uniform(0.9, 2.0))


def _build_market(site: Site, plot: Plot) -> None:
    """Stand stalls side by side along lanes, their counters towards them, and lorries where there is room."""
    rng = site.rng
    for v in np.arange(4.5, plot.depth - 4.0, rng.uniform(9.5, 11.0)):
        u = -plot.width / 2 + 1.0
        while u < plot.width / 2 - 3.0:
            length, width = rng.uniform(2.2, 4.2), rng.uniform(2.0, 3.0)
            size = length + _EAVES_M, width + _EAVES_M
            stall = Item("stall", size, partial(shelters.build_stall, rng, length=length, width=width))
            for side in (-1.0, 1.0):
                place = (*plot.at(u + size[0] / 2, v + side * 3.0), plot.angle + (math.pi if side < 0 else 0.0))
                if rng.random() < 0.85:
                    _put(site, plot, stall, place, 0.05)
            u += size[0] + rng.uniform(0.2, 0.9)
    for _ in range(6):
        x, y = plot.at(rng.uniform(-0.4, 0.4) * plot.width, rng.uniform(0.0, plot.depth))
        _put(site, plot, _lorry(site), (x, y, plot.angle), 0.3)


def _build_open(site: Site, plot: Plot) -> None:
    """Leave ground open: a pitch marked with lime, a school of long tents under trees, a heap of sand."""
    rng, half = site.rng, plot.width / 2
    x, y0, y1 = half - 4.0, 3.0, 0.6 * plot.depth
    corners = [plot.at(-x, y0), plot.at(x, y0), plot.at(x, y1), plot.at(-x, y1)]
    lines(site, [*zip(corners, [*corners[1:], corners[0]], strict=True)], 0.1)
    size = rng.uniform(8.0, 12.0), rng.uniform(5.0, 6.0)
    school = _tent(site, shelters.TentModel(size, 1.8, 3.0, pick(rng, shelters.CANVAS)))
    for share in (-0.3, 0.0, 0.3):
        middle = plot.at(share * plot.width, 0.8 * plot.depth)
        _put(site, plot, school, (*middle, plot.angle + math.pi / 2 + rng.normal(0, 0.03)), 0.4)
    for _ in range(int(rng.integers(2, 6))):
        site.tree(*plot.at(rng.uniform(-half, half), rng.uniform(0.55, 1.0) * plot.depth), rng.uniform(1.8, 4.2))
    things.heap_up(site, plot.polygon.buffer(-2.0), 1.6)


def _trodden(site: Site, plot: Plot) -> None:
    """Paint fireplaces and worn patches over a block, and let scrub grow in it."""
    rng, half = site.rng, plot.width / 2
    for _ in range(int(plot.polygon.area / 60)):
        place = plot.at(rng.uniform(-half, half), rng.uniform(0, plot.depth))
        fire = rng.random() < 0.35
        spot = blotch(rng, *place, rng.uniform(0.3, 0.9) if fire else rng.uniform(0.8, 3.5), longer=1.6)
        paint(site, spot.intersection(plot.polygon), "soil", _ASH if fire else pick(rng, _EARTH))
    for _ in range(int(plot.polygon.area / 150)):
        x, y = plot.at(rng.uniform(-half, half), rng.uniform(0, plot.depth))
        site.bush(x, y, rng.uniform(0.25, 0.8), _SCRUB)


def _between(site: Site, layout: Layout) -> None:
    """Put shelters, trees and scrub on the ground outside the blocks, and cars and lorries on the tracks."""
    rng, half = site.rng, layout.half_m
    town = box(-half, -half, half, half)
    closed = shapely.union_all([layout.paved.buffer(0.5), *(plot.polygon.buffer(1.0) for plot in layout.plots)])
    shapely.prepare(closed)
    for _ in range(4 + int(town.difference(closed).area / _SHELTER_M2)):
        x, y = rng.uniform(-half + 4, half - 4, 2)
        if closed.distance(Point(x, y)) > 4.0:
            item = _shelter(site)
            site.put(item.kind, (x, y, rng.uniform(0, math.pi)), item.size, item.build)
    for _ in range(int(town.area / 700)):
        x, y = rng.uniform(-half + 4, half - 4, 2)
        radius = rng.uniform(0.9, 3.2)
        if closed.distance(Point(x, y)) > radius:
            site.tree(x, y, radius)
    for _ in range(int(town.area / 220)):
        x, y = rng.uniform(-1.6, 1.6, 2) * half
        if closed.distance(Point(x, y)) > 1.0:
            site.bush(x, y, rng.uniform(0.25, 0.8), _SCRUB)
    for street in layout.streets:
        for x, y, turn in places_along(street, half - 6.0, lambda: rng.uniform(35.0, 80.0)):
            off = 0.25 * street.width
            item = _lorry(site) if rng.random() < 0.35 else Item("car", (4.6, 1.9), partial(details.build_car, rng))
            place = (x - off * math.sin(turn), y + off * math.cos(turn), turn)
            site.put(item.kind, place, item.size, item.build, 0.2)


_BUILDERS: dict[str, Callable[[Site, Plot], None]] = {
    "tents": _build_tents,
    "shelters": _build_shelters,
    "services": _build_services,
    "market": _build_market,
    "open": _build_open,
}
