# SPDX-License-Identifier: GPL-2.0-or-later
"""Matching photos with the map as a task of QGIS: one after another, off the GUI's thread, cancellable."""

from __future__ import annotations

import collections
import threading
import traceback
from typing import Callable, Sequence

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..texts import worded
from . import client
from .locate_task import LOG
from .photo_match import PhotoMatch

# Of one photo; anything else stops the photos after it too.
_OF_A_PHOTO = ("photo",)


class MatchTask(QgsTask):
    """Requests `match`, one a photo; a photo that cannot be used does not stop the others.

    Attributes:
        error: what stopped all; None otherwise.
        done: paths of the photos that were looked at, in their order.
    """

    photo_begun = pyqtSignal(str)
    """Path of the photo that is matched now."""
    photo_matched = pyqtSignal(object)
    """A `PhotoMatch`: a photo was looked at, whether it was found or not."""

    def __init__(
        self,
        command: list[str],
        title: str,
        *,
        photos: Sequence[str],
        fields: dict,
        when_over: Callable[[MatchTask], None],
    ) -> None:
        """Prepare the matching.

        Args:
            command: the words that start the worker.
            title: what QGIS calls the task.
            photos: paths, in the order in which they are matched.
            fields: of the requests, without the photo.
            when_over: called with the task in the GUI's thread, whether it went well, failed or was cancelled.
        """
        # The dock says itself that it is done; before QGIS 3.26 the task manager says so too.
        silent = getattr(QgsTask.Flag, "Silent", None)
        super().__init__(title, QgsTask.Flag.CanCancel if silent is None else QgsTask.Flag.CanCancel | silent)
        self.error: client.WorkerError | None = None
        self.done: list[str] = []
        self._command = command
        self._when_over = when_over
        self._lock = threading.Lock()
        self._waiting = collections.deque((photo, fields) for photo in photos)
        self._closed = False

    @property
    def count(self) -> tuple[int, int]:
        """How many photos are done, and how many there are."""
        with self._lock:
            return len(self.done), len(self.done) + len(self._waiting)

    @property
    def cancelled(self) -> bool:
        """Whether a user stopped it."""
        return isinstance(self.error, client.Cancelled) or (self.error is None and self.isCanceled())

    def prefer(self, photo: str, fields: dict) -> bool:
        """Match a photo next, whether it waits already or not; False where the task is over."""
        with self._lock:
            if self._closed:
                return False
            # The first one is being matched, and goes when that is over.
            first, *others = self._waiting
            self._waiting = collections.deque([first, (photo, fields), *(one for one in others if one[0] != photo)])
            return True

    def run(self) -> bool:
        """Match, in a thread of QGIS's: neither layers nor widgets are touched."""
        try:
            worker = client.shared(self._command)
            waiting = self._next()
            while waiting is not None:
                self.photo_begun.emit(waiting[0])
                match = self._match(worker, *waiting)
                waiting = self._next(done=True)
                self.photo_matched.emit(match)
                self._show_progress(0.0)
        except client.WorkerError as error:
            self.error = error
        except Exception as error:
            # A task must not raise; QGIS would end.
            self.error = client.WorkerError("internal", f"{type(error).__name__}: {error}", traceback.format_exc())
        finally:
            self._closed = True
        return self.error is None and not self.isCanceled()

    def finished(self, result: bool) -> None:
        """Log an error and call back, in the GUI's thread."""
        if self.error is not None and not self.cancelled:
            text = "\n".join(part for part in (self.error.log, str(self.error)) if part)
            QgsMessageLog.logMessage(text, LOG, Qgis.MessageLevel.Critical, notifyUser=False)
        self._when_over(self)

    def _next(self, done: bool = False) -> tuple[str, dict] | None:
        """Return the next photo and its fields, which wait as the first ones until they are done; None at the end."""
        with self._lock:
            if done:
                self.done.append(self._waiting.popleft()[0])
            self._closed = not self._waiting or self.isCanceled()
            return None if self._closed else self._waiting[0]

    def _match(self, worker: client.Worker, photo: str, fields: dict) -> PhotoMatch:
        def show(message: dict) -> None:
            self._show_progress(message.get("fraction") or 0.0)

        try:
            result = worker.request("match", {**fields, "photo": photo}, show, self.isCanceled)
            return PhotoMatch.of(photo, result)
        except client.WorkerError as error:
            if error.code not in _OF_A_PHOTO:
                raise
            return PhotoMatch(photo, error=worded(error))

    def _show_progress(self, fraction: float) -> None:
        done, count = self.count
        self.setProgress(100 * (done + fraction) / max(count, 1))
