"""What people live in and beside: ridge tents, tunnels, shelters under sheeting, tin or thatch, latrines, stalls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoloc.town.scene import houses
from geoloc.town.scene.houses import Body, centred, pick, varied
from geoloc.town.scene.shapes import Colour, Finish, Material, ShapeBuilder

CANVAS: tuple[Colour, ...] = ((232, 230, 222), (222, 214, 194), (204, 196, 172), (186, 180, 158), (236, 236, 234))
SHEETING: tuple[Colour, ...] = (
    (226, 228, 228), (210, 212, 208), (70, 112, 170), (92, 136, 182), (188, 190, 180), (104, 122, 92), (170, 112, 62),
)  # fmt: skip
_MUD: tuple[Colour, ...] = ((162, 130, 100), (148, 116, 88), (176, 148, 116))
_MATS: tuple[Colour, ...] = ((170, 146, 100), (150, 130, 94), (132, 112, 84))
_TIN: tuple[Colour, ...] = ((176, 180, 182), (150, 152, 150), (196, 198, 196), (132, 92, 72))


@dataclass(frozen=True, slots=True)
class TentModel:
    """Tents of one delivery, which are alike.

    Attributes:
        size: length and width, metres.
        wall: height of the sides, metres; 0 of a tunnel.
        ridge: height of the ridge, metres.
        colour: of the canvas.
    """

    size: tuple[float, float]
    wall: float
    ridge: float
    colour: Colour


def draw_model(rng: np.random.Generator) -> TentModel:
    """Draw what the tents of a block are like."""
    colour = pick(rng, CANVAS)
    if rng.random() < 0.25:
        return TentModel((rng.uniform(5.5, 7.0), rng.uniform(3.6, 4.6)), 0.0, rng.uniform(1.9, 2.4), colour)
    return TentModel(
        (rng.uniform(5.2, 6.6), rng.uniform(3.8, 4.6)), rng.uniform(0.9, 1.4), rng.uniform(2.0, 2.5), colour
    )


def build_tent(rng: np.random.Generator, builder: ShapeBuilder, model: TentModel) -> None:
    """Build a tent, its ridge along x: weathered in its own way, some of them mended with sheeting."""
    length, width = model.size
    canvas: Finish = (Material.PLASTER, varied(rng, model.colour, 6.0))
    if not model.wall:
        builder.tunnel(model.size, model.ridge, canvas)
        return
    slope = 2 * (model.ridge - model.wall) / width
    body = Body(model.wall, 0, slope, canvas, canvas[1], overhang=0.22, cover=Material.PLASTER)
    ridge = houses.gabled_block(builder, centred(length, width), body)
    if rng.random() < 0.35:  # a sheet over a part of one slope or of all
        roof = houses.Slopes(builder, ridge, slope, length / 2, width)
        x0 = rng.uniform(-0.5, 0.1) * length
        sheet = (Material.PLAIN, pick(rng, SHEETING))
        down = (0.0, rng.uniform(0.25, 0.5) * width)
        roof.panel((x0, min(x0 + rng.uniform(1.5, 4.5), 0.5 * length)), down, rng.choice([-1.0, 1.0]), sheet)


def build_shelter(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a hut of poles and sheeting, mats or mud under sheeting, tin or thatch; no two alike."""
    walls: Finish = (
        (Material.PLASTER, pick(rng, _MUD)),
        (Material.PLAIN, pick(rng, SHEETING)),
        (Material.STRAW, pick(rng, _MATS)),
    )[rng.integers(3)]
    kind = rng.choice(["sheeting", "tin", "thatch"], p=[0.5, 0.35, 0.15])
    cover, colour = {
        "sheeting": (Material.PLAIN, pick(rng, SHEETING)),
        "tin": (Material.METAL if rng.random() < 0.6 else Material.RUST, pick(rng, _TIN)),
        "thatch": (Material.STRAW, pick(rng, _MATS)),
    }[str(kind)]
    height = rng.uniform(1.7, 2.1)
    if rng.random() < 0.3:  # one slope
        x, y, rise = length / 2 + 0.2, width / 2 + 0.25, rng.uniform(0.2, 0.6)
        builder.box(centred(length, width), (0.0, height), walls)
        low, high = height + 0.05, height + 0.05 + rise
        builder.face([(-x, -y, low), (x, -y, low), (x, y, high), (-x, y, high)], (cover, colour), two_sided=True)
        return
    slope = rng.uniform(0.25, 0.5) if kind != "thatch" else rng.uniform(0.7, 1.0)
    body = Body(height, 0, slope, walls, colour, overhang=0.3, cover=cover)
    ridge = houses.gabled_block(builder, centred(length, width), body)
    if kind != "thatch" and rng.random() < 0.5:  # patched
        roof = houses.Slopes(builder, ridge, slope, length / 2, width)
        x0 = rng.uniform(-0.45, 0.1) * length
        patch = (Material.PLAIN, pick(rng, SHEETING))
        down = (rng.uniform(0.0, 0.3), rng.uniform(0.3, 0.5) * width)
        roof.panel((x0, min(x0 + rng.uniform(0.8, 2.5), 0.5 * length)), down, rng.choice([-1.0, 1.0]), patch)


def build_latrine(rng: np.random.Generator, builder: ShapeBuilder, cells: int) -> None:
    """Build a row of latrines, 1.2 m each, behind sheeting or tin, with a vent pipe here and there."""
    length = 1.2 * cells
    tin = rng.random() < 0.4
    skin: Finish = (Material.METAL, pick(rng, _TIN)) if tin else (Material.PLAIN, pick(rng, SHEETING))
    builder.box(centred(length, 1.4), (0.0, 2.0), skin)
    roof = (Material.METAL if rng.random() < 0.6 else Material.PLAIN, pick(rng, _TIN))
    x = length / 2 + 0.1
    builder.face([(-x, -0.8, 2.05), (x, -0.8, 2.05), (x, 0.8, 2.3), (-x, 0.8, 2.3)], roof, two_sided=True)
    for at in np.arange(cells) * 1.2 - length / 2 + 0.6:
        if rng.random() < 0.7:
            builder.box((at - 0.06, 0.72, at + 0.06, 0.84), (0.0, 2.8), (Material.PLAIN, (60.0, 60.0, 62.0)))


def build_stall(rng: np.random.Generator, builder: ShapeBuilder, length: float, width: float) -> None:
    """Build a market stall: a counter under a slanting sheet on four poles."""
    pole: Finish = (Material.PLANKS, varied(rng, (120, 98, 74)))
    x, y = length / 2, width / 2
    low, high = rng.uniform(1.9, 2.1), rng.uniform(2.2, 2.7)
    for px in (-x, x - 0.1):
        for py, top in ((-y, low), (y - 0.1, high)):
            builder.box((px, py, px + 0.1, py + 0.1), (0.0, top), pole)
    tin = rng.random() < 0.4
    roof = (Material.RUST if rng.random() < 0.5 else Material.METAL, pick(rng, _TIN))
    sheet = roof if tin else (Material.PLAIN, pick(rng, SHEETING))
    x, y = x + 0.2, y + 0.3
    builder.face([(-x, -y, low), (x, -y, low), (x, y, high), (-x, y, high)], sheet, two_sided=True)
    builder.box((-x + 0.5, -y + 0.5, x - 0.5, -y + 1.1), (0.0, 0.8), pole)


def build_screen(rng: np.random.Generator, builder: ShapeBuilder, length: float) -> None:
    """Build a screen of mats, upright along x."""
    builder.box(centred(length, 0.1), (0.0, 1.5), (Material.STRAW, pick(rng, _MATS)))
