# SPDX-License-Identifier: GPL-2.0-or-later
"""What is drawn in a photograph becomes a target: cut at the photo's edges, or refused."""

from __future__ import annotations

from typing import Sequence

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsWkbTypes
from qgis.PyQt.QtCore import QPointF, QRectF

from ..texts import tr
from ..worker.request import BOX, POLYGON, PhotoTarget

_LEAST_PX2 = 1e-6


class DrawingError(Exception):
    """What was drawn marks nothing; the text is one line."""


def box_target(one: QPointF, other: QPointF, photo: QRectF) -> PhotoTarget:
    """Return the part of a box that lies in the photo.

    Args:
        one: a corner, pixels of the upright photo.
        other: the opposite corner.
        photo: the photo's bounds, pixels.

    Raises:
        DrawingError: that part has no area.
    """
    drawn = QRectF(one, other).normalized()
    box = drawn.intersected(photo)
    if box.width() * box.height() < _LEAST_PX2:
        raise DrawingError(tr("The box has no area within the photo."))
    return PhotoTarget(BOX, ((box.left(), box.top()), (box.right(), box.bottom())), cut=box != drawn)


def polygon_target(corners: Sequence[QPointF], photo: QRectF) -> PhotoTarget:
    """Return the part of a polygon that lies in the photo, the largest one where there are several.

    A polygon that lies in the photo altogether stays as it was drawn, even if it crosses itself.

    Args:
        corners: pixels of the upright photo, the first one not repeated.
        photo: the photo's bounds, pixels.

    Raises:
        DrawingError: there are fewer than three corners, or that part has no area.
    """
    drawn = without_doubles(corners)
    if len(drawn) < 3:
        raise DrawingError(tr("A polygon needs three corners at least."))
    leaves = not all(photo.contains(at) for at in drawn)
    if leaves:
        drawn = _cut(drawn, photo)
    if abs(_twice_area(drawn)) < 2 * _LEAST_PX2:
        raise DrawingError(tr("The polygon has no area within the photo."))
    return PhotoTarget(POLYGON, tuple((at.x(), at.y()) for at in drawn), cut=leaves)


def without_doubles(corners: Sequence[QPointF]) -> list[QPointF]:
    """Return corners without those that are where the one before is: a double click leaves two in one place."""
    return [corner for number, corner in enumerate(corners) if number == 0 or corner != corners[number - 1]]


def _cut(corners: Sequence[QPointF], photo: QRectF) -> list[QPointF]:
    """Return the corners of the largest part of a polygon that lies in the photo; none where no part does."""
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(at) for at in corners]]).makeValid()
    inside = QgsGeometry.fromRect(QgsRectangle(photo.left(), photo.top(), photo.right(), photo.bottom()))
    parts = shape.intersection(inside).asGeometryCollection()
    areas = [part for part in parts if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry]
    if not areas:
        return []
    ring = max(areas, key=lambda part: part.area()).asPolygon()[0]
    return [at.toQPointF() for at in ring[:-1]]


def _twice_area(corners: Sequence[QPointF]) -> float:
    """Return twice the area within corners, px2; below 0 where they run the other way round."""
    following = [*corners[1:], *corners[:1]]
    return sum(a.x() * b.y() - b.x() * a.y() for a, b in zip(corners, following))  # noqa: B905 (Python 3.9)
