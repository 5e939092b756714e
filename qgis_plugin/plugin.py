# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin: one action in the toolbar and in the Raster menu."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QAction

from .dialog import LocateDialog

MENU = "geoloc"


class GeolocPlugin:
    """What QGIS loads and unloads."""

    def __init__(self, iface) -> None:
        """iface: QgisInterface."""
        self._iface = iface
        self.action = None
        self.dialog = None

    def initGui(self) -> None:
        """Add the action."""
        icon = QIcon(str(Path(__file__).with_name("icon.svg")))
        self.action = QAction(icon, "Locate object from photo", self._iface.mainWindow())
        self.action.setToolTip("Click an object in a photograph and find it on a raster layer")
        self.action.triggered.connect(self.show_dialog)
        self._iface.addToolBarIcon(self.action)
        self._iface.addPluginToRasterMenu(MENU, self.action)

    def unload(self) -> None:
        """Take the action away and stop what is running."""
        if self.dialog is not None:
            self.dialog.shut_down()
            self.dialog = None
        self._iface.removeToolBarIcon(self.action)
        self._iface.removePluginRasterMenu(MENU, self.action)
        self.action.deleteLater()
        self.action = None

    def show_dialog(self) -> None:
        """Open the dialog, as it was left."""
        if self.dialog is None:
            self.dialog = LocateDialog(self._iface)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
