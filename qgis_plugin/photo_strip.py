# SPDX-License-Identifier: GPL-2.0-or-later
"""The photographs of a folder as a strip of thumbnails."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QObject, QRunnable, QSize, Qt, QThreadPool, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPixmap
from qgis.PyQt.QtWidgets import QListView, QListWidget, QListWidgetItem, QStyle

from .photo_view import PhotoError, read_upright

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_SIDE = 64
_THREADS = 1


def photos_in(folder: Path) -> list[Path]:
    """The photographs of a folder, by name; none of one that cannot be read."""
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name)


class PhotoStrip(QListWidget):
    """Thumbnails, made off the GUI's thread as a folder is shown."""

    chosen = pyqtSignal(str)
    """Path of a photograph."""

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
        self._told = _Told(self)
        self._told.made.connect(self._put)
        self.currentItemChanged.connect(self._choose)

    def show_folder(self, folder: Path, photo: Path | None = None) -> None:
        """Show the photographs of a folder, that of a photo where one is given."""
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
                self._pool.start(_Thumbnail(str(path), self._told))
            self.blockSignals(False)
        self.setVisible(self.count() > 1)
        wanted = [i for i in range(self.count()) if photo is not None and self._path(i) == str(photo)]
        if wanted:
            self.setCurrentRow(wanted[0])

    def step(self, by: int) -> None:
        """The next photograph, or with -1 the one before."""
        row = self.currentRow() + by
        if 0 <= row < self.count():
            self.setCurrentRow(row)

    def place(self) -> tuple[int, int]:
        """Number of the photograph chosen, from 1, and of all; 0 where none is."""
        return self.currentRow() + 1, self.count()

    def stop(self) -> None:
        """Make no more thumbnails."""
        self._pool.clear()
        self._pool.waitForDone()

    def _path(self, row: int) -> str:
        return self.item(row).data(Qt.ItemDataRole.UserRole)

    def _choose(self, item: QListWidgetItem | None, before: QListWidgetItem | None) -> None:
        if item is not None:
            self.scrollToItem(item)
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _put(self, path: str, image: QImage) -> None:
        for row in range(self.count()):
            if self._path(row) == path:
                self.item(row).setIcon(QIcon(QPixmap.fromImage(image)))


class _Told(QObject):
    made = pyqtSignal(str, QImage)


class _Thumbnail(QRunnable):
    def __init__(self, path: str, told: _Told) -> None:
        super().__init__()
        self._path, self._told = path, told

    def run(self) -> None:
        try:
            image = read_upright(self._path, _SIDE)
        except PhotoError:
            image = QImage(_SIDE, _SIDE, QImage.Format.Format_ARGB32)
            image.fill(QColor("#b00020"))
        self._told.made.emit(self._path, image)
