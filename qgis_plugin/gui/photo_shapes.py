# SPDX-License-Identifier: GPL-2.0-or-later
"""Marks over a photograph, of the same strength at every zoom: the cross of a click, the outline of what was drawn."""

from __future__ import annotations

from typing import Sequence

from qgis.PyQt.QtCore import QPointF, Qt
from qgis.PyQt.QtGui import QBrush, QColor, QPainterPath, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QGraphicsEllipseItem, QGraphicsItem, QGraphicsPathItem

_ARM = 14.0
_GAP = 5.0
_DOT = 3.5
_RING = 8.0
_INK, _HALO, _MAP_INK = "#e6007e", "white", "#00b4d8"


def cross(parent: QGraphicsItem) -> QGraphicsPathItem:
    """Return a cross with an open middle, hidden until it has a place."""
    path = QPainterPath()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(dx * _GAP, dy * _GAP)
        path.lineTo(dx * _ARM, dy * _ARM)
    path.addEllipse(QPointF(0, 0), _ARM * 0.7, _ARM * 0.7)
    return _sign(path, parent, _INK)


def pointer(parent: QGraphicsItem) -> QGraphicsPathItem:
    """Return a ring with a dot in it, of what is pointed to on the map; hidden until it has a place."""
    path = QPainterPath()
    path.addEllipse(QPointF(0, 0), _RING, _RING)
    path.addEllipse(QPointF(0, 0), 1, 1)
    return _sign(path, parent, _MAP_INK)


class Overlay:
    """Lines of the map over a photo."""

    def __init__(self, parent: QGraphicsItem) -> None:
        """Add it to the scene of a parent, in whose coordinates its lines are."""
        self._halo = _haloed(QPainterPath(), parent, _MAP_INK)

    def show(self, path: QPainterPath) -> None:
        """Show these lines."""
        _set_path(self._halo, path)


class Outline:
    """A line with a dot at each corner, hidden until it has some."""

    def __init__(self, parent: QGraphicsItem) -> None:
        """Add it to the scene of a parent, in whose coordinates its corners are."""
        self._halo = _haloed(QPainterPath(), parent, _INK)
        self._dots: list[QGraphicsEllipseItem] = []

    def show(self, corners: Sequence[QPointF], closed: bool = True) -> None:
        """Show these corners, the first one not repeated; none hides it."""
        path = QPainterPath()
        if corners:
            path.addPolygon(QPolygonF(list(corners)))
            if closed:
                path.closeSubpath()
        _set_path(self._halo, path)
        while len(self._dots) > len(corners):
            dot = self._dots.pop()
            dot.scene().removeItem(dot)
        while len(self._dots) < len(corners):
            self._dots.append(_dot(self._halo))
        for dot, at in zip(self._dots, corners):  # noqa: B905 (Python 3.9)
            dot.setPos(at)


def _sign(path: QPainterPath, parent: QGraphicsItem, ink: str) -> QGraphicsPathItem:
    """Return lines of the same size at every zoom, hidden until they have a place."""
    halo = _haloed(path, parent, ink)
    halo.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    halo.setVisible(False)
    return halo


def _set_path(halo: QGraphicsPathItem, path: QPainterPath) -> None:
    halo.setPath(path)
    for item in halo.childItems():
        # Its dots are children too.
        if isinstance(item, QGraphicsPathItem):
            item.setPath(path)


def _haloed(path: QPainterPath, parent: QGraphicsItem, ink: str) -> QGraphicsPathItem:
    """Return lines with a wider light one below, which is their parent."""
    halo = QGraphicsPathItem(path, parent)
    halo.setPen(_pen(_HALO, 4))
    QGraphicsPathItem(path, halo).setPen(_pen(ink, 2))
    return halo


def _dot(parent: QGraphicsItem) -> QGraphicsEllipseItem:
    dot = QGraphicsEllipseItem(-_DOT, -_DOT, 2 * _DOT, 2 * _DOT, parent)
    dot.setPen(_pen(_HALO, 1))
    dot.setBrush(QBrush(QColor(_INK)))
    dot.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    return dot


def _pen(colour: str, width_px: float) -> QPen:
    pen = QPen(QColor(colour), width_px)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    # Pixels of the screen, whatever the zoom.
    pen.setCosmetic(True)
    return pen
