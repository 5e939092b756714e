"""Courts with their lines, stands, garden pools and rows of solar panels."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from geoloc.town.scene.details import build_pool
from geoloc.town.scene.houses import pick, varied
from geoloc.town.scene.shapes import Colour, Finish, Footprint, Material, ShapeBuilder, rectangle
from geoloc.town.scene.things import fan, ring

COURTS = {"tennis": (34.0, 17.0), "basketball": (30.0, 17.0)}
"""Length and width with the margin, metres."""
_COURT_COLOURS: tuple[tuple[Colour, Colour], ...] = (  # the margin, the field
    ((70, 110, 84), (84, 116, 150)), ((92, 122, 92), (84, 112, 84)), ((168, 102, 74), (172, 106, 78)),
    ((150, 84, 70), (84, 124, 96)), ((112, 112, 112), (124, 122, 120)), ((82, 104, 142), (72, 90, 128)),
)  # fmt: skip
_WHITE: Finish = (Material.PLAIN, (224.0, 224.0, 218.0))
_SEATS: tuple[Colour, ...] = ((186, 190, 190), (150, 130, 104), (80, 104, 150), (160, 68, 60), (206, 206, 202))


def _flat(builder: ShapeBuilder, footprint: Footprint, high: float, finish: Finish) -> None:
    builder.face([(x, y, high) for x, y in rectangle(*footprint)], finish)


def _line(builder: ShapeBuilder, a: tuple[float, float], b: tuple[float, float], width: float = 0.1) -> None:
    """Paint a line on a court."""
    along = np.subtract(b, a)
    aside = np.array([-along[1], along[0]]) / np.linalg.norm(along) * width / 2
    corners = np.array([a - aside, b - aside, b + aside, a + aside])
    builder.face(np.column_stack([corners, np.full(4, 0.05)]), _WHITE)


def _frame(builder: ShapeBuilder, footprint: Footprint) -> None:
    corners = rectangle(*footprint)
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        _line(builder, a, b)


def _arc(builder: ShapeBuilder, middle: tuple[float, float], radius: float, ends: tuple[float, float]) -> None:
    angles = np.linspace(*ends, 13)
    points = [(middle[0] + radius * math.cos(a), middle[1] + radius * math.sin(a)) for a in angles]
    for a, b in pairwise(points):
        _line(builder, a, b)


def build_court(rng: np.random.Generator, builder: ShapeBuilder, game: str) -> None:
    """Build a court of a game of `COURTS` about the origin, its length along x."""
    length, width = COURTS[game]
    margin, field = _COURT_COLOURS[rng.integers(len(_COURT_COLOURS))]
    _flat(builder, (-length / 2, -width / 2, length / 2, width / 2), 0.02, (Material.PLAIN, varied(rng, margin)))
    inner = (23.77, 10.97) if game == "tennis" else (28.0, 15.0)
    x, y = inner[0] / 2, inner[1] / 2
    _flat(builder, (-x, -y, x, y), 0.035, (Material.PLAIN, varied(rng, field)))
    _frame(builder, (-x, -y, x, y))
    if game == "tennis":
        _frame(builder, (-x, -4.115, x, 4.115))
        _frame(builder, (-6.4, -4.115, 6.4, 4.115))
        _line(builder, (-6.4, 0.0), (6.4, 0.0))
        builder.box((-0.04, -y - 0.6, 0.04, y + 0.6), (0.0, 0.95), (Material.PLAIN, (60.0, 62.0, 60.0)))
        return
    _line(builder, (0.0, -y), (0.0, y))
    _arc(builder, (0.0, 0.0), 1.8, (0.0, 2 * math.pi))
    for end in (-1.0, 1.0):
        _frame(builder, (min(end * x, end * (x - 5.8)), -2.45, max(end * x, end * (x - 5.8)), 2.45))
        turn = math.pi if end > 0 else 0.0
        _arc(builder, (end * (x - 1.6), 0.0), 6.6, (turn - math.pi / 2, turn + math.pi / 2))
        builder.box((end * (x - 1.3) - 0.05, -0.9, end * (x - 1.3) + 0.05, 0.9), (2.9, 3.9), _WHITE)


def build_stand(rng: np.random.Generator, builder: ShapeBuilder, length: float, rows: int) -> None:
    """Build seats in rising rows along x, the lowest towards -y, sometimes under a roof.

    Args:
        rng: what colours are drawn from.
        builder: what collects the faces.
        length: along x, metres.
        rows: of seats, 0.75 m each.
    """
    seat, frame = (Material.PLAIN, pick(rng, _SEATS)), (Material.PLAIN, varied(rng, (120, 122, 122)))
    x = length / 2
    for row in range(rows):
        y, high = row * 0.75 - rows * 0.375, 0.3 + 0.32 * row
        builder.box((-x, y, x, y + 0.75), (0.0, high), frame)
        builder.box((-x, y + 0.36, x, y + 0.7), (high, high + 0.16), seat)
    y = rows * 0.375
    if rng.random() < 0.25:
        high = 0.32 * rows + 2.6
        roof = [(-x - 0.4, -0.4 * y, high + 0.4), (x + 0.4, -0.4 * y, high + 0.4), (x + 0.4, y + 0.3, high)]
        builder.face([*roof, (-x - 0.4, y + 0.3, high)], (Material.METAL, pick(rng, _SEATS)), two_sided=True)
        builder.box((-x, y - 0.1, x, y), (0.0, high), frame)


def build_round_pool(rng: np.random.Generator, builder: ShapeBuilder, length: float) -> None:
    """Build a pool in the shape of a kidney or an ellipse, with a pale rim."""
    bent = rng.uniform(0.12, 0.3) if rng.random() < 0.7 else 0.0
    around = np.arange(28) * (2 * math.pi / 28)
    reach = length / 2 * (0.78 + 0.22 * np.cos(2 * around) + bent * np.sin(around) - 0.3 * bent)
    plan = np.stack([reach * np.cos(around), reach * np.sin(around)], axis=-1)
    inner = plan * (1.0 - 0.45 / np.linalg.norm(plan, axis=1, keepdims=True))
    fan(builder, [(x, y) for x, y in plan], 0.1, 0.1, (Material.PLAIN, varied(rng, (208, 202, 190))))
    fan(builder, [(x, y) for x, y in inner], 0.13, 0.13, (Material.WATER, varied(rng, (72, 152, 178))))


def build_any_pool(rng: np.random.Generator, builder: ShapeBuilder, length: float) -> None:
    """Build a pool of `length` metres: rectangular, a kidney, or a round one that stands on the lawn."""
    what = rng.random()
    if what < 0.4:
        build_pool(rng, builder, length, rng.uniform(0.4, 0.6) * length)
    elif what < 0.75:
        build_round_pool(rng, builder, length)
    else:
        radius = min(length / 2, rng.uniform(1.8, 3.2))
        wall = (Material.PLAIN, varied(rng, (190, 196, 200)))
        builder_ring = ring(radius, 16)
        for (ax, ay), (bx, by) in zip(builder_ring, [*builder_ring[1:], builder_ring[0]], strict=True):
            builder.face([(ax, ay, 0.0), (bx, by, 0.0), (bx, by, 1.1), (ax, ay, 1.1)], wall)
        fan(builder, builder_ring, 1.1, 1.1, wall)
        fan(builder, ring(0.92 * radius, 16), 1.12, 1.12, (Material.WATER, varied(rng, (72, 152, 178))))


def build_solar(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a table of solar panels on posts, its low edge towards -y."""
    x, y = length / 2, width / 2
    low, high = 0.8, 0.8 + 0.42 * width
    table = [(-x, -y, low), (x, -y, low), (x, y, high), (-x, y, high)]
    builder.face(table, (Material.SOLAR, varied(rng, (38, 46, 70), 4.0)), two_sided=True)
    for post in np.arange(-x + 1.0, x, 4.0):
        builder.box(
            (post, 0.4 * y, post + 0.12, 0.4 * y + 0.12), (0.0, 0.6 * high), (Material.PLAIN, (150.0, 152.0, 152.0))
        )
