# SPDX-License-Identifier: GPL-2.0-or-later
"""A matched photo laid over the map, as a raster layer."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from qgis.core import Qgis, QgsApplication, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ...texts import tr, worded
from ...worker.photo_match import PhotoMatch
from ...worker.worker_task import RequestTask
from ..messages import Messages


class Draping(QObject):
    """Writes one photo at a time.

    Attributes:
        task: what is under way; None while nothing is.
    """

    def __init__(self, parent: QWidget, messages: Messages, changed: Callable[[], None]) -> None:
        """Do nothing yet.

        Args:
            parent: of the dialog that asks for the file.
            messages: where problems and successes are shown.
            changed: called when something has begun or is over.
        """
        super().__init__(parent)
        self._parent, self._messages, self._changed = parent, messages, changed
        self.task: RequestTask | None = None

    def drape(self, command: list[str], match: PhotoMatch) -> None:
        """Ask for a file, write the photo to it off the GUI's thread, and add it to the project.

        Args:
            command: the words that start the worker.
            match: of the photo.
        """
        proposed = str(Path(match.path).with_name(f"{Path(match.path).stem}_on_map.tif"))
        text, _ = QFileDialog.getSaveFileName(self._parent, tr("Lay over the map"), proposed, "GeoTIFF (*.tif)")
        if not text:
            return
        path = text if text.lower().endswith((".tif", ".tiff")) else f"{text}.tif"
        if path != text and Path(path).exists():
            question = tr("{path} is there already. Replace it?").format(path=path)
            if not self._messages.ask(question):
                return
        # A file that is shown already would be changed below QGIS.
        project = QgsProject.instance()
        project.removeMapLayers([layer.id() for layer in project.mapLayers().values() if layer.source() == path])
        fields = {**match.asked, "photo": match.path, "output": path, "overwrite": True}
        self.task = RequestTask(command, tr("Lay over the map"), kind="drape", fields=fields, when_over=self._over)
        QgsApplication.taskManager().addTask(self.task)
        self._changed()

    def shut_down(self) -> None:
        """Stop, and tell nobody any more."""
        if self.task is not None:
            self.task.cancel()
            self.task = None

    def _over(self, task: RequestTask) -> None:
        if task is not self.task:
            return
        self.task = None
        self._changed()
        if task.cancelled:
            return
        if task.error is not None:
            self._messages.show(worded(task.error), Qgis.MessageLevel.Critical)
        elif task.answer.get("path"):
            path = Path(task.answer["path"])
            layer = QgsRasterLayer(str(path), path.stem)
            project = QgsProject.instance()
            project.addMapLayer(layer, False)
            # Above the rasters, below the shapes.
            root = project.layerTreeRoot()
            kinds = [isinstance(node.layer(), QgsRasterLayer) for node in root.findLayers() if node.parent() is root]
            root.insertLayer(kinds.index(True) if True in kinds else len(kinds), layer)
            text = tr("{name}: {width} x {height} pixels at {gsd:.2f} m.")
            width, height = task.answer["size"]
            values = {"name": path.name, "width": width, "height": height, "gsd": task.answer["gsd_m"]}
            self._messages.show(text.format(**values), Qgis.MessageLevel.Success)
