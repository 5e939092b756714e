# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin: one action, its dock, the Processing provider and the page of settings."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from . import translation
from .texts import tr
from .worker import client

MENU = "Geoloc"


class GeolocPlugin:
    """The plugin as QGIS loads and unloads it."""

    def __init__(self, iface) -> None:
        """Start without a window.

        Args:
            iface: QgisInterface; None in qgis_process, where there is nothing but Processing.
        """
        self._iface = iface
        self._translator = translation.install()
        self.action = None
        self.dock = None
        self.provider = None
        self._options = None

    def initProcessing(self) -> None:
        """Add the algorithms to Processing."""
        from .processing.provider import GeolocProvider

        self.provider = GeolocProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Add the action, the algorithms and the page of settings."""
        from .gui.options import GeolocOptionsFactory

        self.initProcessing()
        icon = QIcon(str(Path(__file__).with_name("icon.svg")))
        self.action = QAction(icon, tr("Locate object from photo"), self._iface.mainWindow())
        self.action.setObjectName("geolocLocate")
        self.action.setToolTip(tr("Click an object in a photograph and find it on the map"))
        self.action.setCheckable(True)
        self.action.triggered.connect(self.show_dock)
        self._iface.addToolBarIcon(self.action)
        self._iface.addPluginToRasterMenu(MENU, self.action)
        self._options = GeolocOptionsFactory()
        self._iface.registerOptionsWidgetFactory(self._options)
        # Also where QGIS ends without unloading plugins.
        QgsApplication.instance().aboutToQuit.connect(client.stop_shared)

    def unload(self) -> None:
        """Remove everything from QGIS and stop what is running."""
        if self.dock is not None:
            self.dock.shut_down()
            self.dock = None
        if self.action is not None:
            self._iface.removeToolBarIcon(self.action)
            self._iface.removePluginRasterMenu(MENU, self.action)
            self.action.deleteLater()
            self.action = None
            self._iface.unregisterOptionsWidgetFactory(self._options)
            self._options = None
            QgsApplication.instance().aboutToQuit.disconnect(client.stop_shared)
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
        client.stop_shared()
        translation.remove(self._translator)

    def show_dock(self, visible: bool = True) -> None:
        """Show the dock as it was left, or close it."""
        if self.dock is None:
            from .gui.dock import GeolocDock

            self.dock = GeolocDock(self._iface)
            self._iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.dock.visibilityChanged.connect(self._show_state)
        self.dock.setUserVisible(visible)

    def _show_state(self, visible: bool) -> None:
        if self.action is not None and self.dock is not None:
            self.action.setChecked(self.dock.isUserVisible())
