# SPDX-License-Identifier: GPL-2.0-or-later
"""The row below the photo: match it with the map, what a matched photo is good for, and what is known of this one."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QAction, QComboBox, QHBoxLayout, QLabel, QProgressBar, QToolButton, QVBoxLayout, QWidget

from ...texts import tr

MATCH, MATCH_ALL, CANCEL = "match", "match_all", "cancel"
SEE, DRAW, SHOW, POSES, DRAPE = "see", "draw", "show", "poses", "drape"
"""Names of the buttons."""
# Lines are a little higher in a label than by themselves.
_STATUS_LINES = 2.2
_WITH_TEXT = (MATCH, MATCH_ALL)


class MatchBar(QWidget):
    """Buttons, and a line that says what is known of the photo.

    Attributes:
        buttons: by name; those of `SEE`, `DRAW` and `SHOW` stay down until they are pressed again.
        into: what is drawn goes into this layer; seen while `DRAW` is down.
    """

    pressed = pyqtSignal(str, bool)
    """A button, by its name, and whether it is down now."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout()
        row.setSpacing(2)
        for name, text, icon, key, tip in (
            (MATCH, tr("Match"), "mActionLink.svg", "M", tr("Match this photo with the reference: both are linked")),
            (
                MATCH_ALL,
                tr("Match all"),
                "mActionSharing.svg",
                "",
                tr("Match all photos of the folder, in the background"),
            ),
            (SEE, tr("Photos that see a place"), "mActionIdentify.svg", "", tr("Click a place on the map")),
            (
                DRAW,
                tr("Draw into a layer"),
                "mActionCaptureLine.svg",
                "D",
                tr("Draw in the photo, into a layer of the map"),
            ),
            (
                SHOW,
                tr("Show selected features"),
                "mActionHighlightFeature.svg",
                "",
                tr("Show the features that are selected on the map in the photo"),
            ),
            (
                POSES,
                tr("Cameras and footprints"),
                "mIconCamera.svg",
                "",
                tr("Add where photos were taken, and the ground that they show, as layers"),
            ),
            (
                DRAPE,
                tr("Lay over the map"),
                "mActionAddRasterLayer.svg",
                "",
                tr("Write the photo as a GeoTIFF that lies on the map, and add it as a layer"),
            ),
        ):
            action = QAction(QgsApplication.getThemeIcon(icon), text, self)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            whole = tip if name in _WITH_TEXT else f"{text}: {tip}"
            action.setToolTip(f"{whole} ({key})" if key else whole)
            action.setCheckable(name in (SEE, DRAW, SHOW))
            # Those that stay down also come up where something else is used.
            signal = action.toggled if action.isCheckable() else action.triggered
            signal.connect(lambda down, name=name: self.pressed.emit(name, down))
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            if name in _WITH_TEXT:
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self.buttons[name] = button
            row.addWidget(button)
            if name == MATCH_ALL:
                row.addStretch(1)
        self.into = QComboBox()
        self.into.setToolTip(tr("What is drawn in the photo goes into this layer."))
        self.progress = QProgressBar()
        self.progress.setFormat("%v / %m")
        self.progress.setMaximumHeight(16)
        action = QAction(QgsApplication.getThemeIcon("mTaskCancel.svg"), tr("Stop matching"), self)
        action.triggered.connect(lambda: self.pressed.emit(CANCEL, False))
        self.buttons[CANCEL] = QToolButton()
        self.buttons[CANCEL].setDefaultAction(action)
        self.buttons[CANCEL].setAutoRaise(True)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setAlignment(Qt.AlignmentFlag.AlignTop)
        # As high for every text, or the photo would move while the mouse does.
        self.status.setMinimumHeight(round(_STATUS_LINES * self.fontMetrics().lineSpacing()))
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.buttons[CANCEL])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.into)
        layout.addLayout(running)
        layout.addWidget(self.status)
        self.into.setVisible(False)
        self.show_progress(None)

    def action(self, name: str) -> QAction:
        """Return the action of a button."""
        return self.buttons[name].defaultAction()

    def enable(self, **possible: bool) -> None:
        """Make buttons possible or not, by their names; one that is not possible comes up."""
        for name, enabled in possible.items():
            self.action(name).setEnabled(enabled)
            if not enabled:
                self.action(name).setChecked(False)

    def show_progress(self, count: tuple[int, int] | None) -> None:
        """Show how many photos are done of how many; None while nothing runs."""
        running = count is not None
        self.progress.setVisible(running)
        self.buttons[CANCEL].setVisible(running)
        if running:
            done, whole = count
            # One photo has no share that could be told: busy.
            self.progress.setRange(0, whole if whole > 1 else 0)
            self.progress.setValue(done)
