"""Marks on the ground: blotches without straight edges, tyre tracks, painted lines."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon

from geoloc.town.scene.houses import varied
from geoloc.town.scene.shapes import Colour
from geoloc.town.scene.site import Site, Surface

_WHITE: Colour = (216.0, 216.0, 210.0)


def blotch(rng: np.random.Generator, x: float, y: float, reach: float, *, longer: float = 1.0) -> Polygon:
    """Return an irregular shape round a point.

    Args:
        rng: what it is drawn from.
        x: of its middle, local metres.
        y: of its middle.
        reach: to its edge on the average, metres.
        longer: how much longer it is in the direction that is drawn for it.
    """
    around = np.linspace(0.0, 2 * math.pi, 36, endpoint=False)
    wave = 1.0 + sum(rng.uniform(0.0, 0.3 / n) * np.sin(n * around + rng.uniform(0, 7)) for n in range(1, 7))
    turn = rng.uniform(0.0, math.pi)
    u, v = reach * longer * wave * np.cos(around), reach * wave * np.sin(around)
    cos, sin = math.cos(turn), math.sin(turn)
    return Polygon(np.stack([x + cos * u - sin * v, y + sin * u + cos * v], axis=-1)).buffer(0)


def paint(site: Site, shape: Polygon | MultiPolygon, material: str, colour: Colour, kind: str = "") -> None:
    """Paint all parts of a shape."""
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type == "Polygon" and part.area > 0.02:
            site.surfaces.append(Surface(part, material, colour, kind))


def soften(site: Site, shape: Polygon, material: str, colours: tuple[Colour, Colour], within: Polygon) -> None:
    """Paint a blotch whose edge fades from one colour to another over a few rings, cut to what it lies in."""
    reach = math.sqrt(shape.area) / 4
    outer, inner = (np.array(colour) for colour in colours)
    for step in range(5):
        ring = shape.buffer(-reach * step / 5).intersection(within)
        red, green, blue = outer + (inner - outer) * (step + 1) / 5
        paint(site, ring, material, (float(red), float(green), float(blue)))


def tyre_tracks(site: Site, within: Polygon, material: str, colour: Colour, count: int) -> None:
    """Paint pairs of curved wheel marks, paler or darker than the ground, cut to what they lie in."""
    rng = site.rng
    x0, y0, x1, y1 = within.bounds
    for _ in range(count):
        start, end, bend = (np.array([rng.uniform(x0, x1), rng.uniform(y0, y1)]) for _ in range(3))
        t = np.linspace(0.0, 1.0, 20)[:, None]
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        line = LineString(curve)
        wheels = shapely.union_all([line.offset_curve(side).buffer(rng.uniform(0.14, 0.3)) for side in (-0.85, 0.85)])
        red, green, blue = np.array(colour) * rng.uniform(0.8, 1.14)
        paint(site, wheels.intersection(within), material, (float(red), float(green), float(blue)))


def lines(site: Site, segments: list[tuple[tuple[float, float], tuple[float, float]]], width: float = 0.12) -> None:
    """Paint white lines on the ground."""
    white = varied(site.rng, _WHITE, 8.0)
    for segment in segments:
        paint(site, LineString(segment).buffer(width / 2, cap_style="flat"), "paint", white)
