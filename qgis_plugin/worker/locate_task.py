# SPDX-License-Identifier: GPL-2.0-or-later
"""One search as a task of QGIS: off the GUI's thread, with progress, and cancellable."""

from __future__ import annotations

import traceback
from typing import Callable

from qgis.core import Qgis, QgsCoordinateReferenceSystem, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..texts import tr
from . import client

LOG = "geoloc"
"""Tab of QGIS's message log."""


class LocateTask(QgsTask):
    """A request `locate`; when it is over, `answer` or `error` is set.

    Attributes:
        fields: of the request.
        reference: name of what is searched, which the answers bear.
        crs: of the layer that the answers go to, where that is a new one.
        answer: the worker's result; None until it has come, and for good where none comes.
        error: why no answer came; None otherwise.
    """

    status = pyqtSignal(str)
    """The present step, in words."""

    def __init__(
        self,
        command: list[str],
        title: str,
        *,
        fields: dict,
        reference: str,
        crs: QgsCoordinateReferenceSystem,
        when_over: Callable[[LocateTask], None],
    ) -> None:
        """Prepare the search.

        Args:
            command: the words that start the worker.
            title: what QGIS calls the task.
            fields: see the class.
            reference: see the class.
            crs: see the class.
            when_over: called with the task in the GUI's thread, whether it went well, failed or was cancelled.
        """
        # The dock says itself that it is done; before QGIS 3.26 the task manager says so too.
        silent = getattr(QgsTask.Flag, "Silent", None)
        super().__init__(title, QgsTask.Flag.CanCancel if silent is None else QgsTask.Flag.CanCancel | silent)
        self.fields = fields
        self.reference = reference
        self.crs = crs
        self.answer: dict | None = None
        self.error: client.WorkerError | None = None
        self._command = command
        self._when_over = when_over

    @property
    def cancelled(self) -> bool:
        """Whether a user stopped the search."""
        return isinstance(self.error, client.Cancelled) or (self.answer is None and self.isCanceled())

    def run(self) -> bool:
        """Search, in a thread of QGIS's: neither layers nor widgets are touched."""
        try:
            worker = client.shared(self._command)
            self.answer = worker.request(
                "locate", self.fields, on_progress=self._show_progress, is_cancelled=self.isCanceled
            )
        except client.WorkerError as error:
            self.error = error
        except Exception as error:
            # A task must not raise; QGIS would end.
            self.error = client.WorkerError("internal", f"{type(error).__name__}: {error}", traceback.format_exc())
        return self.answer is not None

    def finished(self, result: bool) -> None:
        """Log an error and call back, in the GUI's thread."""
        if self.error is not None and not self.cancelled:
            text = "\n".join(part for part in (self.error.log, str(self.error)) if part)
            QgsMessageLog.logMessage(text, LOG, Qgis.MessageLevel.Critical, notifyUser=False)
        self._when_over(self)

    def _show_progress(self, message: dict) -> None:
        fraction, left = message.get("fraction"), message.get("seconds_left")
        if fraction is not None:
            self.setProgress(100 * fraction)
        text = _stages().get(message.get("stage"), tr("Working ..."))
        if message.get("text"):
            text = f"{text} {message['text']}"
        if left is not None:
            text += ", " + tr("{time} left").format(time=duration(left))
        self.status.emit(text)


def duration(seconds: float) -> str:
    """Return seconds in words, such as "8 s" or "2 min"."""
    if seconds < 60:
        return tr("{seconds} s").format(seconds=max(1, round(seconds)))
    return tr("{minutes} min").format(minutes=round(seconds / 60))


def _stages() -> dict[str, str]:
    return {
        "loading": tr("Loading the network ..."),
        "planning": tr("Looking at the reference ..."),
        "matching": tr("Matching the photo with the reference ..."),
        "searching": tr("Searching:"),
        "verifying": tr("Checking the answers by geometry ..."),
    }
