# SPDX-License-Identifier: GPL-2.0-or-later
"""A view of a photograph in which an object is clicked, or drawn."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QImage, QImageReader, QPainter, QPainterPath, QPixmap, QTextOption, QTransform
from qgis.PyQt.QtWidgets import QApplication, QGraphicsScene, QGraphicsView

from ..layers.drawn import AREA, LINE, POINT
from ..texts import tr
from ..worker.request import BOX, CLICK, POLYGON, PhotoTarget
from .photo_drawing import DrawingError, box_target, polygon_target, without_doubles
from .photo_shapes import Outline, Overlay, cross, pointer

_ZOOM_STEP = 1.25
_MAX_ZOOM = 32.0
_LARGEST_MB = 2048
_CORNERED = (POLYGON, LINE, AREA)
_LEAST_CORNERS = {LINE: 2, AREA: 3}
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DRAWING_KEYS = (*_ENDS, Qt.Key.Key_Backspace, Qt.Key.Key_Escape)


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
    """A photograph on the screen: the wheel zooms, dragging moves, and one of three tools marks an object.

    Three more tools draw what is no target: `POINT` with a click, `LINE` and `AREA` as `POLYGON` does.

    `CLICK` marks where the mouse is clicked. `BOX` marks what is dragged over; the middle button moves the photo
    then, as it always does. `POLYGON` takes a corner a click, until a double click, the right button or Enter ends
    it; Backspace takes the last corner back. Escape gives up what is being drawn, and the last target stays.

    Attributes:
        target: what is marked, however the view is turned; None where nothing is.
        tool: `CLICK`, `BOX`, `POLYGON`, `POINT`, `LINE` or `AREA`.
    """

    marked = pyqtSignal()
    """There is another target."""
    refused = pyqtSignal(str)
    """One line saying why what was drawn marks nothing."""
    drawn = pyqtSignal(list)
    """Corners of what was drawn with the present tool that marks no object, a list of QPointF in pixels."""
    pointed = pyqtSignal(object)
    """Pixel of the photo that the mouse is over, QPointF; None when it has left the photo."""

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
        # Lines to the mouse are drawn while no button is down.
        self.viewport().setMouseTracking(True)
        self.target: PhotoTarget | None = None
        self.tool = CLICK
        self._photo = None
        self._cross = None
        self._pointer = None
        self._overlay: Overlay | None = None
        self._outline: Outline | None = None
        self._sketch: Outline | None = None
        self._corners: list[QPointF] = []
        self._pressed_at: QPoint | None = None
        self._grabbed_at: QPoint | None = None
        self._fitted = True
        self._scale = 1.0
        self._turned = 0

    @property
    def shows(self) -> bool:
        """Whether a photo is shown."""
        return self._photo is not None

    def show_photo(self, image: QImage) -> None:
        """Show another photo, whole, upright and without a target."""
        self.clear()
        self._photo = self.scene().addPixmap(QPixmap.fromImage(image))
        self._photo.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._cross = cross(self._photo)
        self._overlay = Overlay(self._photo)
        self._outline, self._sketch = Outline(self._photo), Outline(self._photo)
        self._pointer = pointer(self._photo)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self.fit()

    def clear(self) -> None:
        """Show no photo."""
        self.scene().clear()
        self.target = self._photo = self._cross = self._outline = self._sketch = self._pointer = self._overlay = None
        self._corners, self._pressed_at = [], None
        self._turned = 0
        self.viewport().unsetCursor()
        self.viewport().update()

    def use(self, tool: str) -> None:
        """Take another tool; what is being drawn is given up."""
        self.give_up()
        self.tool = tool
        drags = tool != BOX
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag if drags else QGraphicsView.DragMode.NoDrag)
        if self._photo is not None:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)

    @property
    def drawing(self) -> bool:
        """Whether a box or polygon has been begun and not ended."""
        return bool(self._corners)

    def show_pointer(self, place: QPointF | None) -> None:
        """Show where the mouse points to elsewhere, by a pixel of the photo; None shows nothing."""
        if self._pointer is not None:
            self._pointer.setVisible(place is not None)
            if place is not None:
                self._pointer.setPos(place)

    def show_overlay(self, path: QPainterPath) -> None:
        """Show lines over the photo, in its pixels; an empty path shows none."""
        if self._overlay is not None:
            self._overlay.show(path)

    def go_to(self, place: QPointF) -> None:
        """Move the view to a pixel of the photo, where that is not seen already."""
        if self._photo is not None and not self.viewport().rect().contains(self.mapFromScene(place)):
            self.centerOn(place)

    def give_up(self) -> None:
        """Forget what is being drawn; the last target stays."""
        self._corners, self._pressed_at = [], None
        self._show_sketch([])

    def finish(self) -> bool:
        """Make what is being drawn the target; False where it marks nothing and has been refused."""
        if not self._corners:
            return True
        if self.tool in _LEAST_CORNERS:
            return self._finish_drawing(_LEAST_CORNERS[self.tool])
        try:
            if self.tool == BOX:
                target = box_target(*self._corners, self._photo.boundingRect())
            else:
                target = polygon_target(self._corners, self._photo.boundingRect())
        except DrawingError as error:
            self.refused.emit(str(error))
            return False
        self.give_up()
        self._mark(target)
        return True

    def _finish_drawing(self, least: int) -> bool:
        corners = without_doubles(self._corners)
        if len(corners) < least:
            self.refused.emit(tr("Click {count} corners at least.").format(count=least))
            return False
        self.give_up()
        self.drawn.emit(corners)
        return True

    def _mark(self, target: PhotoTarget) -> None:
        self.target = target
        points = [QPointF(*point) for point in target.points]
        self._cross.setVisible(target.kind == CLICK)
        self._cross.setPos(points[0])
        if target.kind == BOX:
            points = _corners_of(*points)
        self._outline.show([] if target.kind == CLICK else points)
        self.marked.emit()

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

    def event(self, event) -> bool:  # noqa: D102 (Qt's)
        if event.type() == QEvent.Type.ShortcutOverride and self.drawing and event.key() in _DRAWING_KEYS:
            # Not QGIS's own shortcut then.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if not self.drawing or event.key() not in _DRAWING_KEYS:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Escape:
            self.give_up()
        elif self.tool in _CORNERED and event.key() == Qt.Key.Key_Backspace:
            self._corners.pop()
            self._show_sketch(self._corners)
        elif self.tool in _CORNERED:
            self.finish()

    def mousePressEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grabbed_at = event.pos()
            return
        self._pressed_at = event.pos() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if self.tool in _CORNERED and event.button() == Qt.MouseButton.LeftButton:
            # Its first click was the last corner.
            self.finish()
        elif self.tool == BOX:
            # A drag that begins soon after a click.
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().mouseMoveEvent(event)
        if self._grabbed_at is not None:
            by, self._grabbed_at = event.pos() - self._grabbed_at, event.pos()
            for bar, pixels in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
                bar.setValue(bar.value() - pixels)
        elif self.tool == BOX and self._pressed_at is not None and self._photo is not None:
            self._corners = [self._place(self._pressed_at), self._place(event.pos())]
            self._show_sketch(_corners_of(*self._corners))
        elif self.tool in _CORNERED and self._corners:
            self._show_sketch([*self._corners, self._place(event.pos())])
        if self._photo is not None:
            place = self._place(event.pos())
            self.pointed.emit(place if self._in_photo(place) else None)

    def leaveEvent(self, event) -> None:  # noqa: D102 (Qt's)
        super().leaveEvent(event)
        self.pointed.emit(None)

    def mouseReleaseEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if event.button() == Qt.MouseButton.MiddleButton:
            self._grabbed_at = None
            return
        super().mouseReleaseEvent(event)
        if self._photo is None:
            return
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        if event.button() == Qt.MouseButton.RightButton and self.tool in _CORNERED:
            self.finish()
        pressed_at, self._pressed_at = self._pressed_at, None
        if pressed_at is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place = self._place(event.pos())
        dragged = (event.pos() - pressed_at).manhattanLength() >= QApplication.startDragDistance()
        if self.tool == BOX:
            self._corners = [self._place(pressed_at), place] if dragged else []
            if not self.finish() or not dragged:
                self.give_up()
        elif self.tool in _CORNERED and not dragged:
            self._corners.append(place)
            self._show_sketch(self._corners)
        elif self.tool == POINT and not dragged and self._in_photo(place):
            self.drawn.emit([place])
        elif self.tool == CLICK and not dragged and self._in_photo(place):
            self._mark(PhotoTarget(CLICK, ((place.x(), place.y()),)))

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

    def _place(self, at: QPoint) -> QPointF:
        """Return where a pixel of the screen lies in the photo; it is a square too, whose centre is meant."""
        return self.viewportTransform().inverted()[0].map(QPointF(at) + QPointF(0.5, 0.5))

    def _in_photo(self, place: QPointF) -> bool:
        """Return whether a place lies in a pixel of the photo: its bounds are half-open, as geoloc's own are."""
        return self._photo.pixmap().rect().contains(int(place.x() // 1), int(place.y() // 1))

    def _show_sketch(self, corners: list[QPointF]) -> None:
        if self._sketch is not None:
            self._sketch.show(corners, closed=self.tool != LINE)

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


def _corners_of(one: QPointF, other: QPointF) -> list[QPointF]:
    """Return the four corners of the box between two opposite ones, one after another."""
    return [one, QPointF(other.x(), one.y()), other, QPointF(one.x(), other.y())]
