# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers as features of a layer: added, accepted or rejected, found again, saved."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from ..texts import tr
from .errors import LayerError
from .geography import wgs84
from .style import apply_style

SUFFIXES = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
"""Endings of files that answers are saved in, and GDAL's drivers for them."""
STATUS = "status"
_PROPERTY = "geoloc/results"
FIELDS = (
    ("rank", "integer"),
    ("score", "double"),
    ("accuracy_m", "double"),
    (STATUS, "string"),
    ("photo", "string"),
    ("click_x", "double"),
    ("click_y", "double"),
    ("method", "string"),
    ("model", "string"),
    ("gsd_m", "double"),
    ("accuracy_note", "string"),
    ("note", "string"),
    ("outline", "string"),
    ("outline_score", "double"),
    ("area_m2", "double"),
    ("length_m", "double"),
    ("width_m", "double"),
    ("azimuth_deg", "double"),
    ("xmin", "double"),
    ("ymin", "double"),
    ("xmax", "double"),
    ("ymax", "double"),
    ("reference", "string"),
)
"""Fields of a layer of answers: name and kind; bounds are in the layer's own CRS."""
_IDENTITY = ("photo", "click_x", "click_y", "rank", "score")
_SURROUNDINGS = 6.0


@dataclass(frozen=True)
class LocatedAnswer:
    """An answer as it lies in a layer.

    Attributes:
        layer_id: of a layer of the project.
        feature_id: of the layer's feature; below 0 where it was added to a layer that was being edited.
        values: GeoJSON properties that the worker gave it.
        geometry: GeoJSON geometry in WGS 84 that the worker gave it.
        outlines: GeoJSON geometries in WGS 84 that the object may have, smallest first, `geometry` among them; empty
            where there is no other.
    """

    layer_id: str
    feature_id: int
    values: dict
    geometry: dict
    outlines: tuple[dict, ...] = ()


def results_layers() -> list[QgsVectorLayer]:
    """Return the project's layers of answers."""
    layers = QgsProject.instance().mapLayers().values()
    return [layer for layer in layers if layer.customProperty(_PROPERTY) and layer.isValid()]


def new_layer(crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """Add a styled layer without answers to the project, in memory, and return it. QGIS asks before it is lost."""
    taken = {layer.name() for layer in results_layers()}
    name, number = tr("Located objects"), 1
    while name in taken:
        number += 1
        name = tr("Located objects {number}").format(number=number)
    layer = QgsVectorLayer(f"MultiPolygon?crs={crs.authid()}&{_columns(FIELDS)}", name, "memory")
    # One without a code, such as a photogrammetrist's own, cannot be named above.
    layer.setCrs(crs)
    layer.setCustomProperty(_PROPERTY, True)
    apply_style(layer)
    QgsProject.instance().addMapLayer(layer)
    return layer


def add(layer: QgsVectorLayer, result: dict, reference: str) -> list[LocatedAnswer]:
    """Put the answers of a search into a layer.

    Args:
        layer: of the project; its edits stay edits where it is being edited.
        result: the worker's: `found`, a GeoJSON FeatureCollection in WGS 84, and perhaps `outlines`, for each feature
            a list of geometries.
        reference: name of what was searched.

    Returns:
        The answers in the same order.

    Raises:
        LayerError: the layer takes no features.
        QgsCsException: the layer's CRS has no such place.
    """
    project = QgsProject.instance()
    move = QgsCoordinateTransform(wgs84(), layer.crs(), project)
    found = result["found"]["features"]
    features = [new_feature(answer, layer.fields(), move, {"reference": reference}) for answer in found]
    # A layer that is being edited takes them with the other edits.
    if layer.isEditable():
        for feature in features:
            # One by one: each then knows its id.
            layer.addFeature(feature)
    else:
        ok, features = layer.dataProvider().addFeatures(features)
        if not ok:
            raise LayerError(tr("The layer {name} takes no new features.").format(name=layer.name()))
        layer.updateExtents()
    layer.triggerRepaint()
    # Older workers tell no outlines.
    outlines = [*(result.get("outlines") or ()), *([] for _ in found)]
    return [
        LocatedAnswer(layer.id(), feature.id(), answer["properties"], answer["geometry"], tuple(others or ()))
        for feature, answer, others in zip(features, found, outlines)  # noqa: B905 (Python 3.9)
    ]


def new_feature(answer: dict, fields: QgsFields, move: QgsCoordinateTransform, more: dict) -> QgsFeature:
    """Return an answer as a feature of a layer.

    Args:
        answer: GeoJSON feature in WGS 84, as the worker answers.
        fields: of the layer; what it has no field for is left out.
        move: from WGS 84 to the layer's CRS.
        more: values of fields that the worker does not tell.

    Raises:
        QgsCsException: the layer's CRS has no such place.
    """
    geometry = geometry_of(answer["geometry"])
    geometry.transform(move)
    feature = QgsFeature(fields)
    feature.setGeometry(geometry)
    values = {**answer["properties"], **bounds_of(geometry), **more, STATUS: ""}
    feature.setAttributes([values.get(name) for name in fields.names()])
    return feature


def bounds_of(geometry: QgsGeometry) -> dict[str, float]:
    """Return the fields of an answer that bound its geometry."""
    box = geometry.boundingBox()
    return {"xmin": box.xMinimum(), "ymin": box.yMinimum(), "xmax": box.xMaximum(), "ymax": box.yMaximum()}


def fields_of(columns: Sequence[tuple[str, str]]) -> QgsFields:
    """Return fields by name and kind. Types have other names in Qt 5 and Qt 6; these words are the same in both."""
    return QgsVectorLayer(f"NoGeometry?{_columns(columns)}", "", "memory").fields()


def _columns(columns: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"field={name}:{kind}" for name, kind in columns)


def geometry_of(geojson: dict) -> QgsGeometry:
    """Return the geometry of a GeoJSON Polygon or MultiPolygon."""
    parts = geojson["coordinates"] if geojson["type"] == "MultiPolygon" else [geojson["coordinates"]]
    return QgsGeometry.fromMultiPolygonXY([[[QgsPointXY(*at) for at in ring] for ring in part] for part in parts])


def layer_of(answer: LocatedAnswer) -> QgsVectorLayer | None:
    """Return the layer of an answer; None where it was removed from the project."""
    return QgsProject.instance().mapLayer(answer.layer_id)


def feature_of(answer: LocatedAnswer) -> QgsFeature | None:
    """Return the feature of an answer as it is now; None where it was deleted."""
    layer = layer_of(answer)
    if layer is None:
        return None
    feature = layer.getFeature(answer.feature_id)
    if feature.isValid() or answer.feature_id >= 0:
        return feature if feature.isValid() else None
    # It was added to a layer that was being edited, and got another id when that was saved.
    same = [f for f in layer.getFeatures() if all(f[name] == answer.values.get(name) for name in _IDENTITY)]
    return same[-1] if same else None


def stored(answer: LocatedAnswer) -> dict:
    """Return what the layer says of an answer by now, by field, without what is empty."""
    feature = feature_of(answer)
    if feature is None:
        return {}
    # NULL is false, and so is 0, which a field of numbers may hold.
    return {name: feature[name] for name in feature.fields().names() if feature[name] != NULL}


def judge(answer: LocatedAnswer, status: str) -> bool:
    """Store the judgement of an answer; False where that cannot be stored."""
    layer = layer_of(answer)
    return layer is not None and layer.fields().indexOf(STATUS) >= 0 and store(answer, {STATUS: status})


def store(answer: LocatedAnswer, values: dict, geometry: QgsGeometry | None = None) -> bool:
    """Change an answer in its layer: one edit that can be undone, where the layer is being edited.

    Args:
        answer: which one.
        values: by field; those that the layer has not are left out.
        geometry: in the layer's CRS; None to leave it.

    Returns:
        False where the layer cannot be changed.
    """
    layer, feature = layer_of(answer), feature_of(answer)
    if feature is None:
        return False
    places = {layer.fields().indexOf(name): value for name, value in values.items()}
    numbered = {place: value for place, value in places.items() if place >= 0}
    if layer.isEditable():
        layer.beginEditCommand(tr("Answer changed"))
        ok = geometry is None or layer.changeGeometry(feature.id(), geometry)
        ok = ok and layer.changeAttributeValues(feature.id(), numbered)
        layer.endEditCommand() if ok else layer.destroyEditCommand()
    else:
        data = layer.dataProvider()
        ok = geometry is None or data.changeGeometryValues({feature.id(): geometry})
        ok = ok and data.changeAttributeValues({feature.id(): numbered})
        layer.updateExtents()
    layer.triggerRepaint()
    return ok


def surroundings(answers: list[LocatedAnswer]) -> QgsRectangle:
    """Return bounds of answers with what lies round them, in the project's CRS; empty where they are gone."""
    project = QgsProject.instance()
    extent = QgsRectangle()
    extent.setMinimal()
    for answer in answers:
        feature, layer = feature_of(answer), layer_of(answer)
        if feature is not None and feature.hasGeometry():
            move = QgsCoordinateTransform(layer.crs(), project.crs(), project)
            # The project's CRS may have no such place.
            with contextlib.suppress(QgsCsException):
                extent.combineExtentWith(move.transformBoundingBox(feature.geometry().boundingBox()))
    if extent.isEmpty():
        return QgsRectangle()
    extent.scale(_SURROUNDINGS)
    return extent


def save(layer: QgsVectorLayer, path: Path) -> None:
    """Write a layer to a file of the kind that its ending says, with its style in it or beside it.

    Raises:
        LayerError: the kind is unknown, or the file cannot be written.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        text = tr("{name}: end the name with one of {suffixes}.")
        raise LayerError(text.format(name=path.name, suffixes=", ".join(SUFFIXES)))
    options.driverName = kind
    options.layerName = layer.name()
    project = QgsProject.instance()
    if kind == "GeoJSON":
        # RFC 7946: longitude and latitude.
        options.ct = QgsCoordinateTransform(layer.crs(), wgs84(), project)
        options.layerOptions = ["RFC7946=YES"]
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), project.transformContext(), options)
    if error[0] != QgsVectorFileWriter.WriterError.NoError:
        raise LayerError(tr("{path}: cannot be written ({error})").format(path=path, error=error[1]))
    if kind == "GPKG":
        saved = QgsVectorLayer(f"{path}|layername={layer.name()}", layer.name(), "ogr")
        apply_style(saved)
        saved.saveStyleToDatabase(layer.name(), "geoloc", True, "")
    else:
        layer.saveNamedStyle(str(path.with_suffix(".qml")))
