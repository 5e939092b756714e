"""Cars, trees, hedges and pools."""

from __future__ import annotations

import math

import numpy as np

from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.shapes import Blob, Colour, Face, Finish, Material, ShapeBuilder

CAR_COLOURS: tuple[Colour, ...] = (
    (226, 226, 226), (236, 236, 232), (36, 36, 40), (60, 62, 68), (142, 146, 150), (170, 174, 178), (152, 28, 30),
    (34, 58, 118), (98, 24, 30), (28, 78, 64), (196, 152, 48), (84, 104, 132),
)  # fmt: skip
CROWN_COLOURS: tuple[Colour, ...] = (
    (72, 98, 46), (86, 110, 52), (60, 86, 44), (98, 114, 58), (54, 76, 44), (112, 118, 62), (80, 92, 58), (66, 104, 60),
)  # fmt: skip
_CONIFERS: tuple[Colour, ...] = ((44, 70, 48), (52, 78, 60), (40, 62, 42))
_TYRE: Finish = (Material.PLAIN, (26.0, 26.0, 27.0))
_PANE: Finish = (Material.GLASS, (38.0, 44.0, 50.0))


def build_car(rng: np.random.Generator, builder: ShapeBuilder) -> None:
    """Build a hatchback, saloon, estate or van about the origin, its bonnet towards +x, 1.8 m wide."""
    kind = rng.choice(["hatch", "saloon", "estate", "van"], p=[0.4, 0.25, 0.25, 0.1])
    long, high = {"hatch": (4.0, 1.5), "saloon": (4.6, 1.45), "estate": (4.7, 1.5), "van": (5.3, 2.15)}[kind]
    long, wide = long + rng.normal(0, 0.1), 1.8 + rng.normal(0, 0.04)
    paint = (Material.PAINT, varied(rng, CAR_COLOURS[rng.integers(len(CAR_COLOURS))], 4.0))
    half, side, waist = long / 2, wide / 2, 0.95 if kind != "van" else 1.15
    back, front = {"hatch": (-0.97, 0.42), "saloon": (-0.66, 0.4), "estate": (-0.98, 0.4), "van": (-0.99, 0.62)}[kind]
    rear_roof, front_roof = back + (0.1 if kind != "saloon" else 0.24), front - (0.3 if kind != "van" else 0.2)
    # Rounded in plan: eight corners.
    nose = [(half, -0.62 * side), (half, 0.62 * side), (0.9 * half, side), (-0.93 * half, side)]
    plan = [(0.9 * half, -side), *nose, (-half, 0.75 * side), (-half, -0.75 * side), (-0.93 * half, -side)]
    builder.prism(plan, (0.28, waist), paint)
    builder.prism([(0.94 * x, 0.94 * y) for x, y in plan], (0.12, 0.28), _TYRE)
    for x in (-0.62 * half, 0.62 * half):
        builder.box((x - 0.31, -side - 0.01, x + 0.31, side + 0.01), (0.0, 0.6), _TYRE)
    low, top = 0.95 * side, 0.78 * side
    base = [
        (back * half, -low, waist),
        (front * half, -low, waist),
        (front * half, low, waist),
        (back * half, low, waist),
    ]
    ends = [(rear_roof * half, -top, high), (front_roof * half, -top, high)]
    roof = [*ends, (front_roof * half, top, high), (rear_roof * half, top, high)]
    for i in range(4):
        j = (i + 1) % 4
        builder.face([base[i], base[j], roof[j], roof[i]], _PANE)
    builder.face(roof, paint)
    if kind in ("hatch", "estate") and rng.random() < 0.4:
        x0, x1 = (0.7 * rear_roof + 0.3 * front_roof) * half, (0.25 * rear_roof + 0.75 * front_roof) * half
        points = [(x0, -0.6 * top, high + 0.01), (x1, -0.6 * top, high + 0.01)]
        builder.face([*points, (x1, 0.6 * top, high + 0.01), (x0, 0.6 * top, high + 0.01)], _PANE)


def build_tree(
    rng: np.random.Generator, x: float, y: float, radius: float, clumps: int
) -> tuple[tuple[Face, ...], tuple[Blob, ...]]:
    """Build a trunk and a crown of many small clumps of leaves: round, tall or a conifer's cone.

    Args:
        rng: what shape and colours are drawn from.
        x: of the trunk, local metres.
        y: of the trunk, local metres.
        radius: of the crown, metres.
        clumps: of leaves.
    """
    if rng.random() < 0.16:
        return _conifer(rng, x, y, 0.7 * radius, clumps)
    tall = rng.uniform(0.8, 1.25)
    trunk = rng.uniform(1.4, 2.4)
    middle = np.array([x, y, trunk + radius * tall])
    colour = pick(rng, CROWN_COLOURS)
    shape = np.array([radius * rng.uniform(0.85, 1.1), radius * rng.uniform(0.85, 1.1), radius * tall])
    blobs = [Blob(middle, 0.68 * shape, tuple(0.7 * np.array(colour)))]
    lobes = 1.0 + 0.16 * rng.standard_normal(5)
    for i in range(clumps):
        # Points spread evenly over a sphere (a Fibonacci lattice), each pushed in or out.
        z = 1.0 - 1.85 * (i + 0.5) / clumps
        turn = math.pi * (1.0 + math.sqrt(5.0)) * i
        out = rng.uniform(0.55, 0.9) * lobes[int(turn / (2 * math.pi) * 5) % 5]
        flat = math.sqrt(max(1.0 - z * z, 0.0))
        place = middle + out * shape * [flat * math.cos(turn), flat * math.sin(turn), z]
        size = radius * rng.uniform(0.2, 0.38) * math.sqrt(max(30.0 / clumps, 1.0))
        radii = size * np.array([rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2), rng.uniform(0.65, 0.95)])
        blobs.append(Blob(place, radii, varied(rng, colour, 6.0)))
    return _trunk(x, y, middle[2], 0.05 * radius + 0.06), tuple(blobs)


def _conifer(
    rng: np.random.Generator, x: float, y: float, radius: float, clumps: int
) -> tuple[tuple[Face, ...], tuple[Blob, ...]]:
    colour = pick(rng, _CONIFERS)
    height = radius * rng.uniform(3.0, 4.0)
    blobs = []
    for i in range(clumps):
        up = (i + 0.5) / clumps
        turn, reach = 2.4 * i, 0.72 * radius * (1.0 - up)
        place = np.array([x + reach * math.cos(turn), y + reach * math.sin(turn), 0.8 + up * height])
        size = radius * (0.16 + 0.42 * (1.0 - up)) * rng.uniform(0.85, 1.15) * max(15.0 / clumps, 1.0)
        blobs.append(Blob(place, np.array([size, size, 0.8 * size]), varied(rng, colour, 4.0)))
    return _trunk(x, y, 0.7 * height, 0.16), tuple(blobs)


def _trunk(x: float, y: float, height: float, radius: float) -> tuple[Face, ...]:
    builder = ShapeBuilder(x, y, 0.0)
    around = np.arange(6) * math.pi / 3
    plan = [(radius * math.cos(a), radius * math.sin(a)) for a in around]
    builder.prism(plan, (0.0, height), (Material.BARK, (92.0, 78.0, 64.0)))
    return tuple(builder.faces)


def build_hedge(rng: np.random.Generator, start: tuple[float, float], end: tuple[float, float]) -> tuple[Blob, ...]:
    """Build a row of clipped bushes between two points, some of them missing.

    Args:
        rng: what gaps and colours are drawn from.
        start: (x, y), local metres.
        end: (x, y), local metres.
    """
    length = math.dist(start, end)
    height, colour = rng.uniform(0.55, 0.95), pick(rng, CROWN_COLOURS)
    blobs = []
    for share in (np.arange(int(length / 0.75)) + 0.5) / max(int(length / 0.75), 1):
        if rng.random() < 0.04:
            continue
        x, y = np.array(start) + share * (np.array(end) - start) + rng.normal(0, 0.06, 2)
        radii = np.array([rng.uniform(0.5, 0.68), rng.uniform(0.5, 0.68), height * rng.uniform(0.85, 1.1)])
        blobs.append(Blob(np.array([x, y, 0.7 * height]), radii, varied(rng, colour, 5.0)))
    return tuple(blobs)


def build_pool(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a garden pool: a pale rim and blue water."""
    x, y = length / 2, width / 2
    builder.box((-x, -y, x, y), (0.0, 0.12), (Material.PLAIN, varied(rng, (208, 202, 190))))
    rim = [(-x + 0.4, -y + 0.4, 0.13), (x - 0.4, -y + 0.4, 0.13), (x - 0.4, y - 0.4, 0.13), (-x + 0.4, y - 0.4, 0.13)]
    builder.face(rim, (Material.WATER, varied(rng, (70, 150, 176))))
