"""Lots that are no farms: rows of houses, blocks with their car parks, sports, orchards, panels, small fields."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from shapely.geometry import Polygon, box

from geoloc.town.scene import details, houses, things
from geoloc.town.scene.farm import barns, leisure, planting
from geoloc.town.scene.layout import Plot
from geoloc.town.scene.marks import blotch, lines, paint, soften
from geoloc.town.scene.shapes import Colour
from geoloc.town.scene.site import Site

_GRASS: Colour = (118, 130, 74)
_TARMAC: tuple[Colour, ...] = ((108, 108, 110), (92, 92, 96), (132, 130, 126), (150, 146, 138))


def strip(plot: Plot, u: tuple[float, float], v: tuple[float, float]) -> Polygon:
    """Return the part of a plot between two distances along its front and two behind it."""
    return Polygon([plot.at(u[0], v[0]), plot.at(u[1], v[0]), plot.at(u[1], v[1]), plot.at(u[0], v[1])])


def build_row_lot(site: Site, plot: Plot) -> None:
    """Build a row of houses, a narrow garden with a shed behind most of them, cars in front."""
    rng, half = site.rng, plot.width / 2
    length, width = plot.width - rng.uniform(1.0, 4.0), rng.uniform(8.0, 10.0)
    front = rng.uniform(4.0, 6.0)
    paint(site, plot.polygon, "lawn", houses.varied(rng, _GRASS, 8.0), "plot")
    tarmac = houses.pick(rng, _TARMAC)
    paint(site, strip(plot, (-half, half), (-0.5, front)), "asphalt", tarmac, "car park")
    x, y = plot.at(0.0, front + width / 2 + 0.4)
    turn = plot.angle
    site.put("row house", (x, y, turn), (length, width), lambda b: barns.build_row(rng, b, length, width), 0.1)
    units = max(2, round(length / 6.0))
    unit, back = length / units, front + width + 0.6
    for number in range(units):
        u = (number + 0.5) * unit - length / 2
        cell = strip(plot, (u - unit / 2 + 0.1, u + unit / 2 - 0.1), (back + 3.0, plot.depth - 0.2))
        paint(site, cell, "lawn", houses.varied(rng, _GRASS, 10.0), "plot")
        terrace = strip(plot, (u - unit / 2 + 0.3, u + unit / 2 - 0.3), (back - 0.4, back + rng.uniform(1.5, 3.0)))
        paint(site, terrace, "slabs", houses.varied(rng, (178, 168, 152)), "terrace")
        if rng.random() < 0.5:
            at = (*plot.at(u, plot.depth - 1.7), turn)
            size = (rng.uniform(2.0, 2.8), rng.uniform(1.8, 2.4))
            site.put("shed", at, size, lambda b, s=size: houses.build_shed(rng, b, *s), 0.1)  # type: ignore[misc]
        if number and rng.random() < 0.6:
            ends = plot.at(u - unit / 2, back + 0.5), plot.at(u - unit / 2, plot.depth - 0.5)
            planting.plant_hedge(site, *ends, rng.uniform(0.5, 0.9), 0.02)
        if rng.random() < 0.3:
            planting.plant_over(site, *plot.at(u + 0.8, rng.uniform(back + 3, plot.depth - 1)), rng.uniform(1.0, 2.4))
        if rng.random() < 0.75:
            at = (*plot.at(u + rng.normal(0, 0.3), front / 2 - 0.2), turn + math.pi / 2 + rng.normal(0, 0.04))
            site.put("car", at, (4.3, 1.8), lambda b: details.build_car(rng, b), 0.05)


def build_block_lot(site: Site, plot: Plot) -> None:
    """Build a flat-roofed block, or a hall under metal, and fill the rest with a car park."""
    rng, half = site.rng, plot.width / 2
    paint(site, plot.polygon, "lawn", houses.varied(rng, _GRASS, 8.0), "plot")
    deep = rng.uniform(0.3, 0.48) * plot.depth
    length, width = plot.width - rng.uniform(4.0, 10.0), deep - 2.0
    x, y = plot.at(rng.uniform(-1, 1), plot.depth - deep / 2 - 1.0)
    hall = rng.random() < 0.3
    build = barns.build_barn if hall else barns.build_block
    slack = 10.0 if hall else 0.0  # for lean-tos
    site.put(
        "barn" if hall else "block",
        (x, y, plot.angle + (math.pi if rng.random() < 0.5 else 0.0)),
        (length, width),
        lambda b: build(rng, b, length, max(width - slack, 8.0)),
    )
    _car_park(
        site, plot, (-half + rng.uniform(0.5, 5.0), half - rng.uniform(0.5, 5.0)), (-0.5, plot.depth - deep - 2.0)
    )
    for share in np.arange(-0.45, 0.5, 0.15):
        if rng.random() < 0.4:
            v = plot.depth - deep - rng.uniform(0.8, 2.0)
            planting.plant_over(site, *plot.at(share * plot.width, v), rng.uniform(1.4, 3.0))


def _car_park(site: Site, plot: Plot, u: tuple[float, float], v: tuple[float, float]) -> None:
    """Lay out bays in double rows along the front with cars in most of them."""
    rng = site.rng
    area = strip(plot, u, v)
    tarmac = houses.pick(rng, _TARMAC)
    paint(site, area, "asphalt", tarmac, "car park")
    for _ in range(int(area.area / 70)):  # repairs and oil
        place = plot.at(rng.uniform(*u), rng.uniform(*v))
        red, green, blue = np.array(tarmac) * rng.uniform(0.85, 1.08)
        spot = blotch(rng, *place, rng.uniform(0.4, 2.5), longer=2.0)
        soften(site, spot, "asphalt", (tarmac, (float(red), float(green), float(blue))), area)
    bay, filled = rng.uniform(2.25, 2.6), rng.uniform(0.45, 0.97)
    row = v[0] + rng.uniform(0.6, 2.0)
    marks = []
    facing = rng.random() < 0.5
    while row + 4.9 < v[1]:
        for number, at in enumerate(np.arange(u[0] + 0.3, u[1] - bay - 0.2, bay)):
            marks.append((plot.at(at, row), plot.at(at, row + 4.8)))
            if number % 11 != 10 and rng.random() < filled:
                middle = plot.at(at + bay / 2 + rng.normal(0, 0.09), row + 2.4 + rng.normal(0, 0.15))
                turn = plot.angle + rng.choice([-1, 1]) * math.pi / 2 + rng.normal(0, 0.025)
                site.put("car", (*middle, turn), (4.2, 1.75), lambda b: details.build_car(rng, b), 0.03)
            elif number % 11 == 10 and rng.random() < 0.5:
                planting.plant_over(site, *plot.at(at + bay / 2, row + 2.4), rng.uniform(1.2, 2.4))
        row += 4.9 if facing else 4.9 + rng.uniform(5.5, 6.5)
        facing = not facing
    lines(site, marks)


def build_sports_lot(site: Site, plot: Plot) -> None:
    """Build courts in a row or a pitch, with stands beside, a hut and sometimes a pool."""
    rng = site.rng
    paint(site, plot.polygon, "lawn", houses.varied(rng, _GRASS, 8.0), "plot")
    half, v = plot.width / 2, 2.0
    if rng.random() < 0.4:
        long, deep = plot.width - 6.0, min(plot.depth - 12.0, 0.7 * plot.width)
        v = _pitch(site, plot, long, deep)
    else:
        u = -half + 1.0
        game = str(rng.choice(list(leisure.COURTS)))
        length, width = leisure.COURTS[game]
        while u + width < half:
            at = (*plot.at(u + width / 2, v + length / 2), plot.angle + math.pi / 2)
            site.put("court", at, (length, width), lambda b, g=game: leisure.build_court(rng, b, g), 0.05)  # type: ignore[misc]
            u += width + rng.uniform(0.2, 3.0)
        v += length + 0.5
    u = -half + 2.0
    while u < half - 8.0 and v + 3.0 < plot.depth:
        long, rows = rng.uniform(6.0, 22.0), int(rng.integers(3, 9))
        long = min(long, half - 1.0 - u)
        at = (*plot.at(u + long / 2, v + 0.5 + 0.375 * rows), plot.angle)
        site.put("stand", at, (long, 0.75 * rows), lambda b, s=(long, rows): leisure.build_stand(rng, b, *s), 0.1)  # type: ignore[misc]
        u += long + rng.uniform(0.8, 12.0)
    if rng.random() < 0.6:
        long = rng.uniform(6.0, 16.0)
        at = (*plot.at(rng.uniform(-0.3, 0.3) * plot.width, plot.depth - 0.35 * long), plot.angle)
        if site.put("pool", at, (long + 1, 0.7 * long), lambda b: leisure.build_any_pool(rng, b, long), 0.5):
            deck = site.taken[-1].buffer(rng.uniform(1.0, 3.0), join_style="mitre")
            paint(site, deck, "slabs", houses.varied(rng, (190, 180, 164)), "terrace")
    rim = plot.polygon.exterior
    for at_m in np.arange(0.0, rim.length, 7.0):
        if rng.random() < 0.35:
            point = rim.interpolate(at_m)
            planting.plant_over(site, point.x, point.y, rng.uniform(1.6, 3.6))


def _pitch(site: Site, plot: Plot, long: float, deep: float) -> float:
    """Paint a mown pitch with white lines; returns how far behind the front it ends."""
    x, y0, y1 = long / 2, 2.0, 2.0 + deep
    grass = houses.varied(site.rng, (104, 132, 66), 6.0)
    stripes = int(long / 5)
    paint(site, strip(plot, (-x - 1, x + 1), (y0 - 1, y1 + 1)), "lawn", grass, "pitch")
    for number in range(0, stripes, 2):
        u = -x + number * long / stripes
        red, green, blue = np.array(grass) * 0.93
        paint(site, strip(plot, (u, u + long / stripes), (y0, y1)), "field", (float(red), float(green), float(blue)))
    corners = [plot.at(-x, y0), plot.at(x, y0), plot.at(x, y1), plot.at(-x, y1), plot.at(-x, y0)]
    reach, around = 0.14 * deep, np.linspace(0, 2 * math.pi, 25)
    circle = [plot.at(reach * math.cos(a), (y0 + y1) / 2 + reach * math.sin(a)) for a in around]
    marks = [*pairwise(corners), *pairwise(circle)]
    marks.append((plot.at(0.0, y0), plot.at(0.0, y1)))
    for side in (-1.0, 1.0):
        area = [(side * x, y0 + 0.2 * deep), (side * (x - 0.16 * long), y0 + 0.2 * deep)]
        area += [(side * (x - 0.16 * long), y0 + 0.8 * deep), (side * x, y0 + 0.8 * deep)]
        points = [plot.at(*point) for point in area]
        marks += pairwise(points)
    lines(site, marks, 0.14)
    return y1 + 1.5


def build_orchard_lot(site: Site, plot: Plot) -> None:
    """Plant an orchard, its ground mown between the rows, a hedge round some of it."""
    rng = site.rng
    paint(site, plot.polygon, "lawn", houses.varied(rng, (116, 130, 72), 9.0), "orchard ground")
    planting.plant_orchard(site, plot.polygon, plot.angle + rng.choice([0.0, math.pi / 2]))
    corners = list(plot.polygon.exterior.coords)
    for start, end in pairwise(corners):
        if rng.random() < 0.35:
            planting.plant_hedge(site, start, end, rng.uniform(0.9, 2.2))


def build_solar_lot(site: Site, plot: Plot) -> None:
    """Put up rows of solar panels that face south, as long as the lot is at each."""
    rng = site.rng
    paint(site, plot.polygon, "field", houses.varied(rng, (126, 134, 84), 8.0), "plot")
    width, step = rng.uniform(2.0, 4.2), rng.uniform(1.6, 2.6)
    x0, y0, x1, y1 = plot.polygon.buffer(-2.0).bounds
    for y in np.arange(y0 + width, y1 - width, width * step):
        band = plot.polygon.buffer(-2.0 - width / 2).intersection(box(x0, y - 0.1, x1, y))
        if band.is_empty or band.geom_type != "Polygon":
            continue
        a, _, b, _ = band.bounds
        pieces = 1 if b - a < 26 or rng.random() < 0.5 else 2
        for number in range(pieces):
            long = (b - a) / pieces - 0.8
            at = (a + (number + 0.5) * (b - a) / pieces, y, rng.normal(0, 0.004))
            if long > 4.0:
                site.put("solar", at, (long, width), lambda b, n=long: leisure.build_solar(rng, b, n, width), 0.1)  # type: ignore[misc]


def build_small_field(site: Site, plot: Plot) -> None:
    """Leave a paddock beside the road: fenced by hedges, a few trees or bales on it."""
    rng = site.rng
    grass = houses.varied(rng, (126, 134, 80), 12.0)
    paint(site, plot.polygon, "field", grass, "field")
    for _ in range(3):
        red, green, blue = np.array(grass) * rng.uniform(0.86, 1.12)
        place = plot.at(rng.uniform(-0.5, 0.5) * plot.width, rng.uniform(0, plot.depth))
        spot = blotch(rng, *place, rng.uniform(2.0, 8.0), longer=1.6)
        soften(site, spot, "field", (grass, (float(red), float(green), float(blue))), plot.polygon)
    for _ in range(int(rng.choice([0, 0, 4, 9]))):
        at = (*plot.at(rng.uniform(-0.45, 0.45) * plot.width, rng.uniform(2, plot.depth - 2)), rng.uniform(0, 6))
        site.put("bale", at, (1.4, 1.4), lambda b: things.build_bale(rng, b))
    for _ in range(int(rng.integers(0, 5))):
        place = plot.at(rng.uniform(-0.5, 0.5) * plot.width, rng.uniform(0, plot.depth))
        planting.plant_over(site, *place, rng.uniform(1.5, 5.0))
