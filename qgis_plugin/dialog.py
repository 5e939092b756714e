# SPDX-License-Identifier: GPL-2.0-or-later
"""The dialog: a photograph, a click, a raster layer; out comes a layer of answers."""

from __future__ import annotations

from pathlib import Path

from qgis.core import Qgis, QgsApplication, QgsMapLayerProxyModel, QgsProject, QgsVectorLayer
from qgis.gui import QgsFileWidget, QgsMapLayerComboBox, QgsMessageBar
from qgis.PyQt.QtCore import QTemporaryDir
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
)

from . import layer as layers
from . import runner, settings
from .photo_view import PhotoError, PhotoView, read_upright
from .task import LocateTask

_PHOTOS = "Photographs (*.jpg *.jpeg *.png *.tif *.tiff);;All files (*)"
_RESULTS = "GeoPackage (*.gpkg);;GeoJSON (*.geojson);;FlatGeobuf (*.fgb)"
_SUFFIXES = (".gpkg", ".geojson", ".fgb")
_HINT = "Click the object. The wheel zooms, dragging moves."


class InputError(Exception):
    """Something is missing or does not fit; the text is one line saying what to do."""


class LocateDialog(QDialog):
    """Not modal, so that the map can be looked at meanwhile; a search goes on while it is closed."""

    def __init__(self, iface) -> None:
        """iface: QgisInterface."""
        super().__init__(iface.mainWindow())
        self._iface = iface
        self.task: LocateTask | None = None
        self.setWindowTitle("Locate object from photo")

        self.photo = QgsFileWidget()
        self.photo.setFilter(_PHOTOS)
        self.photo.setDialogTitle("Photograph")
        self.photo.fileChanged.connect(self._show_photo)
        self.view = PhotoView()
        self.view.marked.connect(self._show_mark)
        self.hint = QLabel()
        self.mosaic = QgsMapLayerComboBox()
        self.mosaic.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.use_gps = QCheckBox("Only round the photo's GPS position, if it has one")
        self.use_gps.setChecked(True)
        self.top = QSpinBox()
        self.top.setRange(1, 100)
        self.top.setValue(5)
        self.top.setToolTip("How many answers at most; the best one gets the strong outline.")
        self.save_as = QgsFileWidget()
        self.save_as.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.save_as.setFilter(_RESULTS)
        # Asked once, on starting, whether the path was chosen or typed.
        self.save_as.setConfirmOverwrite(False)
        self.save_as.lineEdit().setPlaceholderText("[temporary layer, in memory]")
        self.save_as.setToolTip(
            "Empty: the answers become a temporary layer. QGIS keeps it in memory and asks before it is lost; "
            "its files in the system's temporary folder are removed at once."
        )
        self.progress = QProgressBar()
        self.status = QLabel()
        self.messages = QgsMessageBar()
        self._build()
        self._show_photo(self.photo.filePath())
        self._show_running(False)

    def _build(self) -> None:
        buttons = QDialogButtonBox()
        self.start_button = buttons.addButton("Locate", QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel_button = buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.ActionRole)
        settings_button = buttons.addButton("Settings...", QDialogButtonBox.ButtonRole.ResetRole)
        close_button = buttons.addButton(QDialogButtonBox.StandardButton.Close)
        self.start_button.setDefault(True)
        for button, slot in (
            (self.start_button, self.start),
            (self.cancel_button, self.cancel),
            (settings_button, self.open_settings),
            (close_button, self.close),
        ):
            button.clicked.connect(slot)
            # Else Close, once it has the focus, answers to the Enter key.
            button.setAutoDefault(button is self.start_button)

        form = QFormLayout()
        form.addRow("Photo", self.photo)
        form.addRow(self.view)
        form.addRow(self.hint)
        form.addRow("Search on", self.mosaic)
        form.addRow("", self.use_gps)
        form.addRow("Answers", self.top)
        form.addRow("Save as", self.save_as)
        whole = QVBoxLayout(self)
        whole.addWidget(self.messages)
        whole.addLayout(form, 1)
        whole.addWidget(self.status)
        whole.addWidget(self.progress)
        whole.addWidget(buttons)
        self.resize(620, 720)

    def start(self) -> None:
        """Check what was chosen and search; what is missing is said in the message bar."""
        folder = None if self.save_as.filePath().strip() else QTemporaryDir()
        try:
            job = self._job(folder)
            program = runner.find_program(settings.program())
        except (InputError, layers.LayerError, runner.RunnerError) as error:
            self._say(str(error), Qgis.MessageLevel.Warning)
            return
        if job.overwrite and not self._may_replace(job.output):
            return
        self.messages.clearWidgets()
        self.task = LocateTask(program, job, self._over, folder)
        self.task.progressChanged.connect(self._show_progress)
        self.task.said.connect(self.status.setText)
        self._show_running(True)
        QgsApplication.taskManager().addTask(self.task)

    def cancel(self) -> None:
        """Stop the search."""
        if self.task is not None:
            self.status.setText("Stopping ...")
            self.task.cancel()

    def open_settings(self) -> None:
        """Where geoloc is."""
        settings.SettingsDialog(self).exec()

    def shut_down(self) -> None:
        """Stop the search and forget it: the plugin is going away."""
        if self.task is not None:
            self.task.when_over = lambda task: None
            self.task.cancel()
            self.task = None
        self.close()
        self.deleteLater()

    def _job(self, folder: QTemporaryDir | None) -> runner.Job:
        if self.view.mark is None:
            raise InputError("Choose a photo and click the object in it.")
        if self.mosaic.currentLayer() is None:
            raise InputError("Choose the raster layer to search on; add one to the project first.")
        if folder is None:
            output = Path(self.save_as.filePath().strip()).expanduser()
            self._check_output(output)
        else:
            output = Path(folder.filePath("found.geojson"))
        return runner.Job(
            photo=Path(self.photo.filePath()),
            click=(self.view.mark.x(), self.view.mark.y()),
            mosaic=layers.raster_file(self.mosaic.currentLayer()),
            output=output,
            top=self.top.value(),
            use_gps=self.use_gps.isChecked(),
            overwrite=output.exists(),
        )

    @staticmethod
    def _check_output(output: Path) -> None:
        if output.suffix.lower() not in _SUFFIXES:
            raise InputError(f"{output.name}: end the name with one of {', '.join(_SUFFIXES)}.")
        if not output.parent.is_dir():
            raise InputError(f"{output.parent}: no such folder; make it first.")
        shown = layers.shown_in(QgsProject.instance(), output)
        if shown is not None:
            raise InputError(f"{output.name} is shown by the layer {shown}; give another name or remove that layer.")

    def _may_replace(self, output: Path) -> bool:
        answer = QMessageBox.question(self, self.windowTitle(), f"{output} exists. Replace it?")
        return answer == QMessageBox.StandardButton.Yes

    def _over(self, task: LocateTask) -> None:
        self.task = None
        self._show_running(False)
        outcome = task.outcome
        if not outcome.ok:
            level = Qgis.MessageLevel.Info if outcome.cancelled else Qgis.MessageLevel.Critical
            self._say(outcome.message, level)
            return
        name = f"{task.job.photo.stem} ({task.job.click[0]:.0f}, {task.job.click[1]:.0f})"
        try:
            layer = layers.results_layer(task.job.output, name, in_memory=task.folder is not None)
        except layers.LayerError as error:
            self._say(str(error), Qgis.MessageLevel.Critical)
            return
        if layer.featureCount() == 0:
            score = runner.parse_best_score(outcome.message)
            best = "" if score is None else f"; the best score was {score}"
            self._say(f"Not here: nothing on this layer is surely the object{best}.", Qgis.MessageLevel.Warning)
            return
        QgsProject.instance().addMapLayer(layer)
        self._show_on_map(layer)

    def _show_on_map(self, layer: QgsVectorLayer) -> None:
        canvas = self._iface.mapCanvas()
        extent = layers.best_extent(layer, QgsProject.instance())
        if not extent.isEmpty():
            canvas.setExtent(extent)
        canvas.refresh()
        best = min(layer.getFeatures(), key=lambda feature: feature["rank"])
        self._say(
            f"Best of {layer.featureCount()}: score {best['score']:.2f}, "
            f"its centre expected within {best['accuracy_m']:.1f} m.",
            Qgis.MessageLevel.Success,
        )

    def _say(self, text: str, level: Qgis.MessageLevel) -> None:
        # Errors stay until they are closed, the rest long enough to be read.
        duration_s = 0 if level == Qgis.MessageLevel.Critical else 12
        if not self.isVisible():
            self._iface.messageBar().pushMessage(text, level, duration_s)
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

    def _show_photo(self, path: str) -> None:
        # What was said of another photo.
        self.messages.clearWidgets()
        self.view.clear()
        self.hint.setText(_HINT)
        self.hint.setEnabled(False)
        if not path:
            return
        try:
            self.view.show_photo(read_upright(path))
        except PhotoError as error:
            self._say(str(error), Qgis.MessageLevel.Warning)
            return
        self.hint.setEnabled(True)

    def _show_mark(self, x: float, y: float) -> None:
        self.hint.setText(f"{_HINT} Clicked: {x:.1f}, {y:.1f} px.")

    def _show_running(self, running: bool) -> None:
        start, cancel = self.start_button, self.cancel_button
        possible, impossible = (cancel, start) if running else (start, cancel)
        possible.setEnabled(True)
        if impossible.hasFocus():
            possible.setFocus()
        impossible.setEnabled(False)
        self.progress.setVisible(running)
        self.status.setVisible(running)
        self.status.setText("Starting geoloc ...")
        # Busy until geoloc tells how much there is to do.
        self.progress.setRange(0, 0)

    def _show_progress(self, percent: float) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(percent))
