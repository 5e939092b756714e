# SPDX-License-Identifier: GPL-2.0-or-later
"""Actions on answers: put them into a layer, show them on the map, accept or reject, edit, nudge, export."""

from __future__ import annotations

import contextlib
from pathlib import Path

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsCsException, QgsVectorLayer
from qgis.PyQt.QtWidgets import QFileDialog

from ..layers import outlines, results
from ..layers.errors import LayerError
from ..layers.remeasure import MeasureKeeper
from ..texts import tr, worded
from .answers_panel import AnswersPanel
from .messages import Messages


class AnswerActions:
    """Carries out what the panel of answers asks for."""

    def __init__(self, iface, panel: AnswersPanel, messages: Messages) -> None:
        """Connect the actions to the panel.

        Args:
            iface: QgisInterface.
            panel: whose answers these are.
            messages: where problems and successes are shown.
        """
        self._iface = iface
        self._panel = panel
        self._messages = messages
        self._measures = MeasureKeeper(panel)
        panel.show_wanted.connect(self.show)
        panel.judge_wanted.connect(self.judge)
        panel.edit_wanted.connect(self.edit)
        panel.nudge_wanted.connect(self.nudge)
        panel.export_wanted.connect(self.export)

    def add(
        self, result: dict, reference: str, layer: QgsVectorLayer | None, crs: QgsCoordinateReferenceSystem
    ) -> list[results.LocatedAnswer]:
        """Put answers into a layer, or into a new one where that is not possible: none may be lost.

        Args:
            result: the worker's; see `results.add`.
            reference: name of what was searched.
            layer: of the project; None for a new one.
            crs: of a new layer.

        Returns:
            The answers in the same order.
        """
        if layer is not None:
            # It may be read-only, or its CRS may have no such place.
            with contextlib.suppress(LayerError, QgsCsException):
                answers = results.add(layer, result, reference)
                self._measures.watch(layer)
                return answers
        layer = results.new_layer(crs)
        self._measures.watch(layer)
        return results.add(layer, result, reference)

    def show(self, answer: results.LocatedAnswer) -> None:
        """Show an answer on the map, with what lies round it."""
        self._panel.refresh()
        extent = results.surroundings([answer])
        if extent.isEmpty():
            return
        canvas = self._iface.mapCanvas()
        canvas.setExtent(extent)
        canvas.refresh()
        canvas.flashFeatureIds(results.layer_of(answer), [answer.feature_id])

    def judge(self, answer: results.LocatedAnswer, status: str) -> None:
        """Store that an answer is accepted or rejected; the same judgement once more takes it back."""
        present = results.stored(answer).get(results.STATUS)
        self._changed(results.judge(answer, "" if present == status else status))

    def nudge(self, answer: results.LocatedAnswer, step: int) -> None:
        """Put an answer's next smaller (-1) or larger (1) outline in the place of the present one."""
        self._changed(outlines.nudge(answer, step))

    def _changed(self, ok: bool) -> None:
        if not ok:
            text = tr("This layer cannot be changed: export it, or make it editable.")
            self._messages.show(text, Qgis.MessageLevel.Warning)
        self._panel.refresh()

    def edit(self, answer: results.LocatedAnswer) -> None:
        """Start QGIS's own vertex tool on an answer."""
        layer = results.layer_of(answer)
        self.show(answer)
        self._iface.setActiveLayer(layer)
        layer.selectByIds([answer.feature_id])
        if layer.isEditable() or layer.startEditing():
            self._iface.actionVertexTool().trigger()

    def export(self, answer: results.LocatedAnswer) -> None:
        """Ask for a file and write the whole layer of an answer to it."""
        layer = results.layer_of(answer)
        kinds = ";;".join(f"{driver} (*{suffix})" for suffix, driver in results.SUFFIXES.items())
        text, kind = QFileDialog.getSaveFileName(self._panel, tr("Export answers"), f"{layer.name()}.gpkg", kinds)
        if not text:
            return
        path = Path(text)
        if path.suffix == "":
            # The dialog has not asked about the file that is written then.
            path = path.with_suffix(next((end for end in results.SUFFIXES if f"*{end})" in kind), ".gpkg"))
            question = tr("{path} is there already. Replace it?").format(path=path)
            if path.exists() and not self._messages.ask(question):
                return
        try:
            results.save(layer, path)
        except LayerError as error:
            self._messages.show(worded(error), Qgis.MessageLevel.Critical)
            return
        text = tr("{count} answers were written to {path}.").format(count=layer.featureCount(), path=path)
        self._messages.show(text, Qgis.MessageLevel.Success)
