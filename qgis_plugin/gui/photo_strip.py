# SPDX-License-Identifier: GPL-2.0-or-later
"""The photographs of a folder as a strip of thumbnails."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QObject, QRectF, QRunnable, QSize, Qt, QThreadPool, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from qgis.PyQt.QtWidgets import QListView, QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate

from .photo_canvas import PhotoReadError, read_upright

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
MATCHED, NOT_HERE, FAILED = "matched", "not here", "failed"
"""What a photo can be marked with."""
_SIDE = 64
_MARK_PX = 18
_MARKS = {MATCHED: ("#12a150", "✓"), NOT_HERE: ("#6b6b6b", "–"), FAILED: ("#b00020", "!")}
_MARK_ROLE = Qt.ItemDataRole.UserRole + 1
_THREADS = 1


def photos_in(folder: Path) -> list[Path]:
    """Return the paths of a folder's photographs, by name; none where the folder cannot be read."""
    try:
        photos = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    return sorted(photos, key=lambda path: path.name)


class PhotoStrip(QListWidget):
    """Thumbnails of a folder's photographs, read off the GUI's thread as the folder is shown."""

    chosen = pyqtSignal(str)
    """Path of a photograph that was chosen."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setGridSize(QSize(_SIDE + 8, _SIDE + 6))
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setFixedHeight(_SIDE + 10 + bar)
        self.setStyleSheet("QListView::item:selected { background: palette(highlight); }")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_MarkedThumbnail(self))
        self._folder: Path | None = None
        # Also of folders that are not shown now.
        self._marks: dict[str, tuple[str, str]] = {}
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(_THREADS)
        self._reader = _ThumbnailReader(self)
        self._reader.image_read.connect(self._show_thumbnail)
        self.currentItemChanged.connect(self._choose)

    def show_folder(self, folder: Path, photo: Path | None = None) -> None:
        """Show the photographs of a folder, and choose one of them where one is given."""
        if folder != self._folder:
            self._pool.clear()
            self._folder = folder
            self.blockSignals(True)
            self.clear()
            empty = QPixmap(_SIDE, _SIDE)
            empty.fill(QColor("#80808080"))
            for path in photos_in(folder):
                # The name of the one that is shown stands above; all of them would take the photo's room.
                item = QListWidgetItem(QIcon(empty), "", self)
                item.setData(Qt.ItemDataRole.UserRole, str(path))
                self._show_mark(item)
                self._pool.start(_Thumbnail(str(path), self._reader))
            self.blockSignals(False)
        self.setVisible(self.count() > 1)
        rows = [row for row in range(self.count()) if photo is not None and self._path(row) == str(photo)]
        if rows:
            self.setCurrentRow(rows[0])

    def paths(self) -> list[str]:
        """Return the paths of all photographs of the folder, in their order."""
        return [self._path(row) for row in range(self.count())]

    def mark(self, path: str, kind: str, text: str) -> None:
        """Mark a photograph, whether its folder is shown now or later.

        Args:
            path: of the photograph.
            kind: `MATCHED`, `NOT_HERE` or `FAILED`.
            text: what its tool tip says of it.
        """
        self._marks[path] = (kind, text)
        for row in range(self.count()):
            if self._path(row) == path:
                self._show_mark(self.item(row))

    def icon(self, path: str) -> QIcon:
        """Return the thumbnail of a photograph; an empty icon where its folder is not shown."""
        rows = [row for row in range(self.count()) if self._path(row) == path]
        return self.item(rows[0]).icon() if rows else QIcon()

    def step(self, by: int) -> None:
        """Choose the next photograph, or with -1 the previous one."""
        row = self.currentRow() + by
        if 0 <= row < self.count():
            self.setCurrentRow(row)

    def place(self) -> tuple[int, int]:
        """Return the number of the chosen photograph, from 1 (0 where none is), and the number of all."""
        return self.currentRow() + 1, self.count()

    def stop(self) -> None:
        """Read no more thumbnails."""
        self._pool.clear()
        self._pool.waitForDone()

    def _show_mark(self, item: QListWidgetItem) -> None:
        path = item.data(Qt.ItemDataRole.UserRole)
        kind, text = self._marks.get(path, ("", ""))
        item.setData(_MARK_ROLE, kind)
        item.setToolTip(f"{Path(path).name}: {text}" if text else Path(path).name)

    def _path(self, row: int) -> str:
        return self.item(row).data(Qt.ItemDataRole.UserRole)

    def _choose(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if item is not None:
            self.scrollToItem(item)
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _show_thumbnail(self, path: str, image: QImage) -> None:
        for row in range(self.count()):
            if self._path(row) == path:
                self.item(row).setIcon(QIcon(QPixmap.fromImage(image)))


class _MarkedThumbnail(QStyledItemDelegate):
    """A thumbnail with its mark in the upper right corner."""

    def paint(self, painter, option, index) -> None:
        super().paint(painter, option, index)
        if index.data(_MARK_ROLE) not in _MARKS:
            return
        colour, sign = _MARKS[index.data(_MARK_ROLE)]
        square = QRectF(option.rect.right() - _MARK_PX - 2, option.rect.top() + 2, _MARK_PX, _MARK_PX)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor("white"))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(square)
        painter.drawText(square, Qt.AlignmentFlag.AlignCenter, sign)
        painter.restore()


class _ThumbnailReader(QObject):
    """Carries thumbnails from the threads that read them to the GUI's, which a QRunnable cannot."""

    image_read = pyqtSignal(str, QImage)


class _Thumbnail(QRunnable):
    def __init__(self, path: str, reader: _ThumbnailReader) -> None:
        super().__init__()
        self._path, self._reader = path, reader

    def run(self) -> None:
        try:
            image = read_upright(self._path, _SIDE)
        except PhotoReadError:
            image = QImage(_SIDE, _SIDE, QImage.Format.Format_ARGB32)
            image.fill(QColor("#b00020"))
        self._reader.image_read.emit(self._path, image)
