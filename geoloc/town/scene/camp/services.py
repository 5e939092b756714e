"""What serves a camp: stores of canvas over frames, water on a stand, lorries."""

from __future__ import annotations

import numpy as np

from geoloc.town.scene import houses
from geoloc.town.scene.camp.shelters import CANVAS, SHEETING
from geoloc.town.scene.houses import Body, centred, pick
from geoloc.town.scene.shapes import Colour, Finish, Material, ShapeBuilder
from geoloc.town.scene.things import fan, ring

_TANKS: tuple[Colour, ...] = ((40, 42, 44), (214, 216, 214), (58, 96, 150), (96, 112, 96))
_CABS: tuple[Colour, ...] = ((232, 232, 230), (196, 148, 52), (52, 84, 136), (132, 48, 42), (226, 226, 224))
_STEEL: Finish = (Material.METAL, (132.0, 134.0, 134.0))
_TYRE: Finish = (Material.PLAIN, (28.0, 28.0, 29.0))
_GLASS: Finish = (Material.GLASS, (38.0, 44.0, 50.0))


def build_store(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a large tent that goods are kept in: a tunnel, or upright walls under two slopes."""
    canvas: Finish = (Material.PLASTER, pick(rng, CANVAS))
    if rng.random() < 0.5:
        builder.tunnel((length, width), rng.uniform(0.38, 0.5) * width, canvas)
        return
    body = Body(rng.uniform(2.6, 3.6), 0, rng.uniform(0.3, 0.5), canvas, canvas[1], 0.1, Material.PLASTER)
    houses.gabled_block(builder, centred(length, width), body)


def build_water_tank(rng: np.random.Generator, builder: ShapeBuilder, radius: float) -> None:
    """Build a round plastic or steel tank on a slab or a stand of poles."""
    stand = rng.uniform(1.2, 3.0) if radius < 1.6 and rng.random() < 0.6 else 0.25
    side = 1.15 * radius
    if stand > 1.0:
        for x in (-side, side - 0.15):
            for y in (-side, side - 0.15):
                builder.box((x, y, x + 0.15, y + 0.15), (0.0, stand), _STEEL)
        builder.box(centred(2 * side, 2 * side), (stand - 0.12, stand), _STEEL)
    else:
        builder.box(centred(2 * side, 2 * side), (0.0, stand), (Material.PLAIN, (168.0, 164.0, 156.0)))
    skin: Finish = (Material.PLAIN, pick(rng, _TANKS))
    plan, high = ring(radius, 14), stand + rng.uniform(1.1, 1.5) * min(radius, 1.8)
    for (ax, ay), (bx, by) in zip(plan, [*plan[1:], plan[0]], strict=True):
        builder.face([(ax, ay, stand), (bx, by, stand), (bx, by, high), (ax, ay, high)], skin)
    fan(builder, plan, high, high + 0.2 * radius, skin)


def build_lorry(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a lorry of 7 to 9 m, cab towards +x: a bare bed, sacks on it, or sheeting over hoops."""
    half, side = rng.uniform(3.4, 4.4), 1.2
    paint: Finish = (Material.PAINT, pick(rng, _CABS))
    for x in (-0.62 * half, -0.35 * half, 0.7 * half):
        builder.box((x - 0.48, -side - 0.01, x + 0.48, side + 0.01), (0.0, 0.84), _TYRE)
    front = half - 1.9
    builder.box((front, -side, half, side), (0.6, 1.5), paint)
    builder.box((front + 0.1, -side + 0.05, half - 0.15, side - 0.05), (1.5, 2.3), _GLASS, top=paint)
    builder.box((-half + 0.3, -0.45, half - 0.3, 0.45), (0.5, 0.84), _STEEL)
    bed = (-half, -side, front - 0.15, side)
    builder.box(bed, (0.85, 1.1), (Material.PLANKS, (128.0, 108.0, 84.0)))
    load = rng.random()
    if load < 0.5:
        builder.box(bed, (1.1, rng.uniform(2.6, 3.1)), (Material.PLAIN, pick(rng, SHEETING)))
    elif load < 0.8:
        inner = (bed[0] + 0.2, bed[1] + 0.15, bed[2] - rng.uniform(0.2, 2.0), bed[3] - 0.15)
        builder.box(inner, (1.1, rng.uniform(1.4, 2.0)), (Material.STRAW, pick(rng, CANVAS)))
