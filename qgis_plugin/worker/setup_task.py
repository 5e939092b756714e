# SPDX-License-Identifier: GPL-2.0-or-later
"""Creating or checking an environment as tasks of QGIS: off the GUI's thread, and cancellable."""

from __future__ import annotations

from typing import Callable

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..texts import tr
from . import client, environment


class SetupTask(QgsTask):
    """An installation of geoloc.

    Attributes:
        setup: what is created.
        error: why it failed; None where it did not, or is not over.
    """

    line_logged = pyqtSignal(str)
    """A line of venv's or pip's output, as it comes."""

    def __init__(self, setup: environment.Setup, when_over: Callable[[SetupTask], None]) -> None:
        """Prepare the installation.

        Args:
            setup: what to create.
            when_over: called with the task in the GUI's thread, whether it went well, failed or was cancelled.
        """
        super().__init__(tr("Install geoloc"), QgsTask.Flag.CanCancel)
        self.setup = setup
        self.error: environment.SetupError | None = None
        self._when_over = when_over

    def run(self) -> bool:
        """Create the environment, in a thread of QGIS's."""
        try:
            environment.create(self.setup, self.line_logged.emit, self.isCanceled)
        except environment.SetupError as error:
            self.error = error
        except OSError as error:
            self.error = environment.diagnosis(str(error))
        return self.error is None

    def finished(self, result: bool) -> None:
        """Call back, in the GUI's thread."""
        if self.error is None and not result:
            # It was cancelled before it began.
            self.error = environment.SetupCancelled("Cancelled; nothing was installed.")
        self._when_over(self)


class CheckTask(QgsTask):
    """A question to geoloc who it is and whether all of it works; when it is over, `answer` or `error` is set.

    Attributes:
        answer: the worker's result of `hello`; None until it has come, and for good where none comes.
        checks: what geoloc says of its parts, see `doctor` in `docs/worker.md`; none where an older one knows no such
            request.
        error: why no answer came; None otherwise.
    """

    def __init__(self, command: list[str], when_over: Callable[[CheckTask], None]) -> None:
        """Prepare the question.

        Args:
            command: the words that start the worker.
            when_over: called with the task in the GUI's thread, whether it went well, failed or was cancelled.
        """
        super().__init__(tr("Check geoloc"), QgsTask.Flag.CanCancel)
        self.answer: dict | None = None
        self.checks: list[dict] = []
        self.error: client.WorkerError | None = None
        self._command = command
        self._when_over = when_over

    def run(self) -> bool:
        """Start a worker of its own, ask it and end it, in a thread of QGIS's."""
        worker = client.Worker(self._command)
        try:
            answer = worker.request("hello", {"protocol": client.PROTOCOL}, is_cancelled=self.isCanceled)
            self.checks = checks_of(worker, self.isCanceled)
            self.answer = answer
        except client.WorkerError as error:
            self.error = error
        finally:
            worker.stop()
        return self.answer is not None

    def finished(self, result: bool) -> None:
        """Call back, in the GUI's thread."""
        self._when_over(self)


def checks_of(worker: client.Worker, is_cancelled: Callable[[], bool]) -> list[dict]:
    """Ask a worker what its installation is made of and what is wrong with it.

    Returns:
        `name`, `found`, `wrong` and `mend` of each part; nothing where an older geoloc knows no such request.

    Raises:
        WorkerError: the worker died of it, or `is_cancelled` was true.
    """
    try:
        return worker.request("doctor", {}, is_cancelled=is_cancelled).get("checks", [])
    except client.WorkerError as error:
        if error.code == "usage":
            return []
        raise
