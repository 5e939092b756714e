# SPDX-License-Identifier: GPL-2.0-or-later
"""The answers to the last click, photo and mosaic side by side, with buttons for what can be done with one."""

from __future__ import annotations

import base64
import html

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

from ..layers import results
from ..layers.style import ACCEPTED, REJECTED
from ..texts import tr

THUMBNAIL_PX = 96
_MARKS = {ACCEPTED: ("#12a150", "✓"), REJECTED: ("#b00020", "✗"), "": ("", "")}


class AnswersPanel(QWidget):
    """A list with a row an answer, and a button an action; `answer_actions` carries the actions out."""

    show_wanted = pyqtSignal(object)
    """A `results.LocatedAnswer` was chosen, and is to be shown on the map."""
    judge_wanted = pyqtSignal(object, str)
    """A `results.LocatedAnswer` is to be given this status."""
    edit_wanted = pyqtSignal(object)
    """A `results.LocatedAnswer` is to be edited by hand."""
    export_wanted = pyqtSignal(object)
    """The layer of a `results.LocatedAnswer` is to be exported."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._answers: list[results.LocatedAnswer] = []
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
            ("accept", tr("Accept"), "mIconSuccess.svg", "A", lambda: self._emit(self.judge_wanted, ACCEPTED)),
            ("reject", tr("Reject"), "mIconDelete.svg", "X", lambda: self._emit(self.judge_wanted, REJECTED)),
            ("edit", tr("Edit by hand"), "mActionToggleEditing.svg", "", lambda: self._emit(self.edit_wanted)),
            ("export", tr("Export ..."), "mActionFileSaveAs.svg", "", lambda: self._emit(self.export_wanted)),
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
        """Show no answers, and a text that says why."""
        self._answers = []
        self.list.clear()
        self.title.setText(text or tr("The answers to a click will stand here."))
        self._enable()

    def show_answers(self, answers: list[results.LocatedAnswer], result: dict, title: str) -> None:
        """Show the answers to a click.

        Args:
            answers: best first.
            result: the worker's, with thumbnails.
            title: text above them.
        """
        self.clear(title)
        self._answers = answers
        photo = _pixmap(result.get("photo_thumbnail"))
        mosaics = {one["rank"]: _pixmap(one.get("mosaic")) for one in result.get("thumbnails") or ()}
        self.list.blockSignals(True)
        for answer in answers:
            row = _Row(answer, photo, mosaics.get(answer.values["rank"]))
            item = QListWidgetItem(self.list)
            item.setSizeHint(row.sizeHint())
            self.list.setItemWidget(item, row)
        self.list.setCurrentRow(0)
        self.list.blockSignals(False)
        self._enable()

    def chosen(self) -> results.LocatedAnswer | None:
        """Return the answer that is chosen; None where none is."""
        row = self.list.currentRow()
        return self._answers[row] if 0 <= row < len(self._answers) else None

    def count(self) -> int:
        """Return the number of answers that are listed."""
        return len(self._answers)

    def refresh(self) -> None:
        """Show the status that is stored of each answer by now."""
        for row in range(self.list.count()):
            self.list.itemWidget(self.list.item(row)).show_status()
        self._enable()

    def _choose(self, row: int) -> None:
        self._enable()
        self._emit(self.show_wanted)

    def _emit(self, signal, *more: str) -> None:
        if self.chosen() is not None:
            signal.emit(self.chosen(), *more)

    def _enable(self) -> None:
        answer = self.chosen()
        exists = answer is not None and results.feature_of(answer) is not None
        for button in self.buttons.values():
            button.defaultAction().setEnabled(exists)


class _Row(QWidget):
    """Photo and mosaic side by side, and rank, score, accuracy, method and status of the answer."""

    def __init__(self, answer: results.LocatedAnswer, photo: QPixmap | None, mosaic: QPixmap | None) -> None:
        super().__init__()
        self._answer = answer
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 3, 4, 3)
        for pixmap, tip in ((photo, tr("In the photo")), (mosaic, tr("On the reference"))):
            if pixmap is not None:
                label = QLabel()
                label.setPixmap(pixmap)
                label.setToolTip(tip)
                layout.addWidget(label)
        values = answer.values
        head = tr("#{rank}  score {score:.2f}").format(rank=values["rank"], score=values["score"])
        lines = [f"<b>{head}</b>", tr("within {metres:.1f} m").format(metres=values["accuracy_m"])]
        lines.append(_methods().get(values.get("method"), values.get("method") or ""))
        if values.get("note"):
            lines.append(html.escape(values["note"]))
        text = QLabel("<br>".join(lines))
        text.setWordWrap(True)
        layout.addWidget(text, 1)
        self._status = QLabel()
        layout.addWidget(self._status)
        self.show_status()

    def show_status(self) -> None:
        """Show whether the answer is accepted, rejected, or neither."""
        colour, mark = _MARKS.get(results.status_of(self._answer), ("", ""))
        self._status.setText(mark)
        self._status.setStyleSheet(f"color: {colour}; font-size: 22px; font-weight: bold" if mark else "")


def _methods() -> dict[str, str]:
    return {"attention": tr("network alone"), "attention+geometry": tr("network and geometry")}


def _pixmap(text: str | None) -> QPixmap | None:
    """Return the picture of a PNG in base64; None without one."""
    pixmap = QPixmap()
    if not text or not pixmap.loadFromData(base64.b64decode(text), "PNG"):
        return None
    return pixmap
