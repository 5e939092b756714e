# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that lays a photo over the map."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
)

from ..texts import tr
from . import names
from .base import GeolocAlgorithm, absolute
from .names import GSD, OUTPUT, PHOTO


class DrapePhoto(GeolocAlgorithm):
    """Write a photo as a raster that lies on the map."""

    NAME = names.DRAPE_PHOTO

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Lay photo over the map")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Writes what a photo shows of the ground as a GeoTIFF in the mosaic's CRS, by the matches that verify the"
            " photo. It is transparent beyond the photo and its far line; what stands up leans away from the camera,"
            " as it does in the photo.\n\n"
            "Photo: from a drone or from the ground, no panorama.\n"
            "Reference rasters, index, extent, polygons, point: as in Locate object.\n"
            "An error says where the photo is not here."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        self.addParameter(QgsProcessingParameterFile(PHOTO, tr("Photo")))
        self.add_matching()
        self.addParameter(QgsProcessingParameterRasterDestination(OUTPUT, tr("Photo on the map")))
        self.addOutput(QgsProcessingOutputNumber(GSD, tr("Ground resolution, metres a pixel")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        self._fields = {
            **self.match_fields(parameters, context),
            "photo": self.photo_path(parameters, context),
            "output": absolute(self.parameterAsOutputLayer(parameters, OUTPUT, context)),
            # As Processing does, which has asked.
            "overwrite": True,
        }
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Match the photo and write it."""
        answer = self.ask("drape", self._fields, feedback)
        if not answer["path"]:
            raise QgsProcessingException(tr("Not here: nothing shows that this photo was taken of the reference."))
        return {OUTPUT: answer["path"], GSD: answer["gsd_m"]}
