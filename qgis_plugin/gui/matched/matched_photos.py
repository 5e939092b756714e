# SPDX-License-Identifier: GPL-2.0-or-later
"""The photos that have been matched with the map in this session, and the matching that is under way."""

from __future__ import annotations

from typing import Sequence

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...texts import tr
from ...worker.match_task import MatchTask
from ...worker.photo_match import PhotoMatch


class MatchedPhotos(QObject):
    """What is known of each photo, by its path.

    Attributes:
        task: the matching that runs; None while none runs.
        present: path of the photo that is matched now; "" while none is.
    """

    changed = pyqtSignal(object)
    """A `PhotoMatch`: there is something new of a photo."""
    moved_on = pyqtSignal()
    """The matching has begun, goes on with another photo, or has got on with one."""
    over = pyqtSignal(object)
    """The `MatchTask` that is over, whether it went well, failed or was cancelled."""

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.task: MatchTask | None = None
        self.present = ""
        self._matches: dict[str, PhotoMatch] = {}

    def of(self, path: str) -> PhotoMatch | None:
        """Return what is known of a photo; None where it was not looked at."""
        return self._matches.get(path)

    def found(self) -> list[PhotoMatch]:
        """Return all photos that are matched."""
        return [match for match in self._matches.values() if match.mapping is not None]

    def start(self, command: list[str], photos: Sequence[str], fields: dict) -> None:
        """Match photos; where a matching runs, these come next in it.

        Args:
            command: the words that start the worker.
            photos: paths.
            fields: of the requests, without the photo.
        """
        if self.task is not None and all(self.task.prefer(photo, fields) for photo in reversed(photos)):
            self.moved_on.emit()
            return
        self.task = MatchTask(command, tr("Match photos"), photos=photos, fields=fields, when_over=self._over)
        self.task.photo_begun.connect(self._begin)
        self.task.photo_matched.connect(self._take)
        self.task.progressChanged.connect(self._move_on)
        QgsApplication.taskManager().addTask(self.task)
        self.moved_on.emit()

    def cancel(self) -> None:
        """Stop; what is matched stays."""
        if self.task is not None:
            self.task.cancel()

    def shut_down(self) -> None:
        """Stop, and tell nobody any more: the dock is going away."""
        self.blockSignals(True)
        self.cancel()

    def _begin(self, path: str) -> None:
        self.present = path
        self.moved_on.emit()

    def _move_on(self, percent: float) -> None:
        self.moved_on.emit()

    def _take(self, match: PhotoMatch) -> None:
        self._matches[match.path] = match
        self.changed.emit(match)

    def _over(self, task: MatchTask) -> None:
        if task is self.task:
            self.task, self.present = None, ""
        self.over.emit(task)
