"""Where tracks, lots and bare ground of a camp lie, and what each is for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box

from geoloc.town.scene.layout import VERGE_M, Layout, Lot, Parcel, Plot, Street
from geoloc.town.scene.marks import blotch
from geoloc.town.scene.site import turned_rectangle

_FAR_M = 700.0
_BARE, _SAND, _SCRUB = 14, 15, 16
"""Crops of the ground that nobody tills, see `geoloc.town.picture.ground`."""
_SHARES = {"tents": 4.0, "shelters": 3.5, "services": 1.4, "market": 0.8, "open": 1.0}
_ALWAYS = ("tents", "services", "shelters")
"""Uses of the first plots."""


def plan_camp(rng: np.random.Generator, size_m: float) -> tuple[Layout, tuple[Lot, ...]]:
    """Plan a grid of tracks with a block in each cell that lies in the town, on patchy dry ground.

    A town of less than 100 m may have no block.
    """
    half = size_m / 2
    angle = math.radians(rng.uniform(-90.0, 90.0))
    columns, rows = (_cells(rng, half, sides) for sides in ((36.0, 64.0), (30.0, 48.0)))
    main = rows.gaps[len(rows.gaps) // 2]
    reach = 1.6 * half
    streets = [_track(rng, gap, angle, _FAR_M if gap is main else reach) for gap in rows.gaps]
    # Turned by a right angle more, what lies to the left of the axis is that far to the other side.
    streets += [_track(rng, (-middle, width), angle + math.pi / 2, reach) for middle, width in columns.gaps]
    inner = box(-half, -half, half, half).buffer(-2.0)
    uses = list(_SHARES)
    shares = np.array(list(_SHARES.values())) * rng.gamma(3.0, 1.0, len(uses))
    lots: list[Lot] = []
    cos, sin = math.cos(angle), math.sin(angle)
    for v0, v1 in rows.cells:
        for u0, u1 in columns.cells:
            u, v = (u0 + u1) / 2, (v0 + v1) / 2
            plot = turned_rectangle(cos * u - sin * v, sin * u + cos * v, angle, u1 - u0, v1 - v0)
            if inner.contains(plot):
                drawn = str(rng.choice(uses, p=shares / shares.sum()))
                use = _ALWAYS[len(lots)] if len(lots) < len(_ALWAYS) else drawn
                front = cos * u - sin * v0, sin * u + cos * v0
                lots.append(Lot(use, Plot(*front, angle, u1 - u0, v1 - v0, plot)))
    paved = shapely.union_all([street.line.buffer(street.reach) for street in streets])
    plots = tuple(lot.plot for lot in lots)
    return Layout(half, angle, tuple(streets), plots, _ground(rng), Polygon(), Polygon(), paved), tuple(lots)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Stretches along one axis of the grid, and the gaps between them with their middle and width, metres."""

    cells: tuple[tuple[float, float], ...]
    gaps: tuple[tuple[float, float], ...]


def _cells(rng: np.random.Generator, half: float, sides: tuple[float, float]) -> _Cells:
    at, cells, gaps = -1.45 * half - rng.uniform(0.0, sides[1]), [], []
    while at < 1.45 * half:
        end = at + rng.uniform(*sides)
        width = float(rng.choice([3.6, 4.5, 6.5]))
        cells.append((at, end))
        at = end + width + 2 * VERGE_M + 1.6
        gaps.append(((end + at) / 2, width))
    return _Cells(tuple(cells), tuple(gaps))


def _track(rng: np.random.Generator, gap: tuple[float, float], angle: float, reach: float) -> Street:
    """Lay an earth track along a gap of the grid, not quite straight; one that leads far out may be sealed."""
    middle, width = gap
    along = np.linspace(-reach, reach, 80)
    sway = 0.5 * np.sin(along / rng.uniform(14.0, 30.0) + rng.uniform(0, 6))
    line = rotate(LineString(np.stack([along, middle + sway], axis=1)), angle, origin=(0, 0), use_radians=True)
    return Street(line, width, False, 0.0, sealed=reach == _FAR_M and bool(rng.random() < 0.4))


def _ground(rng: np.random.Generator) -> tuple[Parcel, ...]:
    """Cover 1.4 km with bare earth, and that with patches of sand and dry scrub."""
    whole = [Parcel(box(-_FAR_M, -_FAR_M, _FAR_M, _FAR_M), 0.0, _BARE, float(rng.uniform(0.86, 1.08)))]
    for _ in range(420):
        x, y = rng.uniform(-_FAR_M, _FAR_M, 2)
        patch = blotch(rng, x, y, rng.uniform(6.0, 40.0), longer=rng.uniform(1.0, 2.2))
        near = patch.distance(Point(0, 0)) < 200.0
        crop = _SAND if rng.random() < (0.75 if near else 0.4) else _SCRUB
        whole.append(Parcel(patch, 0.0, crop, float(rng.uniform(0.88, 1.1))))
    return tuple(whole)
