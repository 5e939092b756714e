# SPDX-License-Identifier: GPL-2.0-or-later
"""Matching photos with the map as a task of QGIS: one after another, off the GUI's thread, cancellable."""

from __future__ import annotations

import collections
import threading
from typing import Callable, Sequence

from qgis.PyQt.QtCore import pyqtSignal

from ..texts import worded
from . import client
from .photo_match import PhotoMatch
from .worker_task import WorkerTask

# Of one photo; anything else stops the photos after it too.
_OF_A_PHOTO = ("photo",)


class MatchTask(WorkerTask):
    """Requests `match`, one a photo; a photo that cannot be used does not stop the others.

    Attributes:
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
            when_over: see `WorkerTask`.
        """
        super().__init__(command, title, when_over)
        self.done: list[str] = []
        self._lock = threading.Lock()
        self._waiting = collections.deque((photo, fields) for photo in photos)
        self._closed = False

    @property
    def count(self) -> tuple[int, int]:
        """How many photos are done, and how many there are."""
        with self._lock:
            return len(self.done), len(self.done) + len(self._waiting)

    def prefer(self, photo: str, fields: dict) -> bool:
        """Match a photo next, whether it waits already or not; False where the task is over or stopped."""
        with self._lock:
            if self._closed or self.isCanceled() or not self._waiting:
                return False
            # The first one is being matched, and goes when that is over.
            first, *others = self._waiting
            self._waiting = collections.deque([first, (photo, fields), *(one for one in others if one[0] != photo)])
            return True

    def work(self, worker: client.Worker) -> None:
        """Match one photo after another."""
        try:
            waiting = self._next()
            while waiting is not None:
                self.photo_begun.emit(waiting[0])
                self.photo_matched.emit(self._match(worker, *waiting))
                waiting = self._next(done=True)
                self._show_progress(0.0)
        finally:
            with self._lock:
                self._closed = True

    def _next(self, done: bool = False) -> tuple[str, dict] | None:
        """Return the next photo and its fields, which wait as the first ones until they are done; None at the end."""
        with self._lock:
            if done:
                self.done.append(self._waiting.popleft()[0])
            if self.isCanceled():
                raise client.Cancelled
            self._closed = not self._waiting
            return None if self._closed else self._waiting[0]

    def _match(self, worker: client.Worker, photo: str, fields: dict) -> PhotoMatch:
        def show(message: dict) -> None:
            self._show_progress(message.get("fraction") or 0.0)

        try:
            result = worker.request("match", {**fields, "photo": photo}, show, self.isCanceled)
            return PhotoMatch.of(photo, result, fields)
        except client.WorkerError as error:
            if error.code not in _OF_A_PHOTO:
                raise
            return PhotoMatch(photo, fields, error=worded(error))

    def _show_progress(self, fraction: float) -> None:
        done, count = self.count
        self.setProgress(100 * (done + fraction) / max(count, 1))
