"""Large and long buildings: barns and sheds under metal, tunnels, farmhouses in L and T, rows of houses, blocks."""

from __future__ import annotations

import math

import numpy as np

from geoloc.town.scene import houses
from geoloc.town.scene.houses import Body, Slopes, centred, pick, varied
from geoloc.town.scene.shapes import Colour, Finish, Footprint, Material, ShapeBuilder

ROOF_COLOURS: tuple[Colour, ...] = (
    (150, 152, 152), (124, 128, 130), (180, 184, 184), (222, 224, 222), (204, 206, 202), (86, 106, 90), (104, 124, 100),
    (142, 74, 60), (118, 62, 52), (96, 108, 128), (164, 156, 142), (134, 124, 110), (92, 84, 78),
)  # fmt: skip
_SIDING: tuple[Colour, ...] = ((186, 184, 176), (128, 104, 82), (146, 66, 54), (110, 122, 112), (206, 200, 188))
_FILM: tuple[Colour, ...] = ((222, 226, 224), (196, 204, 198), (206, 214, 206))
_ROOF_LIGHT: Finish = (Material.PLAIN, (206.0, 212.0, 206.0))


def build_barn(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a barn or shed about the origin, ridge along x, perhaps with lean-tos along its sides.

    Args:
        rng: what shape and colours are drawn from.
        builder: what collects the faces.
        length: along x, metres.
        width: along y, metres; lean-tos come on top of it.
    """
    colour = pick(rng, ROOF_COLOURS)
    cover = Material.RUST if rng.random() < 0.3 else Material.METAL
    skin = (Material.PLANKS if rng.random() < 0.5 else Material.METAL, pick(rng, _SIDING))
    slope = math.tan(math.radians(rng.uniform(7.0, 24.0)))
    body = Body(rng.uniform(3.2, 5.8), 0, slope, skin, colour, overhang=rng.uniform(0.15, 0.7), cover=cover)
    ridge = houses.gabled_block(builder, centred(length, width), body)
    roof = Slopes(builder, ridge, slope, length / 2, width)
    _weather(rng, roof, (cover, colour))
    builder.box(
        (-length / 2, -0.2, length / 2, 0.2), (ridge - 0.05, ridge + 0.14), (Material.METAL, varied(rng, colour))
    )
    for side in (1.0, -1.0):
        if rng.random() < 0.32:
            _lean_to(rng, builder, (length, width), body, side)


def _weather(rng: np.random.Generator, roof: Slopes, finish: Finish) -> None:
    """Add patches of newer or rustier sheets, rows of roof lights and sometimes solar panels to a roof."""
    eaves = roof.width / 2
    half = roof.clear
    if rng.random() < 0.3:
        side = rng.choice([-1.0, 1.0])
        x0, x1 = sorted(rng.uniform(-half + 0.5, half - 0.5, 2))
        if x1 - x0 > 3.0:
            roof.panel((x0, x1), (0.6, rng.uniform(0.6, 0.95) * eaves), side, (Material.SOLAR, (36.0, 44.0, 70.0)))
            return
    for _ in range(int(rng.choice([0, 0, 1, 2, 4]))):
        x = rng.uniform(-half + 0.3, half - 2.4)
        y0 = rng.choice([0.1, 0.4]) * eaves
        other = (Material.RUST if rng.random() < 0.5 else finish[0], varied(rng, finish[1], 16.0))
        patch = (x, min(x + rng.uniform(1.0, 6.0), half)), (y0, min(y0 + rng.uniform(1.5, eaves), eaves))
        roof.panel(*patch, rng.choice([-1.0, 1.0]), other)
    if rng.random() < 0.4:
        step = rng.uniform(3.5, 7.0)
        for x in np.arange(-half + step / 2, half - 1.0, step):
            for side in (1.0, -1.0):
                roof.panel((x, x + 1.0), (0.25 * eaves, 0.8 * eaves), side, _ROOF_LIGHT)


def _lean_to(
    rng: np.random.Generator, builder: ShapeBuilder, size: tuple[float, float], body: Body, side: float
) -> None:
    """Add a lower roof of one slope along a part of a long side."""
    length, width = size
    deep = rng.uniform(3.0, 6.5)
    long = length * rng.choice([1.0, 0.7, 0.45])
    start = rng.uniform(-length / 2, length / 2 - long)
    high, low = body.height - 0.3, max(body.height - 0.3 - 0.18 * deep, 2.0)
    y0, y1 = side * width / 2, side * (width / 2 + deep)
    colour = body.tiles if rng.random() < 0.5 else pick(rng, ROOF_COLOURS)
    finish = (Material.RUST if rng.random() < 0.4 else Material.METAL, colour)
    corners = [(start, y1, low), (start + long, y1, low), (start + long, y0, high), (start, y0, high)]
    builder.face(corners if side < 0 else corners[::-1], finish, two_sided=True)
    for x in (start, start + long):
        wall = [(x, y0, 0.0), (x, y1, 0.0), (x, y1, low), (x, y0, high)]
        builder.face(wall, body.skin, two_sided=True)
    if rng.random() < 0.6:
        wall = [(start, y1, 0.0), (start + long, y1, 0.0), (start + long, y1, low), (start, y1, low)]
        builder.face(wall, body.skin, two_sided=True)


def build_tunnel(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a round roof down to the ground: a store of bent sheets, or a greenhouse of film."""
    film = rng.random() < 0.5
    finish = (Material.PLAIN, pick(rng, _FILM)) if film else (Material.METAL, pick(rng, ROOF_COLOURS[:5]))
    builder.tunnel((length, width), rng.uniform(0.36, 0.5) * width, finish)


def build_farmhouse(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a long house with a wing of much the same height at its end (an L) or its middle (a T).

    Args:
        rng: what shape and colours are drawn from.
        builder: what collects the faces.
        length: along x, metres.
        width: of the main block along y, metres; the wing comes on top of it.
    """
    brick = rng.random() < 0.4
    skin = (Material.BRICK, pick(rng, houses.BRICK_COLOURS)) if brick else _plaster(rng)
    slope = math.tan(math.radians(rng.uniform(30.0, 46.0)))
    body = Body(rng.choice([3.2, 5.6]), int(rng.integers(1, 3)), slope, skin, pick(rng, houses.TILE_COLOURS))
    ridge = houses.gabled_block(builder, centred(length, width), body)
    wide, deep = width * rng.uniform(0.75, 1.0), rng.uniform(5.0, 10.0)
    at = rng.choice([-1.0, 0.0, 1.0]) * (length - wide) / 2
    x, y = builder.place([(at, width / 2 + deep / 2 - width / 4, 0.0)])[0, :2]
    wing = ShapeBuilder(x, y, builder.angle + math.pi / 2, builder.faces)
    houses.gabled_block(wing, centred(deep + width / 2, wide), body)
    houses.roof_details(rng, Slopes(builder, ridge, slope, length / 2 - 0.8, width))


def build_row(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build houses side by side under one roof line, a door and some chimneys each."""
    units = max(2, round(length / rng.uniform(5.5, 7.0)))
    skin = (Material.BRICK, pick(rng, houses.BRICK_COLOURS)) if rng.random() < 0.5 else _plaster(rng)
    slope = math.tan(math.radians(rng.uniform(24.0, 40.0)))
    tiles = pick(rng, houses.TILE_COLOURS)
    body = Body(5.8, 2, slope, skin, tiles)
    ridge = houses.gabled_block(builder, centred(length, width), body)
    unit = length / units
    for number in range(units):
        middle = (number + 0.5) * unit - length / 2
        x, y = builder.place([(middle, 0.0, 0.0)])[0, :2]
        own = Slopes(ShapeBuilder(x, y, builder.angle, builder.faces), ridge, slope, unit / 2 - 0.4, width)
        if rng.random() < 0.4:  # its own tiles, newer or older
            for side in (1.0, -1.0):
                look = (Material.TILES, varied(rng, tiles, 10.0))
                own.panel((-unit / 2, unit / 2), (0.0, width / 2 + 0.3), side, look)
        houses.roof_details(rng, own)
        if number:
            edge = middle - unit / 2
            builder.box((edge - 0.15, -0.6, edge + 0.15, 0.6), (ridge - 0.6, ridge + 0.5), skin)


def build_block(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a flat-roofed block with a parapet, or two of different height that make an L within length and width."""
    skin = (Material.BRICK, pick(rng, houses.BRICK_COLOURS)) if rng.random() < 0.3 else _plaster(rng)
    storeys = int(rng.integers(1, 5))
    high = 0.6 + 3.0 * storeys
    deep = width if rng.random() < 0.5 else rng.uniform(0.45, 0.65) * width
    main: Footprint = (-length / 2, -width / 2, length / 2, -width / 2 + deep)
    houses.flat_block(rng, builder, main, (high, storeys), skin)
    _fit_roof(rng, builder, main, high)
    if deep < width:
        wide = rng.uniform(0.25, 0.5) * length
        x = rng.choice([-length / 2, length / 2 - wide])
        other = (x, -width / 2 + deep, x + wide, width / 2)
        storeys = max(1, storeys - int(rng.integers(0, 2)))
        houses.flat_block(rng, builder, other, (0.5 + 3.0 * storeys, storeys), skin)


def _fit_roof(rng: np.random.Generator, builder: ShapeBuilder, footprint: Footprint, high: float) -> None:
    """Put rows of solar panels, a row of roof lights or a lift's house onto a flat roof."""
    x0, y0, x1, y1 = footprint
    what = rng.choice(["panels", "lights", "house", "nothing"])
    if what == "panels":
        for y in np.arange(y0 + 1.2, y1 - 2.0, rng.uniform(1.7, 2.4)):
            ends = x0 + 1.5, rng.uniform(0.5 * (x0 + x1), x1 - 1.5)
            low, top = high + 0.15, high + 0.55
            panel = [(ends[0], y, low), (ends[1], y, low), (ends[1], y + 1.2, top), (ends[0], y + 1.2, top)]
            builder.face(panel, (Material.SOLAR, (36.0, 44.0, 70.0)), two_sided=True)
    elif what == "lights":
        for x in np.arange(x0 + 2.0, x1 - 3.0, rng.uniform(3.0, 5.0)):
            builder.box((x, (y0 + y1) / 2 - 0.9, x + 1.4, (y0 + y1) / 2 + 0.9), (high, high + 0.45), _ROOF_LIGHT)
    elif what == "house" and x1 - x0 > 8 and y1 - y0 > 6:
        x, y = rng.uniform(x0 + 1, x1 - 5), rng.uniform(y0 + 1, y1 - 4.5)
        house: Footprint = (x, y, x + rng.uniform(2.5, 4.0), y + rng.uniform(2.5, 3.5))
        builder.box(house, (high, high + 2.4), (Material.PLAIN, (190.0, 188.0, 182.0)))


def _plaster(rng: np.random.Generator) -> Finish:
    return Material.PLASTER, pick(rng, houses.WALL_COLOURS)
