# SPDX-License-Identifier: GPL-2.0-or-later
"""All of geoloc's algorithms."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .batch import LocateFromTable
from .build_index import BuildIndex
from .check_environment import CheckEnvironment
from .drape_photo import DrapePhoto
from .locate import LocateObject
from .map_features import MapFeatures
from .names import PROVIDER
from .photo_pose import PhotoPose
from .tile_plan import TilePlan


class GeolocProvider(QgsProcessingProvider):
    """The group of algorithms in Processing; it is there whether geoloc is installed or not.

    What is missing is said when an algorithm is to run.
    """

    def id(self) -> str:
        """Return the part of the algorithms' ids that stands before the colon."""
        return PROVIDER

    def name(self) -> str:
        """Return the name that users see."""
        return "Geoloc"

    def icon(self) -> QIcon:
        """Return the plugin's icon."""
        return QIcon(str(Path(__file__).parents[1] / "icon.svg"))

    def loadAlgorithms(self) -> None:
        """Add the algorithms."""
        of_photos = (LocateObject, LocateFromTable, PhotoPose, MapFeatures, DrapePhoto)
        for algorithm in (*of_photos, BuildIndex, TilePlan, CheckEnvironment):
            self.addAlgorithm(algorithm())
