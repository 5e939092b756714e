# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin's one setting, where geoloc is, and the dialog for it."""

from __future__ import annotations

from qgis.core import QgsSettings
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout

from . import runner

_PROGRAM_KEY = "geoloc/program"


def program() -> str:
    """Path of geoloc, or of the Python of its environment; "" for the one on the PATH."""
    return QgsSettings().value(_PROGRAM_KEY, "", str)


def set_program(path: str) -> None:
    """Remember the path."""
    QgsSettings().setValue(_PROGRAM_KEY, path.strip())


class SettingsDialog(QDialog):
    """Asks for the path and tries it."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setWindowTitle("geoloc: settings")
        explanation = QLabel(
            "geoloc runs as a program of its own, in its own Python environment, never inside QGIS. Install it there "
            "(python3 -m venv, pip install), then give the path of its program (.venv/bin/geoloc, on Windows "
            ".venv\\Scripts\\geoloc.exe) or of that environment's Python. Empty: the geoloc on the PATH."
        )
        explanation.setWordWrap(True)
        self.path = QgsFileWidget(self)
        self.path.setDialogTitle("geoloc or its Python")
        self.path.setFilePath(program())
        self.answer = QLabel()
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        check = QPushButton("Check")
        check.clicked.connect(self.check)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(check, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (explanation, self.path, self.answer, buttons):
            layout.addWidget(widget)
        self._fit(560)

    def check(self) -> None:
        """Start the program and show what it answers."""
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            answer, colour = f"Works: {runner.check_program(self.path.filePath().strip())}", "#1b7a1b"
        except runner.RunnerError as error:
            answer, colour = str(error), "#b00020"
        finally:
            QApplication.restoreOverrideCursor()
        self.answer.setStyleSheet(f"color: {colour}")
        self.answer.setText(answer)
        self._fit(self.width())

    def _fit(self, width: int) -> None:
        """As high as the wrapped texts need."""
        self.resize(width, self.layout().totalHeightForWidth(width))

    def accept(self) -> None:
        """Keep the path."""
        set_program(self.path.filePath())
        super().accept()
