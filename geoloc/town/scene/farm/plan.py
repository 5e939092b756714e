"""Where roads, lots and fields of a farm village lie, and what each lot is for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely
from shapely.affinity import rotate
from shapely.geometry import LineString, Polygon, box

from geoloc.town.scene.layout import Layout, Lot, Plot, Street, lay_parcels, plot_beside
from geoloc.town.scene.site import turned_rectangle

_STEP_M = 5.0
_CROPS = 14
_FAR_M = 700.0
_SIZES = {  # front and depth, metres, least and most
    "farmyard": ((46.0, 76.0), (42.0, 62.0)),
    "cottage": ((19.0, 26.0), (27.0, 33.0)),
    "row": ((34.0, 56.0), (24.0, 30.0)),
    "block": ((42.0, 62.0), (36.0, 48.0)),
    "sports": ((48.0, 72.0), (40.0, 52.0)),
    "orchard": ((30.0, 55.0), (28.0, 45.0)),
    "solar": ((32.0, 60.0), (28.0, 44.0)),
    "field": ((20.0, 60.0), (20.0, 30.0)),
}
_SHARES = {
    "farmyard": 4.5, "cottage": 3.0, "row": 1.4, "block": 2.0, "sports": 1.3, "orchard": 0.8, "solar": 0.5,
    "field": 0.9,
}  # fmt: skip


def plan_farm(rng: np.random.Generator, size_m: float) -> tuple[Layout, tuple[Lot, ...]]:
    """Plan one or two roads, lots along them, the first a farmyard, and small fields all round."""
    half = size_m / 2
    angle = math.radians(rng.uniform(-90.0, 90.0))
    streets = _roads(rng, half, angle)
    paved = shapely.union_all([s.line.buffer(s.reach) for s in streets])
    lots = _lots(rng, streets, half, paved)
    parcels = lay_parcels(rng, angle, (36, 92), _CROPS)
    toned = tuple(replace(p, tone=float(np.clip(rng.normal(1.0, 0.09), 0.75, 1.2))) for p in parcels)
    plots = tuple(lot.plot for lot in lots)
    return Layout(half, angle, streets, plots, toned, Polygon(), Polygon(), paved), lots


def _roads(rng: np.random.Generator, half: float, angle: float) -> tuple[Street, ...]:
    inner = np.linspace(-1.5 * half, 1.5 * half, 25)
    along = np.concatenate([[-_FAR_M], inner, [_FAR_M]])
    bend, phase, off = rng.uniform(0.02, 0.13) * half, rng.uniform(0, 6), rng.uniform(-0.35, 0.35) * half
    across = off + bend * np.sin(along / (0.6 * half) + phase) * np.exp(-((along / half) ** 2) / 3)
    pavement = float(rng.choice([0.0, 0.0, 1.6]))
    main = rotate(LineString(np.stack([along, across], axis=1)), angle, origin=(0, 0), use_radians=True)
    streets = [Street(main, float(rng.uniform(4.6, 6.6)), bool(rng.random() < 0.5), pavement)]
    for side in (1.0, -1.0):
        if half < 60 or rng.random() < 0.35:
            continue
        x, lean = rng.uniform(-0.5, 0.5) * half, rng.uniform(-0.25, 0.25)
        end = _FAR_M if rng.random() < 0.6 else 0.8 * half
        away = np.linspace(0.0, end, 24)
        curve = x + lean * away + 0.03 * half * np.sin(away / (0.3 * half))
        start = np.interp(x, along, across)
        lane = LineString(np.stack([curve, start + side * away], axis=1))
        turned = rotate(lane, angle, origin=(0, 0), use_radians=True)
        streets.append(Street(turned, float(rng.uniform(3.4, 4.8)), False, 0.0))
    return tuple(streets)


def _lots(rng: np.random.Generator, streets: tuple[Street, ...], half: float, paved: Polygon) -> tuple[Lot, ...]:
    free = box(-half, -half, half, half).buffer(-2.0).difference(paved.buffer(0.3))
    uses = list(_SHARES)
    shares = np.array(list(_SHARES.values())) * rng.gamma(1.5, 1.0, len(uses))
    shares /= shares.sum()
    lots: list[Lot] = []
    for street in streets:
        for side in rng.permutation([1.0, -1.0]):
            at = rng.uniform(0.0, 8.0)
            while at < street.line.length:
                use = "farmyard" if not lots else str(rng.choice(uses, p=shares))
                fronts, depths = _SIZES[use]
                width = rng.uniform(*fronts)
                deep = (rng.uniform(*depths), (0.62 if use == "farmyard" else 1.0) * depths[0])
                plot = None
                for back in (0.0, 2.5, 6.0):  # where the road bends, wide lots lie farther back
                    behind = replace(street, pavement=street.pavement + back)
                    plot = plot or plot_beside(behind, at, float(side), width, depths=lambda d=deep: d, free=free)  # type: ignore[misc]
                if plot is None:
                    at += _STEP_M
                    continue
                lots.append(Lot(use, plot))
                free = free.difference(plot.polygon.buffer(0.2))
                at += plot.width + rng.uniform(0.3, 8.0)
    lots += _lots_off_the_road(rng, streets[0], half, free)
    return tuple(lots)


def _lots_off_the_road(rng: np.random.Generator, street: Street, half: float, free: Polygon) -> list[Lot]:
    """Lay further lots where there is room, turned as the main road or across."""
    start, end = (street.line.interpolate(share, normalized=True) for share in (0.48, 0.52))
    road = math.atan2(end.y - start.y, end.x - start.x)
    lots = []
    for _ in range(int(half**2 / 250)):
        use = str(rng.choice(["farmyard", "block", "orchard", "sports"], p=[0.6, 0.15, 0.15, 0.1]))
        fronts, depths = _SIZES[use]
        width, depth, (x, y) = rng.uniform(*fronts), rng.uniform(*depths), rng.uniform(-half, half, 2)
        angle = road + rng.choice([0.0, 0.5, 1.0, 1.5]) * math.pi + rng.normal(0, 0.08)
        ground = turned_rectangle(x, y, angle, width, depth)
        if free.contains(ground):
            front = x + math.sin(angle) * depth / 2, y - math.cos(angle) * depth / 2
            lots.append(Lot(use, Plot(*front, angle, width, depth, ground)))
            free = free.difference(ground.buffer(0.2))
    return lots
