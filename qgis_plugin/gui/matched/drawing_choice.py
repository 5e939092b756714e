# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing the layer that takes what is drawn in the photo: one of the project, or a new one of a kind."""

from __future__ import annotations

from qgis.core import QgsIconUtils, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox

from ...layers.drawn import AREA, LINE, POINT, drawing_layers, kind_of
from ...texts import tr


class DrawingChoice(QObject):
    """Keeps a list of layers that take new shapes, after those that would be new."""

    changed = pyqtSignal()
    """Another layer was chosen."""

    def __init__(self, box: QComboBox) -> None:
        """Fill the list.

        Args:
            box: that shows it.
        """
        super().__init__(box)
        self._box = box
        project = QgsProject.instance()
        project.layersAdded.connect(self._list)
        project.layersRemoved.connect(self._list)
        self._list()
        box.currentIndexChanged.connect(lambda index: self.changed.emit())

    @property
    def kind(self) -> str:
        """What is to be drawn: `POINT`, `LINE` or `AREA`."""
        layer = self.layer()
        return self._box.currentData() if layer is None else kind_of(layer)

    def layer(self) -> QgsVectorLayer | None:
        """Return the chosen layer; None for a new one."""
        return QgsProject.instance().mapLayer(self._box.currentData() or "")

    def choose(self, layer: QgsVectorLayer) -> QgsVectorLayer:
        """Choose a layer of the project, and return it."""
        self._box.setCurrentIndex(self._box.findData(layer.id()))
        return layer

    def let_go(self) -> None:
        """Disconnect from the project, which outlives the dock."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._list)
        project.layersRemoved.disconnect(self._list)

    def _list(self, *changed) -> None:
        chosen = self._box.currentData()
        self._box.blockSignals(True)
        self._box.clear()
        for kind, text in (
            (AREA, tr("Areas, into a new layer")),
            (LINE, tr("Lines, into a new layer")),
            (POINT, tr("Points, into a new layer")),
        ):
            self._box.addItem(text, kind)
        for layer in drawing_layers():
            self._box.addItem(QgsIconUtils.iconForLayer(layer), layer.name(), layer.id())
        self._box.setCurrentIndex(max(0, self._box.findData(chosen)))
        self._box.blockSignals(False)
        if self._box.currentData() != chosen:
            self.changed.emit()
