# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages and questions of the dock."""

from __future__ import annotations

from qgis.core import Qgis
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtWidgets import QLabel, QMessageBox, QWidget


class Messages:
    """The dock's own message bar, and QGIS's while the dock is closed.

    Attributes:
        bar: the dock's own.
    """

    def __init__(self, dock: QWidget, iface) -> None:
        """Create the bar; the dock puts it into its layout.

        Args:
            dock: whose messages these are.
            iface: QgisInterface.
        """
        self.bar = QgsMessageBar()
        self._dock = dock
        self._iface = iface

    def show(self, text: str, level: Qgis.MessageLevel) -> None:
        """Show a message in place of the last one."""
        # Errors stay until they are closed, the rest long enough to be read.
        duration_s = 0 if level == Qgis.MessageLevel.Critical else 15
        if not self._dock.isVisible():
            self._iface.messageBar().pushMessage("geoloc", text, level, duration_s)
            return
        # The bar's own text is cut where it does not fit one line.
        label = QLabel(text)
        label.setObjectName("message")
        label.setWordWrap(True)
        policy = label.sizePolicy()
        policy.setHorizontalStretch(1)
        label.setSizePolicy(policy)
        self.clear()
        self.bar.pushWidget(label, level, duration_s)

    def clear(self) -> None:
        """Remove what the dock's own bar shows."""
        self.bar.clearWidgets()

    def ask(self, question: str) -> bool:
        """Ask the user a question; whether the answer is yes."""
        answer = QMessageBox.question(self._dock, self._dock.windowTitle(), question)
        return answer == QMessageBox.StandardButton.Yes
