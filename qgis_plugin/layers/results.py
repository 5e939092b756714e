# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers as features of a layer: added, accepted or rejected, found again, saved."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from qgis.core import (
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
    ("reference", "string"),
)
"""Fields of a layer of answers: name and kind."""
_IDENTITY = ("photo", "click_x", "click_y", "rank", "score")
_SURROUNDINGS = 6.0


@dataclass(frozen=True)
class LocatedAnswer:
    """An answer as it lies in a layer.

    Attributes:
        layer_id: of a layer of the project.
        feature_id: of the layer's feature; below 0 where it was added to a layer that was being edited.
        values: GeoJSON properties that the worker gave it.
    """

    layer_id: str
    feature_id: int
    values: dict


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


def add(layer: QgsVectorLayer, found: dict, reference: str) -> list[LocatedAnswer]:
    """Put the answers of a search into a layer.

    Args:
        layer: of the project; its edits stay edits where it is being edited.
        found: GeoJSON FeatureCollection in WGS 84, as the worker answers.
        reference: name of what was searched.

    Returns:
        The answers in the same order.

    Raises:
        LayerError: the layer takes no features.
        QgsCsException: the layer's CRS has no such place.
    """
    project = QgsProject.instance()
    move = QgsCoordinateTransform(wgs84(), layer.crs(), project)
    features = []
    for answer in found["features"]:
        geometry = geometry_of(answer["geometry"])
        geometry.transform(move)
        feature = QgsFeature(layer.fields())
        feature.setGeometry(geometry)
        values = {**answer["properties"], "reference": reference, STATUS: ""}
        for name, _ in FIELDS:
            if layer.fields().indexOf(name) >= 0:
                feature.setAttribute(name, values.get(name))
        features.append(feature)
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
    pairs = zip(features, found["features"])  # noqa: B905 (Python 3.9)
    return [LocatedAnswer(layer.id(), feature.id(), answer["properties"]) for feature, answer in pairs]


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


def status_of(answer: LocatedAnswer) -> str:
    """Return the stored judgement of an answer; empty while nobody has judged it."""
    feature = feature_of(answer)
    if feature is None or feature.fields().indexOf(STATUS) < 0:
        return ""
    return str(feature[STATUS] or "")


def judge(answer: LocatedAnswer, status: str) -> bool:
    """Store the judgement of an answer; False where that cannot be stored."""
    layer, feature = layer_of(answer), feature_of(answer)
    if feature is None:
        return False
    index = layer.fields().indexOf(STATUS)
    if index < 0:
        return False
    if layer.isEditable():
        ok = layer.changeAttributeValue(feature.id(), index, status)
    else:
        ok = layer.dataProvider().changeAttributeValues({feature.id(): {index: status}})
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
