"""The ground as seen from above: streets, lawns, fields and the pond painted into rasters of local metres."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon

from geoloc.plane.homography import to_opencv
from geoloc.town.picture.texture import Pyramid, fractal
from geoloc.town.scene.layout import VERGE_M, Layout, Parcel, Street
from geoloc.town.scene.scene import Scene
from geoloc.town.scene.shapes import Colour

_LOOKS = {  # deviation of brightness at about 12 m, 1.5 m and 0.15 m
    "field": (0.055, 0.05, 0.055),
    "lawn": (0.05, 0.08, 0.075),
    "asphalt": (0.03, 0.035, 0.05),
    "slabs": (0.03, 0.03, 0.06),
    "gravel": (0.03, 0.05, 0.14),
    "soil": (0.03, 0.08, 0.14),
    "paint": (0.0, 0.05, 0.09),
    "water": (0.05, 0.02, 0.01),
}
_INDEX = {name: index for index, name in enumerate(_LOOKS)}
_CROPS: tuple[tuple[Colour, float, float], ...] = (  # colour, furrow period in metres, their strength
    ((122, 132, 76), 0.0, 0.0),
    ((186, 168, 106), 2.9, 0.10),
    ((140, 116, 88), 1.5, 0.16),
    ((104, 124, 62), 1.1, 0.12),
    ((132, 138, 84), 6.0, 0.07),
    ((160, 152, 96), 3.4, 0.12),
    ((92, 112, 58), 0.75, 0.15),
    # From here on in the style "farm" only: mown, swathed, ploughed, stubble, meadow, young corn.
    ((134, 140, 82), 7.4, 0.05),
    ((158, 150, 98), 4.2, 0.09),
    ((112, 92, 74), 0.9, 0.10),
    ((182, 168, 120), 1.8, 0.07),
    ((120, 126, 70), 0.0, 0.0),
    ((118, 116, 76), 0.75, 0.2),
    ((150, 142, 104), 11.0, 0.05),
    # And in the style "camp" only: bare earth, sand, dry scrub.
    ((172, 144, 112), 0.0, 0.0),
    ((192, 170, 136), 0.0, 0.0),
    ((146, 134, 98), 0.0, 0.0),
)
_EARTH: Colour = (188, 162, 128)
_RUT: Colour = (160, 134, 104)
_WALLED = ("house", "hall", "shed", "barn", "block", "row house", "tank", "container", "shelter", "latrine", "store")
_SHIFT = 4  # binary digits of a pixel that OpenCV's polygons know


@dataclass(slots=True, eq=False)
class _Canvas:
    """Two rasters that are painted together.

    colour: N x N x 3 uint8 sRGB, row 0 in the north; look: N x N index of the material; gsd: metres a pixel.
    """

    colour: NDArray[np.uint8]
    look: NDArray[np.uint8]
    half_m: float
    gsd: float

    @classmethod
    def blank(cls, half_m: float, gsd: float) -> _Canvas:
        side = round(2 * half_m / gsd)
        colour = np.empty((side, side, 3), np.uint8)
        colour[:] = (124, 132, 80)
        return cls(colour, np.full((side, side), _INDEX["field"], np.uint8), half_m, gsd)

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Turn local metres into pixels, corner origin."""
        return np.stack([points[:, 0] + self.half_m, self.half_m - points[:, 1]], axis=-1) / self.gsd

    def fill(self, shape: Polygon | MultiPolygon, look: str, colour: Colour) -> None:
        """Paint polygons, holes left out."""
        for polygon in getattr(shape, "geoms", [shape]):
            if polygon.is_empty or polygon.geom_type != "Polygon":
                continue
            rings = [np.asarray(ring.coords)[:, :2] for ring in (polygon.exterior, *polygon.interiors)]
            fixed = [np.round(to_opencv(self.pixels(ring)) * 2**_SHIFT).astype(np.int32) for ring in rings]
            cv2.fillPoly(self.colour, fixed, colour, cv2.LINE_AA, _SHIFT)
            cv2.fillPoly(self.look, fixed, _INDEX[look], cv2.LINE_8, _SHIFT)

    def stroke(self, line: LineString, width: float, look: str, colour: Colour) -> None:
        """Paint a line of `width` metres."""
        self.fill(line.buffer(width / 2, cap_style="flat"), look, colour)


def paint_ground(scene: Scene, seed: int, half_m: float, gsd: float) -> Pyramid:
    """Paint the ground within `half_m` of the middle at `gsd` metres a pixel; row 0 is the north edge.

    Args:
        scene: what stands and lies there.
        seed: of repairs, furrows and roughness.
        half_m: half the side of the raster, metres.
        gsd: metres a pixel.
    """
    rng = np.random.default_rng([seed, 2])
    canvas = _Canvas.blank(half_m, gsd)
    layout = scene.layout
    for parcel in layout.parcels:
        _paint_parcel(canvas, parcel)
    if not layout.pond.is_empty:
        canvas.fill(layout.pond.buffer(1.6), "soil", (134, 122, 92))
        canvas.fill(layout.pond, "water", (62, 84, 84))
        canvas.fill(layout.pond.buffer(-2.5), "water", (50, 72, 78))
    for surface in scene.surfaces:
        canvas.fill(surface.polygon, surface.material, surface.colour)
        if surface.material == "lawn":
            _mow(canvas, surface.polygon, rng)
    _paint_streets(canvas, layout, rng)
    if gsd < 0.2:
        _joints(canvas, scene)
        _darken_beside_walls(canvas, scene)
    _roughen(canvas, seed)
    return Pyramid(canvas.colour, wrap=False)


def _paint_parcel(canvas: _Canvas, parcel: Parcel) -> None:
    colour, period, strength = _CROPS[parcel.crop]
    red, green, blue = (parcel.tone * part for part in colour)
    canvas.fill(parcel.polygon, "field", (red, green, blue))
    if period > 3 * canvas.gsd:
        _stripe(canvas, parcel.polygon, parcel.angle, period, strength)


def _mow(canvas: _Canvas, polygon: Polygon, rng: np.random.Generator) -> None:
    angle, width, shown = rng.uniform(0, math.pi), rng.uniform(0.9, 1.5), rng.random() < 0.4
    if shown and canvas.gsd < 0.2:
        _stripe(canvas, polygon, angle, width, 0.05)


def _stripe(canvas: _Canvas, polygon: Polygon, angle: float, period: float, strength: float) -> None:
    """Paint brightness waves across a polygon, lines at `angle`, a little uneven."""
    points = canvas.pixels(np.asarray(polygon.exterior.coords)[:, :2])
    side = canvas.look.shape[0]
    x0, y0 = np.clip(np.floor(points.min(0)).astype(int), 0, side)
    x1, y1 = np.clip(np.ceil(points.max(0)).astype(int), 0, side)
    if x0 >= x1 or y0 >= y1:
        return
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [np.round(to_opencv(points - [x0, y0]) * 2**_SHIFT).astype(np.int32)], 1, cv2.LINE_8, _SHIFT)
    k = 2 * math.pi * canvas.gsd / period
    # Counted from the town's middle, so that stripes of two rasters meet.
    column = ((np.arange(x0, x1) + 0.5 - side / 2) * (-math.sin(angle) * k)).astype(np.float32)
    row = ((np.arange(y0, y1) + 0.5 - side / 2) * (-math.cos(angle) * k)).astype(np.float32)
    wave = np.sin(row[:, None] + column[None] + 0.5 * np.sin(0.031 * row)[:, None])
    part = canvas.colour[y0:y1, x0:x1]
    part[:] = np.clip(part * (1.0 + strength * wave * mask)[:, :, None], 0, 255).astype(np.uint8)


def _paint_streets(canvas: _Canvas, layout: Layout, rng: np.random.Generator) -> None:
    streets = sorted(layout.streets, key=lambda street: street.width)
    paved = [street for street in streets if street.pavement]
    for street in streets:
        if not street.pavement:
            verge: Colour = (142, 132, 108) if street.sealed else _RUT
            canvas.fill(street.line.buffer(street.width / 2 + VERGE_M), "gravel", verge)
    for street in paved:
        canvas.fill(street.line.buffer(street.width / 2 + street.pavement), "slabs", (164, 160, 152))
    canvas.fill(layout.square, "slabs", (176, 162, 146))
    for street in paved:
        canvas.fill(street.line.buffer(street.width / 2 + 0.14), "slabs", (188, 186, 180))
    sealed = [street for street in streets if street.sealed]
    for street in streets:
        if not street.sealed:
            _paint_track(canvas, street)
    for street in sealed:
        canvas.fill(street.line.buffer(street.width / 2), "asphalt", (104, 104, 106))
    if canvas.gsd <= 0.2:
        _wear_and_mark(canvas, sealed, rng)


def _wear_and_mark(canvas: _Canvas, streets: list[Street], rng: np.random.Generator) -> None:
    """Paint repairs, manholes and cracks of asphalt, then centre lines and zebra crossings."""
    for street in streets:
        line, length = street.line, street.line.length
        near = [s for s in range(0, int(length), 3) if abs(line.interpolate(s).x) < canvas.half_m]
        for at in rng.choice(near, len(near) // 3):  # repairs, manholes, cracks
            side = rng.uniform(-0.4, 0.4) * street.width
            patch = _segment(line, at, rng.uniform(1.5, 9.0), side)
            tone = 104 + rng.normal(0, 13)
            canvas.stroke(patch, rng.uniform(0.7, 2.2), "asphalt", (tone, tone, tone + 2))
        for at in rng.choice(near, len(near) // 8):
            spot = _segment(line, at, 1.0, rng.uniform(-0.3, 0.3) * street.width).interpolate(0).buffer(0.34)
            canvas.fill(spot, "asphalt", (74, 72, 70))
        for at in rng.choice(near, len(near) // 3):
            steps = np.cumsum(rng.normal(0, 0.5, (9, 2)), axis=0)
            origin = np.array(line.interpolate(at).coords[0])
            canvas.stroke(LineString(origin + steps), 0.07, "asphalt", (78, 78, 80))
    crossings = shapely.unary_union(
        [a.line.intersection(b.line).buffer(a.width / 2 + 3.0) for a in streets for b in streets if a is not b]
    )
    for street in streets:
        if street.marked:
            _mark(canvas, street.line, street.width, crossings)


def _paint_track(canvas: _Canvas, street: Street) -> None:
    """Paint earth that wheels have packed, and two ruts."""
    canvas.fill(street.line.buffer(street.width / 2), "soil", _EARTH)
    for side in (-0.85, 0.85):
        canvas.stroke(street.line.offset_curve(side), 0.45, "soil", _RUT)


def _segment(line: LineString, at: float, length: float, offset: float) -> LineString:
    """Return a straight segment along a line, to its left by `offset`."""
    a, b = (np.array(line.interpolate(at + d).coords[0]) for d in (0.0, max(length, 0.5)))
    ahead = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    aside = np.array([-ahead[1], ahead[0]]) * offset
    return LineString([a + aside, b + aside])


def _mark(canvas: _Canvas, line: LineString, width: float, crossings: Polygon) -> None:
    """Paint a dashed centre line, and zebra crossings a little away from the crossings."""
    white = (222.0, 222.0, 216.0)
    for at in np.arange(0.0, line.length - 3.0, 6.0):
        dash = _segment(line, at, 3.0, 0.0)
        if not crossings.intersects(dash):
            canvas.stroke(dash, 0.13, "paint", white)
    for polygon in getattr(crossings, "geoms", [crossings]):
        if polygon.is_empty:
            continue
        start = line.project(polygon.centroid) + math.sqrt(polygon.area / math.pi) + 1.5
        for offset in np.arange(-width / 2 + 0.5, width / 2 - 0.3, 1.0):
            canvas.stroke(_segment(line, start, 3.0, offset), 0.5, "paint", white)


def _joints(canvas: _Canvas, scene: Scene) -> None:
    """Paint slabs of slightly different brightness, laid along the streets."""
    angle, size = scene.layout.angle, 0.6
    cos, sin = np.float32(math.cos(angle)), np.float32(math.sin(angle))
    rng = np.random.default_rng(7)
    tones = rng.normal(1.0, 0.045, (256, 256)).astype(np.float32)
    rows, columns = np.nonzero(canvas.look == _INDEX["slabs"])
    x, y = columns.astype(np.float32) * np.float32(canvas.gsd), rows.astype(np.float32) * np.float32(-canvas.gsd)
    u, v = (x * cos + y * sin) / size, (y * cos - x * sin) / size
    tone = tones[np.floor(u).astype(int) % 256, np.floor(v).astype(int) % 256]
    joint = (u % 1.0 < canvas.gsd / size) | (v % 1.0 < canvas.gsd / size)
    tone[joint] *= 0.86
    canvas.colour[rows, columns] = np.clip(canvas.colour[rows, columns] * tone[:, None], 0, 255).astype(np.uint8)


def _darken_beside_walls(canvas: _Canvas, scene: Scene) -> None:
    """Darken by ambient occlusion: less sky is seen from the ground beside buildings and under cars."""
    shade = np.zeros(canvas.look.shape, np.uint8)
    for item in scene.objects:
        if item.kind in _WALLED:
            for face in item.faces:
                if face.points[:, 2].min() < 0.1:
                    # Half a pixel off in OpenCV's coordinates; put right, every picture of a town would change.
                    ends = np.round(canvas.pixels(face.points[:2, :2])).astype(np.int32)
                    cv2.line(
                        shade, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 255, max(1, int(0.7 / canvas.gsd))
                    )
    step = 4
    small = cv2.resize(shade, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.8 / canvas.gsd / step)
    soft = cv2.resize(small, shade.shape[::-1], interpolation=cv2.INTER_LINEAR)
    for start in range(0, len(shade), 256):
        rows = slice(start, start + 256)
        factor = 1.0 - np.minimum(soft[rows].astype(np.float32) / 255.0, 0.5) * 0.6
        canvas.colour[rows] = (canvas.colour[rows] * factor[:, :, None]).astype(np.uint8)


def _roughen(canvas: _Canvas, seed: int) -> None:
    """Add brightness noise of three scales, as strong as each material has it; plants also change their hue."""
    rng = np.random.default_rng([seed, 3])
    side = canvas.look.shape[0]
    noises = [fractal(rng, 1024, slope) for slope in (1.9, 1.3, 0.55)]
    reach = (0.25, 0.06, 0.06)  # metres a texel; the finest is as fine as the raster
    tables = np.array(list(_LOOKS.values()), np.float32)
    columns = np.arange(side, dtype=np.float32)
    for start in range(0, side, 256):
        rows = slice(start, min(start + 256, side))
        look = canvas.look[rows]
        change = np.zeros(look.shape, np.float32)
        hue = None
        for step, (noise, texel) in enumerate(zip(noises, reach, strict=True)):
            scale = canvas.gsd / texel if step < 2 else 1.0
            x = np.mod(columns * scale, 1024.0)
            y = np.mod((np.arange(rows.start, rows.stop, dtype=np.float32)) * scale, 1024.0)
            grid_x, grid_y = np.meshgrid(x, y)
            value = cv2.remap(noise, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            hue = value if hue is None else hue
            change += tables[look, step] * value
        factor = np.repeat((1.0 + change)[:, :, None], 3, axis=2)
        plants = np.where(look <= _INDEX["lawn"], np.float32(0.035), np.float32(0.0)) * hue
        factor[:, :, 0] += plants
        factor[:, :, 2] -= 0.6 * plants
        canvas.colour[rows] = np.clip(canvas.colour[rows] * factor, 0, 255).astype(np.uint8)
