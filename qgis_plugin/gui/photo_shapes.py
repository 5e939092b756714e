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
_INK, _HALO = "#e6007e", "white"


def cross(parent: QGraphicsItem) -> QGraphicsPathItem:
    """Return a cross with an open middle, hidden until it has a place."""
    path = QPainterPath()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(dx * _GAP, dy * _GAP)
        path.lineTo(dx * _ARM, dy * _ARM)
    path.addEllipse(QPointF(0, 0), _ARM * 0.7, _ARM * 0.7)
    halo = QGraphicsPathItem(path, parent)
    halo.setPen(_pen(_HALO, 4))
    QGraphicsPathItem(path, halo).setPen(_pen(_INK, 2))
    halo.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    halo.setVisible(False)
    return halo


class Outline:
    """A closed line with a dot at each corner, hidden until it has some."""

    def __init__(self, parent: QGraphicsItem) -> None:
        """Add it to the scene of a parent, in whose coordinates its corners are."""
        self._halo = QGraphicsPathItem(parent)
        self._halo.setPen(_pen(_HALO, 4))
        self._line = QGraphicsPathItem(self._halo)
        self._line.setPen(_pen(_INK, 2))
        self._dots: list[QGraphicsEllipseItem] = []

    def show(self, corners: Sequence[QPointF]) -> None:
        """Show these corners, the first one not repeated; none hides it."""
        path = QPainterPath()
        if corners:
            path.addPolygon(QPolygonF(list(corners)))
            path.closeSubpath()
        self._halo.setPath(path)
        self._line.setPath(path)
        while len(self._dots) > len(corners):
            dot = self._dots.pop()
            dot.scene().removeItem(dot)
        while len(self._dots) < len(corners):
            self._dots.append(_dot(self._halo))
        for dot, at in zip(self._dots, corners):  # noqa: B905 (Python 3.9)
            dot.setPos(at)


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
