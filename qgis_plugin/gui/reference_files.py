# SPDX-License-Identifier: GPL-2.0-or-later
"""The chosen reference as files that geoloc can read: layers of a server are rendered first, after a question."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRectangle

from ..layers.errors import LayerError
from ..layers.geography import wgs84
from ..layers.online import Renderer, RenderRequest, render_request
from ..layers.rasters import needs_rendering, raster_file
from ..texts import tr
from .messages import Messages
from .reference_panel import ReferencePanel


@dataclass(frozen=True)
class WantedReference:
    """What is to be searched, as it was chosen at one time.

    Attributes:
        mosaics: absolute paths of raster files.
        index: absolute path of an index's folder; None without one.
        name: for the user.
        crs: of the first layer that has one, otherwise the project's.
        online: layers that have to be rendered first; None where there are none.
    """

    mosaics: tuple[str, ...]
    index: str | None
    name: str
    crs: QgsCoordinateReferenceSystem
    online: RenderRequest | None


class ReferenceFiles:
    """Makes files of what is chosen in the panel of references.

    Attributes:
        rendering: whether layers are being rendered.
    """

    def __init__(self, panel: ReferencePanel, messages: Messages) -> None:
        """Keep the panel, and who asks the user."""
        self.rendering = False
        self._panel = panel
        self._messages = messages
        self._renderer = Renderer()
        # Pixels that the user agreed to render, by layers.
        self._agreed_px: dict[tuple, int] = {}
        self._gone = False

    def wanted(self, bounds: QgsRectangle | None) -> WantedReference:
        """Return what is chosen now.

        Args:
            bounds: in WGS 84, of what is rendered of online layers; None for all that they show.

        Raises:
            LayerError: nothing is chosen.
            PlaceError: the online layers cannot be rendered there.
        """
        index, layers = self._panel.chosen_index(), self._panel.chosen_layers()
        if self._panel.use_index.isChecked() and (index is None or not index.is_dir()):
            raise LayerError(tr("Choose the folder of an index, or search on raster layers."))
        if index is None and not layers:
            raise LayerError(tr("Tick the raster layer to search on; add one to the project first."))
        online = [layer for layer in layers if needs_rendering(layer)]
        crs = next((layer.crs() for layer in layers if layer.crs().isValid()), QgsProject.instance().crs())
        return WantedReference(
            mosaics=tuple(str(raster_file(layer)) for layer in layers if layer not in online),
            index=None if index is None else str(index),
            name=", ".join(layer.name() for layer in layers) if index is None else index.name,
            crs=crs if crs.isValid() else wgs84(),
            online=render_request(online, bounds) if online else None,
        )

    def may_render(self, wanted: WantedReference) -> bool:
        """Ask the user, once for each set of online layers and again for a larger area; True where there are none."""
        request = wanted.online
        if request is not None and request.pixels > self._agreed_px.get(request.sources, 0):
            if not self._messages.ask(request.warning() + "\n\n" + tr("Go on?")):
                return False
            self._agreed_px[request.sources] = request.pixels
        return True

    def make(
        self,
        wanted: WantedReference,
        on_progress: Callable[[float], None],
        ready: Callable[[list[str]], None],
        stopped: Callable[[str], None],
    ) -> None:
        """Make all files there are to make.

        Args:
            wanted: what `may_render` was asked about.
            on_progress: called with the percentage of what is rendered.
            ready: called with the paths of all raster files, at once where nothing has to be rendered.
            stopped: called with why there will be none; "" where that was cancelled.
        """
        path = None if wanted.online is None else self._renderer.rendered(wanted.online)
        if wanted.online is None or path is not None:
            ready([*wanted.mosaics, *([] if path is None else [str(path)])])
            return
        self.rendering = True

        def over(path: Path | None, error: str) -> None:
            if self._gone:
                return
            self.rendering = False
            if path is None:
                stopped(error)
            else:
                ready([*wanted.mosaics, str(path)])

        self._renderer.render(wanted.online, on_progress, over)

    def cancel(self) -> None:
        """Stop the rendering that is under way."""
        self._renderer.cancel()

    def remove(self) -> None:
        """Stop, and remove all files."""
        self._gone = True
        self._renderer.remove()
