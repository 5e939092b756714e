# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that shows the windows of a search."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeature,
    QgsFeatureSink,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)

from ..layers.geography import wgs84
from ..layers.results import fields_of, geometry_of
from ..texts import tr
from ..worker.request import source_request
from . import names
from .base import GeolocAlgorithm
from .names import COUNT, EXTENT, OUTPUT


class TilePlan(GeolocAlgorithm):
    """Draw the footprints of a search's windows."""

    NAME = names.TILE_PLAN

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Tile plan")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Shows the windows that a search of a mosaic would look at: blocks of web-mercator tiles that overlap by"
            " half.\n\n"
            "Reference rasters: what would be searched, together.\n"
            "Ground resolution: metres a pixel; empty for that of the network.\n"
            "Extent: plan only this part."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        self.add_reference()
        self.add_gsd()
        self.addParameter(QgsProcessingParameterExtent(EXTENT, tr("Plan only this extent"), optional=True))
        polygons = QgsProcessing.SourceType.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterFeatureSink(OUTPUT, tr("Windows"), polygons))
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of windows")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        files = self.reference_files(parameters, context)
        if not files:
            raise QgsProcessingException(tr("Choose reference rasters to plan for."))
        gsd_m, area = self.gsd(parameters, context), self.area_json(parameters, context)
        self._fields = source_request(mosaics=files, gsd_m=gsd_m, area=area)
        self._crs = self.results_crs(parameters, context)
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Plan and write the windows."""
        result = self.ask("plan", self._fields, feedback)
        fields = fields_of((("id", "string"),))
        kind = QgsWkbTypes.Type.MultiPolygon
        sink, destination = self.parameterAsSink(parameters, OUTPUT, context, fields, kind, self._crs)
        move = QgsCoordinateTransform(wgs84(), self._crs, context.transformContext())
        windows = result["features"]["features"]
        for window in windows:
            geometry = geometry_of(window["geometry"])
            geometry.transform(move)
            feature = QgsFeature(fields)
            feature.setGeometry(geometry)
            feature.setAttributes([window["properties"].get("id") or window.get("id")])
            sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert)
        return {OUTPUT: destination, COUNT: len(windows)}
