# SPDX-License-Identifier: GPL-2.0-or-later
"""Layers that are no raster files, such as tiles of a server, rendered by QGIS into a GeoTIFF that can be searched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QTemporaryDir

from .geography import PlaceError, wgs84
from .texts import tr

GROUND_M = 0.2
"""Ground resolution that geoloc's network is trained for."""
MOST_PX = 100_000_000
"""About 2 km x 2 km; more would ask a server for tens of thousands of tiles."""
_MAP_CRS = "EPSG:3857"
_TILE_PX = 256
_CHUNK_PX = 1024


@dataclass(frozen=True)
class Picture:
    """What is to be rendered. bounds: in `_MAP_CRS`; unit: of that a pixel, so that pixels measure `GROUND_M`."""

    layers: tuple[QgsRasterLayer, ...]
    bounds: QgsRectangle
    unit: float

    @property
    def pixels(self) -> int:
        """Of the whole picture."""
        return math.ceil(self.bounds.width() / self.unit) * math.ceil(self.bounds.height() / self.unit)

    @property
    def sources(self) -> tuple:
        """The same for the same layers."""
        return tuple((layer.id(), layer.source()) for layer in self.layers)

    @property
    def key(self) -> tuple:
        """The same for the same picture."""
        return (*self.sources, self.bounds.toString(2))

    def warning(self) -> str:
        """What should be known before a server is asked."""
        names = ", ".join(layer.name() for layer in self.layers)
        tiles = max(1, round(self.pixels / _TILE_PX**2))
        text = tr(
            "QGIS will render {names} at {metres} m a pixel: {pixels:.1f} million pixels, about {tiles} tiles asked"
            " from the server."
        ).format(names=names, metres=GROUND_M, pixels=self.pixels / 1e6, tiles=tiles)
        licence = tr("Many services do not allow that their tiles are stored or analysed: look at their licence first.")
        rights = [right for layer in self.layers for right in layer.metadata().rights() if right]
        if rights:
            licence += " " + tr("The layer says: {rights}").format(rights="; ".join(rights))
        return f"{text}\n\n{licence}"


def picture(layers: list[QgsRasterLayer], bounds: QgsRectangle | None) -> Picture:
    """Layers inside bounds in WGS 84; None for all that they show.

    Raises:
        PlaceError: they show nothing there, or it is too large.
    """
    crs, project = QgsCoordinateReferenceSystem(_MAP_CRS), QgsProject.instance()
    seen = QgsRectangle()
    seen.setMinimal()
    try:
        for layer in layers:
            move = QgsCoordinateTransform(layer.crs(), crs, project)
            seen.combineExtentWith(move.transformBoundingBox(layer.extent()))
        if bounds is not None:
            seen = seen.intersect(QgsCoordinateTransform(wgs84(), crs, project).transformBoundingBox(bounds))
        if seen.isEmpty():
            raise PlaceError(tr("The online layers show nothing where you search."))
        middle = QgsCoordinateTransform(crs, wgs84(), project).transform(seen.center())
    except QgsCsException as error:
        raise PlaceError(tr("This place cannot be shown in web-mercator, which online layers need.")) from error
    made = Picture(tuple(layers), seen, GROUND_M / max(0.01, math.cos(math.radians(middle.y()))))
    if made.pixels > MOST_PX:
        side = math.sqrt(MOST_PX) * GROUND_M / 1000
        text = tr("Too large to render from online layers: choose an area of at most {side:.1f} km x {side:.1f} km.")
        raise PlaceError(text.format(side=side))
    return made


class Renderer:
    """Renders pictures and keeps them, so that a second click in the same area does not wait for them again."""

    def __init__(self) -> None:
        self._folder = QTemporaryDir()
        self._known: dict[tuple, Path] = {}
        self._task: QgsProcessingAlgRunnerTask | None = None
        self._held: tuple = ()

    def known(self, wanted: Picture) -> Path | None:
        """The file of a picture that was rendered before."""
        path = self._known.get(wanted.key)
        return path if path is not None and path.is_file() else None

    def render(
        self, wanted: Picture, on_progress: Callable[[float], None], when_over: Callable[[Path | None, str], None]
    ) -> None:
        """Start. when_over: called in the GUI's thread with the file, or with None and what went wrong, which is empty
        where it was cancelled.
        """
        path = Path(self._folder.filePath(f"online_{len(self._known)}.tif"))
        project = QgsProject()
        project.setCrs(QgsCoordinateReferenceSystem(_MAP_CRS))
        context = QgsProcessingContext()
        context.setProject(project)
        context.setTransformContext(QgsProject.instance().transformContext())
        feedback = QgsProcessingFeedback(False)
        feedback.progressChanged.connect(on_progress)
        bounds = wanted.bounds
        asked = {
            "EXTENT": f"{bounds.xMinimum()},{bounds.xMaximum()},{bounds.yMinimum()},{bounds.yMaximum()} [{_MAP_CRS}]",
            "TILE_SIZE": _CHUNK_PX,
            "MAP_UNITS_PER_PIXEL": wanted.unit,
            "MAKE_BACKGROUND_TRANSPARENT": True,
            "LAYERS": list(wanted.layers),
            "OUTPUT": str(path),
        }
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("native:rasterize")
        if algorithm is None:
            when_over(None, tr("QGIS's own Processing algorithms are missing: switch on the Processing plugin."))
            return

        def over(ok: bool, results: dict) -> None:
            cancelled = feedback.isCanceled()
            # Not within the task's own signal: what it holds must outlive it.
            self._task, self._held = None, ()
            if ok and path.is_file() and not cancelled:
                self._known[wanted.key] = path
                when_over(path, "")
                return
            failed = tr("QGIS could not render the online layers: {log}").format(log=feedback.textLog().strip()[-300:])
            when_over(None, "" if cancelled else failed)

        self._task = QgsProcessingAlgRunnerTask(algorithm, asked, context, feedback)
        # What C++ works on in another thread must not be collected here.
        self._held = (project, context, feedback, algorithm)
        self._task.executed.connect(over)
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """Stop what is being rendered."""
        if self._task is not None:
            self._task.cancel()

    def remove(self) -> None:
        """Remove all files."""
        self.cancel()
        self._known.clear()
        self._folder.remove()
