# SPDX-License-Identifier: GPL-2.0-or-later
"""One question to geoloc as a task of QGIS: off the GUI's thread, with progress, and cancellable."""

from __future__ import annotations

import traceback
from typing import Callable

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from . import client
from .texts import tr

LOG = "geoloc"


class LocateTask(QgsTask):
    """When it is over, `answer` or `error` is set and `when_over` is called in the GUI's thread."""

    said = pyqtSignal(str)
    """What is being done, in words."""

    def __init__(self, command: list[str], fields: dict, title: str, when_over: Callable[[LocateTask], None]) -> None:
        """fields: of the request `locate`."""
        # The dock says itself that it is done; before QGIS 3.26 the task manager says so too.
        silent = getattr(QgsTask.Flag, "Silent", None)
        super().__init__(title, QgsTask.Flag.CanCancel if silent is None else QgsTask.Flag.CanCancel | silent)
        self.fields = fields
        self.answer: dict | None = None
        self.error: client.WorkerError | None = None
        self.when_over = when_over
        self._command = command

    @property
    def cancelled(self) -> bool:
        """Whether somebody stopped it."""
        return isinstance(self.error, client.Cancelled) or (self.answer is None and self.isCanceled())

    def run(self) -> bool:
        """In a thread of QGIS's: touches neither layers nor widgets."""
        try:
            worker = client.shared(self._command)
            hears = {"on_progress": self._hear, "is_cancelled": self.isCanceled}
            self.answer = worker.request("locate", self.fields, **hears)
        except client.WorkerError as error:
            self.error = error
        except Exception as error:
            # A task must not raise; QGIS would end.
            self.error = client.WorkerError("internal", f"{type(error).__name__}: {error}", traceback.format_exc())
        return self.answer is not None

    def finished(self, result: bool) -> None:
        """In the GUI's thread, whether it went well, failed or was cancelled."""
        if self.error is not None and not self.cancelled:
            text = "\n".join(part for part in (self.error.log, str(self.error)) if part)
            QgsMessageLog.logMessage(text, LOG, Qgis.MessageLevel.Critical, notifyUser=False)
        self.when_over(self)

    def _hear(self, told: dict) -> None:
        fraction, left = told.get("fraction"), told.get("seconds_left")
        if fraction is not None:
            self.setProgress(100 * fraction)
        text = _stages().get(told.get("stage"), tr("Working ..."))
        if told.get("text"):
            text = f"{text} {told['text']}"
        if left is not None:
            text += ", " + tr("{time} left").format(time=duration(left))
        self.said.emit(text)


def duration(seconds: float) -> str:
    """Such as "8 s" or "2 min"."""
    if seconds < 60:
        return tr("{seconds} s").format(seconds=max(1, round(seconds)))
    return tr("{minutes} min").format(minutes=round(seconds / 60))


def _stages() -> dict:
    return {
        "loading": tr("Loading the network ..."),
        "planning": tr("Looking at the reference ..."),
        "searching": tr("Searching:"),
        "verifying": tr("Checking the answers by geometry ..."),
    }
