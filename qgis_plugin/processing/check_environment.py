# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithm that tells whether geoloc works."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputString

from .. import client
from ..texts import tr
from .base import GeolocAlgorithm

VERSION, PYTHON = "VERSION", "PYTHON"


class CheckEnvironment(GeolocAlgorithm):
    """Who answers, and with what."""

    def name(self) -> str:
        """Never translated."""
        return "checkenvironment"

    def displayName(self) -> str:
        """As it is shown."""
        return tr("Check environment")

    def shortHelpString(self) -> str:
        """What it does."""
        return tr(
            "Starts geoloc and tells its version, its Python and its packages. Where geoloc is, and how to install it,"
            " stands in Settings > Options > Geoloc."
        )

    def initAlgorithm(self, configuration=None) -> None:
        """Its outputs; it asks for nothing."""
        self.addOutput(QgsProcessingOutputString(VERSION, tr("Version of geoloc")))
        self.addOutput(QgsProcessingOutputString(PYTHON, tr("Its Python")))

    def processAlgorithm(self, parameters, context, feedback) -> dict:
        """Ask, and tell."""
        told = self.ask("hello", {"protocol": client.PROTOCOL}, feedback)
        feedback.pushInfo(f"geoloc {told['version']}, Python {told['python']}: {told['executable']}")
        for name, version in told["packages"].items():
            feedback.pushInfo(f"{name}: {version or tr('missing')}")
        return {VERSION: told["version"], PYTHON: told["executable"]}
