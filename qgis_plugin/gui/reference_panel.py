# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing the reference to search: raster layers of the project, or an index."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsIconUtils, QgsProject, QgsRasterLayer
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ..layers.rasters import needs_rendering
from ..texts import tr

_ROWS = 4


class ReferencePanel(QWidget):
    """The layers of the project that can be searched, each with a check box, or the folder of an index."""

    changed = pyqtSignal()
    """Another reference was chosen."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.use_layers = QRadioButton(tr("Raster layers"))
        self.use_index = QRadioButton(tr("An index"))
        self.use_layers.setChecked(True)
        self.layers = QListWidget()
        self.layers.setToolTip(
            tr("Ticked layers are searched together. Layers of a server are rendered by QGIS for the area first.")
        )
        self.empty = QLabel(tr("Add an orthophoto, a drone mosaic or a satellite image to the project first."))
        self.empty.setWordWrap(True)
        self.index = QgsFileWidget()
        self.index.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.index.setDialogTitle(tr("Index made by geoloc"))
        self.index.setToolTip(tr("The folder that Build index wrote: large mosaics are answered in seconds."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for widget in (self.use_layers, self.layers, self.empty, self.use_index, self.index):
            layout.addWidget(widget)
        self.use_layers.toggled.connect(self._show)
        self.layers.itemChanged.connect(lambda item: self.changed.emit())
        self.index.fileChanged.connect(lambda path: self.changed.emit())
        project = QgsProject.instance()
        project.layersAdded.connect(self.refresh)
        project.layersRemoved.connect(self.refresh)
        self.refresh()

    def chosen_layers(self) -> list[QgsRasterLayer]:
        """Return the layers that are ticked; none where an index is chosen."""
        if self.use_index.isChecked():
            return []
        project = QgsProject.instance()
        layers = (project.mapLayer(item.data(Qt.ItemDataRole.UserRole)) for item in self._items() if _ticked(item))
        return [layer for layer in layers if layer is not None]

    def chosen_index(self) -> Path | None:
        """Return the folder of the index; None where none is chosen."""
        text = self.index.filePath().strip()
        return Path(text) if self.use_index.isChecked() and text else None

    def tick(self, layers: list[QgsRasterLayer]) -> None:
        """Choose these layers and no others."""
        self.use_layers.setChecked(True)
        ids = {layer.id() for layer in layers}
        for item in self._items():
            ticked = item.data(Qt.ItemDataRole.UserRole) in ids
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def refresh(self, *changed) -> None:
        """List the layers that the project has now; those ticked stay so. The only one is ticked."""
        before = {item.data(Qt.ItemDataRole.UserRole) for item in self._items()}
        ticked = {item.data(Qt.ItemDataRole.UserRole) for item in self._items() if _ticked(item)}
        layers = [layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer)]
        layers.sort(key=lambda layer: layer.name().lower())
        self.layers.blockSignals(True)
        self.layers.clear()
        for layer in layers:
            item = QListWidgetItem(QgsIconUtils.iconForLayer(layer), layer.name(), self.layers)
            if needs_rendering(layer):
                item.setIcon(QgsApplication.getThemeIcon("mIconWms.svg"))
                item.setToolTip(tr("Rendered by QGIS for the area that is searched"))
            item.setData(Qt.ItemDataRole.UserRole, layer.id())
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            on = layer.id() in ticked or (len(layers) == 1 and layer.id() not in before)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.layers.blockSignals(False)
        self._show()
        self.changed.emit()

    def let_go(self) -> None:
        """Disconnect from the project, which outlives the panel."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self.refresh)
        project.layersRemoved.disconnect(self.refresh)

    def _items(self) -> list[QListWidgetItem]:
        return [self.layers.item(row) for row in range(self.layers.count())]

    def _show(self, *changed) -> None:
        by_layers, some = self.use_layers.isChecked(), self.layers.count() > 0
        self.layers.setVisible(by_layers and some)
        self.empty.setVisible(by_layers and not some)
        self.index.setVisible(not by_layers)
        rows = min(max(self.layers.count(), 2), _ROWS)
        height = max(self.layers.sizeHintForRow(0), 18) if some else 18
        self.layers.setFixedHeight(rows * height + 2 * self.layers.frameWidth() + 2)
        self.changed.emit()


def _ticked(item: QListWidgetItem) -> bool:
    return item.checkState() == Qt.CheckState.Checked
