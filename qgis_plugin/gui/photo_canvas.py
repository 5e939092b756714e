# SPDX-License-Identifier: GPL-2.0-or-later
"""A view of a photograph that takes a click."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath, QPen, QPixmap, QTextOption, QTransform
from qgis.PyQt.QtWidgets import QApplication, QGraphicsItem, QGraphicsPathItem, QGraphicsScene, QGraphicsView

from ..texts import tr

_ZOOM_STEP = 1.25
_MAX_ZOOM = 32.0
_ARM = 14.0
_GAP = 5.0
_LARGEST_MB = 2048


class PhotoReadError(Exception):
    """A photograph cannot be shown; the text is one line."""


def read_upright(path: str, most_px: int = 0) -> QImage:
    """Return a photograph with its EXIF orientation applied: the pixels that geoloc counts in.

    Args:
        path: of the photograph.
        most_px: pixels of its longer side at most, for thumbnails; 0 for all pixels.

    Raises:
        PhotoReadError: the file is no image, or damaged.
    """
    if hasattr(QImageReader, "setAllocationLimit"):
        # Qt 6 refuses what needs more than 256 MB, which large cameras do.
        QImageReader.setAllocationLimit(_LARGEST_MB)
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    # By its content: photographs often bear the wrong suffix.
    reader.setDecideFormatFromContent(True)
    size = reader.size()
    if most_px and size.isValid() and max(size.width(), size.height()) > most_px:
        reader.setScaledSize(size.scaled(QSize(most_px, most_px), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        raise PhotoReadError(tr("{path}: cannot be shown ({error})").format(path=path, error=reader.errorString()))
    return image


class PhotoCanvas(QGraphicsView):
    """A photograph on the screen: the wheel zooms, dragging moves, a click marks.

    Attributes:
        mark: (x, y) in pixels of the upright photo, corner origin, however the view is turned; None without a mark.
    """

    marked = pyqtSignal(float, float)
    """(x, y) of a new mark."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        # The photo is dragged; bars would change the room that it has.
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setBackgroundBrush(QColor("#3a3a3a"))
        self.setMinimumSize(160, 140)
        # The panel round it takes what is dropped.
        self.setAcceptDrops(False)
        self.mark: QPointF | None = None
        self._photo = None
        self._cross = None
        self._pressed_at = None
        self._fitted = True
        self._scale = 1.0
        self._turned = 0

    @property
    def shows(self) -> bool:
        """Whether a photo is shown."""
        return self._photo is not None

    def show_photo(self, image: QImage) -> None:
        """Show another photo, whole, upright and without a mark."""
        self.clear()
        self._photo = self.scene().addPixmap(QPixmap.fromImage(image))
        self._photo.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._cross = _cross(self._photo)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.fit()

    def clear(self) -> None:
        """Show no photo."""
        self.scene().clear()
        self.mark = self._photo = self._cross = None
        self._turned = 0
        self.viewport().unsetCursor()
        self.viewport().update()

    def set_mark(self, x: float, y: float) -> None:
        """Mark (x, y) in pixels of the upright photo, corner origin; outside the photo nothing happens."""
        if self._photo is None or not self._photo.pixmap().rect().contains(int(x // 1), int(y // 1)):
            return
        self.mark = QPointF(x, y)
        self._cross.setPos(self.mark)
        self._cross.setVisible(True)
        self.marked.emit(x, y)

    def zoom(self, steps: float) -> None:
        """Zoom in by a number of steps; below 0 zoom out, until the whole photo is shown."""
        if self._photo is None:
            return
        scale = self._scale * _ZOOM_STEP**steps
        if scale <= self._fit_scale():
            self.fit()
            return
        self._fitted = False
        self._set_scale(min(scale, _MAX_ZOOM), room_px=max(self.width(), self.height()))

    def turn(self) -> None:
        """Turn the view by a quarter clockwise; marks stay in pixels of the upright photo."""
        self._turned = (self._turned + 90) % 360
        self.fit()

    def fit(self) -> None:
        """Show the whole photo."""
        self._fitted = True
        if self._photo is None:
            return
        self._set_scale(self._fit_scale())
        self.centerOn(self._photo)

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
        # Qt before 5.14 has no position().
        at = event.position() if hasattr(event, "position") else QPointF(event.pos())
        place = self.viewportTransform().inverted()[0].map(at)
        self.zoom(event.angleDelta().y() / 120)
        # Qt's own anchor asks for the mouse, which may have moved on.
        off = self.viewportTransform().map(place) - at
        for bar, by in ((self.horizontalScrollBar(), off.x()), (self.verticalScrollBar(), off.y())):
            bar.setValue(bar.value() + round(by))

    def paintEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().paintEvent(event)
        if self._photo is None:
            painter = QPainter(self.viewport())
            painter.setPen(QColor("#c8c8c8"))
            text = tr("Drop a photo or a folder here, or choose one above.")
            painter.drawText(QRectF(self.viewport().rect()), text, QTextOption(Qt.AlignmentFlag.AlignCenter))
            painter.end()

    def resizeEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().resizeEvent(event)
        if self._fitted:
            self.fit()

    def _set_scale(self, scale: float, room_px: int = 0) -> None:
        """Show the photo at a scale, with room round it, so that what is under the mouse can stay there.

        Args:
            scale: pixels of the screen a pixel of the photo.
            room_px: on each side, pixels of the screen.
        """
        self._scale = scale
        margin = room_px / scale
        self.setSceneRect(self._photo.boundingRect().adjusted(-margin, -margin, margin, margin))
        self.setTransform(QTransform().rotate(self._turned).scale(scale, scale))

    def _fit_scale(self) -> float:
        photo, view = self._photo.boundingRect(), self.contentsRect()
        width, height = photo.width(), photo.height()
        if self._turned % 180:
            width, height = height, width
        return min(1.0, view.width() / width, view.height() / height)


def _cross(parent: QGraphicsItem) -> QGraphicsPathItem:
    """Return a cross with an open middle, of the same size at every zoom, hidden until it has a place."""
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
