# SPDX-License-Identifier: GPL-2.0-or-later
"""A matched photo laid over the map, as a raster layer."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path
from typing import Callable

from qgis.core import Qgis, QgsApplication, QgsMapLayerStyle, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from ...layers.errors import LayerError
from ...layers.rasters import raster_file
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
        target = Path(path).resolve()
        if target in [Path(one).resolve() for one in (match.path, *match.asked["mosaics"])]:
            text = tr("{path} is the photo or its reference: choose another file.").format(path=path)
            self._messages.show(text, Qgis.MessageLevel.Warning)
            return
        # A file that is shown would be changed below QGIS, and its layer lost where nothing comes of it.
        beside = target.with_name(f"{target.stem}_{uuid.uuid4().hex[:8]}.tif") if _layers_of(target) else target
        fields = {**match.asked, "photo": match.path, "output": str(beside), "overwrite": True}
        over = partial(self._over, target)
        self.task = RequestTask(command, tr("Lay over the map"), kind="drape", fields=fields, when_over=over)
        QgsApplication.taskManager().addTask(self.task)
        self._changed()

    def shut_down(self) -> None:
        """Stop, and tell nobody any more."""
        if self.task is not None:
            self.task.cancel()
            self.task = None

    def _over(self, path: Path, task: RequestTask) -> None:
        if task is not self.task:
            return
        self.task = None
        self._changed()
        if task.cancelled:
            return
        if task.error is not None:
            self._messages.show(worded(task.error), Qgis.MessageLevel.Critical)
        elif not task.answer.get("path"):
            text = tr("Not here: nothing shows that this photo was taken of the reference.")
            self._messages.show(text, Qgis.MessageLevel.Warning)
        else:
            try:
                _show(Path(task.answer["path"]), path)
            except OSError as error:
                self._messages.show(str(error), Qgis.MessageLevel.Critical)
                return
            text = tr("{name}: {width} x {height} pixels at {gsd:.2f} m.")
            width, height = task.answer["size"]
            values = {"name": path.name, "width": width, "height": height, "gsd": task.answer["gsd_m"]}
            sentences = [text.format(**values), *(task.answer.get("warnings") or ())]
            self._messages.show(" ".join(sentences), Qgis.MessageLevel.Success)


def _layers_of(path: Path) -> list[QgsRasterLayer]:
    """Return the project's layers of a raster file, whose path is resolved."""
    found = []
    for layer in QgsProject.instance().mapLayers().values():
        try:
            if isinstance(layer, QgsRasterLayer) and raster_file(layer).resolve() == path:
                found.append(layer)
        except LayerError:
            continue
    return found


def _show(written: Path, path: Path) -> None:
    """Put a drape where it belongs, and show it: in the layers that the project has of it, else in a new one.

    Raises:
        OSError: the file that was there cannot be replaced.
    """
    layers = [(layer, layer.source(), QgsMapLayerStyle()) for layer in _layers_of(path)]
    for layer, _, style in layers:
        style.readFromLayer(layer)
        # Closed, since some systems replace no file that is open.
        layer.setDataSource("", layer.name(), "gdal")
    try:
        if written != path:
            written.replace(path)
    except OSError:
        written.unlink()
        raise
    finally:
        for layer, source, style in layers:
            layer.setDataSource(source, layer.name(), "gdal")
            style.writeToLayer(layer)
            layer.triggerRepaint()
    if layers:
        return
    layer = QgsRasterLayer(str(path), path.stem)
    project = QgsProject.instance()
    project.addMapLayer(layer, False)
    # Above the rasters, below the shapes.
    root = project.layerTreeRoot()
    kinds = [isinstance(node.layer(), QgsRasterLayer) for node in root.findLayers() if node.parent() is root]
    root.insertLayer(kinds.index(True) if True in kinds else len(kinds), layer)
