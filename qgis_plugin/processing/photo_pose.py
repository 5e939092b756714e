# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that tells where photos were taken, and what of the ground they show."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterMultipleLayers,
    QgsWkbTypes,
)

from ..layers.geography import wgs84
from ..layers.poses import CAMERA_FIELDS, FOOTPRINT_FIELDS, pose_feature
from ..layers.results import fields_of
from ..texts import tr
from ..worker.photo_match import CAMERA, FOOTPRINT
from . import names
from .base import GeolocAlgorithm, absolute
from .names import CAMERAS, COUNT, FAILED, FOOTPRINTS, PHOTOS

_TOLD = (("status", "string"), ("error", "string"))


class PhotoPose(GeolocAlgorithm):
    """Tell where photos were taken, by the matches that verify them."""

    NAME = names.PHOTO_POSE

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Photo poses")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Tells where photos were taken, how high over the ground, which way and how tilted they look, and what of"
            " the ground they show. Nothing is clicked for that: details of photo and mosaic that agree tell it.\n\n"
            "Photos: files, no panoramas.\n"
            "Cameras: a point a photo; nine of ten errors are smaller than those told. A photo that is not here, or"
            " cannot be used, is a row without a point.\n"
            "Footprints: the ground that each photo shows, up to its far line.\n"
            "Heights of the ground: a raster of heights, such as a DSM, on which lines of sight end; without it the"
            " ground is taken as a plane.\n"
            "Reference rasters, index, extent, polygons, point: as in Locate object."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        kind = QgsProcessing.SourceType.TypeFile
        self.addParameter(QgsProcessingParameterMultipleLayers(PHOTOS, tr("Photos"), kind))
        self.add_matching()
        point = QgsProcessing.SourceType.TypeVectorPoint
        self.addParameter(QgsProcessingParameterFeatureSink(CAMERAS, tr("Cameras"), point))
        polygon = QgsProcessing.SourceType.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterFeatureSink(FOOTPRINTS, tr("Footprints"), polygon, optional=True))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of photos found")))
        self.addOutput(QgsProcessingOutputNumber(FAILED, tr("Number of photos that failed")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        photos = [absolute(path) for path in self.parameterAsFileList(parameters, PHOTOS, context)]
        if not photos:
            raise QgsProcessingException(tr("Choose photos."))
        self._fields = {**self.match_fields(parameters, context), "photos": photos}
        self._crs = self.results_crs(parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Match the photos and write what is known of them."""
        told = self.ask("pose", self._fields, feedback)["features"]["features"]
        move = QgsCoordinateTransform(wgs84(), self._crs, context.transformContext())
        outputs = {}
        for name, kind, columns, shape in (
            (CAMERAS, CAMERA, (*CAMERA_FIELDS, *_TOLD), QgsWkbTypes.Type.Point),
            (FOOTPRINTS, FOOTPRINT, FOOTPRINT_FIELDS, QgsWkbTypes.Type.MultiPolygon),
        ):
            fields = fields_of(columns)
            sink, outputs[name] = self.parameterAsSink(parameters, name, context, fields, shape, self._crs)
            if sink is None:
                continue
            for one in told:
                # What is not here, or failed, stands among the cameras.
                if one["properties"]["kind"] == kind:
                    feature = pose_feature(one, fields, move)
                    sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        cameras = [one["properties"] for one in told if one["properties"]["kind"] == CAMERA]
        errors = [values["error"] for values in cameras if values.get("error")]
        for error in errors:
            feedback.reportError(error)
        found = sum(values["status"] == "found" for values in cameras)
        return {**outputs, COUNT: found, FAILED: len(errors)}
