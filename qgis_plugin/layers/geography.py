# SPDX-License-Identifier: GPL-2.0-or-later
"""Places of QGIS as geoloc takes them: polygons and points in WGS 84, longitude first."""

from __future__ import annotations

import json
import math
from typing import Callable, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsRectangle,
    QgsWkbTypes,
)

from ..texts import tr
from ..worker.mapping import Point
from .errors import PlaceError

WGS84 = "EPSG:4326"
_POINTS_AN_EDGE = 15
_DECIMALS = 9
_EARTH_M = 6371008.8


def wgs84() -> QgsCoordinateReferenceSystem:
    """Return the CRS of all places that cross over to geoloc and back."""
    return QgsCoordinateReferenceSystem(WGS84)


def to_wgs84(
    shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext
) -> QgsGeometry:
    """Return a copy of a shape in WGS 84; points are added along its edges, since straight ones bend.

    Raises:
        PlaceError: the shape is empty, has no CRS, or lies where its CRS cannot be converted.
    """
    if not crs.isValid():
        raise PlaceError(tr("The layer or map that says where to search has no CRS: set one first."))
    moved = QgsGeometry(shape)
    if moved.type() == QgsWkbTypes.GeometryType.PolygonGeometry:
        moved = moved.densifyByCount(_POINTS_AN_EDGE)
    try:
        moved.transform(QgsCoordinateTransform(crs, wgs84(), context))
    except QgsCsException as error:
        raise PlaceError(tr("This place cannot be converted to longitude and latitude.")) from error
    box = moved.boundingBox()
    if moved.isEmpty() or not all(math.isfinite(value) for value in (box.xMinimum(), box.yMaximum())):
        raise PlaceError(tr("There is no place to search here; choose another one."))
    return moved


def polygon_json(shape: QgsGeometry) -> dict:
    """Return a polygon in WGS 84 as a GeoJSON geometry."""
    return json.loads(shape.asJson(_DECIMALS))


def shape_from_json(
    told: dict, carry: Callable[[float, float], Optional[Point]] = lambda x, y: (x, y)
) -> QgsGeometry | None:
    """Return the geometry of GeoJSON points, lines or polygons.

    Args:
        told: the geometry.
        carry: returns where a vertex goes, (x, y), or None.

    Returns:
        The geometry; None where `carry` returned None for a vertex.
    """
    gone = []

    def text(part: list) -> str:
        if not isinstance(part[0], list):
            place = carry(part[0], part[1])
            if place is None:
                gone.append(part)
                return ""
            return f"{float(place[0])!r} {float(place[1])!r}"
        return ",".join(text(one) if not isinstance(one[0], list) else f"({text(one)})" for one in part)

    wkt = f"{told['type']}({text(told['coordinates'])})"
    return None if gone else QgsGeometry.fromWkt(wkt)


def rectangle(bounds: QgsRectangle) -> QgsGeometry:
    """Return bounds as a polygon."""
    return QgsGeometry.fromRect(bounds)


def bounds_round(point: QgsPointXY, within_m: float) -> QgsRectangle:
    """Return the bounds in WGS 84 of a circle round a point in WGS 84.

    Metres are measured on a sphere, which is near enough for bounds.
    """
    across = math.degrees(within_m / _EARTH_M)
    along = across / max(0.01, math.cos(math.radians(point.y())))
    return QgsRectangle(point.x() - along, point.y() - across, point.x() + along, point.y() + across)
