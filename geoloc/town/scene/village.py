"""A village: houses in gardens along streets, a square with a hall or church, a pond, fields all round."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from geoloc.town.scene import details, houses
from geoloc.town.scene.layout import PAVEMENT_M, Layout, Plot, Street, places_along, plan_town
from geoloc.town.scene.scenery import plant_far_trees
from geoloc.town.scene.shapes import Colour
from geoloc.town.scene.site import Site, Surface

_DRIVES: tuple[tuple[str, Colour], ...] = (
    ("asphalt", (112, 112, 112)),
    ("slabs", (168, 152, 138)),
    ("slabs", (182, 178, 170)),
    ("gravel", (172, 162, 146)),
)
_TERRACES: tuple[Colour, ...] = ((178, 166, 150), (150, 118, 96), (190, 188, 184))


def build_village(site: Site, size_m: float) -> Layout:
    """Build a village of `size_m` x `size_m` metres; returns its layout."""
    layout = plan_town(site.rng, size_m)
    if not layout.pond.is_empty:
        site.taken.append(layout.pond.buffer(0.5))
    _build_square(site, layout)
    for plot in layout.plots:
        build_plot(site, plot)
    for street in layout.streets:
        _park_cars(site, street, layout)
        _street_trees(site, street, layout)
    _field_trees(site, layout)
    return layout


def build_plot(site: Site, plot: Plot) -> None:
    """Build a house with its garden, drive and cars."""
    rng = site.rng
    site.surfaces.append(Surface(plot.polygon, "lawn", houses.varied(rng, (112, 128, 70), 9.0), "plot"))
    length = min(rng.uniform(9.0, 13.5), plot.width - 6.0)
    width, setback = rng.uniform(7.6, 9.6), rng.uniform(4.5, 7.0)
    shift = rng.choice([-1.0, 1.0]) * (plot.width - length - 5.2) / 2
    x, y = plot.at(shift, setback + width / 2)
    turn = plot.angle + (rng.normal(0, 0.03) if rng.random() < 0.8 else rng.normal(0, 0.12))
    site.put("house", (x, y, turn), (length, width), lambda b: houses.build_house(rng, b, length, width), 0.6)

    # The drive is on the wider side; it ends beside the house.
    side = -np.sign(shift) if shift else 1.0
    drive_u, drive_w, drive_d = side * (plot.width / 2 - 2.2), rng.uniform(2.9, 3.5), setback + rng.uniform(3.0, 8.0)
    material, colour = _DRIVES[rng.integers(len(_DRIVES))]
    site.surfaces.append(
        Surface(_strip(plot, drive_u, drive_w, -0.8, drive_d), material, houses.varied(rng, colour), "drive")
    )
    path_u = shift + rng.uniform(-0.2, 0.2) * length
    path = _strip(plot, path_u, 1.2, -0.5, setback)
    site.surfaces.append(Surface(path, "slabs", houses.varied(rng, (176, 170, 160)), "path"))
    back = setback + width
    terrace = _strip(plot, shift + rng.uniform(-2, 2), rng.uniform(4.0, 7.0), back - 0.5, back + rng.uniform(2.0, 3.6))
    site.surfaces.append(Surface(terrace, "slabs", houses.pick(rng, _TERRACES), "terrace"))
    for at in (2.9, 8.0) if rng.random() < 0.3 else (rng.uniform(2.6, max(drive_d - 2.4, 2.7)),):
        if rng.random() < 0.75:
            cx, cy = plot.at(drive_u + rng.normal(0, 0.1), at)
            facing = plot.angle + rng.choice([-1, 1]) * math.pi / 2 + rng.normal(0, 0.03)
            site.put("car", (cx, cy, facing), (4.6, 1.9), lambda b: details.build_car(rng, b), 0.25)
    _build_garden(site, plot, back)


def _strip(plot: Plot, middle: float, width: float, v0: float, v1: float) -> Polygon:
    u0, u1 = middle - width / 2, middle + width / 2
    return Polygon([plot.at(u0, v0), plot.at(u1, v0), plot.at(u1, v1), plot.at(u0, v1)])


def _build_garden(site: Site, plot: Plot, back: float) -> None:
    rng = site.rng
    room = plot.depth - back
    half = plot.width / 2
    if rng.random() < 0.6 and room > 6.0:
        length, width = rng.uniform(2.4, 4.6), rng.uniform(2.0, 3.2)
        x, y = plot.at(rng.choice([-1, 1]) * (half - length / 2 - 1.0), plot.depth - width / 2 - 1.0)
        place = (x, y, plot.angle + rng.normal(0, 0.05))
        site.put("shed", place, (length, width), lambda b: houses.build_shed(rng, b, length, width))
    if rng.random() < 0.25 and room > 9.0:
        length, width = rng.uniform(5.0, 8.5), rng.uniform(3.0, 4.2)
        x, y = plot.at(rng.uniform(-0.15, 0.15) * plot.width, back + 0.55 * room)
        place = (x, y, plot.angle + rng.choice([0.0, 0.0, 0.3]))
        site.put("pool", place, (length, width), lambda b: details.build_pool(rng, b, length, width))
    for _ in range(int(rng.integers(0, 3))):  # flower and vegetable beds
        u, v = rng.uniform(-half + 3, half - 3), rng.uniform(back + 2, max(plot.depth - 2, back + 2.1))
        bed = _strip(plot, u, rng.uniform(1.2, 3.5), v, v + rng.uniform(0.9, 2.0))
        site.surfaces.append(Surface(bed, "soil", houses.varied(rng, (112, 90, 68)), "bed"))
    corners = [plot.at(-half, 0.4), plot.at(-half, plot.depth), plot.at(half, plot.depth), plot.at(half, 0.4)]
    for start, end in pairwise(corners):
        if rng.random() < 0.5:
            row = details.build_hedge(rng, start, end)
            site.plant("hedge", [blob for blob in row if site.free(Point(blob.centre[:2]).buffer(0.5), 0.1)])
    for _ in range(int(rng.integers(1, 5))):
        v = rng.uniform(back + 3.0, plot.depth - 1.0) if room > 5 and rng.random() < 0.8 else rng.uniform(1.5, 3.5)
        site.tree(*plot.at(rng.uniform(-half + 1.5, half - 1.5), v), rng.uniform(1.1, 3.2))
    for _ in range(int(rng.integers(3, 9))):  # shrubs
        x, y = plot.at(rng.uniform(-half + 0.8, half - 0.8), rng.uniform(0.8, plot.depth - 0.8))
        site.bush(x, y, rng.uniform(0.3, 0.8), details.CROWN_COLOURS)


def _park_cars(site: Site, street: Street, layout: Layout) -> None:
    rng = site.rng
    others = shapely.unary_union([s.line.buffer(s.width / 2 + 9.0) for s in layout.streets if s is not street])
    for side in (1.0, -1.0):
        for x, y, turn in places_along(street, layout.half_m - 3.0, lambda: rng.uniform(6.2, 26.0)):
            off = side * (street.width / 2 - 1.05)
            place = (x - math.sin(turn) * off, y + math.cos(turn) * off, turn + (math.pi if side > 0 else 0.0))
            if not others.contains(Point(place[:2])):
                site.put("car", place, (4.6, 1.9), lambda b: details.build_car(rng, b), 0.3)


def _street_trees(site: Site, street: Street, layout: Layout) -> None:
    rng = site.rng
    if not street.marked:
        return
    off = street.width / 2 + PAVEMENT_M + 0.2
    for x, y, turn in places_along(street, layout.half_m - 3.0, lambda: rng.uniform(9.0, 24.0)):
        side = rng.choice([-1.0, 1.0])
        site.tree(x - side * math.sin(turn) * off, y + side * math.cos(turn) * off, rng.uniform(1.2, 1.9))


def _field_trees(site: Site, layout: Layout) -> None:
    """Plant single trees and small groves on open ground, rows of them along the far fields' edges."""
    rng, half = site.rng, layout.half_m
    closed = shapely.unary_union([layout.paved.buffer(2.5), layout.pond, *(plot.polygon for plot in layout.plots)])
    shapely.prepare(closed)
    for _ in range(int(10 + 0.0011 * (2 * half) ** 2)):
        x, y = rng.uniform(-half, half, 2)
        for _ in range(int(rng.choice([1, 1, 2, 6]))):
            radius = rng.uniform(1.2, 3.6)
            if closed.distance(Point(x, y)) > radius and max(abs(x), abs(y)) < half - radius - 0.5:
                site.tree(x, y, radius)
            x, y = x + rng.normal(0, 5.0), y + rng.normal(0, 5.0)
    for parcel in layout.parcels:
        if rng.random() >= 0.5 and parcel.polygon.distance(Point(0, 0)) <= 450.0:
            plant_far_trees(site, parcel, layout, most_share=0.6)


def _build_square(site: Site, layout: Layout) -> None:
    """Build a hall or church facing the square, trees and parked cars on it."""
    rng = site.rng
    corners = np.array(layout.square.exterior.coords)[:4]
    edges = [(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    start, end = max(edges, key=lambda edge: float(np.linalg.norm(edge[1] - edge[0])))
    turn = math.atan2(*(end - start)[::-1])
    middle = corners.mean(0)
    size = np.sort([np.linalg.norm(b - a) for a, b in edges[:2]])[::-1]
    along, across = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    x, y = middle + 0.2 * size[0] * along
    length, width = min(0.42 * size[0], 18.0), min(0.5 * size[1], 10.0)
    if width > 5.0:
        site.put("hall", (x, y, turn), (length + 4, width), lambda b: houses.build_hall(rng, b, length, width))
    for share in (-0.42, -0.14, 0.14, 0.42):
        tx, ty = middle - 0.43 * size[0] * along + share * size[1] * across
        site.tree(tx, ty, rng.uniform(1.3, 2.0))
    for i in range(int(0.3 * size[0] / 2.7)):
        if rng.random() < 0.7:
            cx, cy = middle + (-0.34 * size[0] + 2.7 * i) * along - 0.26 * size[1] * across
            site.put("car", (cx, cy, turn + math.pi / 2), (4.4, 1.9), lambda b: details.build_car(rng, b), 0.2)
