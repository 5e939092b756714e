# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock: a photograph, a click, a reference and a place to search in; out come answers on the map."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.gui import QgsCollapsibleGroupBox, QgsDockWidget, QgsVertexMarker
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from .. import settings
from ..layers import results
from ..layers.errors import LayerError, PlaceError
from ..texts import tr, worded
from ..worker.environment import SetupError
from ..worker.locate_task import LocateTask
from ..worker.request import (
    BOX,
    CLICK,
    DEFAULT_DOUBTFUL,
    DEFAULT_EXHAUSTIVE,
    DEFAULT_GEOMETRY,
    LISTED,
    PhotoTarget,
    search_request,
)
from .answer_actions import AnswerActions
from .answers_panel import THUMBNAIL_PX, AnswersPanel
from .matched.matching import Matching
from .messages import Messages
from .photo_panel import PhotoPanel
from .reference_files import ReferenceFiles
from .reference_panel import ReferencePanel
from .where_panel import WherePanel, marker

SEARCH, ANSWERS = 0, 1
"""Numbers of the tabs."""
_OPTIONS_LINES = 13


class InputError(Exception):
    """Something is missing or does not fit; the text is one line saying what to do."""


class GeolocDock(QgsDockWidget):
    """The plugin's window: a search goes on while it is closed, and the map can be used meanwhile.

    Attributes:
        task: the search that runs; None while none runs.
    """

    def __init__(self, iface) -> None:
        """Build the dock; the caller adds it to QGIS's window.

        Args:
            iface: QgisInterface.
        """
        super().__init__(tr("Locate object from photo"), iface.mainWindow())
        self.setObjectName("GeolocDock")
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._gone = False
        self._camera = None
        self.task: LocateTask | None = None
        self.messages = Messages(self, iface)
        self.photo = PhotoPanel()
        self.reference = ReferencePanel()
        self.files = ReferenceFiles(self.reference, self.messages)
        self.where = WherePanel(self._canvas)
        self.matching = Matching(
            iface,
            self.photo,
            where=self.where,
            files=self.files,
            messages=self.messages,
            come_forward=self._come_forward,
        )
        self.answers = AnswersPanel()
        self.answer_actions = AnswerActions(iface, self.answers, self.messages)
        self.top = QSpinBox()
        self.top.setRange(1, 100)
        self.top.setValue(LISTED)
        self.top.setToolTip(tr("How many answers at most; the best one gets the strong outline."))
        self.doubtful = QCheckBox(tr("Show answers that are more likely wrong than right"))
        self.doubtful.setChecked(DEFAULT_DOUBTFUL)
        self.refine = QCheckBox(tr("Check and sharpen answers by geometry"))
        self.refine.setChecked(DEFAULT_GEOMETRY)
        self.exhaustive = QCheckBox(tr("Look at every part of a large reference (slow)"))
        self.exhaustive.setChecked(DEFAULT_EXHAUSTIVE)
        self.into = QComboBox()
        self.into.setToolTip(tr("Where the answers go."))
        self.progress = QProgressBar()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.start_button = QPushButton(QgsApplication.getThemeIcon("mActionStart.svg"), tr("Locate"))
        self.start_button.setDefault(True)
        self.cancel_button = QPushButton(QgsApplication.getThemeIcon("mTaskCancel.svg"), tr("Cancel"))
        self.settings_button = QPushButton(QgsApplication.getThemeIcon("mActionOptions.svg"), "")
        self.settings_button.setToolTip(tr("Settings"))
        self.tabs = QTabWidget()
        self._build()
        self._connect()
        self._list_layers()
        self._show_running(False)
        self._enable()

    def _build(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Answers"), self.top)
        form.addRow(tr("Add to"), self.into)
        for box in (self.doubtful, self.refine, self.exhaustive):
            form.addRow(box)
        more = QgsCollapsibleGroupBox(tr("More"))
        more.setCollapsed(True)
        more.setLayout(form)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(4, 4, 4, 4)
        for title, panel in ((tr("Search on"), self.reference), (tr("Where"), self.where)):
            group = QGroupBox(title)
            inside = QVBoxLayout(group)
            inside.setContentsMargins(6, 4, 6, 6)
            inside.addWidget(panel)
            column.addWidget(group)
        column.addWidget(more)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(150)
        scroll.setWidget(below)
        # The photo has all the room that the rest leaves, until somebody pulls.
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self._photo_and_bar())
        split.addWidget(scroll)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([40 * self.fontMetrics().height(), _OPTIONS_LINES * self.fontMetrics().height()])
        buttons = QHBoxLayout()
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.settings_button)
        search = QWidget()
        column = QVBoxLayout(search)
        column.setContentsMargins(4, 6, 4, 4)
        column.addWidget(split)
        self.tabs.addTab(search, tr("Search"))
        self.tabs.addTab(self.answers, tr("Answers"))
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.messages.bar)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.status)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self.setWidget(whole)
        self.setMinimumWidth(330)

    def _photo_and_bar(self) -> QWidget:
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.photo, 1)
        column.addWidget(self.matching.bar)
        return both

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.settings_button.clicked.connect(lambda: self._iface.showOptionsDialog(currentPage="geoloc"))
        self.photo.changed.connect(self._photo_changed)
        self.photo.failed.connect(lambda text: self.messages.show(text, Qgis.MessageLevel.Warning))
        self.reference.changed.connect(self._enable)
        self.where.changed.connect(self._enable)
        self._canvas.destinationCrsChanged.connect(self._show_camera)
        project = QgsProject.instance()
        project.layersAdded.connect(self._list_layers)
        project.layersRemoved.connect(self._list_layers)

    def start(self) -> None:
        """Search with what was chosen; what is missing is said in the message bar."""
        if self.task is None and self.files.rendering:
            self.messages.show(tr("Wait until the online layers are rendered."), Qgis.MessageLevel.Info)
            return
        if self.running or not self.photo.finish():
            return
        try:
            command = settings.worker_command()
            where = self.where.chosen()
            asked = self._asked_fields()
            wanted = self.files.wanted(where.bounds)
        except (InputError, PlaceError, LayerError, SetupError) as error:
            self.messages.show(worded(error), Qgis.MessageLevel.Warning)
            return
        if not self.files.may_render(wanted):
            return
        self.messages.clear()
        self.answers.clear()
        self._show_running(True)
        # All of it now: while layers are rendered, the user may choose other things.
        title = tr("Locate object from {photo}").format(photo=self.photo.path.name)
        over = partial(self._over, _asked(self.photo.path, self.photo.target))
        search = partial(search_request, index=wanted.index, place=where.place, **self._search_options())

        def ready(mosaics: list[str]) -> None:
            fields = {**asked, **search(mosaics=mosaics)}
            self._run(LocateTask(command, title, fields=fields, reference=wanted.name, crs=wanted.crs, when_over=over))

        def stopped(error: str) -> None:
            self._show_running(False)
            level = Qgis.MessageLevel.Critical if error else Qgis.MessageLevel.Info
            self.messages.show(error or tr("Cancelled."), level)

        self.status.setText(tr("Rendering the online layers ..."))
        self.files.make(wanted, self._show_progress, ready, stopped)

    @property
    def running(self) -> bool:
        """Whether layers are being rendered, or the search runs."""
        return self.task is not None or self.files.rendering

    def cancel(self) -> None:
        """Stop the search."""
        self.status.setText(tr("Stopping ..."))
        self.files.cancel()
        if self.task is not None:
            self.task.cancel()

    def shut_down(self) -> None:
        """Stop everything and remove the dock from QGIS: the plugin is going away."""
        self._gone = True
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._list_layers)
        project.layersRemoved.disconnect(self._list_layers)
        self._canvas.destinationCrsChanged.disconnect(self._show_camera)
        if self.task is not None:
            self.task.cancel()
            self.task = None
        self.matching.shut_down()
        self.photo.strip.stop()
        self.reference.let_go()
        self.where.let_go()
        self._remove_camera()
        self.files.remove()
        self._iface.removeDockWidget(self)
        self.close()
        self.deleteLater()

    def _asked_fields(self) -> dict:
        """Return the fields of the request that say what is searched for."""
        if self.photo.path is None:
            raise InputError(tr("Choose a photo and click the object in it."))
        if self.photo.target is None:
            raise InputError(tr("Click the object in the photo, or draw it."))
        return {"photo": str(self.photo.path), **self.photo.target.fields(), "thumbnails": THUMBNAIL_PX}

    def _search_options(self) -> dict:
        """Return what was chosen of how to search."""
        return {
            "top": self.top.value(),
            "doubtful": self.doubtful.isChecked(),
            "geometry": self.refine.isChecked(),
            "exhaustive": self.exhaustive.isChecked(),
        }

    def _run(self, task: LocateTask) -> None:
        self.task = task
        self.task.progressChanged.connect(self._show_progress)
        self.task.status.connect(self.status.setText)
        self.status.setText(tr("Starting geoloc ..."))
        QgsApplication.taskManager().addTask(self.task)

    def _over(self, asked: str, task: LocateTask) -> None:
        if self._gone:
            return
        self.task = None
        self._show_running(False)
        if task.cancelled:
            self.answers.clear()
            self.messages.show(tr("Cancelled; nothing was added."), Qgis.MessageLevel.Info)
        elif task.answer is None:
            self.answers.clear()
            self.messages.show(worded(task.error), Qgis.MessageLevel.Critical)
        elif not task.answer["found"]["features"]:
            self._show_nothing(task.answer)
        else:
            self._show_found(asked, task)

    def _show_nothing(self, answer: dict) -> None:
        score = answer.get("best_score")
        best = "" if score is None else " " + tr("The best score was {score:.2f}.").format(score=score)
        text = tr("Not here: nothing that was searched is surely the object.") + best
        self.answers.clear(text)
        self.messages.show(text, Qgis.MessageLevel.Warning)

    def _show_found(self, asked: str, task: LocateTask) -> None:
        layer = QgsProject.instance().mapLayer(self.into.currentData() or "")
        answers = self.answer_actions.add(task.answer, task.reference, layer, task.crs)
        self._list_layers()
        self.into.setCurrentIndex(self.into.findData(answers[0].layer_id))
        self.answers.show_answers(answers, task.answer, asked)
        self.tabs.setTabText(ANSWERS, tr("Answers ({count})").format(count=len(answers)))
        self.tabs.setCurrentIndex(ANSWERS)
        self.answer_actions.show(answers[0])
        best = answers[0].values
        text = tr("Best of {count}: score {score:.2f}, its centre expected within {metres:.1f} m.")
        level = Qgis.MessageLevel.Success if best["score"] >= 0.5 else Qgis.MessageLevel.Warning
        sentence = text.format(count=len(answers), score=best["score"], metres=best["accuracy_m"])
        self.messages.show(" ".join([sentence, *(task.answer.get("warnings") or ())]), level)

    def _photo_changed(self) -> None:
        # The message is about another photo or click.
        self.messages.clear()
        self.tabs.setCurrentIndex(SEARCH)
        self.where.show_photo(self.photo.position)
        self._show_camera()
        self._enable()

    def _show_camera(self) -> None:
        """Mark on the map where the photo was taken."""
        self._remove_camera()
        if self.photo.position is not None:
            self._camera = marker(self._canvas, self.photo.position, "#1f78ff", QgsVertexMarker.IconType.ICON_CIRCLE)
        if self._camera is not None:
            self._camera.setToolTip(tr("Here the photo was taken, says its EXIF data"))

    def _come_forward(self) -> None:
        self.setUserVisible(True)
        self.tabs.setCurrentIndex(SEARCH)

    def _remove_camera(self) -> None:
        if self._camera is not None:
            self._canvas.scene().removeItem(self._camera)
            self._camera = None

    def _list_layers(self, *changed) -> None:
        chosen = self.into.currentData()
        self.into.clear()
        self.into.addItem(tr("a new layer"), "")
        for layer in results.results_layers():
            self.into.addItem(layer.name(), layer.id())
        self.into.setCurrentIndex(max(0, self.into.findData(chosen)))
        self.answers.refresh()

    def _enable(self) -> None:
        self.start_button.setToolTip(self._missing() or tr("Search for what is marked in the photo"))

    def _missing(self) -> str:
        if self.photo.target is None:
            return tr("Choose a photo and click the object in it.")
        if self.reference.chosen_index() is None and not self.reference.chosen_layers():
            return tr("Tick the raster layer to search on.")
        return ""

    def _show_running(self, running: bool) -> None:
        start, cancel = self.start_button, self.cancel_button
        possible, impossible = (cancel, start) if running else (start, cancel)
        possible.setEnabled(True)
        if impossible.hasFocus():
            possible.setFocus()
        impossible.setEnabled(False)
        self.progress.setVisible(running)
        self.status.setVisible(running)
        # Busy until it is known how much there is to do.
        self.progress.setRange(0, 0)

    def _show_progress(self, percent: float) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(percent))


def _asked(photo: Path, target: PhotoTarget) -> str:
    """Return in words what is searched for."""
    (x, y), (far_x, far_y) = target.points[0], target.points[-1]
    if target.kind == CLICK:
        return tr("{photo}, clicked at {x:.0f}, {y:.0f}").format(photo=photo.name, x=x, y=y)
    if target.kind == BOX:
        text = tr("{photo}, a box from {x:.0f}, {y:.0f} to {far_x:.0f}, {far_y:.0f}")
        return text.format(photo=photo.name, x=x, y=y, far_x=far_x, far_y=far_y)
    return tr("{photo}, a polygon of {count} corners").format(photo=photo.name, count=len(target.points))
