# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that locates the objects of a table."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    NULL,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProviderRegistry,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..layers.geography import wgs84
from ..layers.results import fields_of, new_feature
from ..texts import tr
from . import names
from .base import ANSWER, GeolocAlgorithm, Styler, absolute
from .names import COUNT, FAILED, FOLDER, INPUT, OBJECT_FIELD, OUTPUT, PHOTO_FIELD, X_FIELD, Y_FIELD
from .photo_targets import row_target

_OBJECT = "object"
_OF_OBJECTS = ((_OBJECT, "string"), ("photos", "string"), ("clicks", "string"))
"""Fields of an answer to several rows of one object."""


class LocateFromTable(GeolocAlgorithm):
    """Locate many objects of many photos, one a row of a table."""

    NAME = names.LOCATE_FROM_TABLE

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Locate objects from table")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Finds objects that are marked in photographs, one a row of a table, on a mosaic.\n\n"
            "Table: any layer; its fields tell the photo and the click in pixels of it, from its upper left corner. A"
            " photo is a path, or a name in the folder of photos or else of the table.\n"
            "Drawn objects: a row's polygon (photo_polygon, WKT) or box (photo_xmin, photo_ymin, photo_xmax and"
            " photo_ymax), in pixels of the photo, takes the place of its click.\n"
            "Field with the object: rows that share a value there, in several photos, are photos of one object and one"
            " question: what they tell is joined. Its answers have the number of the row whose photo knows it best.\n"
            "The output has the number of the row, the answers' fields, and an error: a row that fails, or whose"
            " object is not here, has no polygon; the others go on.\n"
            "Reference rasters, index, extent, polygons, point, heights, answers, geometry, every window: as in Locate"
            " object."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        tables = [QgsProcessing.SourceType.TypeVector]
        self.addParameter(QgsProcessingParameterFeatureSource(INPUT, tr("Table of photos and clicks"), tables))
        for name, text, default in (
            (PHOTO_FIELD, tr("Field with the photo"), "photo"),
            (X_FIELD, tr("Field with the click's x"), "click_x"),
            (Y_FIELD, tr("Field with the click's y"), "click_y"),
        ):
            # A table of drawn objects need not have clicks.
            optional = name != PHOTO_FIELD
            self.addParameter(QgsProcessingParameterField(name, text, default, INPUT, optional=optional))
        self.addParameter(
            QgsProcessingParameterField(
                OBJECT_FIELD, tr("Field with the object that photos share"), None, INPUT, optional=True
            )
        )
        behaviour = QgsProcessingParameterFile.Behavior.Folder
        self.addParameter(QgsProcessingParameterFile(FOLDER, tr("Folder of photos"), behaviour, optional=True))
        self.add_search()
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterFeatureSink(OUTPUT, tr("Located objects"), polygons))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of rows with answers")))
        self.addOutput(QgsProcessingOutputNumber(FAILED, tr("Number of rows that failed")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        source = self.parameterAsSource(parameters, INPUT, context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, INPUT))
        photo_column, *columns = (
            self.parameterAsString(parameters, name, context) for name in (PHOTO_FIELD, X_FIELD, Y_FIELD)
        )
        self._object = self.parameterAsString(parameters, OBJECT_FIELD, context)
        table = self.parameterAsVectorLayer(parameters, INPUT, context)
        folder = self.parameterAsString(parameters, FOLDER, context) or _folder_of(table)
        self._queries, self._errors = [], {}
        for number, row in enumerate(source.getFeatures(), start=1):
            photo = row[photo_column]
            try:
                target = row_target(row, *columns)
            except ValueError:
                self._errors[number] = tr("row {number}: no click, box or polygon").format(number=number)
                continue
            if not photo:
                self._errors[number] = tr("row {number}: no photo").format(number=number)
                continue
            path = absolute(str(Path(folder) / str(photo)))
            asked = {"number": number, "photo": path, **target.fields()}
            # An object may be called 0.
            if self._object and row[self._object] != NULL and row[self._object] != "":
                asked[_OBJECT] = str(row[self._object])
            self._queries.append(asked)
        if not self._queries:
            raise QgsProcessingException(tr("The table has no row with a photo and a click, box or polygon."))
        self._fields = {**self.search_fields(parameters, context), "queries": self._queries}
        self._crs = self.results_crs(parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Search and write the answers."""
        columns = (*ANSWER, *(_OF_OBJECTS if self._object else ()))
        fields = fields_of((("query", "integer"), ("error", "string"), *columns))
        kind = QgsWkbTypes.Type.MultiPolygon
        sink, destination = self.parameterAsSink(parameters, OUTPUT, context, fields, kind, self._crs)
        result = self.ask("batch", self._fields, feedback)
        move = QgsCoordinateTransform(wgs84(), self._crs, context.transformContext())
        photos = {query["number"]: query["photo"] for query in self._queries}
        rows = [*result["rows"], *({"number": n, "error": e, "features": []} for n, e in self._errors.items())]
        failed = 0
        for row in sorted(rows, key=lambda row: row["number"]):
            number, error = row["number"], row["error"]
            for answer in row["features"]:
                feature = new_feature(answer, fields, move, {"query": number})
                sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
            if error:
                failed += 1
                feedback.reportError(tr("row {number}: {error}").format(number=number, error=error))
            # An object's answers stand once, at one of its rows.
            if not row["features"] and row.get("answered_by") is None:
                values = {"photo": photos.get(number)}
                feature = QgsFeature(fields)
                text = error or tr("not here")
                feature.setAttributes([number, text, *(values.get(name) for name, _ in columns)])
                sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        Styler.attach(context, destination)
        return {OUTPUT: destination, COUNT: sum(bool(row["features"]) for row in rows), FAILED: failed}


def _folder_of(layer: QgsVectorLayer | None) -> str:
    """Return the folder that a table's file lies in; empty where it is no file."""
    if layer is None:
        return ""
    path = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path")
    return str(Path(path).absolute().parent) if path else ""
