"""The look of every surface that is not ground: colour, normal and gloss of points on faces and blobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoloc.town.picture.texture import Pyramid
from geoloc.town.scene.shapes import Floats, Material, PackedScene

_GLOSS = {Material.PAINT: 1.0, Material.GLASS: 1.6, Material.SOLAR: 1.2, Material.WATER: 1.0, Material.METAL: 0.3}


class ScenePrimitives:
    """A packed scene in single precision, and noise of two slopes: the smooth and the rough one."""

    def __init__(self, packed: PackedScene, noise: tuple[Pyramid, ...]) -> None:
        """Convert a scene; `noise` is the smooth and the rough one."""
        self.packed = packed
        self.faces = len(packed.points)
        self.smooth, self.rough = noise
        single = (packed.normal, packed.origin, packed.along_u, packed.along_v, packed.span, packed.colour)
        self.normal, self.origin, self.along_u, self.along_v, self.span, self.colour = (
            part.astype(np.float32) for part in single
        )
        self.centre, self.radii = packed.centre.astype(np.float32), packed.radii.astype(np.float32)


@dataclass(slots=True, eq=False)
class ShadedPoints:
    """N points on primitives, with their look.

    Attributes:
        index: N, of the primitives.
        position: N x 3, local metres.
        toward: N x 3, unit directions that they are seen along.
        footprint: N, metres that a pixel covers there.
        colour: N x 3, linear.
        normal: N x 3, unit.
        gloss: N.
    """

    index: NDArray[np.int32]
    position: Floats
    toward: Floats
    footprint: Floats
    colour: Floats
    normal: Floats
    gloss: Floats


def shade_points(
    s: ScenePrimitives, index: NDArray[np.int32], position: Floats, toward: Floats, footprint: Floats
) -> ShadedPoints:
    """Find the look of points.

    Args:
        s: the scene.
        index: see `ShadedPoints`, as all else.
        position: N x 3.
        toward: N x 3.
        footprint: N.
    """
    gloss = np.zeros(len(index), np.float32)
    points = ShadedPoints(index, position, toward, footprint, s.colour[index], np.empty_like(position), gloss)
    on_face = index < s.faces
    blob, face = np.flatnonzero(~on_face), np.flatnonzero(on_face)
    if len(blob):
        _leaves(s, points, blob)
    if len(face):
        _faces(s, points, face)
    material = s.packed.material[index]
    for kind, value in _GLOSS.items():
        gloss[material == kind] = value
    return points


def _leaves(s: ScenePrimitives, points: ShadedPoints, at: NDArray[np.intp]) -> None:
    """Shade leaves and twigs: rough normals, dark gaps, paler tops."""
    which = points.index[at] - s.faces
    p, foot = points.position[at], points.footprint[at]
    out = (p - s.centre[which]) / s.radii[which]
    n = out / s.radii[which]
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    # Each point is painted on the coordinate plane that its clump faces most.
    facing = np.abs(n)
    level = (facing[:, 2] >= facing[:, 0]) & (facing[:, 2] >= facing[:, 1])
    u = np.where(level | (facing[:, 0] <= facing[:, 1]), p[:, 0], p[:, 1])
    v = np.where(level, p[:, 1], p[:, 2])
    leaf = s.rough.sample(u / 0.05, v / 0.05, foot / 0.05)
    twig = s.rough.sample(u / 0.021 + 77, v / 0.021 + 31, foot / 0.021)
    branch = s.smooth.sample(u / 0.06, v / 0.06, foot / 0.06)
    # Light shines through leaves, so a crown's sides are not as dark as a wall's: normals lean upwards.
    n += np.stack([0.45 * leaf, 0.45 * twig, 0.3 * branch + 0.45], axis=-1)
    points.normal[at] = n / np.linalg.norm(n, axis=1, keepdims=True)
    tone = 1.0 + 0.3 * leaf + 0.26 * twig + 0.14 * branch
    inside = 0.72 + 0.28 * np.clip(out[:, 2], -1.0, 1.0)  # the lower half of a clump is shaded by the rest
    points.colour[at] *= (np.clip(tone, 0.25, 1.9) * inside * 1.15)[:, None]


def _faces(s: ScenePrimitives, points: ShadedPoints, at: NDArray[np.intp]) -> None:
    which = points.index[at]
    n = s.normal[which]
    slant = np.sum(n * points.toward[at], axis=1)
    points.normal[at] = np.where(slant[:, None] > 0, -n, n)
    local = points.position[at] - s.origin[which]
    u, v = np.sum(local * s.along_u[which], axis=1), np.sum(local * s.along_v[which], axis=1)
    foot = points.footprint[at] / np.sqrt(np.maximum(np.abs(slant), 0.05))
    offset = (which * 37.7 % 512.0).astype(np.float32)  # another piece of the noise for every face
    rough = s.rough.sample(u / 0.045 + offset, v / 0.045 + 0.6 * offset, foot / 0.045)
    stain = s.smooth.sample(u / 0.05 + offset, v / 0.05 + 0.4 * offset, foot / 0.05)
    material = s.packed.material[which]
    tone = np.ones(len(at), np.float32)
    for kind, (fine, broad) in _UNEVEN.items():
        chosen = np.flatnonzero(material == kind)
        tone[chosen] += fine * rough[chosen] + broad * stain[chosen]
    for kind, pattern in _PATTERNS.items():
        chosen = np.flatnonzero(material == kind)
        if len(chosen):
            tone[chosen] *= pattern(u[chosen], v[chosen], foot[chosen])
    points.colour[at] *= np.clip(tone, 0.2, 1.8)[:, None]
    mossy = at[(material == Material.TILES) & (stain > 0.9)]
    points.colour[mossy] *= np.array([0.86, 0.94, 0.84], np.float32)
    rusty = np.flatnonzero(material == Material.RUST)
    eaten = np.clip(0.9 * stain[rusty] + 0.25 * rough[rusty], 0.0, 1.0)[:, None]
    points.colour[at[rusty]] *= 1.0 - eaten * np.array([0.1, 0.5, 0.68], np.float32)
    walls = np.flatnonzero(s.packed.openings[which, 0] > 0)
    if len(walls):
        shown, kept = _openings(s, which[walls], u[walls], v[walls], foot[walls])
        points.colour[at[walls]] = points.colour[at[walls]] * (1.0 - kept) + shown * kept


_UNEVEN = {  # fine and broad deviations of brightness
    Material.PLAIN: (0.05, 0.03),
    Material.TILES: (0.09, 0.07),
    Material.FLAT_ROOF: (0.1, 0.09),
    Material.PLASTER: (0.035, 0.04),
    Material.BRICK: (0.06, 0.05),
    Material.PLANKS: (0.06, 0.06),
    Material.BARK: (0.2, 0.1),
    Material.WATER: (0.02, 0.05),
    Material.METAL: (0.03, 0.05),
    Material.RUST: (0.06, 0.09),
    Material.STRAW: (0.16, 0.08),
}


def _fade(period: float, footprint: Floats) -> Floats:
    """Return how much of a pattern is left where a pixel covers a good part of its period: 1 to 0."""
    return np.clip(1.6 - 2.6 * footprint / period, 0.0, 1.0)


def _hashed(a: Floats, b: Floats) -> Floats:
    """Return a number in -1..1 for every pair of whole numbers."""
    mixed = np.sin(a * 12.9898 + b * 78.233) * 43758.547
    return 2.0 * (mixed - np.floor(mixed)) - 1.0


@dataclass(frozen=True, slots=True)
class _Courses:
    """Tiles, bricks or planks, every other course shifted by half: called with u, v and the footprint for brightness.

    across, up: metres of one; joint: metres between them, darker by `contrast`; each one is lighter or darker by up to
    `spread`.
    """

    across: float
    up: float
    joint: float
    contrast: float
    spread: float

    def __call__(self, u: Floats, v: Floats, foot: Floats) -> Floats:
        row = np.floor(v / self.up)
        place = u / self.across + 0.5 * (row % 2)
        column = np.floor(place)
        seam = ((v / self.up - row) < self.joint / self.up) | ((place - column) < 0.6 * self.joint / self.across)
        tone = _hashed(row, column) * self.spread * _fade(self.across, 0.5 * foot)
        return np.asarray(1.0 + tone - self.contrast * seam * _fade(self.up, foot))


def _solar(u: Floats, v: Floats, foot: Floats) -> Floats:
    frame = (u % 1.05 < 0.05) | (v % 1.7 < 0.05)
    return 1.0 + 2.5 * frame * _fade(0.25, foot)


def _bitumen(u: Floats, v: Floats, foot: Floats) -> Floats:
    return 1.0 - 0.14 * (u % 1.1 < 0.07) * _fade(0.3, foot) + 0.03 * _hashed(np.floor(u / 1.1), np.floor(u / 1.1))


def _sheets(u: Floats, v: Floats, foot: Floats) -> Floats:
    """Ribs up the slope, and sheets a metre wide that have weathered each in its way."""
    sheet = 0.035 * _hashed(np.floor(u / 1.06), np.floor(v / 7.3)) * _fade(1.06, 0.5 * foot)
    return 1.0 + sheet - 0.16 * (u % 0.35 < 0.09) * _fade(0.35, foot)


_PATTERNS: dict[Material, Callable[[Floats, Floats, Floats], Floats]] = {
    Material.TILES: _Courses(0.24, 0.34, 0.06, 0.3, 0.11),
    Material.BRICK: _Courses(0.25, 0.077, 0.014, 0.25, 0.1),
    Material.PLANKS: _Courses(2.7, 0.14, 0.02, 0.3, 0.07),
    Material.SOLAR: _solar,
    Material.FLAT_ROOF: _bitumen,
    Material.METAL: _sheets,
    Material.RUST: _sheets,
}


def _openings(
    s: ScenePrimitives, which: NDArray[np.int32], u: Floats, v: Floats, foot: Floats
) -> tuple[Floats, Floats]:
    """Return the colour (N x 3) of framed windows, some curtained, and a door, and where they are (N x 1)."""
    columns, storeys, door = s.packed.openings[which].T
    width, height = s.span[which].T
    bay = width / columns
    column = np.clip(np.floor(u / bay), 0, columns - 1)
    storey_height = height / np.maximum(storeys, 1)
    storey = np.clip(np.floor(v / storey_height), 0, np.maximum(storeys - 1, 0))
    x, y = u - (column + 0.5) * bay, v - storey * storey_height
    chance = _hashed(which.astype(np.float32), column * 7 + storey * 3)
    half = np.where(chance > 0.4, 0.78, 0.56)
    low, high = np.where(chance < -0.6, 0.35, 0.95), np.minimum(2.25, storey_height - 0.3)
    is_door = (column == door) & (storey == 0)
    half, low, high = np.where(is_door, 0.5, half), np.where(is_door, 0.0, low), np.where(is_door, 2.1, high)
    inside = (np.abs(x) < half) & (y > low) & (y < high) & (storeys > 0)
    rim = inside & ((np.abs(x) > half - 0.09) | (y > high - 0.09) | (y < low + 0.09))
    rim |= inside & ~is_door & (half > 0.7) & (np.abs(x) < 0.05)
    glass = np.array([0.035, 0.045, 0.055]) + 0.1 * np.clip(y - low, 0, 1)[:, None] * np.array([0.8, 1.0, 1.2])
    glass = np.where((chance > 0.75)[:, None], 0.45, glass)  # curtains
    leaf = np.array([0.22, 0.1, 0.06]) * (1.0 + 0.6 * chance[:, None])
    shown = np.where(is_door[:, None], leaf, glass)
    shown = np.where(rim[:, None], np.array([0.62, 0.61, 0.58]), shown).astype(np.float32)
    kept = (inside * _fade(1.2, foot * 0.5))[:, None].astype(np.float32)
    return shown, kept
