"""Houses, halls and sheds: bodies with windows and doors under gable, hip and flat roofs, no two alike."""

from __future__ import annotations

import math

import numpy as np

from geoloc.town.shapes import Builder, Colour, Material, Openings, rectangle

TILE_COLOURS: tuple[Colour, ...] = (
    (158, 84, 62), (176, 104, 76), (128, 66, 52), (104, 72, 62), (86, 86, 92), (66, 68, 76), (146, 118, 98), (122, 92, 78),
    (188, 124, 88), (98, 104, 98),
)  # fmt: skip
WALL_COLOURS: tuple[Colour, ...] = (
    (226, 220, 204), (214, 196, 162), (232, 232, 228), (206, 178, 150), (190, 198, 200), (222, 206, 190), (198, 164, 140),
    (214, 214, 196), (176, 186, 176),
)  # fmt: skip
BRICK_COLOURS: tuple[Colour, ...] = ((150, 88, 70), (166, 108, 84), (138, 96, 82), (176, 136, 110))
FLAT_COLOURS: tuple[Colour, ...] = ((132, 130, 126), (104, 104, 106), (164, 160, 152), (120, 116, 108), (186, 184, 178))
_WOOD: tuple[Colour, ...] = ((140, 104, 72), (112, 92, 74), (150, 132, 110), (92, 76, 64), (118, 126, 118))


def varied(rng: np.random.Generator, colour: Colour, spread: float = 7.0) -> Colour:
    """A colour close to another: brighter or darker together, a little in each channel."""
    red, green, blue = np.clip(np.array(colour) + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 8, 245)
    return float(red), float(green), float(blue)


def pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """One of the colours, varied."""
    return varied(rng, colours[rng.integers(len(colours))])


def build_house(rng: np.random.Generator, builder: Builder, length: float, width: float) -> None:
    """A dwelling about the builder's origin, its length along x, its front towards -y."""
    storeys = 2 if rng.random() < 0.45 else 1
    height = 0.4 + 2.75 * storeys
    brick = rng.random() < 0.35
    skin = (Material.BRICK, pick(rng, BRICK_COLOURS)) if brick else (Material.PLASTER, pick(rng, WALL_COLOURS))
    tiles = pick(rng, TILE_COLOURS)
    kind = rng.choice(["gable", "gable", "gable", "hip", "hip", "flat"])
    if kind == "flat":
        flat_block(rng, builder, (-length / 2, -width / 2, length / 2, width / 2), height, storeys, skin)
        if rng.random() < 0.6:
            x = length / 2
            block = (x, -width / 2, x + 3.2, -width / 2 + 5.6)
            flat_block(rng, builder, block, 2.7, 0, skin)
        return
    slope = math.tan(math.radians(rng.uniform(26.0, 46.0)))
    roofed = gabled_block if kind == "gable" else hipped_block
    ridge = roofed(builder, (-length / 2, -width / 2, length / 2, width / 2), height, storeys, slope, skin, tiles)
    if rng.random() < 0.45:
        _wing(rng, builder, length, width, height, storeys, slope, skin, tiles)
    _roof_things(rng, builder, length, width, height, ridge, slope, kind == "hip")


def _walls(
    builder: Builder,
    plan: tuple[float, float, float, float],
    height: float,
    storeys: int,
    skin: tuple[Material, Colour],
) -> None:
    x0, y0, x1, y1 = plan
    across, along = max(1, int((x1 - x0) / 2.9)), max(1, int((y1 - y0) / 3.1))
    openings = [Openings(across, storeys, across // 2), Openings(along, storeys), Openings(across, storeys, 0)]
    builder.prism(rectangle(*plan), 0.0, height, *skin, openings=[*openings, Openings(along, storeys)])


def flat_block(
    rng: np.random.Generator,
    builder: Builder,
    plan: tuple[float, float, float, float],
    height: float,
    storeys: int,
    skin: tuple[Material, Colour],
) -> None:
    """Walls, a parapet and a flat roof with things standing on it."""
    x0, y0, x1, y1 = plan
    _walls(builder, plan, height, storeys, skin)
    roof = pick(rng, FLAT_COLOURS)
    edge = varied(rng, (176, 172, 166))
    rim, top = 0.3, (height, height + 0.35)
    for part in ((x0, y0, x1, y0 + rim), (x0, y1 - rim, x1, y1), (x0, y0, x0 + rim, y1), (x1 - rim, y0, x1, y1)):
        builder.box(*part, top, Material.PLAIN, edge)
    builder.box(x0 + rim, y0 + rim, x1 - rim, y1 - rim, (height, height + 0.06), Material.FLAT_ROOF, roof)
    for _ in range(int((x1 - x0) * (y1 - y0) / 38)):
        sx, sy, sz = rng.uniform(0.7, 1.7), rng.uniform(0.7, 1.5), rng.uniform(0.3, 1.0)
        x, y = (
            rng.uniform(x0 + 0.6, max(x1 - 0.6 - sx, x0 + 0.61)),
            rng.uniform(y0 + 0.6, max(y1 - 0.6 - sy, y0 + 0.61)),
        )
        kind = (
            (Material.GLASS, (120.0, 140.0, 150.0)) if rng.random() < 0.4 else (Material.PLAIN, (178.0, 180.0, 180.0))
        )
        builder.box(x, y, x + sx, y + sy, (height, height + sz), *kind)


def gabled_block(
    builder: Builder,
    plan: tuple[float, float, float, float],
    height: float,
    storeys: int,
    slope: float,
    skin: tuple[Material, Colour],
    tiles: Colour,
    overhang: float = 0.4,
) -> float:
    """Walls, gables and two slopes, ridge along x; returns the ridge's height."""
    x0, y0, x1, y1 = plan
    middle, ridge = (y0 + y1) / 2, height + slope * (y1 - y0) / 2
    _walls(builder, plan, height, storeys, skin)
    builder.face([(x1, y0, height), (x1, y1, height), (x1, middle, ridge)], *skin)
    builder.face([(x0, y1, height), (x0, y0, height), (x0, middle, ridge)], *skin)
    low, a, b = height - overhang * slope, x0 - overhang, x1 + overhang
    lift = 0.06
    front = [(a, y0 - overhang, low + lift), (b, y0 - overhang, low + lift), (b, middle, ridge + lift)]
    back = [(b, y1 + overhang, low + lift), (a, y1 + overhang, low + lift), (a, middle, ridge + lift)]
    builder.face([*front, (a, middle, ridge + lift)], Material.TILES, tiles, two_sided=True)
    builder.face([*back, (b, middle, ridge + lift)], Material.TILES, tiles, two_sided=True)
    return ridge


def hipped_block(
    builder: Builder,
    plan: tuple[float, float, float, float],
    height: float,
    storeys: int,
    slope: float,
    skin: tuple[Material, Colour],
    tiles: Colour,
    overhang: float = 0.4,
) -> float:
    """Walls and four slopes of one pitch; returns the ridge's height."""
    _walls(builder, plan, height, storeys, skin)
    x0, y0, x1, y1 = plan[0] - overhang, plan[1] - overhang, plan[2] + overhang, plan[3] + overhang
    low = height - overhang * slope + 0.06
    middle, reach = (y0 + y1) / 2, (y1 - y0) / 2
    ridge = low + slope * reach
    a, b = (x0 + reach, middle, ridge), (x1 - reach, middle, ridge)
    south, north = [(x0, y0, low), (x1, y0, low)], [(x1, y1, low), (x0, y1, low)]
    for points in ([*south, b, a], [*north, a, b], [south[1], north[0], b], [north[1], south[0], a]):
        builder.face(points, Material.TILES, tiles, two_sided=True)
    return ridge


def _wing(
    rng: np.random.Generator,
    builder: Builder,
    length: float,
    width: float,
    height: float,
    storeys: int,
    slope: float,
    skin: tuple[Material, Colour],
    tiles: Colour,
) -> None:
    """A lower block at right angles behind the house, whose roof runs into the main one."""
    wide, deep = rng.uniform(4.2, min(6.5, 0.6 * length)), rng.uniform(2.5, 4.5)
    at = rng.uniform(-length / 2 + wide / 2, length / 2 - wide / 2)
    x, y = builder.place([(at, width / 2 + deep / 2 - 1.5, 0.0)])[0, :2]
    wing = Builder(x, y, builder.angle + math.pi / 2, builder.faces)
    low = height if rng.random() < 0.5 else 2.9
    plan = (-deep / 2 - 1.5, -wide / 2, deep / 2 + 1.5, wide / 2)
    gabled_block(wing, plan, low, storeys if low == height else 1, 0.8 * slope, skin, tiles, overhang=0.3)


def _roof_things(
    rng: np.random.Generator,
    builder: Builder,
    length: float,
    width: float,
    height: float,
    ridge: float,
    slope: float,
    hip: bool,
) -> None:
    """Chimneys, roof windows and solar panels."""
    clear = length / 2 - (width / 2 if hip else 0.8)
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(-clear, clear) if clear > 0.4 else 0.0, rng.choice([-1, 1]) * rng.uniform(0.3, 1.4)
        brick = pick(rng, BRICK_COLOURS)
        z = (ridge - abs(y) * slope - 0.4, ridge + rng.uniform(0.3, 0.9))
        builder.box(x, y, x + 0.6, y + 0.75, z, Material.BRICK, brick, (Material.PLAIN, (52, 48, 46)))

    def panel(x0: float, x1: float, d0: float, d1: float, side: float, material: Material, colour: Colour) -> None:
        """A flat rectangle on a slope, from d0 to d1 metres (in plan) below the ridge."""
        z0, z1 = ridge - d1 * slope + 0.16, ridge - d0 * slope + 0.16
        low, high = -side * d1, -side * d0
        points = [(x0, low, z0), (x1, low, z0), (x1, high, z1), (x0, high, z1)]
        turned = points if side > 0 else [points[1], points[0], points[3], points[2]]
        builder.face(turned, material, colour)

    reach = max(clear, 0.9)
    if rng.random() < 0.35:
        side, columns = rng.choice([-1.0, 1.0]), int(rng.integers(2, max(3, int(1.4 * reach / 1.05) + 1)))
        x0 = rng.uniform(-reach + 0.2, max(reach - 1.05 * columns - 0.2, -reach + 0.25))
        panel(x0, min(x0 + 1.05 * columns, reach), 0.5, min(0.42 * width, 3.4), side, Material.SOLAR, (36, 44, 70))
        panel(
            *sorted(rng.uniform(-reach, reach) + np.array([0.0, 0.8])), 1.2, 2.1, -side, Material.GLASS, (90, 110, 125)
        )
    else:
        for _ in range(int(rng.integers(0, 4))):
            x, down = rng.uniform(-reach, reach - 0.8), rng.uniform(0.8, 0.3 * width)
            panel(x, x + 0.8, down, down + 0.95, rng.choice([-1.0, 1.0]), Material.GLASS, (90, 110, 125))


def build_shed(rng: np.random.Generator, builder: Builder, length: float, width: float) -> None:
    """A wooden hut with a low gable or a tilted flat roof."""
    wood = (Material.PLANKS, pick(rng, _WOOD))
    plan = (-length / 2, -width / 2, length / 2, width / 2)
    if rng.random() < 0.6:
        gabled_block(builder, plan, 2.0, 0, rng.uniform(0.3, 0.6), wood, pick(rng, TILE_COLOURS), overhang=0.18)
    else:
        builder.box(*plan, (0.0, 2.1), *wood)
        builder.box(
            *(np.array(plan) + [-0.15, -0.15, 0.15, 0.15]), (2.1, 2.22), Material.FLAT_ROOF, pick(rng, FLAT_COLOURS)
        )


def build_hall(rng: np.random.Generator, builder: Builder, length: float, width: float) -> None:
    """A large building of the square: flat, three storeys, or a church with a tower."""
    if rng.random() < 0.5:
        skin = (Material.PLASTER, pick(rng, WALL_COLOURS))
        flat_block(rng, builder, (-length / 2, -width / 2, length / 2, width / 2), 9.0, 3, skin)
        return
    skin, tiles = (Material.PLASTER, (222.0, 214.0, 196.0)), pick(rng, TILE_COLOURS[4:8])
    side = 5.2
    gabled_block(builder, (-length / 2 + 3, -width / 2, length / 2, width / 2), 6.2, 1, 1.0, skin, tiles)
    x0, y0 = -length / 2 - 1.0, -side / 2
    builder.prism(rectangle(x0, y0, x0 + side, y0 + side), 0.0, 15.0, *skin, openings=[Openings(1, 4)] * 4)
    top = (x0 + side / 2, 0.0, 21.0)
    corners = [(x, y, 15.0) for x, y in rectangle(x0 - 0.25, y0 - 0.25, x0 + side + 0.25, y0 + side + 0.25)]
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        builder.face([a, b, top], Material.TILES, (92.0, 132.0, 118.0), two_sided=True)
