# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to the worker as tasks of QGIS: off the GUI's thread, with progress, and cancellable."""

from __future__ import annotations

import traceback
from typing import Callable

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..texts import tr
from . import client

# Tab of QGIS's message log.
_LOG = "geoloc"


class WorkerTask(QgsTask):
    """Something that the worker does for a user; `work` says what.

    Attributes:
        error: why it did not go well; None otherwise.
    """

    def __init__(self, command: list[str], title: str, when_over: Callable[[WorkerTask], None]) -> None:
        """Prepare the work; QGIS's task manager starts it.

        Args:
            command: the words that start the worker.
            title: what QGIS calls the task.
            when_over: called with the task in the GUI's thread, whether it went well, failed or was cancelled.
        """
        # The dock says itself that it is done; before QGIS 3.26 the task manager says so too.
        silent = getattr(QgsTask.Flag, "Silent", None)
        super().__init__(title, QgsTask.Flag.CanCancel if silent is None else QgsTask.Flag.CanCancel | silent)
        self.error: client.WorkerError | None = None
        self._command = command
        self._when_over = when_over

    @property
    def cancelled(self) -> bool:
        """Whether a user stopped it."""
        return isinstance(self.error, client.Cancelled)

    def work(self, worker: client.Worker) -> None:
        """Ask the worker, in a thread of QGIS's: neither layers nor widgets are touched.

        Raises:
            client.WorkerError: it did not go well, or was cancelled.
        """
        raise NotImplementedError

    def run(self) -> bool:
        """Do the work."""
        try:
            self.work(client.shared(self._command))
        except client.WorkerError as error:
            self.error = error
        except Exception as error:
            # A task must not raise; QGIS would end.
            self.error = client.WorkerError("internal", f"{type(error).__name__}: {error}", traceback.format_exc())
        return self.error is None

    def finished(self, result: bool) -> None:
        """Log an error and call back, in the GUI's thread."""
        if self.error is None and not result:
            # It was cancelled before it began.
            self.error = client.Cancelled()
        if self.error is not None and not self.cancelled:
            text = "\n".join(part for part in (self.error.log, str(self.error)) if part)
            QgsMessageLog.logMessage(text, _LOG, Qgis.MessageLevel.Critical, notifyUser=False)
        self._when_over(self)


class RequestTask(WorkerTask):
    """One request; when it is over, `answer` or `error` is set.

    Attributes:
        kind: type of the request, such as "locate".
        fields: of the request.
        answer: the worker's result; None until it has come, and for good where none comes.
    """

    status = pyqtSignal(str)
    """The present step, in words."""

    def __init__(
        self, command: list[str], title: str, *, kind: str, fields: dict, when_over: Callable[[RequestTask], None]
    ) -> None:
        """Prepare the request; see the class, and `WorkerTask`."""
        super().__init__(command, title, when_over)
        self.kind = kind
        self.fields = fields
        self.answer: dict | None = None

    def work(self, worker: client.Worker) -> None:
        """Send the request."""
        self.answer = worker.request(self.kind, self.fields, self._show_progress, self.isCanceled)

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
