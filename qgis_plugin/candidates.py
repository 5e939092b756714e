# SPDX-License-Identifier: GPL-2.0-or-later
"""The answers to the last click: looked at side by side, shown on the map, accepted or rejected."""

from __future__ import annotations

import base64

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence, QPixmap
from qgis.PyQt.QtWidgets import (
    QAction,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import results
from .layer import ACCEPTED, REJECTED
from .texts import tr

THUMBNAIL_PX = 96
_MARKS = {ACCEPTED: ("#12a150", "✓"), REJECTED: ("#b00020", "✗"), "": ("", "")}


class CandidatesPanel(QWidget):
    """One row an answer; choosing it asks to show it on the map."""

    wanted = pyqtSignal(object)
    """A `results.Candidate` that is to be shown."""
    edit_wanted = pyqtSignal(object)
    export_wanted = pyqtSignal(object)
    failed = pyqtSignal(str)
    """What could not be stored."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._candidates: list[results.Candidate] = []
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.list = QListWidget()
        self.list.setSpacing(1)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._choose)
        self.list.itemClicked.connect(lambda item: self._choose(self.list.row(item)))
        self.buttons = {}
        row = QHBoxLayout()
        row.setSpacing(2)
        for name, text, icon, key, slot in (
            ("accept", tr("Accept"), "mIconSuccess.svg", "A", lambda: self._judge(ACCEPTED)),
            ("reject", tr("Reject"), "mIconDelete.svg", "X", lambda: self._judge(REJECTED)),
            ("edit", tr("Edit by hand"), "mActionToggleEditing.svg", "", lambda: self._ask(self.edit_wanted)),
            ("export", tr("Export ..."), "mActionFileSaveAs.svg", "", lambda: self._ask(self.export_wanted)),
        ):
            action = QAction(QgsApplication.getThemeIcon(icon), text, self)
            if key:
                action.setShortcut(QKeySequence(key))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setToolTip(f"{text} ({key})" if key else text)
            action.triggered.connect(lambda checked=False, do=slot: do())
            self.list.addAction(action)
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setAutoRaise(True)
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.list, 1)
        layout.addLayout(row)
        self.clear()

    def clear(self, text: str = "") -> None:
        """Show no answers; text: why."""
        self._candidates = []
        self.list.clear()
        self.title.setText(text or tr("The answers to a click will stand here."))
        self._enable()

    def show_answers(self, candidates: list[results.Candidate], answer: dict, title: str) -> None:
        """The answers to a click, best first. answer: geoloc's, with thumbnails."""
        self.clear(title)
        self._candidates = candidates
        photo = _pixmap(answer.get("photo_thumbnail"))
        seen = {told["rank"]: _pixmap(told.get("mosaic")) for told in answer.get("thumbnails") or ()}
        self.list.blockSignals(True)
        for candidate in candidates:
            row = _Row(candidate, photo, seen.get(candidate.values["rank"]))
            item = QListWidgetItem(self.list)
            item.setSizeHint(row.sizeHint())
            self.list.setItemWidget(item, row)
        self.list.setCurrentRow(0)
        self.list.blockSignals(False)
        self._enable()

    def chosen(self) -> results.Candidate | None:
        """The answer that is chosen."""
        row = self.list.currentRow()
        return self._candidates[row] if 0 <= row < len(self._candidates) else None

    def count(self) -> int:
        """Answers that are listed."""
        return len(self._candidates)

    def refresh(self) -> None:
        """Show what was stored of each answer by now."""
        for row in range(self.list.count()):
            self.list.itemWidget(self.list.item(row)).show_status()
        self._enable()

    def _choose(self, row: int) -> None:
        self._enable()
        if self.chosen() is not None:
            self.wanted.emit(self.chosen())

    def _judge(self, status: str) -> None:
        candidate = self.chosen()
        if candidate is not None:
            # Pressed again it is taken back.
            if not results.judge(candidate, "" if results.status_of(candidate) == status else status):
                self.failed.emit(tr("This layer cannot be changed: export it, or make it editable."))
            self.refresh()

    def _ask(self, signal) -> None:
        if self.chosen() is not None:
            signal.emit(self.chosen())

    def _enable(self) -> None:
        candidate = self.chosen()
        there = candidate is not None and results.feature_of(candidate) is not None
        for button in self.buttons.values():
            button.defaultAction().setEnabled(there)


class _Row(QWidget):
    """Photo and mosaic side by side, and what is known of the answer."""

    def __init__(self, candidate: results.Candidate, photo: QPixmap | None, mosaic: QPixmap | None) -> None:
        super().__init__()
        self._candidate = candidate
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 3, 4, 3)
        for pixmap, tip in ((photo, tr("In the photo")), (mosaic, tr("On the reference"))):
            if pixmap is not None:
                label = QLabel()
                label.setPixmap(pixmap)
                label.setToolTip(tip)
                layout.addWidget(label)
        values = candidate.values
        head = tr("#{rank}  score {score:.2f}").format(rank=values["rank"], score=values["score"])
        lines = [f"<b>{head}</b>", tr("within {metres:.1f} m").format(metres=values["accuracy_m"])]
        lines.append(_methods().get(values.get("method"), values.get("method") or ""))
        text = QLabel("<br>".join(lines))
        text.setWordWrap(True)
        layout.addWidget(text, 1)
        self._status = QLabel()
        layout.addWidget(self._status)
        self.show_status()

    def show_status(self) -> None:
        """Accepted, rejected, or neither."""
        colour, mark = _MARKS.get(results.status_of(self._candidate), ("", ""))
        self._status.setText(mark)
        self._status.setStyleSheet(f"color: {colour}; font-size: 22px; font-weight: bold" if mark else "")


def _methods() -> dict:
    return {"attention": tr("network alone"), "attention+geometry": tr("network and geometry")}


def _pixmap(text: str | None) -> QPixmap | None:
    """A PNG in base64."""
    pixmap = QPixmap()
    if not text or not pixmap.loadFromData(base64.b64decode(text), "PNG"):
        return None
    return pixmap
