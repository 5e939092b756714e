# SPDX-License-Identifier: GPL-2.0-or-later
"""All of geoloc's algorithms."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .batch import LocateFromTable
from .build_index import BuildIndex
from .check_environment import CheckEnvironment
from .locate import LocateObject
from .tile_plan import TilePlan


class GeolocProvider(QgsProcessingProvider):
    """Always there, whether geoloc is installed or not: what is missing is said when an algorithm is to run."""

    def id(self) -> str:
        """Part of the names that models and scripts use."""
        return "geoloc"

    def name(self) -> str:
        """As it is shown."""
        return "Geoloc"

    def icon(self) -> QIcon:
        """That of the plugin."""
        return QIcon(str(Path(__file__).parents[1] / "icon.svg"))

    def loadAlgorithms(self) -> None:
        """Add them."""
        for algorithm in (LocateObject, LocateFromTable, BuildIndex, TilePlan, CheckEnvironment):
            self.addAlgorithm(algorithm())
