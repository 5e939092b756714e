# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing the place to search in: everywhere, the map's canvas, polygons, or round a position."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsMapLayerProxyModel,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsMapLayerComboBox, QgsMapToolEmitPoint, QgsVertexMarker
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..layers.errors import PlaceError
from ..layers.geography import bounds_round, polygon_json, rectangle, to_wgs84, wgs84
from ..texts import tr
from ..worker.request import DEFAULT_WITHIN_M, SearchPlace

EVERYWHERE, GPS, CANVAS, POLYGONS, POINT = range(5)


@dataclass(frozen=True)
class ChosenPlace:
    """A place to search in.

    Attributes:
        place: as geoloc takes it.
        bounds: of the place in WGS 84; None for everywhere.
    """

    place: SearchPlace
    bounds: QgsRectangle | None = None


class WherePanel(QWidget):
    """A list of kinds of places, with the widgets that the chosen kind needs.

    Attributes:
        point: longitude and latitude of the point that was picked on the map; None without one.
    """

    changed = pyqtSignal()
    """Another place was chosen."""

    def __init__(self, canvas: QgsMapCanvas, parent=None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self.point: QgsPointXY | None = None
        self._photo: QgsPointXY | None = None
        self._by_hand: int | None = None
        self.kind = QComboBox()
        self.kind.addItems(
            [
                tr("Everywhere on the reference"),
                tr("Round the photo's GPS position"),
                tr("What the map shows"),
                tr("Inside polygons"),
                tr("Round a point on the map"),
            ]
        )
        self.polygons = QgsMapLayerComboBox()
        self.polygons.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.selected = QCheckBox(tr("Selected features only"))
        self.pick = QPushButton(tr("Pick on the map"))
        self.pick.setCheckable(True)
        self.picked = QLabel()
        self.within = QSpinBox()
        self.within.setRange(10, 100_000)
        self.within.setSingleStep(50)
        self.within.setValue(int(DEFAULT_WITHIN_M))
        self.within.setSuffix(tr(" m"))
        self.within.setPrefix(tr("within "))
        self.within.setToolTip(tr("How far round the position the search goes."))
        self._build()
        self._tool = QgsMapToolEmitPoint(canvas)
        self._tool.setButton(self.pick)
        self._tool.canvasClicked.connect(self._take)
        self._before = None
        self._marker = None
        self.kind.activated.connect(self._choose)
        self.kind.currentIndexChanged.connect(self._show)
        self.pick.clicked.connect(self._start_picking)
        canvas.destinationCrsChanged.connect(self._show)
        self._show()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        row = QHBoxLayout()
        row.addWidget(self.pick)
        row.addWidget(self.picked, 1)
        layout.addWidget(self.kind)
        layout.addWidget(self.polygons)
        layout.addWidget(self.selected)
        layout.addLayout(row)
        layout.addWidget(self.within)

    def show_photo(self, position: QgsPointXY | None) -> None:
        """Take another photo's position as the place to search round, unless a user chose another place."""
        self._photo = position
        if self._by_hand in (None, GPS):
            self.kind.setCurrentIndex(EVERYWHERE if position is None else GPS)

    def chosen(self) -> ChosenPlace:
        """Return the place that was chosen.

        Raises:
            PlaceError: something is missing, or there is no such place.
        """
        kind, within = self.kind.currentIndex(), self.within.value()
        context = QgsProject.instance().transformContext()
        if kind == EVERYWHERE:
            return ChosenPlace(SearchPlace())
        if kind == GPS:
            if self._photo is None:
                raise PlaceError(tr("The photo does not say where it was taken: choose another place to search."))
            return ChosenPlace(SearchPlace(gps=True, within_m=within), bounds_round(self._photo, within))
        if kind == POINT:
            if self.point is None:
                raise PlaceError(tr("Pick the point on the map round which to search."))
            near = (self.point.x(), self.point.y())
            return ChosenPlace(SearchPlace(near=near, within_m=within), bounds_round(self.point, within))
        if kind == CANVAS:
            shape, crs = rectangle(self._canvas.extent()), self._canvas.mapSettings().destinationCrs()
        else:
            shape, crs = self._polygons(), self.polygons.currentLayer().crs()
        shape = to_wgs84(shape, crs, context)
        return ChosenPlace(SearchPlace(area=polygon_json(shape)), shape.boundingBox())

    def let_go(self) -> None:
        """Remove marker and tool from the map, which outlives the panel."""
        self._canvas.destinationCrsChanged.disconnect(self._show)
        if self._canvas.mapTool() is self._tool:
            self._canvas.unsetMapTool(self._tool)
        self._show_marker(None)

    def _polygons(self) -> QgsGeometry:
        layer = self.polygons.currentLayer()
        if layer is None:
            raise PlaceError(tr("Add a polygon layer to the project, or choose another place to search."))
        features = layer.selectedFeatures() if self.selected.isChecked() else list(layer.getFeatures())
        shapes = [feature.geometry() for feature in features if feature.hasGeometry()]
        if not shapes:
            if self.selected.isChecked():
                raise PlaceError(tr("No feature of {layer} is selected.").format(layer=layer.name()))
            raise PlaceError(tr("The layer {layer} has no polygons.").format(layer=layer.name()))
        return QgsGeometry.unaryUnion(shapes)

    def _choose(self, index: int) -> None:
        self._by_hand = index

    def _show(self, *changed) -> None:
        kind = self.kind.currentIndex()
        for widget, kinds in (
            (self.polygons, (POLYGONS,)),
            (self.selected, (POLYGONS,)),
            (self.pick, (POINT,)),
            (self.picked, (POINT,)),
            (self.within, (GPS, POINT)),
        ):
            widget.setVisible(kind in kinds)
        point = self.point
        self.picked.setText(tr("no point yet") if point is None else f"{point.y():.5f}, {point.x():.5f}")
        self._show_marker(point if kind == POINT else None)
        self.changed.emit()

    def _start_picking(self, on: bool) -> None:
        if on:
            self._before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)
        else:
            self._stop_picking()

    def _stop_picking(self) -> None:
        self._canvas.unsetMapTool(self._tool)
        if self._before is not None:
            self._canvas.setMapTool(self._before)
        self._before = None

    def _take(self, place: QgsPointXY, button) -> None:
        crs = self._canvas.mapSettings().destinationCrs()
        context = QgsProject.instance().transformContext()
        try:
            self.point = to_wgs84(QgsGeometry.fromPointXY(place), crs, context).asPoint()
        except PlaceError:
            self.point = None
        self._stop_picking()
        self._show()

    def _show_marker(self, point: QgsPointXY | None) -> None:
        if self._marker is not None:
            self._canvas.scene().removeItem(self._marker)
            self._marker = None
        if point is not None:
            self._marker = marker(self._canvas, point, "#0a7a5a", QgsVertexMarker.IconType.ICON_CROSS)


def marker(canvas: QgsMapCanvas, point: QgsPointXY, colour: str, kind) -> QgsVertexMarker | None:
    """Return a new sign on the map, which the caller removes; None where the map's CRS has no such place.

    Args:
        canvas: of the map.
        point: longitude and latitude.
        colour: such as "#1f78ff".
        kind: QgsVertexMarker.IconType.
    """
    crs = canvas.mapSettings().destinationCrs()
    try:
        place = QgsCoordinateTransform(wgs84(), crs, QgsProject.instance()).transform(point)
    except QgsCsException:
        return None
    sign = QgsVertexMarker(canvas)
    sign.setCenter(place)
    sign.setColor(QColor(colour))
    sign.setIconType(kind)
    sign.setIconSize(14)
    sign.setPenWidth(3)
    return sign
