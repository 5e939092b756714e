# SPDX-License-Identifier: GPL-2.0-or-later
"""Making or checking an environment as tasks of QGIS: off the GUI's thread, and cancellable."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from . import client, environment
from .texts import tr


class SetupTask(QgsTask):
    """Makes an environment. When it is over `error` says why it failed, or is None, and `when_over` is called."""

    said = pyqtSignal(str)
    """A line, as it comes."""

    def __init__(self, setup: environment.Setup, when_over: Callable[[SetupTask], None]) -> None:
        super().__init__(tr("Install geoloc"), QgsTask.Flag.CanCancel)
        self.setup = setup
        self.error: environment.SetupError | None = None
        self.when_over = when_over

    def run(self) -> bool:
        """In a thread of QGIS's."""
        try:
            environment.create(self.setup, self.said.emit, self.isCanceled)
        except environment.SetupError as error:
            self.error = error
        except OSError as error:
            self.error = environment.diagnosis(str(error))
        return self.error is None

    def finished(self, result: bool) -> None:
        """In the GUI's thread."""
        if self.error is None and not result:
            # It was cancelled before it began.
            self.error = environment.SetupCancelled("Cancelled; nothing was installed.")
        self.when_over(self)


class CheckTask(QgsTask):
    """Asks geoloc who it is. When it is over `answer` or `error` is set and `when_over` is called."""

    def __init__(self, command: list[str], when_over: Callable[[CheckTask], None]) -> None:
        super().__init__(tr("Check geoloc"), QgsTask.Flag.CanCancel)
        self.answer: dict | None = None
        self.error: client.WorkerError | None = None
        self.when_over = when_over
        self._command = command

    def run(self) -> bool:
        """In a thread of QGIS's."""
        worker = client.Worker(self._command)
        try:
            self.answer = worker.request("hello", {"protocol": client.PROTOCOL}, is_cancelled=self.isCanceled)
        except client.WorkerError as error:
            self.error = error
        finally:
            worker.stop()
        return self.answer is not None

    def finished(self, result: bool) -> None:
        """In the GUI's thread."""
        self.when_over(self)
