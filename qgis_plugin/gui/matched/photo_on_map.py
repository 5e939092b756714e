# SPDX-License-Identifier: GPL-2.0-or-later
"""The matched photo on the map: the ground that it shows, and what is marked in it, at once."""

from __future__ import annotations

from qgis.core import QgsCsException, QgsGeometry, QgsPointXY, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ...layers.carried import CarriedShape, between, crs_of, footprint, shape_on_map
from ...worker.mapping import PhotoMapping
from ...worker.request import BOX, CLICK, PhotoTarget

_FOOTPRINT_INK, _TARGET_INK = "#00b4d8", "#e6007e"


class PhotoOnMap:
    """Lines on the map that belong to no layer."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        """Draw nothing yet."""
        self._canvas = canvas
        self._mapping: PhotoMapping | None = None
        polygon, point = QgsWkbTypes.GeometryType.PolygonGeometry, QgsWkbTypes.GeometryType.PointGeometry
        self._footprint = _band(canvas, polygon, _FOOTPRINT_INK)
        self._footprint.setLineStyle(Qt.PenStyle.DashLine)
        self._shape = _band(canvas, polygon, _TARGET_INK)
        self._point = _band(canvas, point, _TARGET_INK)
        self._point.setIcon(QgsRubberBand.IconType.ICON_CROSS)
        self._point.setIconSize(16)
        canvas.destinationCrsChanged.connect(self._show_footprint)

    def use(self, mapping: PhotoMapping | None) -> None:
        """Show another photo's ground, without a target; None shows nothing."""
        self._mapping = mapping
        self._reset_target()
        self._show_footprint()

    def show_target(self, target: PhotoTarget | None) -> CarriedShape | None:
        """Show what is marked in the photo, and move the map to it where it is not seen.

        Returns:
            Where it lies; None where that cannot be told.
        """
        self._reset_target()
        shape = None if target is None or self._mapping is None else shape_on_map(self._mapping, _geometry(target))
        if shape is None:
            return None
        band = self._point if target.kind == CLICK else self._shape
        moved = self._in_canvas(shape.geometry)
        if moved is not None:
            band.setToGeometry(moved, None)
            box = moved.boundingBox()
            if not self._canvas.extent().contains(box):
                self._canvas.setCenter(box.center())
                self._canvas.refresh()
        return shape

    def let_go(self) -> None:
        """Remove all lines from the map, which outlives the dock."""
        self._canvas.destinationCrsChanged.disconnect(self._show_footprint)
        for band in (self._footprint, self._shape, self._point):
            self._canvas.scene().removeItem(band)

    def _show_footprint(self) -> None:
        self._footprint.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        ring = [] if self._mapping is None else footprint(self._mapping)
        if ring:
            moved = self._in_canvas(QgsGeometry.fromPolygonXY([[QgsPointXY(*place) for place in ring]]))
            if moved is not None:
                self._footprint.setToGeometry(moved, None)

    def _reset_target(self) -> None:
        self._shape.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        self._point.reset(QgsWkbTypes.GeometryType.PointGeometry)

    def _in_canvas(self, shape: QgsGeometry) -> QgsGeometry | None:
        """Return a shape of the mapping in the map's CRS; None where that has no such place."""
        moved = QgsGeometry(shape)
        try:
            moved.transform(between(crs_of(self._mapping), self._canvas.mapSettings().destinationCrs()))
        except QgsCsException:
            return None
        return moved


def _band(canvas: QgsMapCanvas, kind: QgsWkbTypes.GeometryType, ink: str) -> QgsRubberBand:
    band = QgsRubberBand(canvas, kind)
    band.setStrokeColor(QColor(ink))
    band.setFillColor(QColor(Qt.GlobalColor.transparent))
    band.setWidth(2)
    return band


def _geometry(target: PhotoTarget) -> QgsGeometry:
    """Return what is marked in a photo, in its pixels."""
    points = [QgsPointXY(*point) for point in target.points]
    if target.kind == CLICK:
        return QgsGeometry.fromPointXY(points[0])
    if target.kind == BOX:
        one, other = points
        points = [one, QgsPointXY(other.x(), one.y()), other, QgsPointXY(one.x(), other.y())]
    return QgsGeometry.fromPolygonXY([[*points, points[0]]])
