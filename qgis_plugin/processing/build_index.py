# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that builds an index, or brings one up to date."""

from __future__ import annotations

from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFolderDestination,
)

from ..texts import tr
from ..worker.request import source_request
from . import names
from .base import GeolocAlgorithm, absolute
from .names import BLOCKS, EXTENT, OUTPUT, SIZE_MB, UPDATE


class BuildIndex(GeolocAlgorithm):
    """Encode a mosaic once, for any number of searches."""

    NAME = names.BUILD_INDEX

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Build index")

    def shortHelpString(self) -> str:
        """Return what it does, parameter by parameter."""
        return tr(
            "Encodes a mosaic once, so that later searches of it take seconds however large it is. About 16 MB and 10"
            " to 20 seconds a square kilometre.\n\n"
            "Reference rasters: what is indexed, together.\n"
            "Ground resolution: metres a pixel to read them at; empty for that of the network.\n"
            "Extent: index only this part.\n"
            "Index: a new folder. An interrupted build of the same index goes on where it stopped.\n"
            "Bring up to date: the index is there and the rasters have changed; only what changed is encoded again."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add parameters and outputs."""
        self.add_reference()
        self.add_gsd()
        self.addParameter(QgsProcessingParameterExtent(EXTENT, tr("Index only this extent"), optional=True))
        self.addParameter(QgsProcessingParameterBoolean(UPDATE, tr("Bring an index that is there up to date"), False))
        self.addParameter(QgsProcessingParameterFolderDestination(OUTPUT, tr("Index")))
        self.addOutput(QgsProcessingOutputNumber(BLOCKS, tr("Number of blocks encoded")))
        self.addOutput(QgsProcessingOutputNumber(SIZE_MB, tr("Size in MB")))

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        """Read parameters and layers, in the thread of the project."""
        files = self.reference_files(parameters, context)
        if not files:
            raise QgsProcessingException(tr("Choose reference rasters to index."))
        self._fields = {
            **source_request(
                mosaics=files, gsd_m=self.gsd(parameters, context), area=self.area_json(parameters, context)
            ),
            "update": self.parameterAsBool(parameters, UPDATE, context),
            "output": absolute(self.parameterAsString(parameters, OUTPUT, context)),
        }
        return True

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Build the index and tell its size."""
        result = self.ask("index", self._fields, feedback)
        size = result["bytes"] / 1e6
        text = tr("{encoded} blocks encoded, {completed} completed, {kept} there already, {size:.1f} MB")
        counts = {name: result[name] for name in ("encoded", "completed", "kept")}
        feedback.pushInfo(text.format(**counts, size=size))
        return {OUTPUT: result["path"], BLOCKS: result["encoded"], SIZE_MB: size}
