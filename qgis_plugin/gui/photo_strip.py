# SPDX-License-Identifier: GPL-2.0-or-later
"""The photographs of a folder as a strip of thumbnails."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QObject, QRunnable, QSize, Qt, QThreadPool, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPixmap
from qgis.PyQt.QtWidgets import QListView, QListWidget, QListWidgetItem, QStyle

from .photo_canvas import PhotoReadError, read_upright

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_SIDE = 64
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
        self._folder: Path | None = None
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
                item.setToolTip(path.name)
                item.setData(Qt.ItemDataRole.UserRole, str(path))
                self._pool.start(_Thumbnail(str(path), self._reader))
            self.blockSignals(False)
        self.setVisible(self.count() > 1)
        rows = [row for row in range(self.count()) if photo is not None and self._path(row) == str(photo)]
        if rows:
            self.setCurrentRow(rows[0])

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
