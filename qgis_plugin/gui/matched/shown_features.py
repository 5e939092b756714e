# SPDX-License-Identifier: GPL-2.0-or-later
"""Features that are selected on the map, as lines over the photo that shows them."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QPointF
from qgis.PyQt.QtGui import QPainterPath

from ...layers.carried import between, crs_of, shape_in_photo
from ...worker.mapping import PhotoMapping

_MOST = 5000
"""Features of a layer that are shown: more would only hide the photo."""
_DOT_PX = 4.0


def selected_middle(crs: QgsCoordinateReferenceSystem) -> QgsPointXY | None:
    """Return the middle of what is selected, of all layers, in a CRS; None where nothing is."""
    extent = QgsRectangle()
    extent.setMinimal()
    for layer in _layers_with_selection():
        try:
            way = between(layer.crs(), crs)
            extent.combineExtentWith(way.transformBoundingBox(layer.boundingBoxOfSelected()))
        except QgsCsException:
            continue
    # A single point has no area, and is somewhere nevertheless.
    return None if extent.xMinimum() > extent.xMaximum() else extent.center()


def selected_in_photo(mapping: PhotoMapping) -> QPainterPath:
    """Return the selected features of all layers as lines in pixels of a photo; empty where it shows none."""
    path = QPainterPath()
    for layer in _layers_with_selection():
        way = between(layer.crs(), crs_of(mapping))
        for feature in layer.selectedFeatures()[:_MOST]:
            shape = QgsGeometry(feature.geometry())
            try:
                shape.transform(way)
            except QgsCsException:
                continue
            in_photo = None if shape.isEmpty() else shape_in_photo(mapping, shape)
            if in_photo is not None:
                _add(path, in_photo)
    return path


def _layers_with_selection() -> list[QgsVectorLayer]:
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsVectorLayer)]
    return [layer for layer in layers if layer.selectedFeatureCount()]


def _add(path: QPainterPath, shape: QgsGeometry) -> None:
    if shape.type() == QgsWkbTypes.GeometryType.PointGeometry:
        for vertex in shape.vertices():
            path.addEllipse(QPointF(vertex.x(), vertex.y()), _DOT_PX, _DOT_PX)
        return
    for part in shape.constParts():
        line = part.boundary() if shape.type() == QgsWkbTypes.GeometryType.PolygonGeometry else part
        for points in _lines(QgsGeometry(line.clone())):
            path.moveTo(points[0].x(), points[0].y())
            for point in points[1:]:
                path.lineTo(point.x(), point.y())


def _lines(shape: QgsGeometry) -> list:
    """Return the points of all lines of a geometry."""
    return shape.asMultiPolyline() if shape.isMultipart() else [shape.asPolyline()]
