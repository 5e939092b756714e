# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that tells whether geoloc works."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputString

from ..texts import tr
from ..worker import client
from . import names
from .base import GeolocAlgorithm
from .names import PYTHON, VERSION


class CheckEnvironment(GeolocAlgorithm):
    """Start geoloc and tell its version, Python and packages."""

    NAME = names.CHECK_ENVIRONMENT

    def displayName(self) -> str:
        """Return the name that users see."""
        return tr("Check environment")

    def shortHelpString(self) -> str:
        """Return what it does."""
        return tr(
            "Starts geoloc and tells its version, its Python and its packages. Where geoloc is, and how to install it,"
            " stands in Settings > Options > Geoloc."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Add outputs; there are no parameters."""
        self.addOutput(QgsProcessingOutputString(VERSION, tr("Version of geoloc")))
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("Its Python")))

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Ask geoloc and show its answer."""
        answer = self.ask("hello", {"protocol": client.PROTOCOL}, feedback)
        feedback.pushInfo(f"geoloc {answer['version']}, Python {answer['python']}: {answer['executable']}")
        for name, version in answer["packages"].items():
            feedback.pushInfo(f"{name}: {version or tr('missing')}")
        return {VERSION: answer["version"], PYTHON: answer["executable"]}
