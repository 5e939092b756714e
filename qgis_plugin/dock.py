# SPDX-License-Identifier: GPL-2.0-or-later
"""The dock: a photograph, a click, what to search and where; out come answers on the map."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsCoordinateReferenceSystem, QgsCsException, QgsProject, QgsVectorLayer
from qgis.gui import QgsCollapsibleGroupBox, QgsDockWidget, QgsMessageBar, QgsVertexMarker
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from . import environment, results, settings
from .candidates import THUMBNAIL_PX, CandidatesPanel
from .geography import PlaceError, wgs84
from .layer import LayerError, raster_file
from .locate_task import LocateTask
from .online import Picture, Renderer, picture
from .photo_panel import PhotoPanel
from .reference_panel import ReferencePanel, is_rendered
from .texts import tr, worded
from .where_panel import Where, WherePanel, marker

SEARCH, ANSWERS = 0, 1
_TOP = 5
_OPTIONS_LINES = 15


class InputError(Exception):
    """Something is missing or does not fit; the text is one line saying what to do."""


class GeolocDock(QgsDockWidget):
    """A search goes on while the dock is closed, and the map can be used meanwhile."""

    def __init__(self, iface) -> None:
        """iface: QgisInterface."""
        super().__init__(tr("Locate object from photo"), iface.mainWindow())
        self.setObjectName("GeolocDock")
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._renderer = Renderer()
        # Pixels that somebody agreed to render, by layers.
        self._agreed: dict = {}
        self._rendering = False
        self._gone = False
        self._camera = None
        self.task: LocateTask | None = None
        self.messages = QgsMessageBar()
        self.photo = PhotoPanel()
        self.reference = ReferencePanel()
        self.where = WherePanel(self._canvas)
        self.candidates = CandidatesPanel()
        self.top = QSpinBox()
        self.top.setRange(1, 100)
        self.top.setValue(_TOP)
        self.top.setToolTip(tr("How many answers at most; the best one gets the strong outline."))
        self.doubtful = QCheckBox(tr("Show answers that are more likely wrong than right"))
        self.geometry = QCheckBox(tr("Check and sharpen answers by geometry"))
        self.geometry.setChecked(True)
        self.exhaustive = QCheckBox(tr("Look at every part of a large reference (slow)"))
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
        for box in (self.doubtful, self.geometry, self.exhaustive):
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
        split.addWidget(self.photo)
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
        self.tabs.addTab(self.candidates, tr("Answers"))
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.messages)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.status)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self.setWidget(whole)
        self.setMinimumWidth(330)

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self.settings_button.clicked.connect(lambda: self._iface.showOptionsDialog(currentPage="geoloc"))
        self.photo.changed.connect(self._photo_changed)
        self.photo.failed.connect(lambda text: self.say(text, Qgis.MessageLevel.Warning))
        self.reference.changed.connect(self._enable)
        self.where.changed.connect(self._enable)
        self.candidates.wanted.connect(lambda candidate: self._zoom([candidate]))
        self.candidates.edit_wanted.connect(self._edit)
        self.candidates.export_wanted.connect(self._export)
        self.candidates.failed.connect(lambda text: self.say(text, Qgis.MessageLevel.Warning))
        self._canvas.destinationCrsChanged.connect(self._show_camera)
        project = QgsProject.instance()
        project.layersAdded.connect(self._list_layers)
        project.layersRemoved.connect(self._list_layers)

    def start(self) -> None:
        """Check what was chosen and search; what is missing is said in the message bar."""
        if self.running:
            return
        try:
            command = settings.worker_command()
            where = self.where.where()
            fields = self._fields(where)
            wanted = self._picture(where)
        except (InputError, PlaceError, LayerError, environment.SetupError) as error:
            self.say(worded(error), Qgis.MessageLevel.Warning)
            return
        if wanted is not None and wanted.pixels > self._agreed.get(wanted.sources, 0):
            if not self._agrees(wanted.warning() + "\n\n" + tr("Go on?")):
                return
            self._agreed[wanted.sources] = wanted.pixels
        self.messages.clearWidgets()
        self.candidates.clear()
        self._show_running(True)
        # All of it now: while layers are rendered, somebody may choose other things.
        title = tr("Locate object from {photo}").format(photo=self.photo.path.name)
        task = LocateTask(command, fields, title, self._over)
        task.reference, task.crs = self._reference_name(), self._results_crs()
        known = None if wanted is None else self._renderer.known(wanted)
        if wanted is None or known is not None:
            self._ask(task, known)
            return
        self._rendering = True
        self.status.setText(tr("Rendering the online layers ..."))

        def rendered(path: Path | None, error: str) -> None:
            if self._gone:
                return
            self._rendering = False
            if path is not None:
                self._ask(task, path)
                return
            self._show_running(False)
            level = Qgis.MessageLevel.Critical if error else Qgis.MessageLevel.Info
            self.say(error or tr("Cancelled."), level)

        self._renderer.render(wanted, self._show_progress, rendered)

    @property
    def running(self) -> bool:
        """Whether something is being rendered or searched."""
        return self.task is not None or self._rendering

    def cancel(self) -> None:
        """Stop the search."""
        self.status.setText(tr("Stopping ..."))
        self._renderer.cancel()
        if self.task is not None:
            self.task.cancel()

    def shut_down(self) -> None:
        """Stop everything and forget it: the plugin is going away."""
        self._gone = True
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._list_layers)
        project.layersRemoved.disconnect(self._list_layers)
        self._canvas.destinationCrsChanged.disconnect(self._show_camera)
        if self.task is not None:
            self.task.when_over = lambda task: None
            self.task.cancel()
            self.task = None
        self.photo.strip.stop()
        self.reference.let_go()
        self.where.let_go()
        self._remove_camera()
        self._renderer.remove()
        self._iface.removeDockWidget(self)
        self.close()
        self.deleteLater()

    def say(self, text: str, level: Qgis.MessageLevel) -> None:
        """Tell something in the dock, or in QGIS's own bar where the dock is closed."""
        # Errors stay until they are closed, the rest long enough to be read.
        duration_s = 0 if level == Qgis.MessageLevel.Critical else 15
        if not self.isVisible():
            self._iface.messageBar().pushMessage("geoloc", text, level, duration_s)
            return
        # The bar's own text is cut where it does not fit one line.
        label = QLabel(text)
        label.setObjectName("message")
        label.setWordWrap(True)
        policy = label.sizePolicy()
        policy.setHorizontalStretch(1)
        label.setSizePolicy(policy)
        self.messages.clearWidgets()
        self.messages.pushWidget(label, level, duration_s)

    def _fields(self, where: Where) -> dict:
        """Of the request, without what has to be rendered first."""
        if self.photo.path is None:
            raise InputError(tr("Choose a photo and click the object in it."))
        if self.photo.click is None:
            raise InputError(tr("Click the object in the photo."))
        index, layers = self.reference.chosen_index(), self.reference.chosen_layers()
        if self.reference.use_index.isChecked() and (index is None or not index.is_dir()):
            raise InputError(tr("Choose the folder of an index, or search on raster layers."))
        if index is None and not layers:
            raise InputError(tr("Tick the raster layer to search on; add one to the project first."))
        files = [str(raster_file(layer)) for layer in layers if not is_rendered(layer)]
        return {
            "photo": str(self.photo.path),
            "click": list(self.photo.click),
            "mosaics": files,
            "index": None if index is None else str(index),
            "top": self.top.value(),
            "min_score": 0.0 if self.doubtful.isChecked() else None,
            "refine": "auto" if self.geometry.isChecked() else "off",
            "exhaustive": self.exhaustive.isChecked(),
            "thumbnails": THUMBNAIL_PX,
            **where.fields,
        }

    def _picture(self, where: Where) -> Picture | None:
        layers = [layer for layer in self.reference.chosen_layers() if is_rendered(layer)]
        return picture(layers, where.bounds) if layers else None

    def _ask(self, task: LocateTask, rendered: Path | None) -> None:
        if rendered is not None:
            task.fields["mosaics"].append(str(rendered))
        self.task = task
        self.task.progressChanged.connect(self._show_progress)
        self.task.said.connect(self.status.setText)
        self.status.setText(tr("Starting geoloc ..."))
        QgsApplication.taskManager().addTask(self.task)

    def _over(self, task: LocateTask) -> None:
        self.task = None
        self._show_running(False)
        if task.cancelled:
            self.candidates.clear()
            self.say(tr("Cancelled; nothing was added."), Qgis.MessageLevel.Info)
        elif task.answer is None:
            self.candidates.clear()
            self.say(worded(task.error), Qgis.MessageLevel.Critical)
        elif not task.answer["found"]["features"]:
            self._not_here(task.answer)
        else:
            self._found(task)

    def _not_here(self, answer: dict) -> None:
        score = answer.get("best_score")
        best = "" if score is None else " " + tr("The best score was {score:.2f}.").format(score=score)
        text = tr("Not here: nothing that was searched is surely the object.") + best
        self.candidates.clear(text)
        self.say(text, Qgis.MessageLevel.Warning)

    def _found(self, task: LocateTask) -> None:
        layer = self._layer(task.crs)
        try:
            listed = results.add(layer, task.answer["found"], task.reference)
        except (LayerError, QgsCsException):
            # It cannot be written, or lies elsewhere: nothing may be lost.
            layer = results.new_layer(task.crs)
            listed = results.add(layer, task.answer["found"], task.reference)
        self._list_layers()
        self.into.setCurrentIndex(self.into.findData(layer.id()))
        photo, click = Path(task.fields["photo"]).name, task.fields["click"]
        title = tr("{photo}, clicked at {x:.0f}, {y:.0f}").format(photo=photo, x=click[0], y=click[1])
        self.candidates.show_answers(listed, task.answer, title)
        self.tabs.setTabText(ANSWERS, tr("Answers ({count})").format(count=len(listed)))
        self.tabs.setCurrentIndex(ANSWERS)
        self._zoom(listed[:1])
        best = listed[0].values
        text = tr("Best of {count}: score {score:.2f}, its centre expected within {metres:.1f} m.")
        level = Qgis.MessageLevel.Success if best["score"] >= 0.5 else Qgis.MessageLevel.Warning
        told = text.format(count=len(listed), score=best["score"], metres=best["accuracy_m"])
        self.say(" ".join([told, *(task.answer.get("warnings") or ())]), level)

    def _layer(self, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer:
        """The layer that was chosen for the answers, or a new one."""
        chosen = QgsProject.instance().mapLayer(self.into.currentData() or "")
        return chosen if chosen is not None else results.new_layer(crs)

    def _results_crs(self) -> QgsCoordinateReferenceSystem:
        layers = [layer for layer in self.reference.chosen_layers() if layer.crs().isValid()]
        project = QgsProject.instance().crs()
        return layers[0].crs() if layers else project if project.isValid() else wgs84()

    def _reference_name(self) -> str:
        index = self.reference.chosen_index()
        return index.name if index is not None else ", ".join(layer.name() for layer in self.reference.chosen_layers())

    def _zoom(self, candidates: list) -> None:
        self.candidates.refresh()
        extent = results.surroundings(candidates)
        if extent.isEmpty():
            return
        self._canvas.setExtent(extent)
        self._canvas.refresh()
        layer = results.layer_of(candidates[0])
        self._canvas.flashFeatureIds(layer, [candidate.feature for candidate in candidates])

    def _edit(self, candidate: results.Candidate) -> None:
        """With QGIS's own tools."""
        layer = results.layer_of(candidate)
        self._zoom([candidate])
        self._iface.setActiveLayer(layer)
        layer.selectByIds([candidate.feature])
        if layer.isEditable() or layer.startEditing():
            self._iface.actionVertexTool().trigger()

    def _export(self, candidate: results.Candidate) -> None:
        layer = results.layer_of(candidate)
        kinds = ";;".join(f"{driver} (*{suffix})" for suffix, driver in results.SUFFIXES.items())
        text, kind = QFileDialog.getSaveFileName(self, tr("Export answers"), f"{layer.name()}.gpkg", kinds)
        if not text:
            return
        path = Path(text)
        if path.suffix == "":
            # The dialog has not asked about the file that is written then.
            path = path.with_suffix(next((end for end in results.SUFFIXES if f"*{end})" in kind), ".gpkg"))
            question = tr("{path} is there already. Replace it?").format(path=path)
            if path.exists() and not self._agrees(question):
                return
        try:
            results.save(layer, path)
        except LayerError as error:
            self.say(worded(error), Qgis.MessageLevel.Critical)
            return
        count = layer.featureCount()
        text = tr("{count} answers were written to {path}.").format(count=count, path=path)
        self.say(text, Qgis.MessageLevel.Success)

    def _agrees(self, question: str) -> bool:
        return QMessageBox.question(self, self.windowTitle(), question) == QMessageBox.StandardButton.Yes

    def _photo_changed(self) -> None:
        # What was said is about another photo or click.
        self.messages.clearWidgets()
        self.tabs.setCurrentIndex(SEARCH)
        self.where.show_photo(self.photo.position)
        self._show_camera()
        self._enable()

    def _show_camera(self) -> None:
        """Where the photo was taken, on the map."""
        self._remove_camera()
        if self.photo.position is not None:
            self._camera = marker(self._canvas, self.photo.position, "#1f78ff", QgsVertexMarker.IconType.ICON_CIRCLE)
        if self._camera is not None:
            self._camera.setToolTip(tr("Here the photo was taken, says its EXIF data"))

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
        self.candidates.refresh()

    def _enable(self) -> None:
        self.start_button.setToolTip(self._missing() or tr("Search for what was clicked"))

    def _missing(self) -> str:
        if self.photo.click is None:
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
