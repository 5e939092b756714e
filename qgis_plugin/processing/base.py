# SPDX-License-Identifier: GPL-2.0-or-later
"""What geoloc's algorithms have in common."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsVectorLayer,
)

from .. import client, environment, layer, settings
from ..geography import PlaceError, polygon_fields, rectangle, to_wgs84, wgs84
from ..locate_task import duration
from ..results import FIELDS, geometry_of
from ..texts import tr, worded

REFERENCE, INDEX, EXTENT, AREA, NEAR, WITHIN = "REFERENCE", "INDEX", "EXTENT", "AREA", "NEAR", "WITHIN"
USE_GPS, TOP, ALL, GEOMETRY, OUTPUT, GSD = "USE_GPS", "TOP", "ALL", "GEOMETRY", "OUTPUT", "GSD"
ANSWER = tuple(field for field in FIELDS if field[0] != "reference")
"""What is told of an answer: name and kind of each field."""
_WITHIN_M = 500.0
_stylers: list = []
"""Processing does not hold them."""


class GeolocAlgorithm(QgsProcessingAlgorithm):
    """Layers are read in `prepareAlgorithm`, in the thread that they belong to; the worker is asked in
    `processAlgorithm`.
    """

    def createInstance(self) -> GeolocAlgorithm:
        """Another one of these."""
        return type(self)()

    def helpUrl(self) -> str:
        """Where more is said."""
        return "https://example.org/geoloc"

    def canExecute(self) -> tuple[bool, str]:
        """Whether geoloc is there."""
        try:
            settings.worker_command()
        except environment.SetupError as error:
            return False, worded(error)
        return True, ""

    def ask(self, kind: str, fields: dict, feedback) -> dict:
        """One request to the worker, its progress and cancelling passed on."""

        def hear(told: dict) -> None:
            if told.get("fraction") is not None:
                feedback.setProgress(100 * told["fraction"])
            text, left = told.get("text") or "", told.get("seconds_left")
            if text and left is not None:
                text = tr("{text}, {time} left").format(text=text, time=duration(left))
            if text:
                feedback.setProgressText(text)

        try:
            worker = client.shared(settings.worker_command())
            answer = worker.request(kind, fields, on_progress=hear, is_cancelled=feedback.isCanceled)
        except client.Cancelled:
            raise QgsProcessingException(tr("Cancelled.")) from None
        except (client.WorkerError, environment.SetupError) as error:
            if error.log:
                feedback.pushDebugInfo(error.log)
            raise QgsProcessingException(worded(error)) from error
        for warning in answer.get("warnings") or ():
            feedback.pushWarning(warning)
        return answer

    def add_reference(self, optional: bool = False) -> None:
        """The raster layers."""
        parameter = QgsProcessingParameterMultipleLayers(
            REFERENCE, tr("Reference rasters"), QgsProcessing.SourceType.TypeRaster, optional=optional
        )
        self.addParameter(parameter)

    def add_gsd(self) -> None:
        """Ground resolution."""
        kind, text = QgsProcessingParameterNumber.Type.Double, tr("Ground resolution, metres a pixel")
        self.addParameter(QgsProcessingParameterNumber(GSD, text, kind, optional=True, minValue=0.01))

    def gsd(self, parameters: dict, context) -> float | None:
        """None where it is left to the network."""
        return self.parameterAsDouble(parameters, GSD, context) if parameters.get(GSD) else None

    def add_search(self) -> None:
        """What to search, where and how."""
        self.add_reference(optional=True)
        behaviour = QgsProcessingParameterFile.Behavior.Folder
        self.addParameter(QgsProcessingParameterFile(INDEX, tr("Index"), behaviour, optional=True))
        self.addParameter(QgsProcessingParameterExtent(EXTENT, tr("Search inside this extent"), optional=True))
        polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
        self.addParameter(
            QgsProcessingParameterFeatureSource(AREA, tr("Search inside these polygons"), polygons, optional=True)
        )
        self.addParameter(QgsProcessingParameterPoint(NEAR, tr("Search round this point"), optional=True))
        within = QgsProcessingParameterNumber(
            WITHIN,
            tr("Metres round the point, or round the photo's GPS position"),
            QgsProcessingParameterNumber.Type.Double,
            _WITHIN_M,
            minValue=1.0,
        )
        self.addParameter(within)
        self.addParameter(
            QgsProcessingParameterBoolean(USE_GPS, tr("Search round the photo's GPS position, where it has one"), True)
        )
        kind = QgsProcessingParameterNumber.Type.Integer
        self.addParameter(QgsProcessingParameterNumber(TOP, tr("Answers at most"), kind, 5, minValue=1))
        self.addParameter(
            QgsProcessingParameterBoolean(ALL, tr("Also answers that are more likely wrong than right"), False)
        )
        self.addParameter(QgsProcessingParameterBoolean(GEOMETRY, tr("Check and sharpen answers by geometry"), True))

    def search_fields(self, parameters: dict, context) -> dict:
        """The same as fields of a request."""
        index = self.parameterAsString(parameters, INDEX, context)
        files = self.reference_files(parameters, context)
        if not files and not index:
            raise QgsProcessingException(tr("Choose reference rasters, or an index, or both."))
        point = self.parameterAsPoint(parameters, NEAR, context, wgs84()) if parameters.get(NEAR) else None
        return {
            "mosaics": files,
            "index": absolute(index) if index else None,
            "area": self.area_fields(parameters, context),
            "near": None if point is None else [point.x(), point.y()],
            "within": self.parameterAsDouble(parameters, WITHIN, context),
            "gps": self.parameterAsBool(parameters, USE_GPS, context),
            "top": self.parameterAsInt(parameters, TOP, context),
            "min_score": 0.0 if self.parameterAsBool(parameters, ALL, context) else None,
            "refine": "auto" if self.parameterAsBool(parameters, GEOMETRY, context) else "off",
        }

    def reference_files(self, parameters: dict, context) -> list[str]:
        """Of the raster layers."""
        layers = self.parameterAsLayerList(parameters, REFERENCE, context) or []
        try:
            return [str(layer.raster_file(one)) for one in layers]
        except layer.LayerError as error:
            raise QgsProcessingException(str(error)) from error

    def results_crs(self, parameters: dict, context) -> QgsCoordinateReferenceSystem:
        """That of the first raster layer; longitude and latitude where there is none."""
        layers: list[QgsMapLayer] = self.parameterAsLayerList(parameters, REFERENCE, context) or []
        return next((one.crs() for one in layers if one.crs().isValid()), wgs84())

    def area_fields(self, parameters: dict, context) -> dict | None:
        """What extent and polygons have in common, as GeoJSON; None where neither is given."""
        shapes = []
        try:
            if parameters.get(EXTENT):
                crs = self.parameterAsExtentCrs(parameters, EXTENT, context)
                bounds = rectangle(self.parameterAsExtent(parameters, EXTENT, context))
                shapes.append(to_wgs84(bounds, crs, context.transformContext()))
            if parameters.get(AREA) and self.parameterDefinition(AREA) is not None:
                source = self.parameterAsSource(parameters, AREA, context)
                shapes.append(to_wgs84(_united(source), source.sourceCrs(), context.transformContext()))
        except PlaceError as error:
            raise QgsProcessingException(str(error)) from error
        if not shapes:
            return None
        shape = shapes[0] if len(shapes) == 1 else shapes[0].intersection(shapes[1])
        if shape.isEmpty():
            raise QgsProcessingException(tr("The extent and the polygons have nothing in common."))
        return polygon_fields(shape)


def _united(source: QgsProcessingFeatureSource) -> QgsGeometry:
    shapes = [feature.geometry() for feature in source.getFeatures() if feature.hasGeometry()]
    if not shapes:
        raise QgsProcessingException(tr("The layer of polygons to search in is empty."))
    return QgsGeometry.unaryUnion(shapes)


def feature_of(told: dict, fields: QgsFields, move: QgsCoordinateTransform, before: list | None = None) -> QgsFeature:
    """An answer as a feature. move: from WGS 84. before: values of the fields that stand first."""
    feature = QgsFeature(fields)
    geometry = geometry_of(told["geometry"])
    geometry.transform(move)
    feature.setGeometry(geometry)
    values = {**told["properties"], "status": ""}
    feature.setAttributes([*(before or ()), *(values.get(name) for name, _ in ANSWER)])
    return feature


class Styler(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer of answers its style when it is loaded."""

    @classmethod
    def attach(cls, context, destination: str) -> None:
        """To the output of an algorithm, where that is to be loaded."""
        if context.willLoadLayerOnCompletion(destination):
            styler = cls()
            _stylers.append(styler)
            context.layerToLoadOnCompletionDetails(destination).setPostProcessor(styler)

    def postProcessLayer(self, loaded, context, feedback) -> None:
        """In the GUI's thread."""
        if isinstance(loaded, QgsVectorLayer):
            layer.style(loaded)
            loaded.triggerRepaint()


def absolute(path: str) -> str:
    """geoloc runs in another folder than QGIS."""
    return str(Path(path).absolute())
