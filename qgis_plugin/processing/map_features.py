# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that carries shapes between a photo and the map."""

from __future__ import annotations

import json

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsWkbTypes,
)

from ..layers.geography import shape_from_json, wgs84
from ..layers.results import fields_of
from ..texts import tr
from . import names
from .base import GeolocAlgorithm
from .names import COUNT, INPUT, OUTPUT, PHOTO, TO_PHOTO

_NUMBER = "number"
_DECIMALS = 9
_TOLD = (
    ("accuracy_m", "double"),
    ("vertices_accuracy_m", "string"),
    ("status", "string"),
    ("note", "string"),
)


class MapFeatures(GeolocAlgorithm):
    """Carry what is drawn in a photo over to the map, or features of a map into a photo."""

    NAME = names.MAP_FEATURES

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Map features drawn in a photo")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Carries points, lines and polygons that were drawn in a photo over to the map, or features of a map into"
            " a photo, by the matches that verify the photo.\n\n"
            "Photo: from a drone or from the ground, no panorama.\n"
            "Features: in pixels of the photo as it is meant to be seen, from its upper left corner; layers that were"
            " drawn over the photo in QGIS, which count downwards below 0, fit too. For the way back a layer in any"
            " CRS.\n"
            "The output has their fields, with query_ before names that it needs itself, and accuracy_m: every vertex"
            " is nearer to its true place, in nine cases of ten; vertices_accuracy_m tells each one's."
            " What reaches beyond the photo or its far line is cut, and note says so; it also tells what comes to"
            " lie outside the rasters. Of a photo that is not here, features have no shape.\n"
            "Reference rasters, index, extent, polygons, point: as in Locate object."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        self.addParameter(QgsProcessingParameterFile(PHOTO, tr("Photo")))
        shapes = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
        self.addParameter(QgsProcessingParameterFeatureSource(INPUT, tr("Features"), shapes))
        self.addParameter(QgsProcessingParameterBoolean(TO_PHOTO, tr("From the map into the photo"), False))
        self.add_matching()
        self.addParameter(QgsProcessingParameterFeatureSink(OUTPUT, tr("Carried over")))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of features carried over")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        source = self.parameterAsSource(parameters, INPUT, context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, INPUT))
        self._to_photo = self.parameterAsBool(parameters, TO_PHOTO, context)
        self._rows = [QgsFeature(feature) for feature in source.getFeatures()]
        if not any(row.hasGeometry() for row in self._rows):
            raise QgsProcessingException(tr("The layer of features is empty."))
        self._columns = source.fields()
        self._kind = QgsWkbTypes.multiType(QgsWkbTypes.flatType(source.wkbType()))
        self._fields = {
            **self.match_fields(parameters, context),
            "photo": self.photo_path(parameters, context),
            "to_photo": self._to_photo,
            "features": {"type": "FeatureCollection", "features": self._drawn(source.sourceCrs(), context)},
        }
        self._crs = QgsCoordinateReferenceSystem() if self._to_photo else self.results_crs(parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Carry the features over and write them."""
        fields = _fields_with_told(self._columns)
        sink, destination = self.parameterAsSink(parameters, OUTPUT, context, fields, self._kind, self._crs)
        answer = self.ask("map", self._fields, feedback)
        move = QgsCoordinateTransform(wgs84(), self._crs, context.transformContext())
        count = 0
        for one in answer["features"]["features"]:
            feature = QgsFeature(fields)
            if one.get("geometry"):
                geometry = shape_from_json(one["geometry"])
                if not self._to_photo:
                    geometry.transform(move)
                geometry.convertToMultiType()
                feature.setGeometry(geometry)
                count += 1
            values = one["properties"]
            before = self._rows[values[_NUMBER]].attributes()
            feature.setAttributes([*before, *(_text(values.get(name)) for name, _ in _TOLD)])
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return {OUTPUT: destination, COUNT: count}

    def _drawn(self, crs: QgsCoordinateReferenceSystem, context) -> list[dict]:
        """Return the features as GeoJSON, in pixels with y downwards, or in WGS 84."""
        move = QgsCoordinateTransform(crs, wgs84(), context.transformContext())
        shapes = []
        for row in self._rows:
            shape = QgsGeometry(row.geometry())
            shapes.append(shape)
            if self._to_photo and crs.isValid():
                shape.transform(move)
        tops = [shape.boundingBox().yMaximum() for shape in shapes if not shape.isEmpty()]
        bottoms = [shape.boundingBox().yMinimum() for shape in shapes if not shape.isEmpty()]
        if not self._to_photo and max(tops) <= 0 and min(bottoms) < 0:
            # As QGIS counts in a picture without a place.
            shapes = [_turned_down(shape) for shape in shapes]
        return [
            {
                "type": "Feature",
                "geometry": None if shape.isEmpty() else json.loads(shape.asJson(_DECIMALS)),
                "properties": {_NUMBER: number},
            }
            for number, shape in enumerate(shapes)
        ]


def _fields_with_told(columns: QgsFields) -> QgsFields:
    """Return the fields of the input and then `_TOLD`; "query_" comes before a name of the input that is taken.

    To GeoPackage "ID" and "id" are one.
    """
    fields, told = QgsFields(), fields_of(_TOLD)
    used = {name.casefold() for name in told.names()}
    for column in columns:
        name = column.name()
        while name.casefold() in used:
            name = f"query_{name}"
        used.add(name.casefold())
        field = QgsField(column)
        field.setName(name)
        fields.append(field)
    for field in told:
        fields.append(field)
    return fields


def _turned_down(shape: QgsGeometry) -> QgsGeometry:
    if shape.isEmpty():
        return shape
    return shape_from_json(json.loads(shape.asJson(_DECIMALS)), lambda x, y: (x, -y))


def _text(value):
    """Return a value as a field can hold it: a list as its text."""
    return json.dumps(value) if isinstance(value, list) else value
