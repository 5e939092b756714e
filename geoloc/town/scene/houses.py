"""Houses, halls and sheds: bodies with windows and doors under gable, hip and flat roofs, no two alike."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from geoloc.town.scene.shapes import Colour, Finish, Footprint, Material, Openings, ShapeBuilder, rectangle

# fmt: off
TILE_COLOURS: tuple[Colour, ...] = (
    (158, 84, 62), (176, 104, 76), (128, 66, 52), (104, 72, 62), (86, 86, 92), (66, 68, 76), (146, 118, 98),
    (122, 92, 78), (188, 124, 88), (98, 104, 98),
)
WALL_COLOURS: tuple[Colour, ...] = (
    (226, 220, 204), (214, 196, 162), (232, 232, 228), (206, 178, 150), (190, 198, 200), (222, 206, 190),
    (198, 164, 140), (214, 214, 196), (176, 186, 176),
)
# fmt: on
BRICK_COLOURS: tuple[Colour, ...] = ((150, 88, 70), (166, 108, 84), (138, 96, 82), (176, 136, 110))
FLAT_COLOURS: tuple[Colour, ...] = ((132, 130, 126), (104, 104, 106), (164, 160, 152), (120, 116, 108), (186, 184, 178))
_WOOD: tuple[Colour, ...] = ((140, 104, 72), (112, 92, 74), (150, 132, 110), (92, 76, 64), (118, 126, 118))
_PANE: Finish = (Material.GLASS, (90.0, 110.0, 125.0))
_DOME: Finish = (Material.GLASS, (120.0, 140.0, 150.0))
_VENT: Finish = (Material.PLAIN, (178.0, 180.0, 180.0))


def varied(rng: np.random.Generator, colour: Colour, spread: float = 7.0) -> Colour:
    """Vary a colour: brighter or darker in all channels, and a little in each."""
    red, green, blue = np.clip(np.array(colour) + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 8, 245)
    return float(red), float(green), float(blue)


def pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """Draw one of the colours, varied."""
    return varied(rng, colours[rng.integers(len(colours))])


@dataclass(frozen=True, slots=True)
class Body:
    """A block under a pitched roof.

    Attributes:
        height: of the eaves' line, metres.
        storeys: with windows.
        slope: of the roof, rise over run.
        skin: of the walls.
        tiles: colour of the roof.
        overhang: of the roof, metres.
        cover: material of the roof.
    """

    height: float
    storeys: int
    slope: float
    skin: Finish
    tiles: Colour
    overhang: float = 0.4
    cover: Material = Material.TILES


def build_house(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a dwelling about the builder's origin, its length along x, its front towards -y.

    Args:
        rng: what shape and colours are drawn from.
        builder: what collects the faces.
        length: along x, metres.
        width: along y, metres.
    """
    storeys = 2 if rng.random() < 0.45 else 1
    height = 0.4 + 2.75 * storeys
    brick = rng.random() < 0.35
    skin = (Material.BRICK, pick(rng, BRICK_COLOURS)) if brick else (Material.PLASTER, pick(rng, WALL_COLOURS))
    tiles = pick(rng, TILE_COLOURS)
    kind = rng.choice(["gable", "gable", "gable", "hip", "hip", "flat"])
    footprint = centred(length, width)
    if kind == "flat":
        flat_block(rng, builder, footprint, (height, storeys), skin)
        if rng.random() < 0.6:
            garage = (length / 2, -width / 2, length / 2 + 3.2, -width / 2 + 5.6)
            flat_block(rng, builder, garage, (2.7, 0), skin)
        return
    body = Body(height, storeys, math.tan(math.radians(rng.uniform(26.0, 46.0))), skin, tiles)
    ridge = (gabled_block if kind == "gable" else hipped_block)(builder, footprint, body)
    if rng.random() < 0.45:
        _wing(rng, builder, length, width, body)
    clear = length / 2 - (width / 2 if kind == "hip" else 0.8)
    roof_details(rng, Slopes(builder, ridge, body.slope, clear, width))


def centred(length: float, width: float) -> Footprint:
    """Return the footprint of that size about the origin."""
    return -length / 2, -width / 2, length / 2, width / 2


def _walls(builder: ShapeBuilder, footprint: Footprint, height: float, storeys: int, skin: Finish) -> None:
    x0, y0, x1, y1 = footprint
    across, along = max(1, int((x1 - x0) / 2.9)), max(1, int((y1 - y0) / 3.1))
    openings = [Openings(across, storeys, across // 2), Openings(along, storeys), Openings(across, storeys, 0)]
    builder.prism(rectangle(*footprint), (0.0, height), skin, openings=[*openings, Openings(along, storeys)])


def flat_block(
    rng: np.random.Generator, builder: ShapeBuilder, footprint: Footprint, size: tuple[float, int], skin: Finish
) -> None:
    """Build walls, a parapet and a flat roof with things standing on it.

    Args:
        rng: what colours and things are drawn from.
        builder: what it is added to.
        footprint: of the walls.
        size: height, and storeys with windows.
        skin: of the walls.
    """
    x0, y0, x1, y1 = footprint
    height, storeys = size
    _walls(builder, footprint, height, storeys, skin)
    roof = (Material.FLAT_ROOF, pick(rng, FLAT_COLOURS))
    edge = (Material.PLAIN, varied(rng, (176, 172, 166)))
    rim, top = 0.3, (height, height + 0.35)
    for part in ((x0, y0, x1, y0 + rim), (x0, y1 - rim, x1, y1), (x0, y0, x0 + rim, y1), (x1 - rim, y0, x1, y1)):
        builder.box(part, top, edge)
    builder.box((x0 + rim, y0 + rim, x1 - rim, y1 - rim), (height, height + 0.06), roof)
    for _ in range(int((x1 - x0) * (y1 - y0) / 38)):
        sx, sy, sz = rng.uniform(0.7, 1.7), rng.uniform(0.7, 1.5), rng.uniform(0.3, 1.0)
        x = rng.uniform(x0 + 0.6, max(x1 - 0.6 - sx, x0 + 0.61))
        y = rng.uniform(y0 + 0.6, max(y1 - 0.6 - sy, y0 + 0.61))
        builder.box((x, y, x + sx, y + sy), (height, height + sz), _DOME if rng.random() < 0.4 else _VENT)


def gabled_block(builder: ShapeBuilder, footprint: Footprint, body: Body) -> float:
    """Build walls, gables and two slopes, ridge along x; returns the ridge's height.

    Args:
        builder: what collects the faces.
        footprint: xmin, ymin, xmax, ymax, metres.
        body: heights, slopes and colours.
    """
    x0, y0, x1, y1 = footprint
    height, over, lift = body.height, body.overhang, 0.06
    middle, ridge = (y0 + y1) / 2, height + body.slope * (y1 - y0) / 2
    _walls(builder, footprint, height, body.storeys, body.skin)
    builder.face([(x1, y0, height), (x1, y1, height), (x1, middle, ridge)], body.skin)
    builder.face([(x0, y1, height), (x0, y0, height), (x0, middle, ridge)], body.skin)
    low, a, b = height - over * body.slope + lift, x0 - over, x1 + over
    ends = (a, middle, ridge + lift), (b, middle, ridge + lift)
    tiles = (body.cover, body.tiles)
    builder.face([(a, y0 - over, low), (b, y0 - over, low), ends[1], ends[0]], tiles, two_sided=True)
    builder.face([(b, y1 + over, low), (a, y1 + over, low), ends[0], ends[1]], tiles, two_sided=True)
    return ridge


def hipped_block(builder: ShapeBuilder, footprint: Footprint, body: Body) -> float:
    """Build walls and four slopes of one pitch; returns the ridge's height.

    Args:
        builder: what collects the faces.
        footprint: xmin, ymin, xmax, ymax, metres.
        body: heights, slopes and colours.
    """
    _walls(builder, footprint, body.height, body.storeys, body.skin)
    over = body.overhang
    x0, y0, x1, y1 = footprint[0] - over, footprint[1] - over, footprint[2] + over, footprint[3] + over
    low = body.height - over * body.slope + 0.06
    middle, reach = (y0 + y1) / 2, (y1 - y0) / 2
    ridge = low + body.slope * reach
    a, b = (x0 + reach, middle, ridge), (x1 - reach, middle, ridge)
    south, north = [(x0, y0, low), (x1, y0, low)], [(x1, y1, low), (x0, y1, low)]
    for points in ([*south, b, a], [*north, a, b], [south[1], north[0], b], [north[1], south[0], a]):
        builder.face(points, (body.cover, body.tiles), two_sided=True)
    return ridge


def _wing(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float, body: Body) -> None:
    """Build a lower block at right angles behind the house, whose roof runs into the main one."""
    wide, deep = rng.uniform(4.2, min(6.5, 0.6 * length)), rng.uniform(2.5, 4.5)
    at = rng.uniform(-length / 2 + wide / 2, length / 2 - wide / 2)
    x, y = builder.place([(at, width / 2 + deep / 2 - 1.5, 0.0)])[0, :2]
    wing = ShapeBuilder(x, y, builder.angle + math.pi / 2, builder.faces)
    low = replace(body, slope=0.8 * body.slope, overhang=0.3)
    if rng.random() < 0.5:
        low = replace(low, height=2.9, storeys=1)
    gabled_block(wing, centred(deep + 3.0, wide), low)


@dataclass(frozen=True, slots=True)
class Slopes:
    """The two slopes of a gabled roof about the builder's origin.

    Attributes:
        builder: what collects the faces.
        ridge: its height, metres; it runs along x.
        slope: rise over run.
        clear: how far it runs to both sides, metres.
        width: of the walls along y, metres.
    """

    builder: ShapeBuilder
    ridge: float
    slope: float
    clear: float
    width: float

    def panel(self, x: tuple[float, float], down: tuple[float, float], side: float, finish: Finish) -> None:
        """Add a flat rectangle that lies on a slope.

        Args:
            x: its ends along the ridge.
            down: metres in plan from the ridge to its upper and its lower edge.
            side: 1 for the slope towards -y, -1 for that towards y.
            finish: material and colour.
        """
        low, high = (self.ridge - d * self.slope + 0.16 for d in reversed(down))
        first, second = x if side > 0 else x[::-1]
        y0, y1 = -side * down[1], -side * down[0]
        points = [(first, y0, low), (second, y0, low), (second, y1, high), (first, y1, high)]
        self.builder.face(points, finish)


def roof_details(rng: np.random.Generator, roof: Slopes) -> None:
    """Add chimneys, roof windows and solar panels."""
    clear, reach = roof.clear, max(roof.clear, 0.9)
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(-clear, clear) if clear > 0.4 else 0.0, rng.choice([-1, 1]) * rng.uniform(0.3, 1.4)
        z = (roof.ridge - abs(y) * roof.slope - 0.8, roof.ridge + rng.uniform(0.3, 0.9))
        brick = (Material.BRICK, pick(rng, BRICK_COLOURS))
        roof.builder.box((x, y, x + 0.6, y + 0.75), z, brick, top=(Material.PLAIN, (52, 48, 46)))
    if rng.random() < 0.35:
        side, columns = rng.choice([-1.0, 1.0]), int(rng.integers(2, max(3, int(1.4 * reach / 1.05) + 1)))
        x0 = rng.uniform(-reach + 0.2, max(reach - 1.05 * columns - 0.2, -reach + 0.25))
        field = (Material.SOLAR, (36.0, 44.0, 70.0))
        roof.panel((x0, min(x0 + 1.05 * columns, reach)), (0.5, min(0.42 * roof.width, 3.4)), side, field)
        return
    for _ in range(int(rng.integers(0, 4))):
        x, down = rng.uniform(-reach, reach - 0.8), rng.uniform(0.8, 0.3 * roof.width)
        roof.panel((x, x + 0.8), (down, down + 0.95), rng.choice([-1.0, 1.0]), _PANE)


def build_shed(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a wooden hut with a low gable or a flat roof."""
    wood = (Material.PLANKS, pick(rng, _WOOD))
    if rng.random() < 0.6:
        body = Body(2.0, 0, rng.uniform(0.3, 0.6), wood, pick(rng, TILE_COLOURS), overhang=0.18)
        gabled_block(builder, centred(length, width), body)
    else:
        builder.box(centred(length, width), (0.0, 2.1), wood)
        lid = (Material.FLAT_ROOF, pick(rng, FLAT_COLOURS))
        builder.box(centred(length + 0.3, width + 0.3), (2.1, 2.22), lid)


def build_hall(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a large building of the square: flat, three storeys, or a church with a tower."""
    if rng.random() < 0.5:
        flat_block(rng, builder, centred(length, width), (9.0, 3), (Material.PLASTER, pick(rng, WALL_COLOURS)))
        return
    skin: Finish = (Material.PLASTER, (222.0, 214.0, 196.0))
    nave = Body(6.2, 1, 1.0, skin, pick(rng, TILE_COLOURS[4:8]))
    gabled_block(builder, (-length / 2 + 3, -width / 2, length / 2, width / 2), nave)
    side = 5.2
    x0, y0 = -length / 2 - 1.0, -side / 2
    tower = rectangle(x0, y0, x0 + side, y0 + side)
    builder.prism(tower, (0.0, 15.0), skin, openings=[Openings(1, 4)] * 4)
    top = (x0 + side / 2, 0.0, 21.0)
    corners = [(x, y, 15.0) for x, y in rectangle(x0 - 0.25, y0 - 0.25, x0 + side + 0.25, y0 + side + 0.25)]
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        builder.face([a, b, top], (Material.TILES, (92.0, 132.0, 118.0)), two_sided=True)
