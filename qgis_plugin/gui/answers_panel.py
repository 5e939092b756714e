# SPDX-License-Identifier: GPL-2.0-or-later
"""The answers to the last click, photo and mosaic side by side, with buttons for what can be done with one."""

from __future__ import annotations

import base64
import contextlib
import html

from qgis.core import QgsApplication, QgsVectorLayer
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence, QPixmap
from qgis.PyQt.QtWidgets import (
    QAction,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..layers import outlines, results
from ..layers.style import ACCEPTED, REJECTED
from ..texts import tr

THUMBNAIL_PX = 96
SMALLER, LARGER = "smaller", "larger"
_MARKS = {ACCEPTED: ("#12a150", "✓"), REJECTED: ("#b00020", "✗"), "": ("", "")}


class AnswersPanel(QWidget):
    """A list with a row an answer, and a button an action; `answer_actions` carries the actions out."""

    show_wanted = pyqtSignal(object)
    """A `results.LocatedAnswer` was chosen, and is to be shown on the map."""
    judge_wanted = pyqtSignal(object, str)
    """A `results.LocatedAnswer` is to be given this status."""
    edit_wanted = pyqtSignal(object)
    """A `results.LocatedAnswer` is to be edited by hand."""
    nudge_wanted = pyqtSignal(object, int)
    """A `results.LocatedAnswer` is to have its next smaller or larger outline: a step of `outlines`."""
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
        # Two rows: one would be wider than the dock need be.
        rows = QGridLayout()
        rows.setSpacing(2)
        for name, text, icon, keys, slot in (
            ("accept", tr("Accept"), "mIconSuccess.svg", "A", lambda: self._emit(self.judge_wanted, ACCEPTED)),
            ("reject", tr("Reject"), "mIconDelete.svg", "X", lambda: self._emit(self.judge_wanted, REJECTED)),
            ("edit", tr("Edit by hand"), "mActionToggleEditing.svg", "", lambda: self._emit(self.edit_wanted)),
            (SMALLER, tr("Smaller"), "symbologyRemove.svg", "-", lambda: self._nudge(outlines.SMALLER)),
            # The key of + is that of = on many keyboards.
            (LARGER, tr("Larger"), "symbologyAdd.svg", "+=", lambda: self._nudge(outlines.LARGER)),
            ("export", tr("Export ..."), "mActionFileSaveAs.svg", "", lambda: self._emit(self.export_wanted)),
        ):
            action = QAction(QgsApplication.getThemeIcon(icon), text, self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setToolTip(f"{text} ({', '.join(keys)})" if keys else text)
            action.triggered.connect(lambda checked=False, do=slot: do())
            self.list.addAction(action)
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setAutoRaise(True)
            rows.addWidget(button, len(self.buttons) // 3, len(self.buttons) % 3)
            self.buttons[name] = button
        rows.setColumnStretch(3, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.list, 1)
        layout.addLayout(rows)
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
        for changed in _changes(results.layer_of(answers[0])):
            # Once, however often answers go to the same layer.
            with contextlib.suppress(TypeError):
                changed.disconnect(self.refresh)
            # Undone, redone or edited by hand.
            changed.connect(self.refresh)
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
        """Show what is stored of each answer by now."""
        for row in range(self.list.count()):
            self.list.itemWidget(self.list.item(row)).show_stored()
        self._enable()

    def _choose(self, row: int) -> None:
        self._enable()
        self._emit(self.show_wanted)

    def _nudge(self, step: int) -> None:
        self._emit(self.nudge_wanted, step)

    def _emit(self, signal, *more) -> None:
        if self.chosen() is not None:
            signal.emit(self.chosen(), *more)

    def _enable(self) -> None:
        answer = self.chosen()
        exists = answer is not None and results.feature_of(answer) is not None
        for button in self.buttons.values():
            button.defaultAction().setEnabled(exists)
        for name, step in ((SMALLER, outlines.SMALLER), (LARGER, outlines.LARGER)):
            self.buttons[name].defaultAction().setEnabled(exists and outlines.can_nudge(answer, step))


class _Row(QWidget):
    """Photo and mosaic side by side, and rank, score, accuracy, size, method and status of the answer."""

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
        self._text = QLabel()
        self._text.setWordWrap(True)
        layout.addWidget(self._text, 1)
        self._status = QLabel()
        layout.addWidget(self._status)
        self.show_stored()

    def show_stored(self) -> None:
        """Show what was found, how large it is by now, and whether it is accepted, rejected, or neither."""
        values, stored = self._answer.values, results.stored(self._answer)
        head = tr("#{rank}  score {score:.2f}").format(rank=values["rank"], score=values["score"])
        lines = [f"<b>{head}</b>", tr("within {metres:.1f} m").format(metres=values["accuracy_m"]), _size(stored)]
        lines.append(_methods().get(values.get("method"), values.get("method") or ""))
        lines.append(html.escape(values.get("note") or ""))
        self._text.setText("<br>".join(line for line in lines if line))
        colour, mark = _MARKS.get(stored.get(results.STATUS, ""), ("", ""))
        self._status.setText(mark)
        self._status.setStyleSheet(f"color: {colour}; font-size: 22px; font-weight: bold" if mark else "")


def _changes(layer: QgsVectorLayer) -> tuple:
    """Return the signals of a layer that is being edited."""
    return layer.geometryChanged, layer.attributeValueChanged


def _size(stored: dict) -> str:
    """Return length and width of an answer in words, and whether it is but a box; empty where nothing was measured."""
    if "length_m" not in stored or "width_m" not in stored:
        return ""
    size = tr("{length:.1f} x {width:.1f} m").format(length=stored["length_m"], width=stored["width_m"])
    return tr("{size}, box only").format(size=size) if stored.get("outline") == "box" else size


def _methods() -> dict[str, str]:
    return {"attention": tr("network alone"), "attention+geometry": tr("network and geometry")}


def _pixmap(text: str | None) -> QPixmap | None:
    """Return the picture of a PNG in base64; None without one."""
    pixmap = QPixmap()
    if not text or not pixmap.loadFromData(base64.b64decode(text), "PNG"):
        return None
    return pixmap
