"""Fields of a farm village: tramlines, wet and weedy patches, bales, and what grows and runs along their edges."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from geoloc.town.scene import things
from geoloc.town.scene.farm import planting
from geoloc.town.scene.layout import Layout, Parcel
from geoloc.town.scene.marks import blotch, paint, soften
from geoloc.town.scene.scenery import plant_far_trees
from geoloc.town.scene.shapes import Colour
from geoloc.town.scene.site import Site

_SOIL: Colour = (146, 128, 100)
_BALED = (1, 7, 8, 10)
"""Crops that are cut: bales lie about on them."""


def build_fields(site: Site, layout: Layout) -> None:
    """Mark, edge and strew the fields of a layout that lie in the town and no lot covers."""
    rng, half = site.rng, layout.half_m
    town = box(-half, -half, half, half)
    closed = shapely.union_all([layout.paved.buffer(1.0), *(plot.polygon for plot in layout.plots)])
    for parcel in layout.parcels:
        ground = parcel.polygon.intersection(town).difference(closed)
        parts = [part for part in getattr(ground, "geoms", [ground]) if part.area > 60.0]
        for part in parts:
            _mark(site, parcel, part)
        if parts:
            _edges(site, parcel, shapely.union_all(parts), half)
        if not parcel.polygon.intersects(town) and parcel.polygon.distance(Point(0, 0)) < 350.0 and rng.random() < 0.4:
            plant_far_trees(site, parcel, layout, most_share=0.5)


def _mark(site: Site, parcel: Parcel, ground: Polygon) -> None:
    rng = site.rng
    # Its own colour is not known here: marks are soil that shows through, and weeds.
    if rng.random() < 0.45:
        _tramlines(site, parcel, ground)
    x0, y0, x1, y1 = ground.bounds
    if parcel.crop in _BALED and rng.random() < 0.7:
        for _ in range(int(ground.area / rng.uniform(120.0, 500.0))):
            place = rng.uniform(x0, x1), rng.uniform(y0, y1)
            if ground.buffer(-1.0).contains(Point(place)):
                turn = parcel.angle + rng.normal(0, 0.3)
                site.put("bale", (*place, turn), (1.4, 1.4), lambda b: things.build_bale(rng, b), 0.3)
    for _ in range(int(rng.choice([0, 0, 0, 1, 2]))):
        place = rng.uniform(x0, x1), rng.uniform(y0, y1)
        if ground.contains(Point(place)):
            planting.plant_over(site, *place, rng.uniform(2.0, 6.5))
    if rng.random() < 0.12:
        point = ground.representative_point()
        spot = blotch(rng, point.x, point.y, rng.uniform(3.0, 7.0), longer=1.5)
        soften(site, spot, "soil", ((132.0, 126.0, 88.0), (128.0, 108.0, 84.0)), ground)


def _tramlines(site: Site, parcel: Parcel, ground: Polygon) -> None:
    """Paint the pairs of wheel lines that a sprayer leaves, and one round the field along its edge."""
    rng = site.rng
    along = np.array([math.cos(parcel.angle), math.sin(parcel.angle)])
    aside = np.array([-along[1], along[0]])
    middle = np.array(parcel.polygon.centroid.coords[0])
    colour = tuple(float(v) for v in np.array(_SOIL) * rng.uniform(0.75, 1.05))
    step = rng.uniform(12.0, 24.0)
    for off in np.arange(-120.0, 120.0, step):
        for wheel in (-0.9, 0.9):
            centre = middle + (off + wheel) * aside
            line = LineString([centre - 150 * along, centre + 150 * along])
            paint(site, line.buffer(0.19).intersection(ground), "field", colour)  # type: ignore[arg-type]
    if rng.random() < 0.5:
        rim = parcel.polygon.buffer(-rng.uniform(4.0, 9.0)).exterior
        paint(site, rim.buffer(0.25).intersection(ground), "field", colour)  # type: ignore[arg-type]


def _edges(site: Site, parcel: Parcel, ground: Polygon, half: float) -> None:
    """Let hedges, rows of trees or tracks run along a field's edges, where nothing else does."""
    rng = site.rng
    corners = list(parcel.polygon.exterior.coords)
    inner = box(-half, -half, half, half).buffer(-2.0)
    near = ground.buffer(2.5)
    for a, b in pairwise(corners):
        shown = LineString([a, b]).intersection(inner).intersection(near)
        pieces = [piece for piece in getattr(shown, "geoms", [shown]) if piece.length > 8.0]
        for piece in pieces:
            share = rng.uniform(0.4, 1.0)
            start, end = piece.coords[0], piece.interpolate(share, normalized=True).coords[0]
            what = rng.choice(["hedge", "trees", "track", "bare"], p=[0.3, 0.14, 0.12, 0.44])
            if what == "hedge":
                planting.plant_hedge(site, start, end, rng.uniform(1.0, 3.2))
            elif what == "trees":
                planting.plant_tree_row(site, start, end, rng.uniform(1.8, 4.2))
            elif what == "track":
                _track(site, piece)


def _track(site: Site, line: LineString) -> None:
    """Paint a farm track: two bare wheel lines with grass between them."""
    soil = tuple(float(v) for v in np.array(_SOIL) * site.rng.uniform(0.85, 1.15))
    paint(site, line.buffer(1.7), "field", (128.0, 130.0, 84.0), "track")
    for side in (-0.8, 0.8):
        paint(site, line.offset_curve(side).buffer(0.4), "soil", soil)  # type: ignore[arg-type]
