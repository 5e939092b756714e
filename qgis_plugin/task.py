# SPDX-License-Identifier: GPL-2.0-or-later
"""geoloc as a task of QGIS: off the GUI's thread, with progress, and cancellable."""

from __future__ import annotations

from typing import Callable

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import QTemporaryDir, pyqtSignal

from . import runner


class LocateTask(QgsTask):
    """Runs one job. When it is over, `outcome` is set and `when_over` is called in the GUI's thread."""

    said = pyqtSignal(str)
    """A line of geoloc's, as it comes."""

    def __init__(
        self,
        program: list[str],
        job: runner.Job,
        when_over: Callable[[LocateTask], None],
        folder: QTemporaryDir | None = None,
    ) -> None:
        """folder: where `job.output` is if it is temporary; removed when the task is over."""
        super().__init__(f"Locate object from {job.photo.name}", QgsTask.Flag.CanCancel)
        self.job = job
        self.folder = folder
        self.when_over = when_over
        self.outcome = runner.Outcome(False, "Cancelled before it began.", cancelled=True)
        self._program = program

    def run(self) -> bool:
        """In a thread of QGIS's: touches neither layers nor widgets."""
        self.outcome = runner.run(self._program, self.job, on_line=self._hear, is_cancelled=self.isCanceled)
        return self.outcome.ok

    def finished(self, result: bool) -> None:
        """In the GUI's thread, whether the job went well, failed or was cancelled."""
        level = Qgis.MessageLevel.Info if result or self.outcome.cancelled else Qgis.MessageLevel.Critical
        text = "\n".join(part for part in (self.outcome.log, self.outcome.message) if part)
        QgsMessageLog.logMessage(text or "done", "geoloc", level, notifyUser=False)
        try:
            self.when_over(self)
        finally:
            # Not left to the garbage collector, which may never come.
            if self.folder is not None:
                self.folder.remove()

    def _hear(self, line: str) -> None:
        percent = runner.parse_progress(line)
        if percent is not None:
            self.setProgress(percent)
        self.said.emit(line)
