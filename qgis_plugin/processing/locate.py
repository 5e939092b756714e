# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that locates one object."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)

from ..layers.geography import wgs84
from ..layers.results import fields_of, new_feature
from ..texts import tr
from ..worker.request import CLICK, PhotoTarget
from . import names
from .base import ANSWER, GeolocAlgorithm, Styler
from .names import BEST_SCORE, BOX, CLICK_X, CLICK_Y, COUNT, OUTPUT, PHOTO, POLYGON
from .photo_targets import box_of, polygon_of


class LocateObject(GeolocAlgorithm):
    """Locate one object of one photo."""

    NAME = names.LOCATE_OBJECT

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Locate object")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Finds an object that is marked in a photograph on a mosaic, and gives its polygon with a score and an"
            " error in metres that nine answers of ten keep.\n\n"
            "Photo: from a drone or from the ground.\n"
            "Click: pixels of the photo as it is meant to be seen (EXIF orientation applied), from its upper left"
            " corner.\n"
            "Box, polygon: instead of the click, the object as it is drawn in the photo, in the same pixels: opposite"
            " corners of a box, such as 12,20,40,52, or all corners of a polygon, such as 12,20 40,20 26,52.\n"
            "Reference rasters: GeoTIFF and other raster files, searched together. Index: a folder that Build index"
            " wrote, instead of them or beside them.\n"
            "Extent, polygons, point: where to search; all that are given hold together. The photo's GPS position"
            " counts where no point is given.\n"
            "Heights of the ground: a raster of heights, such as a DSM; with the photo's GPS height it tells how high a"
            " drone was over the ground.\n"
            "Answers: the best one has rank 1. Nothing is written where nothing is surely the object (its best score"
            " is then an output), unless doubtful answers are asked for.\n"
            "Geometry: answers are carried over exactly where details of photo and mosaic agree.\n"
            "Every window: a reference is searched in two stages, a quick look at all windows and a close one at those"
            " that promise most; this looks closely at all, which is slow."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        kind = QgsProcessingParameterNumber.Type.Double
        self.addParameter(QgsProcessingParameterFile(PHOTO, tr("Photo")))
        for name, text in ((CLICK_X, tr("Click: x in pixels")), (CLICK_Y, tr("Click: y in pixels"))):
            self.addParameter(QgsProcessingParameterNumber(name, text, kind, optional=True, minValue=0.0))
        for name, text in ((BOX, tr("Box: x,y,x,y in pixels")), (POLYGON, tr("Polygon: x,y x,y x,y in pixels"))):
            self.addParameter(QgsProcessingParameterString(name, text, optional=True))
        self.add_search()
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterFeatureSink(OUTPUT, tr("Located object"), polygons))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of answers")))
        self.addOutput(QgsProcessingOutputNumber(BEST_SCORE, tr("Best score")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        photo = self.photo_path(parameters, context)
        self._fields = {
            **self.search_fields(parameters, context),
            "photo": photo,
            **self._target(parameters, context).fields(),
        }
        self._crs = self.results_crs(parameters, context)
        return True

    def _target(self, parameters: dict, context) -> PhotoTarget:
        """Return what is marked in the photo.

        Raises:
            QgsProcessingException: nothing is, or more than one thing, or it cannot be read.
        """
        click = [parameters.get(name) for name in (CLICK_X, CLICK_Y)]
        box, polygon = (self.parameterAsString(parameters, name, context).strip() for name in (BOX, POLYGON))
        if [any(number is not None for number in click), bool(box), bool(polygon)].count(True) != 1:
            raise QgsProcessingException(tr("Give the object's click, or its box, or its polygon: one of them."))
        try:
            if box:
                return box_of(box.split(","))
            if polygon:
                return polygon_of(polygon)
        except ValueError as error:
            text = tr("{text}: a box is x,y,x,y, and a polygon x,y x,y x,y, in pixels of the photo.")
            raise QgsProcessingException(text.format(text=box or polygon)) from error
        if None in click:
            raise QgsProcessingException(tr("A click is both x and y."))
        x, y = (self.parameterAsDouble(parameters, name, context) for name in (CLICK_X, CLICK_Y))
        return PhotoTarget(CLICK, ((x, y),))

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Search and write the answers."""
        fields = fields_of(ANSWER)
        kind = QgsWkbTypes.Type.MultiPolygon
        sink, destination = self.parameterAsSink(parameters, OUTPUT, context, fields, kind, self._crs)
        result = self.ask("locate", self._fields, feedback)
        move = QgsCoordinateTransform(wgs84(), self._crs, context.transformContext())
        found = result["found"]["features"]
        for answer in found:
            sink.addFeature(new_feature(answer, fields, move, {}), QgsFeatureSink.Flag.FastInsert)
        best = result.get("best_score")
        if not found:
            text = tr("Not here: nothing that was searched is surely the object; the best score was {score}.")
            feedback.pushWarning(text.format(score="-" if best is None else f"{best:.2f}"))
        Styler.attach(context, destination)
        return {OUTPUT: destination, COUNT: len(found), BEST_SCORE: best}
