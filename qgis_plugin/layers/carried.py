# SPDX-License-Identifier: GPL-2.0-or-later
"""Shapes carried over between a matched photo and the map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
)

from ..worker.mapping import PhotoMapping, Point
from .geography import shape_from_json

# More than a double holds: nothing is rounded.
_DECIMALS = 17


@dataclass(frozen=True)
class CarriedShape:
    """A shape drawn in a photo, on the map.

    Attributes:
        geometry: in the mapping's CRS.
        accuracy_m: nine vertices of ten are nearer to the true place than this, metres: the worst vertex's.
        cut: whether a part of it lay outside the photo or beyond its far line, and was left out.
    """

    geometry: QgsGeometry
    accuracy_m: float
    cut: bool


def crs_of(mapping: PhotoMapping) -> QgsCoordinateReferenceSystem:
    """Return the CRS of a mapping's places."""
    crs = QgsCoordinateReferenceSystem()
    crs.createFromUserInput(mapping.crs)
    return crs


def between(one: QgsCoordinateReferenceSystem, other: QgsCoordinateReferenceSystem) -> QgsCoordinateTransform:
    """Return the way between two CRS as the project has it."""
    return QgsCoordinateTransform(one, other, QgsProject.instance())


def moved(point: QgsPointXY, move: QgsCoordinateTransform) -> QgsPointXY | None:
    """Return a point in another CRS; None where that has no such place."""
    try:
        return move.transform(point)
    except QgsCsException:
        return None


def shape_on_map(mapping: PhotoMapping, drawn: QgsGeometry) -> CarriedShape | None:
    """Return where a shape of pixels lies on the map, cut to what of the photo can be told; None where nothing can.

    Args:
        mapping: of the photo.
        drawn: points, lines or polygons in pixels of the upright photo, y downwards.
    """
    kept = _cut(drawn, mapping.reliable)
    if kept is None:
        return None
    errors = []

    def carry(x: float, y: float) -> Point | None:
        errors.append(mapping.error_m(x, y))
        return mapping.to_map(x, y)

    geometry = _carried(kept, carry)
    if geometry is None:
        return None
    return CarriedShape(geometry, max(errors), cut=not kept.isGeosEqual(drawn))


def shape_in_photo(mapping: PhotoMapping, shape: QgsGeometry) -> QgsGeometry | None:
    """Return where a photo shows a shape of the map, in pixels; None where it does not.

    Args:
        mapping: of the photo.
        shape: in the mapping's CRS.
    """
    kept = _cut(shape, footprint(mapping))
    return None if kept is None else _carried(kept, mapping.to_photo)


def footprint(mapping: PhotoMapping) -> list[Point]:
    """Return the ring of places, in the mapping's CRS, whose ground a photo shows reliably."""
    return [place for place in (mapping.to_map(*pixel) for pixel in mapping.reliable) if place is not None]


def _cut(shape: QgsGeometry, ring: Sequence[Point]) -> QgsGeometry | None:
    """Return the part of a shape within a ring, of the shape's own kind; None where there is none."""
    if len(ring) < 3:
        return None
    inside = QgsGeometry.fromPolygonXY([[QgsPointXY(*at) for at in ring]])
    if inside.contains(shape):
        return shape
    kept = shape.makeValid().intersection(inside)
    # Where it touches the ring, parts are of lesser kinds.
    kept.convertGeometryCollectionToSubclass(shape.type())
    return kept if not kept.isEmpty() and kept.type() == shape.type() else None


def _carried(shape: QgsGeometry, carry: Callable[[float, float], Optional[Point]]) -> QgsGeometry | None:
    """Return a shape with every vertex carried over; None where one cannot be."""
    return shape_from_json(json.loads(shape.asJson(_DECIMALS)), carry)
