# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of geoloc's algorithms: parameters of a search, requests to the worker, answers as features."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsCoordinateReferenceSystem,
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
    QgsProcessingParameterRasterLayer,
    QgsVectorLayer,
)

from .. import settings
from ..layers.errors import LayerError, PlaceError
from ..layers.geography import polygon_json, rectangle, to_wgs84, wgs84
from ..layers.rasters import raster_file
from ..layers.results import FIELDS
from ..layers.style import apply_style
from ..texts import tr, worded
from ..worker import client
from ..worker.environment import SetupError
from ..worker.request import (
    DEFAULT_DOUBTFUL,
    DEFAULT_EXHAUSTIVE,
    DEFAULT_GEOMETRY,
    DEFAULT_GPS,
    DEFAULT_TOP,
    DEFAULT_WITHIN_M,
    SearchPlace,
    match_request,
    search_request,
)
from ..worker.worker_task import duration
from .names import (
    ALL,
    AREA,
    DSM,
    EXHAUSTIVE,
    EXTENT,
    GEOMETRY,
    GSD,
    INDEX,
    NEAR,
    PHOTO,
    REFERENCE,
    TOP,
    USE_GPS,
    WITHIN,
)

ANSWER = tuple(field for field in FIELDS if field[0] != "reference")
"""Fields of an answer in an output: name and kind."""
# Processing does not hold them.
_stylers: list[Styler] = []


class GeolocAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that asks geoloc's worker.

    `prepareAlgorithm` reads layers, in the thread that they belong to; `processAlgorithm` asks the worker.

    Attributes:
        NAME: id of the algorithm; see `names`.
    """

    NAME: str

    def name(self) -> str:
        """Return the id, which is never translated."""
        return self.NAME

    def createInstance(self) -> GeolocAlgorithm:
        """Return a new algorithm of the same class."""
        return type(self)()

    def helpUrl(self) -> str:
        """Return the address of the documentation."""
        return "https://example.org/geoloc"

    def canExecute(self) -> tuple[bool, str]:
        """Return whether geoloc is installed, and otherwise what to do about it."""
        try:
            settings.worker_command()
        except SetupError as error:
            return False, worded(error)
        return True, ""

    def ask(self, kind: str, fields: dict, feedback) -> dict:
        """Send a request to the worker and return its result; progress and cancelling are passed on.

        Args:
            kind: type of the request, such as "locate".
            fields: of the request.
            feedback: QgsProcessingFeedback.

        Raises:
            QgsProcessingException: it was cancelled, or failed.
        """

        def show_progress(message: dict) -> None:
            if message.get("fraction") is not None:
                feedback.setProgress(100 * message["fraction"])
            text, left = message.get("text") or "", message.get("seconds_left")
            if text and left is not None:
                text = tr("{text}, {time} left").format(text=text, time=duration(left))
            if text:
                feedback.setProgressText(text)

        try:
            worker = client.shared(settings.worker_command())
            answer = worker.request(kind, fields, on_progress=show_progress, is_cancelled=feedback.isCanceled)
        except client.Cancelled:
            raise QgsProcessingException(tr("Cancelled.")) from None
        except (client.WorkerError, SetupError) as error:
            if error.log:
                feedback.pushDebugInfo(error.log)
            raise QgsProcessingException(worded(error)) from error
        for warning in answer.get("warnings") or ():
            feedback.pushWarning(warning)
        return answer

    def add_reference(self, optional: bool = False) -> None:
        """Add the parameter of the raster layers."""
        parameter = QgsProcessingParameterMultipleLayers(
            REFERENCE, tr("Reference rasters"), QgsProcessing.SourceType.TypeRaster, optional=optional
        )
        self.addParameter(parameter)

    def add_gsd(self) -> None:
        """Add the parameter of the ground sample distance."""
        kind, text = QgsProcessingParameterNumber.Type.Double, tr("Ground resolution, metres a pixel")
        self.addParameter(QgsProcessingParameterNumber(GSD, text, kind, optional=True, minValue=0.01))

    def gsd(self, parameters: dict, context) -> float | None:
        """Return the ground sample distance, metres; None for the network's own."""
        return self.parameterAsDouble(parameters, GSD, context) if parameters.get(GSD) else None

    def add_matching(self) -> None:
        """Add the parameters of what photos are matched with, and where; `match_fields` reads them."""
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
            DEFAULT_WITHIN_M,
            minValue=1.0,
        )
        self.addParameter(within)
        self.addParameter(
            QgsProcessingParameterBoolean(
                USE_GPS, tr("Search round the photo's GPS position, where it has one"), DEFAULT_GPS
            )
        )
        self.addParameter(QgsProcessingParameterRasterLayer(DSM, tr("Heights of the ground"), optional=True))

    def add_search(self) -> None:
        """Add the parameters of a search; `search_fields` reads them."""
        self.add_matching()
        kind = QgsProcessingParameterNumber.Type.Integer
        self.addParameter(QgsProcessingParameterNumber(TOP, tr("Answers at most"), kind, DEFAULT_TOP, minValue=1))
        self.addParameter(
            QgsProcessingParameterBoolean(
                ALL, tr("Also answers that are more likely wrong than right"), DEFAULT_DOUBTFUL
            )
        )
        self.addParameter(
            QgsProcessingParameterBoolean(GEOMETRY, tr("Check and sharpen answers by geometry"), DEFAULT_GEOMETRY)
        )
        # Optional, so that models that were saved before it was there stay valid.
        self.addParameter(
            QgsProcessingParameterBoolean(EXHAUSTIVE, tr("Look at every window"), DEFAULT_EXHAUSTIVE, optional=True)
        )

    def search_fields(self, parameters: dict, context) -> dict:
        """Return the search fields of a request, made of the parameters of `add_search`.

        Raises:
            QgsProcessingException: there is nothing to search, or no place to search in.
        """
        return search_request(
            **self._where(parameters, context),
            top=self.parameterAsInt(parameters, TOP, context),
            doubtful=self.parameterAsBool(parameters, ALL, context),
            geometry=self.parameterAsBool(parameters, GEOMETRY, context),
            exhaustive=self.parameterAsBool(parameters, EXHAUSTIVE, context),
        )

    def match_fields(self, parameters: dict, context) -> dict:
        """Return the search fields of a request about whole photos, made of the parameters of `add_matching`.

        Raises:
            QgsProcessingException: there is nothing to match with, or no place to search in.
        """
        return match_request(**self._where(parameters, context))

    def _where(self, parameters: dict, context) -> dict:
        """Return what is searched, and where."""
        index = self.parameterAsString(parameters, INDEX, context)
        files = self.reference_files(parameters, context)
        if not files and not index:
            raise QgsProcessingException(tr("Choose reference rasters, or an index, or both."))
        point = self.parameterAsPoint(parameters, NEAR, context, wgs84()) if parameters.get(NEAR) else None
        place = SearchPlace(
            area=self.area_json(parameters, context),
            near=None if point is None else (point.x(), point.y()),
            within_m=self.parameterAsDouble(parameters, WITHIN, context),
            gps=self.parameterAsBool(parameters, USE_GPS, context),
        )
        heights = self.parameterAsRasterLayer(parameters, DSM, context)
        try:
            dsm = None if heights is None else str(raster_file(heights))
        except LayerError as error:
            raise QgsProcessingException(str(error)) from error
        return {"mosaics": files, "index": absolute(index) if index else None, "place": place, "dsm": dsm}

    def photo_path(self, parameters: dict, context) -> str:
        """Return the absolute path of the photo.

        Raises:
            QgsProcessingException: there is no such file.
        """
        photo = self.parameterAsFile(parameters, PHOTO, context)
        if not photo or not Path(photo).is_file():
            raise QgsProcessingException(tr("{path}: no such photo.").format(path=photo or "?"))
        return absolute(photo)

    def reference_files(self, parameters: dict, context) -> list[str]:
        """Return the paths of the raster layers' files.

        Raises:
            QgsProcessingException: a layer is no file of this computer.
        """
        layers = self.parameterAsLayerList(parameters, REFERENCE, context) or []
        try:
            return [str(raster_file(layer)) for layer in layers]
        except LayerError as error:
            raise QgsProcessingException(str(error)) from error

    def results_crs(self, parameters: dict, context) -> QgsCoordinateReferenceSystem:
        """Return the CRS of the first raster layer that has one; longitude and latitude where none has."""
        layers: list[QgsMapLayer] = self.parameterAsLayerList(parameters, REFERENCE, context) or []
        return next((layer.crs() for layer in layers if layer.crs().isValid()), wgs84())

    def area_json(self, parameters: dict, context) -> dict | None:
        """Return what extent and polygons have in common, as GeoJSON in WGS 84; None where neither is given.

        Raises:
            QgsProcessingException: they have nothing in common, or one is no place on Earth.
        """
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
        return polygon_json(shape)


def _united(source: QgsProcessingFeatureSource) -> QgsGeometry:
    shapes = [feature.geometry() for feature in source.getFeatures() if feature.hasGeometry()]
    if not shapes:
        raise QgsProcessingException(tr("The layer of polygons to search in is empty."))
    return QgsGeometry.unaryUnion(shapes)


class Styler(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer of answers its style when it is loaded."""

    @classmethod
    def attach(cls, context, destination: str) -> None:
        """Style the output of an algorithm, where it is loaded into the project."""
        if context.willLoadLayerOnCompletion(destination):
            styler = cls()
            _stylers.append(styler)
            context.layerToLoadOnCompletionDetails(destination).setPostProcessor(styler)

    def postProcessLayer(self, loaded, context, feedback) -> None:
        """Style the layer, in the GUI's thread."""
        if isinstance(loaded, QgsVectorLayer):
            apply_style(loaded)
            loaded.triggerRepaint()


def absolute(path: str) -> str:
    """Return a path from the root, since geoloc runs in another folder than QGIS."""
    return str(Path(path).absolute())
