# SPDX-License-Identifier: GPL-2.0-or-later
"""The page Geoloc in QGIS's Options: where geoloc is, installing it, whether it works, and heights of the ground."""

from __future__ import annotations

import platform
from pathlib import Path

from qgis.core import Qgis, QgsApplication
from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QT_VERSION_STR, Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from qgis.utils import iface, pluginMetadata

from .. import settings
from ..texts import tr, worded
from ..worker import client, environment
from ..worker.setup_task import CheckTask, SetupTask

PLUGIN = Path(__file__).parents[1]
TITLE = "Geoloc"
_LOG_LINES = 2000
_GOOD, _BAD = "#1b7a1b", "#b00020"
_running: list[SetupTask] = []
"""An installation goes on while the page is closed; the next page shows it."""
_pages: list[GeolocOptionsPage] = []
"""The page that was opened last: only that one shows how an installation ends."""


class GeolocOptionsFactory(QgsOptionsWidgetFactory):
    """Makes a page whenever Options are opened."""

    def __init__(self) -> None:
        super().__init__(TITLE, QIcon(str(PLUGIN / "icon.svg")))
        self.setTitle(TITLE)

    def createWidget(self, parent: QWidget | None = None) -> GeolocOptionsPage:
        """Return a new page."""
        return GeolocOptionsPage(parent)


class GeolocOptionsPage(QgsOptionsPageWidget):
    """The page: the environment in use and whether it works, and how to install one.

    Nothing here waits in the GUI's thread.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("geoloc")
        self._check_task: CheckTask | None = None
        self._report = ""
        self.path = QgsFileWidget()
        self.path.setDialogTitle(tr("geoloc's Python"))
        self.path.setFilePath(settings.python())
        self.path.lineEdit().setPlaceholderText(tr("the environment installed below"))
        self.path.setToolTip(
            tr("The Python of an environment with geoloc, that environment's folder, or its program geoloc.")
        )
        self.heights = QgsFileWidget()
        self.heights.setDialogTitle(tr("Heights of the ground"))
        self.heights.setFilePath(settings.dsm() or "")
        self.heights.lineEdit().setPlaceholderText(tr("none: the ground is taken as a plane"))
        self.heights.setToolTip(
            tr("A raster of heights, such as a DSM, on which lines of sight end when photos are matched from the dock.")
        )
        self.check_button = QPushButton(tr("Check"))
        self.report_button = QPushButton(tr("Copy report"))
        self.answer = QLabel(tr("Check tells whether geoloc answers."))
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._add_install()
        self._build()
        self.check_button.clicked.connect(self.check)
        self.report_button.clicked.connect(self.copy_report)
        self.create_button.clicked.connect(self.install)
        self.cancel_button.clicked.connect(self.cancel)
        _pages[:] = [self]
        for task in _running:
            self._follow(task)
        self._show_running()

    def _add_install(self) -> None:
        """Add the fields of an installation, and what shows its output."""
        self.base = QComboBox()
        self.base.setEditable(True)
        self.base.addItems(environment.base_pythons())
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setFilePath(str(settings.managed_folder()))
        self.source = QgsFileWidget()
        self.source.setFilter(tr("Wheels (*.whl);;All files (*)"))
        self.source.lineEdit().setPlaceholderText(tr("a wheel or the folder of geoloc, or geoloc-crossview"))
        self.index = QLineEdit()
        self.index.setPlaceholderText(tr("the usual one of pip"))
        self.offline = QgsFileWidget()
        self.offline.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.offline.lineEdit().setPlaceholderText(tr("none: from the network"))
        self.proxy = QLineEdit(settings.proxy())
        self.proxy.setPlaceholderText(tr("none"))
        if "@" in settings.proxy():
            self.proxy.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.with_index = QCheckBox(tr("Also what building indexes of large mosaics needs"))
        self.with_index.setChecked(True)
        self.create_button = QPushButton(tr("Install"))
        self.cancel_button = QPushButton(tr("Cancel"))
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(_LOG_LINES)
        self.log.setMinimumHeight(110)
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _build(self) -> None:
        introduction = QLabel(
            tr(
                "geoloc runs as a program of its own, in its own Python environment, so that it and QGIS cannot harm"
                " each other. Use one that is there, or install one here; it needs at least 2 GB."
            )
        )
        introduction.setWordWrap(True)
        use = QGroupBox(tr("Environment in use"))
        form = QFormLayout(use)
        form.addRow(tr("geoloc or its Python"), self.path)
        row = QHBoxLayout()
        row.addWidget(self.check_button)
        row.addWidget(self.report_button)
        row.addStretch(1)
        form.addRow(row)
        form.addRow(self.answer)
        ground = QGroupBox(tr("Matched photos"))
        form = QFormLayout(ground)
        form.addRow(tr("Heights of the ground"), self.heights)
        make = QGroupBox(tr("Install"))
        form = QFormLayout(make)
        for text, widget in (
            (tr("Made with Python"), self.base),
            (tr("Into the folder"), self.folder),
            (tr("Wheel, folder or name"), self.source),
            (tr("Index of packages"), self.index),
            (tr("Offline: folder of wheels"), self.offline),
            (tr("Proxy"), self.proxy),
        ):
            form.addRow(text, widget)
        form.addRow(self.with_index)
        row = QHBoxLayout()
        row.addWidget(self.create_button)
        row.addWidget(self.cancel_button)
        row.addWidget(self.busy, 1)
        form.addRow(row)
        form.addRow(self.result)
        form.addRow(self.log)
        layout = QVBoxLayout(self)
        layout.addWidget(introduction)
        layout.addWidget(use)
        layout.addWidget(ground)
        layout.addWidget(make, 1)

    def apply(self) -> None:
        """Keep the environment and the heights that were chosen; QGIS calls this on OK."""
        settings.set_python(self.path.filePath())
        settings.set_dsm(self.heights.filePath())

    def check(self) -> None:
        """Start geoloc and show its answer."""
        try:
            command = environment.command(self.path.filePath().strip(), settings.managed_folder())
        except environment.SetupError as error:
            self._answer(worded(error), good=False)
            return
        self._answer(tr("Starting geoloc ..."))
        self.check_button.setEnabled(False)
        self._check_task = CheckTask(command, self._checked)
        QgsApplication.taskManager().addTask(self._check_task)

    def install(self) -> None:
        """Create an environment with geoloc."""
        setup = environment.Setup(
            python=self.base.currentText().strip(),
            folder=Path(self.folder.filePath().strip()).expanduser(),
            source=self.source.filePath().strip(),
            index=self.index.text().strip(),
            offline=self.offline.filePath().strip(),
            proxy=self.proxy.text().strip(),
            with_index=self.with_index.isChecked(),
        )
        self.log.clear()
        self.result.setText("")
        # What runs from there would hold its files.
        client.stop_shared()
        task = SetupTask(setup, _over)
        _running.append(task)
        self._follow(task)
        QgsApplication.taskManager().addTask(task)
        self._show_running()

    def cancel(self) -> None:
        """Stop the installation."""
        for task in _running:
            task.cancel()

    def copy_report(self) -> None:
        """Put a report that helps to find a fault on the clipboard; it names no user and no password."""
        lines = [
            f"Geoloc {pluginMetadata(PLUGIN.name, 'version')}",
            f"QGIS {Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, Python {platform.python_version()}, {platform.platform()}",
            f"setting: {self.path.filePath() or 'managed'}",
            self.answer.text(),
            self._report,
            self.result.text(),
            *self.log.toPlainText().splitlines()[-60:],
        ]
        text = "\n".join(line for line in lines if line).replace(str(Path.home()), "~")
        QApplication.clipboard().setText(environment.without_secrets(text))

    def _checked(self, task: CheckTask) -> None:
        self._check_task = None
        if _gone(self):
            return
        self.check_button.setEnabled(True)
        if task.answer is None:
            self._report = task.error.log if task.error is not None else ""
            self._answer(worded(task.error), good=False)
            return
        answer = task.answer
        packages = [f"{name} {version}" for name, version in answer["packages"].items() if version]
        missing = [name for name, version in answer["packages"].items() if not version]
        self._report = f"{answer['executable']}: {', '.join(packages)}; missing: {', '.join(missing) or 'nothing'}"
        for check in task.checks:
            parts = [check["found"], f"WRONG: {check['wrong']}" if check["wrong"] else "", check["mend"]]
            self._report += f"\n{check['name']}: {'; '.join(part for part in parts if part)}"
        wrong = [check for check in task.checks if check["wrong"]]
        if wrong:
            lines = [f"{check['name']}: {check['wrong']}. {check['mend'] or ''}".strip() for check in wrong]
            self._answer("\n".join([tr("geoloc answers, but something is wrong with it:"), *lines]), good=False)
            return
        text = tr("Works: geoloc {version}, Python {python}").format(version=answer["version"], python=answer["python"])
        if "zarr" in missing:
            text += " " + tr("(without what indexes need)")
        self._answer(text, good=True)

    def _follow(self, task: SetupTask) -> None:
        task.line_logged.connect(self.log.appendPlainText)

    def _show_running(self) -> None:
        running = bool(_running)
        self.create_button.setEnabled(not running)
        self.cancel_button.setEnabled(running)
        self.busy.setVisible(running)
        self.result.setVisible(bool(self.result.text()))

    def show_result(self, task: SetupTask) -> None:
        """Show how an installation ended; where it went well, use and check what was installed."""
        good = task.error is None
        if good:
            is_managed = task.setup.folder == settings.managed_folder()
            self.path.setFilePath("" if is_managed else str(task.setup.folder))
        colour = _GOOD if good else _BAD
        self.result.setStyleSheet(f"color: {colour}; font-weight: bold")
        self.result.setText(_result_text(task))
        self._show_running()
        if good:
            self.check()

    def _answer(self, text: str, good: bool | None = None) -> None:
        colour = {None: "", True: _GOOD, False: _BAD}[good]
        self.answer.setStyleSheet(f"color: {colour}; font-weight: bold" if colour else "")
        self.answer.setText(text)


def _result_text(task: SetupTask) -> str:
    if task.error is not None:
        return worded(task.error)
    return tr("geoloc was installed into {folder}.").format(folder=task.setup.folder)


def _over(task: SetupTask) -> None:
    """Show how an installation ended: on the page, or in QGIS's bar where that is closed."""
    _running.remove(task)
    for page in _pages:
        if not _gone(page):
            page.show_result(task)
            return
    if task.error is None and task.setup.folder != settings.managed_folder():
        settings.set_python(str(task.setup.folder))
    level = Qgis.MessageLevel.Success if task.error is None else Qgis.MessageLevel.Critical
    if iface is not None:
        iface.messageBar().pushMessage(TITLE, _result_text(task), level, 0)


def _gone(widget: QWidget) -> bool:
    """Whether Qt has deleted a widget that Python still holds."""
    try:
        widget.objectName()
    except RuntimeError:
        return True
    return False
