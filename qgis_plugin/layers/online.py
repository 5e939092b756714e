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

from ..texts import tr
from .errors import PlaceError
from .geography import wgs84

GSD_M = 0.2
"""Ground sample distance that geoloc's network is trained for, metres."""
MOST_PX = 100_000_000
"""Pixels that are rendered at most, about 2 km x 2 km; more would ask a server for tens of thousands of tiles."""
_MAP_CRS = "EPSG:3857"
_TILE_PX = 256
_CHUNK_PX = 1024


@dataclass(frozen=True)
class RenderRequest:
    """Layers and bounds that are to be rendered as one raster file.

    Attributes:
        layers: from the top down.
        bounds: in `_MAP_CRS`.
        unit: side of a pixel in units of `_MAP_CRS`, so that pixels measure `GSD_M` on the ground.
    """

    layers: tuple[QgsRasterLayer, ...]
    bounds: QgsRectangle
    unit: float

    @property
    def pixels(self) -> int:
        """Number of pixels of the whole file."""
        return math.ceil(self.bounds.width() / self.unit) * math.ceil(self.bounds.height() / self.unit)

    @property
    def sources(self) -> tuple:
        """Ids and sources of the layers: equal for the same layers."""
        return tuple((layer.id(), layer.source()) for layer in self.layers)

    @property
    def key(self) -> tuple:
        """Sources and bounds: equal where the same file would be rendered."""
        return (*self.sources, self.bounds.toString(2))

    def warning(self) -> str:
        """Return what a user should know before a server is asked: how many tiles, and whose rights."""
        names = ", ".join(layer.name() for layer in self.layers)
        tiles = max(1, round(self.pixels / _TILE_PX**2))
        text = tr(
            "QGIS will render {names} at {metres} m a pixel: {pixels:.1f} million pixels, about {tiles} tiles asked"
            " from the server."
        ).format(names=names, metres=GSD_M, pixels=self.pixels / 1e6, tiles=tiles)
        licence = tr("Many services do not allow that their tiles are stored or analysed: look at their licence first.")
        rights = [right for layer in self.layers for right in layer.metadata().rights() if right]
        if rights:
            licence += " " + tr("The layer says: {rights}").format(rights="; ".join(rights))
        return f"{text}\n\n{licence}"


def render_request(layers: list[QgsRasterLayer], bounds: QgsRectangle | None) -> RenderRequest:
    """Return the request to render layers inside bounds.

    Args:
        layers: from the top down.
        bounds: in WGS 84; None for all that the layers show.

    Raises:
        PlaceError: the layers show nothing there, or the area is too large.
    """
    crs, project = QgsCoordinateReferenceSystem(_MAP_CRS), QgsProject.instance()
    extent = QgsRectangle()
    extent.setMinimal()
    try:
        for layer in layers:
            move = QgsCoordinateTransform(layer.crs(), crs, project)
            extent.combineExtentWith(move.transformBoundingBox(layer.extent()))
        if bounds is not None:
            extent = extent.intersect(QgsCoordinateTransform(wgs84(), crs, project).transformBoundingBox(bounds))
        if extent.isEmpty():
            raise PlaceError(tr("The online layers show nothing where you search."))
        middle = QgsCoordinateTransform(crs, wgs84(), project).transform(extent.center())
    except QgsCsException as error:
        raise PlaceError(tr("This place cannot be shown in web-mercator, which online layers need.")) from error
    # Web-mercator's units are metres on the equator, and shrink towards the poles.
    request = RenderRequest(tuple(layers), extent, GSD_M / max(0.01, math.cos(math.radians(middle.y()))))
    if request.pixels > MOST_PX:
        side = math.sqrt(MOST_PX) * GSD_M / 1000
        text = tr("Too large to render from online layers: choose an area of at most {side:.1f} km x {side:.1f} km.")
        raise PlaceError(text.format(side=side))
    return request


class Renderer:
    """Renders layers into files and keeps them, so that a second click in the same area does not wait again."""

    def __init__(self) -> None:
        self._folder = QTemporaryDir()
        self._files: dict[tuple, Path] = {}
        self._task: QgsProcessingAlgRunnerTask | None = None
        self._held: tuple = ()

    def rendered(self, request: RenderRequest) -> Path | None:
        """Return the file of a request that was rendered before; None where there is none."""
        path = self._files.get(request.key)
        return path if path is not None and path.is_file() else None

    def render(
        self,
        request: RenderRequest,
        on_progress: Callable[[float], None],
        when_over: Callable[[Path | None, str], None],
    ) -> None:
        """Start to render, off the GUI's thread.

        Args:
            request: what to render.
            on_progress: called with the percentage.
            when_over: called in the GUI's thread with the file and ""; or with None and what went wrong, which is ""
                where it was cancelled.
        """
        path = Path(self._folder.filePath(f"online_{len(self._files)}.tif"))
        project = QgsProject()
        project.setCrs(QgsCoordinateReferenceSystem(_MAP_CRS))
        context = QgsProcessingContext()
        context.setProject(project)
        context.setTransformContext(QgsProject.instance().transformContext())
        feedback = QgsProcessingFeedback(False)
        feedback.progressChanged.connect(on_progress)
        bounds = request.bounds
        parameters = {
            "EXTENT": f"{bounds.xMinimum()},{bounds.xMaximum()},{bounds.yMinimum()},{bounds.yMaximum()} [{_MAP_CRS}]",
            "TILE_SIZE": _CHUNK_PX,
            "MAP_UNITS_PER_PIXEL": request.unit,
            "MAKE_BACKGROUND_TRANSPARENT": True,
            "LAYERS": list(request.layers),
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
                self._files[request.key] = path
                when_over(path, "")
                return
            text = tr("QGIS could not render the online layers: {log}").format(log=feedback.textLog().strip()[-300:])
            when_over(None, "" if cancelled else text)

        self._task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
        # What C++ works on in another thread must not be collected here.
        self._held = (project, context, feedback, algorithm)
        self._task.executed.connect(over)
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """Stop the rendering that is under way."""
        if self._task is not None:
            self._task.cancel()

    def remove(self) -> None:
        """Remove all files."""
        self.cancel()
        self._files.clear()
        self._folder.remove()
