# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers of cameras, and of the ground that photos show."""

from __future__ import annotations

from typing import Iterable

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpression,
    QgsFeature,
    QgsFeatureRequest,
    QgsFields,
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsProject,
    QgsProperty,
    QgsVectorLayer,
)

from ..texts import tr
from ..worker.photo_match import CAMERA, FOOTPRINT, PhotoMatch
from .carried import between, crs_of
from .geography import shape_from_json, wgs84
from .results import fields_of

CAMERA_FIELDS = (
    ("photo", "string"),
    ("inliers", "integer"),
    ("accuracy_m", "double"),
    ("height_m", "double"),
    ("height_error_m", "double"),
    ("heading_deg", "double"),
    ("heading_error_deg", "double"),
    ("tilt_deg", "double"),
    ("tilt_error_deg", "double"),
    ("roll_deg", "double"),
    ("roll_error_deg", "double"),
    ("focal_px", "double"),
    ("focal_by", "string"),
    ("view_across_deg", "double"),
    ("view_down_deg", "double"),
    ("note", "string"),
)
"""Fields of a camera: name and kind."""
FOOTPRINT_FIELDS = (("photo", "string"), ("inliers", "integer"), ("note", "string"))
"""Fields of a footprint: name and kind."""
_PROPERTY = "geoloc/poses"


def pose_layer(kind: str) -> QgsVectorLayer | None:
    """Return the project's layer of `CAMERA` or `FOOTPRINT` features; None where there is none.

    One that was made permanent is a file of the user's.
    """
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(_PROPERTY) == kind]
    ours = (layer for layer in layers if layer.isValid() and layer.providerType() == "memory")
    return next((layer for layer in ours if layer.fields().indexOf("photo") >= 0), None)


def add_poses(matches: Iterable[PhotoMatch]) -> None:
    """Put cameras and footprints of matched photos into their layers, in place of what these had of the same photos.

    Where the project has no such layers, new ones are added in the first photo's CRS, in memory.
    """
    for match in matches:
        # The footprint first: new layers come on top.
        for kind in (FOOTPRINT, CAMERA):
            layer = pose_layer(kind) or _new_layer(kind, crs_of(match.mapping))
            same = QgsExpression.createFieldEqualityExpression("photo", match.path)
            before = layer.getFeatures(QgsFeatureRequest().setFilterExpression(same))
            layer.dataProvider().deleteFeatures([one.id() for one in before])
            if match.feature(kind) is not None:
                move = between(wgs84(), layer.crs())
                feature = pose_feature(match.feature(kind), layer.fields(), move)
                feature["photo"] = match.path
                layer.dataProvider().addFeatures([feature])
            layer.updateExtents()
            layer.triggerRepaint()


def pose_feature(told: dict, fields: QgsFields, move: QgsCoordinateTransform) -> QgsFeature:
    """Return a camera or footprint as a feature.

    Args:
        told: GeoJSON feature in WGS 84, as the worker tells it; one without a shape has none.
        fields: of the layer; what the worker does not tell is left empty.
        move: from WGS 84 to the layer's CRS.

    Raises:
        QgsCsException: the layer's CRS has no such place.
    """
    feature = QgsFeature(fields)
    if told.get("geometry"):
        geometry = shape_from_json(told["geometry"])
        geometry.transform(move)
        feature.setGeometry(geometry)
    feature.setAttributes([told["properties"].get(name) for name in fields.names()])
    return feature


def style_poses(layer: QgsVectorLayer, kind: str) -> None:
    """Style a layer: cameras are arrows that point as the photo's up does, footprints outlines."""
    if kind == CAMERA:
        symbol = QgsMarkerSymbol.createSimple({"name": "arrow", "size": "5", "color": "#00b4d8"})
        symbol.setDataDefinedAngle(QgsProperty.fromField("heading_deg"))
    else:
        symbol = QgsFillSymbol.createSimple({"color": "0,180,216,30", "outline_color": "#00b4d8"})
    layer.renderer().setSymbol(symbol)


def _new_layer(kind: str, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    shape, fields, name = {
        CAMERA: ("Point", CAMERA_FIELDS, tr("Cameras")),
        FOOTPRINT: ("MultiPolygon", FOOTPRINT_FIELDS, tr("Footprints")),
    }[kind]
    layer = QgsVectorLayer(shape, name, "memory")
    layer.setCrs(crs)
    layer.dataProvider().addAttributes(fields_of(fields))
    layer.updateFields()
    layer.setCustomProperty(_PROPERTY, kind)
    style_poses(layer, kind)
    QgsProject.instance().addMapLayer(layer)
    return layer
