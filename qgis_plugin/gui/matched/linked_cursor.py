# SPDX-License-Identifier: GPL-2.0-or-later
"""The cursor in the photo shows on the map, and the cursor on the map in the photo. Nothing is asked per move."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsPointXY
from qgis.gui import QgsMapCanvas, QgsVertexMarker
from qgis.PyQt.QtCore import QEvent, QObject, QPointF
from qgis.PyQt.QtGui import QColor

from ...layers.carried import between, crs_of, moved
from ...layers.geography import wgs84
from ...texts import tr
from ...worker.mapping import PhotoMapping
from ..photo_canvas import PhotoCanvas

_INK = "#00b4d8"


class LinkedCursor(QObject):
    """Links a photo's view and the map, while the photo has a mapping."""

    def __init__(self, canvas: QgsMapCanvas, view: PhotoCanvas, tell: Callable[[str], None]) -> None:
        """Listen to photo and map; nothing is linked before `use`.

        Args:
            canvas: of the map.
            view: of the photo.
            tell: called with what is known of the pixel that the mouse is over; "" where its place cannot be told.
        """
        super().__init__(canvas)
        self._canvas, self._view, self._tell = canvas, view, tell
        self._mapping: PhotoMapping | None = None
        self._to_canvas = self._from_canvas = self._to_lonlat = None
        self._sign = QgsVertexMarker(canvas)
        self._sign.setIconType(QgsVertexMarker.IconType.ICON_CIRCLE)
        self._sign.setColor(QColor(_INK))
        self._sign.setIconSize(16)
        self._sign.setPenWidth(3)
        self._sign.hide()
        view.pointed.connect(self._show_on_map)
        canvas.xyCoordinates.connect(self._show_in_photo)
        canvas.destinationCrsChanged.connect(self._find_ways)
        canvas.viewport().installEventFilter(self)

    def use(self, mapping: PhotoMapping | None) -> None:
        """Link by another mapping; None unlinks."""
        self._mapping = mapping
        # Whoever is told asks for words.
        self._find_ways()
        self._show_on_map(None)
        self._view.show_pointer(None)

    def words(self, pixel: QPointF) -> str:
        """Return in words where a pixel lies; "" where that cannot be told."""
        if self.place_of(pixel) is None:
            return ""
        place = moved(QgsPointXY(*self._mapping.to_map(pixel.x(), pixel.y())), self._to_lonlat)
        metres = self._mapping.error_m(pixel.x(), pixel.y())
        text = tr("{lat:.6f}, {lon:.6f}, within {metres:.1f} m")
        return "" if place is None else text.format(lat=place.y(), lon=place.x(), metres=metres)

    def place_of(self, pixel: QPointF) -> QgsPointXY | None:
        """Return where a pixel lies, in the map's CRS; None where that cannot be told."""
        if self._mapping is None or not self._mapping.holds(pixel.x(), pixel.y()):
            return None
        place = self._mapping.to_map(pixel.x(), pixel.y())
        return None if place is None else moved(QgsPointXY(*place), self._to_canvas)

    def pixel_of(self, place: QgsPointXY) -> QPointF | None:
        """Return which pixel shows a place of the map, in its CRS; None where the photo does not show it."""
        known = None if self._mapping is None else moved(place, self._from_canvas)
        pixel = None if known is None else self._mapping.to_photo(known.x(), known.y())
        return QPointF(*pixel) if pixel is not None and self._mapping.holds(*pixel) else None

    def let_go(self) -> None:
        """Unlink, and remove the sign from the map, which outlives the dock."""
        self._view.pointed.disconnect(self._show_on_map)
        self._mapping = None
        self._canvas.xyCoordinates.disconnect(self._show_in_photo)
        self._canvas.destinationCrsChanged.disconnect(self._find_ways)
        self._canvas.viewport().removeEventFilter(self)
        self._canvas.scene().removeItem(self._sign)
        self.deleteLater()

    def eventFilter(self, watched, event) -> bool:  # noqa: D102 (Qt's)
        if event.type() == QEvent.Type.Leave:
            self._view.show_pointer(None)
        return False

    def _find_ways(self) -> None:
        if self._mapping is not None:
            canvas, own = self._canvas.mapSettings().destinationCrs(), crs_of(self._mapping)
            # Found once: to find one takes far longer than to go it.
            self._to_canvas, self._from_canvas = between(own, canvas), between(canvas, own)
            self._to_lonlat = between(own, wgs84())

    def _show_on_map(self, pixel: QPointF | None) -> None:
        place = None if pixel is None else self.place_of(pixel)
        self._sign.setVisible(place is not None)
        if place is not None:
            self._sign.setCenter(place)
        self._tell("" if place is None else self.words(pixel))

    def _show_in_photo(self, place: QgsPointXY) -> None:
        self._view.show_pointer(self.pixel_of(place))
