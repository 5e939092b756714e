# SPDX-License-Identifier: GPL-2.0-or-later
"""Area, length, width and azimuth of an outline on the ground."""

from __future__ import annotations

import math

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDistanceArea,
    QgsGeometry,
    QgsProject,
)

from .geography import wgs84

_ELLIPSOID = "EPSG:7030"
"""That of WGS 84."""


def measured(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> dict[str, float]:
    """Return the fields of an answer that are measured: `area_m2`, `length_m`, `width_m` and `azimuth_deg`.

    All are of the ellipsoid, whatever the CRS: length and width are the sides of the smallest box round the shape, on
    the ground; the azimuth is that of its longer sides, clockwise from true north, from 0 to below 180.

    Args:
        shape: a polygon.
        crs: of its coordinates.
    """
    context = QgsProject.instance().transformContext()
    flat = QgsGeometry(shape)
    flat.transform(QgsCoordinateTransform(crs, wgs84(), context))
    centre = flat.centroid().asPoint()
    # Round its middle this plane has the ground's own distances and directions; a smallest box in a CRS that shears
    # the ground, such as one of degrees, is none on the ground.
    plane = QgsCoordinateReferenceSystem.fromProj(
        f"+proj=aeqd +lat_0={centre.y():.9f} +lon_0={centre.x():.9f} +datum=WGS84 +units=m"
    )
    flat.transform(QgsCoordinateTransform(wgs84(), plane, context))
    one, corner, other = flat.orientedMinimumBoundingBox()[0].asPolygon()[0][:3]
    on_plane = _on_ellipsoid(plane)
    short, long = sorted(((one, corner), (corner, other)), key=lambda side: on_plane.measureLine(*side))
    east, north = (long[1].x() - long[0].x(), long[1].y() - long[0].y())
    return {
        "area_m2": _on_ellipsoid(crs).measureArea(shape),
        "length_m": on_plane.measureLine(*long),
        "width_m": on_plane.measureLine(*short),
        "azimuth_deg": math.degrees(math.atan2(east, north)) % 180,
    }


def _on_ellipsoid(crs: QgsCoordinateReferenceSystem) -> QgsDistanceArea:
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, QgsProject.instance().transformContext())
    measure.setEllipsoid(_ELLIPSOID)
    return measure
