# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers as features of a layer: made, added to, accepted or rejected, saved."""

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

from . import layer as layers
from .geography import wgs84
from .texts import tr

SUFFIXES = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf", ".shp": "ESRI Shapefile"}
STATUS = "status"
_OURS = "geoloc/results"
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
    ("reference", "string"),
)
"""What is stored of an answer: name and kind."""
_TELLING = ("photo", "click_x", "click_y", "rank", "score")
_SURROUNDINGS = 6.0


@dataclass(frozen=True)
class Candidate:
    """An answer as it lies in a layer. values: what is said of it."""

    layer: str
    feature: int
    values: dict


def results_layers() -> list[QgsVectorLayer]:
    """Those of the project that hold answers."""
    found = QgsProject.instance().mapLayers().values()
    return [layer for layer in found if layer.customProperty(_OURS) and layer.isValid()]


def new_layer(crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
    """A styled layer without answers, in memory, in the project. QGIS asks before it is lost."""
    taken = {layer.name() for layer in results_layers()}
    name, number = tr("Located objects"), 1
    while name in taken:
        number += 1
        name = tr("Located objects {number}").format(number=number)
    layer = QgsVectorLayer(f"MultiPolygon?crs={crs.authid()}&{_columns(FIELDS)}", name, "memory")
    # One without a code, such as a photogrammetrist's own, cannot be named above.
    layer.setCrs(crs)
    layer.setCustomProperty(_OURS, True)
    layers.style(layer)
    QgsProject.instance().addMapLayer(layer)
    return layer


def add(layer: QgsVectorLayer, found: dict, reference: str) -> list[Candidate]:
    """Put the answers of a search, GeoJSON in WGS 84, into a layer. reference: what was searched.

    Raises:
        LayerError: it takes none.
        QgsCsException: its CRS has no such place.
    """
    project = QgsProject.instance()
    move = QgsCoordinateTransform(wgs84(), layer.crs(), project)
    features = []
    for told in found["features"]:
        geometry = geometry_of(told["geometry"])
        geometry.transform(move)
        feature = QgsFeature(layer.fields())
        feature.setGeometry(geometry)
        values = {**told["properties"], "reference": reference, STATUS: ""}
        for name, _ in FIELDS:
            if layer.fields().indexOf(name) >= 0:
                feature.setAttribute(name, values.get(name))
        features.append(feature)
    # A layer that is being edited takes them with the other edits.
    if layer.isEditable():
        for feature in features:
            # One by one: each then knows its number.
            layer.addFeature(feature)
    else:
        ok, features = layer.dataProvider().addFeatures(features)
        if not ok:
            raise layers.LayerError(tr("The layer {name} takes no new features.").format(name=layer.name()))
        layer.updateExtents()
    layer.triggerRepaint()
    told = [feature["properties"] for feature in found["features"]]
    return [Candidate(layer.id(), f.id(), values) for f, values in zip(features, told)]  # noqa: B905 (Python 3.9)


def fields_of(columns: Sequence[tuple[str, str]]) -> QgsFields:
    """Fields by name and kind. Types have other names in Qt 5 and Qt 6; these words are the same in both."""
    return QgsVectorLayer(f"NoGeometry?{_columns(columns)}", "", "memory").fields()


def _columns(columns: Sequence[tuple[str, str]]) -> str:
    return "&".join(f"field={name}:{kind}" for name, kind in columns)


def geometry_of(told: dict) -> QgsGeometry:
    """Of a GeoJSON Polygon or MultiPolygon."""
    parts = told["coordinates"] if told["type"] == "MultiPolygon" else [told["coordinates"]]
    return QgsGeometry.fromMultiPolygonXY([[[QgsPointXY(*at) for at in ring] for ring in part] for part in parts])


def layer_of(candidate: Candidate) -> QgsVectorLayer | None:
    """None where it was removed from the project."""
    return QgsProject.instance().mapLayer(candidate.layer)


def feature_of(candidate: Candidate) -> QgsFeature | None:
    """As it is now; None where it was deleted."""
    layer = layer_of(candidate)
    if layer is None:
        return None
    feature = layer.getFeature(candidate.feature)
    if feature.isValid() or candidate.feature >= 0:
        return feature if feature.isValid() else None
    # It was added to a layer that was being edited, and got another number when that was saved.
    same = [f for f in layer.getFeatures() if all(f[name] == candidate.values.get(name) for name in _TELLING)]
    return same[-1] if same else None


def status_of(candidate: Candidate) -> str:
    """Empty while nobody has judged it."""
    feature = feature_of(candidate)
    if feature is None or feature.fields().indexOf(STATUS) < 0:
        return ""
    return str(feature[STATUS] or "")


def judge(candidate: Candidate, status: str) -> bool:
    """Store what somebody thinks of it; False where that cannot be stored."""
    layer, feature = layer_of(candidate), feature_of(candidate)
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


def surroundings(candidates: list[Candidate]) -> QgsRectangle:
    """Where answers lie, with what is round them, in the project's CRS; empty where they are gone."""
    project = QgsProject.instance()
    extent = QgsRectangle()
    extent.setMinimal()
    for candidate in candidates:
        feature, layer = feature_of(candidate), layer_of(candidate)
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
    """Write a layer to a file, with its style where the file can hold one.

    Raises:
        LayerError: unknown kind of file, or it cannot be written.
    """
    options = QgsVectorFileWriter.SaveVectorOptions()
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        text = tr("{name}: end the name with one of {suffixes}.")
        raise layers.LayerError(text.format(name=path.name, suffixes=", ".join(SUFFIXES)))
    options.driverName = kind
    options.layerName = layer.name()
    project = QgsProject.instance()
    if kind == "GeoJSON":
        # RFC 7946: longitude and latitude.
        options.ct = QgsCoordinateTransform(layer.crs(), wgs84(), project)
        options.layerOptions = ["RFC7946=YES"]
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), project.transformContext(), options)
    if error[0] != QgsVectorFileWriter.WriterError.NoError:
        raise layers.LayerError(tr("{path}: cannot be written ({error})").format(path=path, error=error[1]))
    if kind == "GPKG":
        saved = QgsVectorLayer(f"{path}|layername={layer.name()}", layer.name(), "ogr")
        layers.style(saved)
        saved.saveStyleToDatabase(layer.name(), "geoloc", True, "")
    else:
        layer.saveNamedStyle(str(path.with_suffix(".qml")))
