# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers that take what is drawn in photos: points, lines and areas."""

from __future__ import annotations

from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorDataProvider, QgsVectorLayer, QgsWkbTypes

from ..texts import tr
from .carried import CarriedShape, between
from .errors import LayerError

POINT, LINE, AREA = "point", "line", "area"
"""What can be drawn in a photo that is no target of a search."""
_WKT = {POINT: "Point", LINE: "LineString", AREA: "Polygon"}
_FIELDS = "field=photo:string&field=accuracy_m:double&field=note:string"


def drawing_layers() -> list[QgsVectorLayer]:
    """Return the project's layers that take new shapes, by name."""
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if kind_of(layer)]
    return sorted(layers, key=lambda layer: layer.name().lower())


def kind_of(layer) -> str:
    """Return what a layer takes; "" where it takes no shapes."""
    if not isinstance(layer, QgsVectorLayer) or not layer.isValid() or layer.readOnly():
        return ""
    if not layer.dataProvider().capabilities() & QgsVectorDataProvider.Capability.AddFeatures:
        return ""
    kinds = {
        QgsWkbTypes.GeometryType.PointGeometry: POINT,
        QgsWkbTypes.GeometryType.LineGeometry: LINE,
        QgsWkbTypes.GeometryType.PolygonGeometry: AREA,
    }
    return kinds.get(layer.geometryType(), "")


def new_drawing_layer(kind: str, crs) -> QgsVectorLayer:
    """Add a layer without features to the project, in memory, and return it. QGIS asks before it is lost.

    Args:
        kind: `POINT`, `LINE` or `AREA`.
        crs: QgsCoordinateReferenceSystem of it.
    """
    names = {POINT: tr("Points from photos"), LINE: tr("Lines from photos"), AREA: tr("Areas from photos")}
    layer = QgsVectorLayer(f"{_WKT[kind]}?{_FIELDS}", names[kind], "memory")
    layer.setCrs(crs)
    QgsProject.instance().addMapLayer(layer)
    return layer


def add_drawing(layer: QgsVectorLayer, shape: CarriedShape, crs, photo: str) -> None:
    """Put what was drawn in a photo into a layer, as an edit that can be undone and is saved as ever.

    Args:
        layer: what it goes into; of the fields photo, accuracy_m and note it fills those that it has.
        shape: what was drawn.
        crs: QgsCoordinateReferenceSystem of its geometry.
        photo: name of the photo.

    Raises:
        LayerError: the layer cannot be edited, or takes no such shape.
        QgsCsException: the layer's CRS has no such place.
    """
    geometry = QgsGeometry(shape.geometry)
    geometry.transform(between(crs, layer.crs()))
    if not layer.isEditable() and not layer.startEditing():
        raise LayerError(tr("The layer {name} cannot be edited.").format(name=layer.name()))
    note = tr("cut at the photo's edge or its far line") if shape.cut else ""
    values = {"photo": photo, "accuracy_m": round(shape.accuracy_m, 3), "note": note}
    layer.beginEditCommand(tr("Drawn in {photo}").format(photo=photo))
    for part in geometry.coerceToType(layer.wkbType()):
        feature = QgsFeature(layer.fields())
        feature.setGeometry(part)
        for name, value in values.items():
            if layer.fields().indexOf(name) >= 0:
                feature.setAttribute(name, value)
        if not layer.addFeature(feature):
            layer.destroyEditCommand()
            raise LayerError(tr("The layer {name} takes no new features.").format(name=layer.name()))
    layer.endEditCommand()
    layer.triggerRepaint()
