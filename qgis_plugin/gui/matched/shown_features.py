# SPDX-License-Identifier: GPL-2.0-or-later
"""Features that are selected on the map, as lines over the photo that shows them."""

from __future__ import annotations

from qgis.core import QgsCsException, QgsGeometry, QgsProject, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QPointF
from qgis.PyQt.QtGui import QPainterPath

from ...layers.carried import between, crs_of, shape_in_photo
from ...worker.mapping import PhotoMapping

_MOST = 5000
"""Features of a layer that are shown: more would only hide the photo."""
_DOT_PX = 4.0


def selected_in_photo(mapping: PhotoMapping) -> QPainterPath:
    """Return the selected features of all layers as lines in pixels of a photo; empty where it shows none."""
    path = QPainterPath()
    for layer in QgsProject.instance().mapLayers().values():
        if not isinstance(layer, QgsVectorLayer) or not layer.selectedFeatureCount():
            continue
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
