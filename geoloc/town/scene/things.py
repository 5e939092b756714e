"""What stands about in yards: bales, tanks, containers, trailers, tractors and heaps."""

from __future__ import annotations

import math

import numpy as np
from shapely.geometry import Point, Polygon

from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.shapes import Blob, Colour, Finish, Material, ShapeBuilder
from geoloc.town.scene.site import Site

_STRAW: tuple[Colour, ...] = ((196, 170, 110), (180, 152, 96), (164, 140, 98), (150, 136, 96))
_WRAP: tuple[Colour, ...] = ((226, 228, 222), (196, 212, 190), (48, 50, 48), (206, 214, 206))
_STEEL: tuple[Colour, ...] = ((190, 194, 194), (160, 164, 164), (214, 214, 206), (92, 116, 100))
_PAINTS: tuple[Colour, ...] = (
    (46, 96, 58), (150, 40, 34), (44, 74, 120), (196, 128, 40), (206, 206, 200), (120, 66, 48), (110, 114, 116),
)  # fmt: skip
_HEAPS: tuple[Colour, ...] = ((112, 88, 66), (148, 140, 126), (92, 74, 56), (166, 152, 126), (84, 84, 80))
_TYRE: Finish = (Material.PLAIN, (30.0, 30.0, 31.0))
_GLASS: Finish = (Material.GLASS, (38.0, 44.0, 50.0))


def ring(radius: float, count: int) -> list[tuple[float, float]]:
    """Return points of a circle about the origin, counter-clockwise."""
    return [(radius * math.cos(a), radius * math.sin(a)) for a in np.arange(count) * (2 * math.pi / count)]


def build_bale(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a round bale, 1.2 to 1.5 m, lying along x or standing on its end, of straw or wrapped in film."""
    finish = _bale_finish(rng)
    radius, long = rng.uniform(0.6, 0.76), rng.uniform(1.15, 1.35)
    if rng.random() < 0.3:
        builder.prism(ring(radius, 8), (0.0, long), finish)
        return
    around = [(radius * math.sin(a), radius - radius * math.cos(a)) for a in np.arange(8) * (math.pi / 4)]
    x = long / 2
    for (y0, z0), (y1, z1) in zip(around, [*around[1:], around[0]], strict=True):
        builder.face([(-x, y0, z0), (x, y0, z0), (x, y1, z1), (-x, y1, z1)], finish, two_sided=True)
    builder.face([(x, y, z) for y, z in around], finish, two_sided=True)
    builder.face([(-x, y, z) for y, z in around[::-1]], finish, two_sided=True)


def build_stack(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a stack of square bales in layers, each bale a little out of line, the upper ones not complete."""
    straw = pick(rng, _STRAW)
    long, wide, high = rng.uniform(2.0, 2.5), 1.2, rng.uniform(0.8, 1.0)
    columns, rows = max(1, int(length / long)), max(1, int(width / wide))
    keep = columns
    for layer in range(int(rng.integers(1, 5))):
        for i in range(keep):
            for j in range(rows):
                x, y = (i - columns / 2) * long + rng.normal(0, 0.05), (j - rows / 2) * wide + rng.normal(0, 0.05)
                top = (layer * high, (layer + 1) * high)
                bale = (x + 0.03, y + 0.03, x + long - 0.03, y + wide - 0.03)
                builder.box(bale, top, (Material.STRAW, varied(rng, straw, 7.0)))
        keep = int(rng.integers(max(1, keep - 2), keep + 1))


def _bale_finish(rng: np.random.Generator) -> Finish:
    if rng.random() < 0.3:
        return Material.PLAIN, pick(rng, _WRAP)
    return Material.STRAW, pick(rng, _STRAW)


def build_tank(rng: np.random.Generator, builder: ShapeBuilder, radius: float) -> None:
    """Build a silo with a cone for its roof, or a wide open tank with slurry or water in it."""
    count = 20
    wide = radius > 3.5
    high = rng.uniform(2.0, 4.0) if wide else rng.uniform(4.0, 11.0)
    steel = (Material.METAL if rng.random() < 0.7 else Material.PLAIN, pick(rng, _STEEL))
    outer = ring(radius, count)
    for (ax, ay), (bx, by) in zip(outer, [*outer[1:], outer[0]], strict=True):
        builder.face([(ax, ay, 0.0), (bx, by, 0.0), (bx, by, high), (ax, ay, high)], steel, two_sided=True)
    if wide and rng.random() < 0.6:
        content = (Material.WATER, pick(rng, ((72, 66, 50), (70, 88, 84), (98, 84, 62))))
        fan(builder, ring(0.93 * radius, count), high - 0.6, high - 0.6, content)
        for (ax, ay), (bx, by) in zip(outer, [*outer[1:], outer[0]], strict=True):
            rim = [(ax, ay, high), (bx, by, high), (0.92 * bx, 0.92 * by, high), (0.92 * ax, 0.92 * ay, high)]
            builder.face(rim, steel)
        return
    fan(builder, ring(1.03 * radius, count), high, high + rng.uniform(0.1, 0.45) * radius, steel)


def fan(builder: ShapeBuilder, plan: list[tuple[float, float]], low: float, middle: float, finish: Finish) -> None:
    """Add triangles from a counter-clockwise ring at the height `low` to the origin at the height `middle`."""
    for (ax, ay), (bx, by) in zip(plan, [*plan[1:], plan[0]], strict=True):
        builder.face([(ax, ay, low), (bx, by, low), (0.0, 0.0, middle)], finish, two_sided=True)


def build_container(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a shipping container of 20 or 40 feet, 2.44 m wide, perhaps rusty."""
    x = rng.choice([6.06, 6.06, 12.19]) / 2
    finish = (Material.RUST if rng.random() < 0.3 else Material.METAL, pick(rng, _PAINTS))
    builder.box((-x, -1.22, x, 1.22), (0.0, 2.6), finish)


def build_trailer(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a flat or walled trailer with a drawbar towards +x, empty or loaded with straw or earth."""
    x, y = rng.uniform(2.0, 4.2), rng.uniform(1.05, 1.25)
    paint = (Material.PAINT, pick(rng, _PAINTS))
    for at in (-0.5 * x, 0.45 * x):
        builder.box((at - 0.45, -y, at + 0.45, y), (0.0, 0.9), _TYRE)
    builder.box((-x, -y, x, y), (0.85, 1.05), paint, top=(Material.PLANKS, varied(rng, (138, 120, 98))))
    builder.box((x, -0.12, x + 1.6, 0.12), (0.5, 0.65), paint)
    if rng.random() < 0.7:
        for side in ((-x, -y, x, -y + 0.1), (-x, y - 0.1, x, y), (-x, -y, -x + 0.1, y), (x - 0.1, -y, x, y)):
            builder.box(side, (1.05, 1.8), paint)
    if rng.random() < 0.5:
        load = (Material.STRAW, pick(rng, (*_STRAW, *_HEAPS)))
        builder.box((-x + 0.15, -y + 0.12, x - 0.15, y - 0.12), (1.05, rng.uniform(1.4, 2.6)), load)


def build_tractor(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a tractor, bonnet towards +x, with large wheels behind."""
    paint = (Material.PAINT, pick(rng, _PAINTS[:5]))
    builder.box((0.2, -0.42, 2.2, 0.42), (0.7, 1.55), paint)
    builder.box((-1.1, -0.75, 0.3, 0.75), (0.9, 2.5), _GLASS, top=paint)
    for x, half, wide, high in ((-0.7, 0.85, 0.5, 1.7), (1.6, 0.55, 0.35, 1.15)):
        for y in (-1.05, 1.05 - wide):
            builder.box((x - half, y, x + half, y + wide), (0.0, high), _TYRE)
    if rng.random() < 0.4:  # something at its back
        builder.box((-2.6, -1.3, -1.5, 1.3), (0.2, 0.8), (Material.PAINT, pick(rng, _PAINTS)))


def build_heap(rng: np.random.Generator, x: float, y: float, reach: float) -> tuple[Blob, ...]:
    """Build a heap of earth, gravel or muck of about `reach` metres to every side of a point."""
    colour = pick(rng, _HEAPS)
    blobs = []
    for _ in range(int(rng.integers(3, 8))):
        place = np.array([*rng.normal([x, y], 0.35 * reach), 0.0])
        radii = reach * np.array([*rng.uniform(0.5, 0.8, 2), rng.uniform(0.3, 0.55)])
        blobs.append(Blob(place, radii, varied(rng, colour, 4.0)))
    return tuple(blobs)


def heap_up(site: Site, within: Polygon, reach: float) -> None:
    """Pile up earth, gravel or muck of about `reach` metres to every side where there is room in a piece of ground."""
    rng = site.rng
    x0, y0, x1, y1 = within.bounds
    for _ in range(8):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        ground = Point(x, y).buffer(reach)
        if within.contains(Point(x, y)) and site.free(ground, 0.1):
            site.add("pile", (), build_heap(rng, x, y, reach))
            site.taken.append(ground)
            return
