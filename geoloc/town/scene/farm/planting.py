"""What grows in rows and alone: hedges, tree rows, orchards, large trees."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import LineString, Point, Polygon

from geoloc.town.scene import details
from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.shapes import Blob, Face
from geoloc.town.scene.site import Site

Place = tuple[float, float]


def hedge_blobs(rng: np.random.Generator, start: Place, end: Place, width: float) -> list[Blob]:
    """Build a hedge without gaps between two points, uneven and about `width` metres wide."""
    length = math.dist(start, end)
    colour, height = pick(rng, details.CROWN_COLOURS), width * rng.uniform(0.5, 1.0)
    count = max(2, int(length / (0.42 * width)))
    along = (np.array(end) - start) / max(length, 1e-6)
    blobs = []
    for share in (np.arange(count) + 0.5) / count:
        x, y = np.array(start) + share * length * along + rng.normal(0, 0.08 * width, 2)
        radii = width * np.array([*rng.uniform(0.42, 0.62, 2), 0.0]) + [0.0, 0.0, height * rng.uniform(0.8, 1.2)]
        blobs.append(Blob(np.array([x, y, 0.55 * height]), radii, varied(rng, colour, 7.0)))
    return blobs


def plant_hedge(site: Site, start: Place, end: Place, width: float, margin: float = 0.3) -> None:
    """Plant a hedge as one object where the ground is free, shortened to what is."""
    line = LineString([start, end])
    if line.length < 4.0:
        return
    strip = line.buffer(width / 2, cap_style="flat")
    if not site.free(strip, margin):
        half = line.interpolate(0.5, normalized=True).coords[0]
        if line.length > 16.0:
            plant_hedge(site, start, half, width, margin)
            plant_hedge(site, half, end, width, margin)
        return
    site.add("hedge", (), hedge_blobs(site.rng, start, end, width))
    site.taken.append(strip)


def plant_tree_row(site: Site, start: Place, end: Place, radius: float) -> None:
    """Plant trees whose crowns touch as one object, if the ground is free."""
    rng, line = site.rng, LineString([start, end])
    if line.length < 4 * radius or not site.free(line.buffer(0.6 * radius), 0.3):
        return
    faces: list[Face] = []
    blobs: list[Blob] = []
    at = radius
    while at < line.length - 0.5 * radius:
        point = line.interpolate(at)
        size = radius * rng.uniform(0.75, 1.2)
        sway = rng.normal(0, 0.15 * radius, 2)
        trunk, crown = details.build_tree(rng, point.x + sway[0], point.y + sway[1], size, 22)
        faces += trunk
        blobs += crown
        at += 1.35 * size
    site.add("tree row", faces, blobs)
    site.taken.append(line.buffer(0.7 * radius))


def plant_orchard(site: Site, ground: Polygon, angle: float) -> None:
    """Plant rows of small crowns over a piece of ground; some are missing."""
    rng = site.rng
    row, step = rng.uniform(4.0, 6.5), rng.uniform(3.0, 5.0)
    radius = rng.uniform(0.32, 0.48) * step
    x0, y0 = ground.centroid.coords[0]
    reach = math.sqrt(ground.area)
    cos, sin = math.cos(angle), math.sin(angle)
    inner = ground.buffer(-radius)
    for v in np.arange(-reach, reach, row):
        for u in np.arange(-reach, reach, step):
            x, y = x0 + cos * u - sin * v + rng.normal(0, 0.12), y0 + sin * u + cos * v + rng.normal(0, 0.12)
            if rng.random() < 0.05 or not inner.contains(Point(x, y)):
                continue
            if site.free(Point(x, y).buffer(0.6 * radius), 0.1):
                crown = details.build_tree(rng, x, y, radius * rng.uniform(0.75, 1.15), 14)
                site.add("orchard tree", *crown)
                site.taken.append(Point(x, y).buffer(0.7 * radius))


def plant_over(site: Site, x: float, y: float, radius: float) -> None:
    """Plant a large tree whose crown may hang over what stands beside it, if there is room for its trunk."""
    if not site.free(Point(x, y).buffer(0.5), 0.3):
        return
    site.add("tree", *details.build_tree(site.rng, x, y, radius, 60))
    site.taken.append(Point(x, y).buffer(0.5))
