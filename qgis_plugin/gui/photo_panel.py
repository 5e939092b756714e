# SPDX-License-Identifier: GPL-2.0-or-later
"""Choosing a photograph, looking at it and marking the object in it: clicked, in a box or in a polygon."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsExifTools, QgsPointXY
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import QFileInfo, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QAction, QActionGroup, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ..layers.drawn import AREA, LINE, POINT
from ..texts import tr
from ..worker.request import BOX, CLICK, POLYGON, PhotoTarget
from .photo_canvas import PhotoCanvas, PhotoReadError, read_upright
from .photo_strip import SUFFIXES, PhotoStrip, photos_in

_DRAWN = (CLICK, BOX, POLYGON)
# Lines are a little higher in a label than by themselves.
_HINT_LINES = 3.3


class PhotoPanel(QWidget):
    """The photograph with the object that is searched for, and what marks it.

    Attributes:
        path: of the photo that is shown; None without one.
        position: longitude and latitude of the camera; None where the photo does not hold them.
    """

    changed = pyqtSignal()
    """Another photo was chosen, or something else marked."""
    failed = pyqtSignal(str)
    """One line saying what is wrong with a photo that was chosen, or with what was drawn in it."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.path: Path | None = None
        self.position: QgsPointXY | None = None
        self.file = QgsFileWidget()
        self.file.setDialogTitle(tr("Photograph"))
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in SUFFIXES)
        self.file.setFilter(tr("Photographs ({patterns})").format(patterns=patterns) + ";;" + tr("All files (*)"))
        self.file.lineEdit().setPlaceholderText(tr("A photograph, or a folder of them"))
        self.file.fileChanged.connect(self._file_changed)
        self.file.lineEdit().editingFinished.connect(lambda: self._file_changed(self.file.filePath(), whole=True))
        self.strip = PhotoStrip()
        self.strip.setVisible(False)
        self.strip.chosen.connect(self._show)
        self.view = PhotoCanvas()
        self.view.marked.connect(self._show_state)
        self.view.marked.connect(self.changed.emit)
        self.view.refused.connect(self.failed.emit)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        # As high for every text, or the photo would move while it is drawn in.
        self.hint.setMinimumHeight(round(_HINT_LINES * self.fontMetrics().lineSpacing()))
        self._build()
        self._show_state()

    def _build(self) -> None:
        self.tools = {}
        row = QHBoxLayout()
        row.setSpacing(2)
        self.kinds = QActionGroup(self)
        for name, text, icon, key, slot in (
            (CLICK, tr("Click the object"), "mActionCapturePoint.svg", "C", lambda: self.use(CLICK)),
            (BOX, tr("Draw a box round the object"), "mActionAddBasicRectangle.svg", "B", lambda: self.use(BOX)),
            (POLYGON, tr("Draw the object"), "mActionCapturePolygon.svg", "P", lambda: self.use(POLYGON)),
            ("before", tr("Previous photo"), "mActionArrowLeft.svg", "PgUp", lambda: self.strip.step(-1)),
            ("next", tr("Next photo"), "mActionArrowRight.svg", "PgDown", lambda: self.strip.step(1)),
            ("closer", tr("Zoom in"), "mActionZoomIn.svg", "+", lambda: self.view.zoom(2)),
            ("further", tr("Zoom out"), "mActionZoomOut.svg", "-", lambda: self.view.zoom(-2)),
            ("fit", tr("Show the whole photo"), "mActionZoomFullExtent.svg", "0", self.view.fit),
            ("turn", tr("Turn by a quarter (the view only)"), "mActionRotateFeature.svg", "R", self.view.turn),
        ):
            action = QAction(QgsApplication.getThemeIcon(icon), text, self)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setToolTip(f"{text} ({key})")
            action.triggered.connect(lambda checked=False, do=slot: do())
            self.view.addAction(action)
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            self.tools[name] = button
            row.addWidget(button)
            if name in _DRAWN:
                self.kinds.addAction(action)
                action.setCheckable(True)
                action.setChecked(name == self.view.tool)
            if name == POLYGON:
                line = QFrame()
                line.setFrameShape(QFrame.Shape.VLine)
                line.setFrameShadow(QFrame.Shadow.Sunken)
                row.addWidget(line)
        self.counter = QLabel()
        row.addStretch(1)
        row.addWidget(self.counter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.file, self.strip):
            layout.addWidget(widget)
        layout.addWidget(self.view, 1)
        layout.addLayout(row)
        layout.addWidget(self.hint)

    @property
    def target(self) -> PhotoTarget | None:
        """What is marked in the photo; None where nothing is."""
        return self.view.target

    def finish(self) -> bool:
        """End what is being drawn; False where it marks nothing, which is said."""
        return self.view.finish()

    def open(self, path: str) -> None:
        """Show a photograph, or the first one of a folder; "" shows none. The one that is shown stays as it is."""
        photo = Path(path) if path else None
        if photo is not None and photo.is_dir():
            photos = photos_in(photo)
            if not photos:
                self.failed.emit(tr("{path}: there are no photographs in this folder.").format(path=path))
                return
            photo = photos[0]
        if photo is None or not photo.is_file():
            self._show("")
            if photo is not None:
                self.failed.emit(tr("{path}: no such file.").format(path=path))
            return
        self.strip.show_folder(photo.parent, photo)
        if self.path != photo:
            # Files of another suffix are not in the strip.
            self._show(str(photo))

    def _file_changed(self, path: str, whole: bool = False) -> None:
        """Open what was chosen in the dialog, or typed: every key changes the field, and only the end counts."""
        if (whole or not self.file.lineEdit().isModified()) and Path(path) != (self.path or Path()):
            self.open(path)

    def dragEnterEvent(self, event) -> None:  # noqa: D102 (Qt's)
        if _dropped(event):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:  # noqa: D102 (Qt's)
        event.acceptProposedAction()
        self.open(_dropped(event))

    def _show(self, path: str) -> None:
        if path and self.path == Path(path):
            return
        self.path = self.position = None
        self.view.clear()
        problem = ""
        if path:
            try:
                self.view.show_photo(read_upright(path))
                self.path = Path(path)
            except PhotoReadError as error:
                problem = str(error)
        if self.path is not None:
            self.position = position_of(path)
            self.file.blockSignals(True)
            self.file.setFilePath(path)
            self.file.blockSignals(False)
        self._show_state()
        self.changed.emit()
        if problem:
            self.failed.emit(problem)

    def use(self, tool: str) -> None:
        """Take another tool, see `PhotoCanvas`."""
        self.view.use(tool)
        self._show_state()

    def _show_state(self) -> None:
        number, count = self.strip.place()
        self.counter.setText(tr("{number} of {count}").format(number=number, count=count) if count > 1 else "")
        for name, button in self.tools.items():
            possible = self.view.shows
            if name in ("before", "next"):
                possible = 0 < number + (1 if name == "next" else -1) <= count
            button.defaultAction().setEnabled(possible)
        text = ""
        if self.target is not None and self.target.kind == self.view.tool:
            text = _described(self.target)
            if self.target.cut:
                text += " " + tr("It was cut at the photo's edge.")
        elif self.view.shows:
            text = _hints()[self.view.tool]
        if self.view.shows and self.position is None:
            text += " " + tr("The photo does not say where it was taken.")
        self.hint.setText(text)


def _hints() -> dict[str, str]:
    """Return what to do with each tool."""
    return {
        CLICK: tr("Click the object. The wheel zooms, dragging moves."),
        BOX: tr("Drag a box round the object. The wheel zooms, the middle button moves."),
        POINT: tr("Click a point of the layer. The wheel zooms, dragging moves."),
        LINE: tr("Click along the line; double click, right button or Enter ends, Backspace takes one back."),
        AREA: tr("Click its corners; double click, right button or Enter ends, Backspace takes one back."),
        POLYGON: tr("Click its corners; double click, right button or Enter ends, Backspace takes one back."),
    }


def _described(target: PhotoTarget) -> str:
    """Return in a sentence what is marked, in pixels of the photo."""
    (x, y), (far_x, far_y) = target.points[0], target.points[-1]
    if target.kind == CLICK:
        return tr("Clicked at {x:.1f}, {y:.1f} px.").format(x=x, y=y)
    if target.kind == BOX:
        return tr("A box of {width:.0f} x {height:.0f} px.").format(width=far_x - x, height=far_y - y)
    return tr("A polygon of {count} corners.").format(count=len(target.points))


def position_of(path: str) -> QgsPointXY | None:
    """Return the longitude and latitude that a photograph's EXIF data hold; None where they hold none."""
    if not QFileInfo(path).isReadable():
        return None
    point, ok = QgsExifTools.getGeoTag(path)
    if not ok or point.isEmpty() or (point.x() == 0 and point.y() == 0):
        return None
    return QgsPointXY(point.x(), point.y())


def _dropped(event) -> str:
    """Return the path of the first file that is dropped; empty where none is."""
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    return next((url.toLocalFile() for url in urls if url.isLocalFile()), "")
