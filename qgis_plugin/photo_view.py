# SPDX-License-Identifier: GPL-2.0-or-later
"""A view of a photograph that takes a click."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath, QPen, QPixmap
from qgis.PyQt.QtWidgets import QApplication, QGraphicsItem, QGraphicsPathItem, QGraphicsScene, QGraphicsView

_ZOOM_STEP = 1.25
_MAX_ZOOM = 32.0
_ARM = 14.0
_GAP = 5.0
_NOTHING = "No photo yet: choose one above."


class PhotoError(Exception):
    """A photograph cannot be shown; the text is one line."""


def read_upright(path: str) -> QImage:
    """A photograph as it is meant to be seen, its EXIF orientation applied: the pixels that geoloc counts in.

    Raises:
        PhotoError: not an image, or damaged.
    """
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    # By its content: photographs often bear the wrong suffix.
    reader.setDecideFormatFromContent(True)
    image = reader.read()
    if image.isNull():
        raise PhotoError(f"{path}: cannot be shown ({reader.errorString()})")
    return image


class PhotoView(QGraphicsView):
    """Wheel zooms, drag moves, a click marks. The mark is in pixels of the upright photo, corner origin."""

    marked = pyqtSignal(float, float)

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setBackgroundBrush(QColor("#3a3a3a"))
        self.mark: QPointF | None = None
        self._photo = None
        self._cross = None
        self._pressed_at = None
        self._fitted = True

    def show_photo(self, image: QImage) -> None:
        """Show another photo, whole and without a mark."""
        self.clear()
        self._photo = self.scene().addPixmap(QPixmap.fromImage(image))
        self._photo.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._cross = _cross(self._photo)
        self.scene().setSceneRect(self._photo.boundingRect())
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self._fit()

    def clear(self) -> None:
        """Show nothing."""
        self.scene().clear()
        self.mark = self._photo = self._cross = None

    def set_mark(self, x: float, y: float) -> None:
        """Mark a place; nothing happens outside the photo."""
        if self._photo is None or not self._photo.pixmap().rect().contains(int(x // 1), int(y // 1)):
            return
        self.mark = QPointF(x, y)
        self._cross.setPos(self.mark)
        self._cross.setVisible(True)
        self.marked.emit(x, y)

    def mousePressEvent(self, event) -> None:  # noqa: D102 (Qt's)
        self._pressed_at = event.pos() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().mouseReleaseEvent(event)
        if self._photo is not None:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        pressed_at, self._pressed_at = self._pressed_at, None
        if pressed_at is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if (event.pos() - pressed_at).manhattanLength() < QApplication.startDragDistance():
            # A pixel of the screen is a square too: its centre is meant.
            centre = QPointF(event.pos()) + QPointF(0.5, 0.5)
            place = self.viewportTransform().inverted()[0].map(centre)
            self.set_mark(place.x(), place.y())

    def wheelEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if self._photo is None:
            return
        wanted = self.transform().m11() * _ZOOM_STEP ** (event.angleDelta().y() / 120)
        if wanted <= self._fit_scale():
            self._fit()
            return
        self._fitted = False
        factor = min(wanted, _MAX_ZOOM) / self.transform().m11()
        self.scale(factor, factor)

    def paintEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().paintEvent(event)
        if self._photo is None:
            painter = QPainter(self.viewport())
            painter.setPen(QColor("#c8c8c8"))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, _NOTHING)
            painter.end()

    def resizeEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().resizeEvent(event)
        if self._fitted:
            self._fit()

    def _fit_scale(self) -> float:
        photo, view = self._photo.boundingRect(), self.contentsRect()
        return min(1.0, view.width() / photo.width(), view.height() / photo.height())

    def _fit(self) -> None:
        self._fitted = True
        if self._photo is None:
            return
        scale = self._fit_scale()
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(self._photo)


def _cross(parent: QGraphicsItem) -> QGraphicsPathItem:
    """A cross with an open middle, the same size at every zoom, hidden until it has a place."""
    path = QPainterPath()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(dx * _GAP, dy * _GAP)
        path.lineTo(dx * _ARM, dy * _ARM)
    path.addEllipse(QPointF(0, 0), _ARM * 0.7, _ARM * 0.7)
    halo = QGraphicsPathItem(path, parent)
    halo.setPen(QPen(QColor("white"), 4))
    QGraphicsPathItem(path, halo).setPen(QPen(QColor("#e6007e"), 2))
    halo.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
    halo.setVisible(False)
    return halo
