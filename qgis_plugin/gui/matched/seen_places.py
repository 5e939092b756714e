# SPDX-License-Identifier: GPL-2.0-or-later
"""Which matched photos see a place of the map: by a tool, and in the map's context menu."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapToolEmitPoint
from qgis.PyQt.QtCore import QObject, QPoint
from qgis.PyQt.QtGui import QCursor, QIcon
from qgis.PyQt.QtWidgets import QMenu

from ...layers.carried import between, moved
from ...layers.geography import wgs84
from ...texts import tr
from ...worker.photo_match import PhotoMatch, PhotoSight, photos_that_see

_MOST = 15


class SeenPlaces(QObject):
    """Offers photos in menus; one that is chosen is opened where it shows the place.

    Attributes:
        tool: of the map; a click opens the menu.
        menu: the one that was opened last; None before.
    """

    def __init__(
        self,
        canvas: QgsMapCanvas,
        found: Callable[[], list[PhotoMatch]],
        icon: Callable[[str], QIcon],
        open_photo: Callable[[PhotoSight], None],
    ) -> None:
        """Add them to the map.

        Args:
            canvas: of the map.
            found: returns all matched photos.
            icon: returns the thumbnail of a photo, by its path.
            open_photo: called with what was chosen.
        """
        super().__init__(canvas)
        self._canvas, self._found, self._icon, self._open_photo = canvas, found, icon, open_photo
        self._before = None
        self.menu: QMenu | None = None
        self.tool = QgsMapToolEmitPoint(canvas)
        self.tool.canvasClicked.connect(self._offer)
        canvas.contextMenuAboutToShow.connect(self._extend)

    def use_tool(self, on: bool) -> None:
        """Take the tool, or the one before it."""
        if on:
            self._before = self._canvas.mapTool()
            self._canvas.setMapTool(self.tool)
        elif self._canvas.mapTool() is self.tool:
            self._canvas.unsetMapTool(self.tool)
            if self._before is not None:
                self._canvas.setMapTool(self._before)

    def let_go(self) -> None:
        """Remove all from the map, which outlives the dock."""
        self.use_tool(False)
        self._canvas.contextMenuAboutToShow.disconnect(self._extend)
        self.deleteLater()

    def sights(self, place: QgsPointXY) -> list[PhotoSight]:
        """Return the photos that see a place of the map, in its CRS, nearest and most from above first."""
        crs = self._canvas.mapSettings().destinationCrs()
        lonlat = moved(place, between(crs, wgs84()))
        known = {}

        def place_in(name: str) -> tuple[float, float] | None:
            # Most photos were matched with the same mosaic.
            if name not in known:
                other = QgsCoordinateReferenceSystem()
                other.createFromUserInput(name)
                there = moved(place, between(crs, other))
                known[name] = None if there is None else (there.x(), there.y())
            return known[name]

        return [] if lonlat is None else photos_that_see(self._found(), (lonlat.x(), lonlat.y()), place_in)

    def _offer(self, place: QgsPointXY, button) -> None:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = QMenu(self._canvas)
        self._fill(self.menu, place)
        self.menu.popup(QCursor.pos() + QPoint(2, 2))

    def _extend(self, menu: QMenu, event) -> None:
        if self._found():
            self._fill(menu.addMenu(tr("Photos that see this place")), event.mapPoint())

    def _fill(self, menu: QMenu, place: QgsPointXY) -> None:
        sights = self.sights(place)
        for sight in sights[:_MOST]:
            path = sight.match.path
            text = tr("{photo}: {metres:.0f} m away, {degrees:.0f}° from straight down").format(
                photo=Path(path).name, metres=sight.distance_m, degrees=sight.from_above_deg
            )
            action = menu.addAction(self._icon(path), text)
            action.triggered.connect(lambda checked=False, sight=sight: self._open_photo(sight))
        if len(sights) > _MOST:
            menu.addAction(tr("{count} more").format(count=len(sights) - _MOST)).setEnabled(False)
        if not sights:
            menu.addAction(tr("No matched photo sees this place")).setEnabled(False)
