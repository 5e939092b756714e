# SPDX-License-Identifier: GPL-2.0-or-later
"""The client of geoloc's worker: one long-lived process apart from QGIS, spoken to in lines of JSON.

geoloc's environment (torch, rasterio, numpy 2) must never meet QGIS's, and this module needs the standard library only.
`docs/worker.md` describes the protocol.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess  # nosec B404
import tempfile
import threading
import time
from typing import Callable, Mapping

PROTOCOL = 1
# What QGIS sets for its own libraries, and what would lead another Python to load them.
_FOREIGN = (
    "DYLD_",
    "GDAL_",
    "GEOTIFF_CSV",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "OSGEO4W_",
    "PROJ_",
    "PYTHON",
    "QGIS",
    "QT_",
    "__PYVENV_LAUNCHER__",
)
_POLL_S = 0.1
_CANCEL_S = 0.6
_STOP_S = 2.0
_HELLO_S = 120.0
_KEPT_LINES = 60


class UserError(Exception):
    """An error that a user reads, in one line.

    Attributes:
        text: in English, with names of `values` in braces; whoever shows it translates it.
        log: lines of the program that failed, for whoever wants to know more.
        values: what stands in the text's braces.
    """

    def __init__(self, text: str, log: str = "", **values: object) -> None:
        # Without values it may be anything, braces too: the line of another program.
        super().__init__(text.format(**values) if values else text)
        self.text, self.log, self.values = text, log, values


class WorkerError(UserError):
    """The worker could not answer a request.

    Attributes:
        code: one of the worker's own error codes, or `start` or `crash`.
    """

    def __init__(self, code: str, text: str, log: str = "", **values: object) -> None:
        super().__init__(text, log, **values)
        self.code = code


class Cancelled(WorkerError):
    """A user stopped the request."""

    def __init__(self) -> None:
        super().__init__("cancelled", "cancelled")


class Worker:
    """One worker process, started by the first request and again by the first one after it ended.

    Requests may come from any thread.

    Attributes:
        command: the words that start the process.
    """

    def __init__(self, command: list[str]) -> None:
        self.command = list(command)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._process: _Process | None = None

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        """Process id; None while no process runs."""
        return self._process.popen.pid if self.running else None

    def request(
        self,
        kind: str,
        fields: dict,
        on_progress: Callable[[dict], None] = lambda message: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> dict:
        """Send a request and wait for its result.

        Args:
            kind: type of the request, such as "locate".
            fields: of the request; see `docs/worker.md`.
            on_progress: called in this thread with every progress message.
            is_cancelled: called ten times a second; once true, the worker is asked to stop, and ended if it does not
                stop at once, unless other requests wait for it.

        Returns:
            The message with the result.

        Raises:
            Cancelled: `is_cancelled` was true; raised within a second.
            WorkerError: the worker cannot be started, has died, or answers with an error.
        """
        process = self._started(is_cancelled)
        return self._ask(process, kind, fields, on_progress, is_cancelled)

    def stop(self) -> None:
        """End the process and all that it has started."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.end(_STOP_S)

    def _started(self, is_cancelled: Callable[[], bool]) -> _Process:
        with self._lock:
            if self._process is not None and self._process.alive:
                return self._process
            self._process = process = _Process(self.command)
        fields = {"protocol": PROTOCOL}
        hello = self._ask(process, "hello", fields, lambda message: None, is_cancelled, limit_s=_HELLO_S)
        if hello.get("protocol") != PROTOCOL:
            self.stop()
            text = "This geoloc speaks another protocol than the plugin: bring both up to date."
            raise WorkerError("protocol", text)
        return process

    def _ask(
        self,
        process: _Process,
        kind: str,
        fields: dict,
        on_progress: Callable[[dict], None],
        is_cancelled: Callable[[], bool],
        *,
        limit_s: float = float("inf"),
    ) -> dict:
        number = next(self._numbers)
        inbox = process.send({**fields, "id": number, "type": kind})
        end = time.monotonic() + limit_s
        while True:
            if is_cancelled():
                self._cancel(process, number, inbox)
                raise Cancelled()
            try:
                message = inbox.get(timeout=_POLL_S)
            except queue.Empty:
                process.reap()
                if time.monotonic() > end:
                    process.end(0.0)
                    text = "{program} gave no answer in {seconds} s: is geoloc installed there?"
                    values = {"program": self.command[0], "seconds": round(limit_s)}
                    raise WorkerError("start", text, process.log(), **values) from None
                continue
            if message is None:
                raise self._died(process)
            if message["type"] == "progress":
                on_progress(message)
                continue
            process.forget(number)
            if message["type"] == "error":
                code, text = message.get("code", "internal"), message.get("message", "")
                raise Cancelled() if code == "cancelled" else WorkerError(code, text, message.get("traceback") or "")
            return message

    def _cancel(self, process: _Process, number: int, inbox: queue.Queue) -> None:
        """Ask the worker to stop; end it where it does not listen, unless others wait for it."""
        cancel = next(self._numbers)
        process.send({"id": cancel, "type": "cancel", "target": number})
        process.forget(cancel)
        end = time.monotonic() + _CANCEL_S
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                message = inbox.get(timeout=_POLL_S)
                if message is None or message["type"] in ("result", "error"):
                    process.forget(number)
                    return
        process.forget(number)
        if not process.awaited:
            process.end(0.0)

    def _died(self, process: _Process) -> WorkerError:
        code = process.popen.wait()
        log = process.log()
        if "No module named 'geoloc" in log or "No module named geoloc" in log:
            text = "geoloc is not installed for {program}: see Settings > Options > Geoloc."
            return WorkerError("start", text, log, program=self.command[0])
        values = {"number": abs(code), "last": log.splitlines()[-1] if log else "-"}
        if code < 0:
            text = "geoloc ended unexpectedly (signal {number}; was there too little memory?): {last}"
        else:
            text = "geoloc ended unexpectedly (exit code {number}): {last}"
        return WorkerError("crash", text, log, **values)


class _Process:
    """One process with the threads that read its output."""

    def __init__(self, command: list[str]) -> None:
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            # A list, no shell; the program is the user's own choice.
            self.popen = subprocess.Popen(  # nosec B603
                command,
                env=child_environment(os.environ),
                cwd=tempfile.gettempdir(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                creationflags=flags,
            )
        except OSError as error:
            reason = error.strerror or error
            text = "{program} cannot be started ({reason}): see Settings > Options > Geoloc."
            raise WorkerError("start", text, program=command[0], reason=reason) from error
        self._lines: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._inboxes: dict[int, queue.Queue] = {}
        self._lock = threading.Lock()
        self._over = False
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read_messages, self._read_log)]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        return not self._over and self.popen.poll() is None

    def send(self, request: dict) -> queue.Queue:
        """Send a request; its messages come into the queue, and None when the process is over."""
        inbox: queue.Queue = queue.Queue()
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            self._inboxes[request["id"]] = inbox
            if self._over:
                inbox.put(None)
            # That the process is over is found by the thread that reads.
            with contextlib.suppress(OSError, ValueError):
                self.popen.stdin.write(line)
                self.popen.stdin.flush()
        return inbox

    @property
    def awaited(self) -> bool:
        """Whether anybody waits for an answer."""
        with self._lock:
            return bool(self._inboxes)

    def forget(self, number: int) -> None:
        """Drop all further messages of a request."""
        with self._lock:
            self._inboxes.pop(number, None)

    def log(self) -> str:
        """The last lines of the process's stderr."""
        self._threads[1].join(0.5)
        return "\n".join(self._lines)

    def end(self, patience_s: float) -> None:
        """Ask the process to end, wait so long, then kill it with all that it has started."""
        with contextlib.suppress(OSError, ValueError):
            self.popen.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(patience_s)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.popen.pid, signal.SIGKILL)
            else:
                self.popen.kill()
        self.popen.wait()

    def reap(self) -> None:
        """Kill what a process that is over has left: as long as it lives the pipes are open, and nothing says so."""
        if self.popen.poll() is not None and not self._over:
            self.end(0.0)

    def _read_messages(self) -> None:
        for line in self.popen.stdout:
            try:
                message = json.loads(line)
                inbox = self._inboxes.get(message["id"])
            except (ValueError, TypeError, KeyError):
                # No message: something that a library printed.
                self._lines.append(line.decode("utf-8", "replace").rstrip())
                continue
            if inbox is not None:
                inbox.put(message)
        with self._lock:
            self._over = True
            for inbox in self._inboxes.values():
                inbox.put(None)

    def _read_log(self) -> None:
        for line in self.popen.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._lines.append(text)


_shared: list[Worker] = []
_shared_lock = threading.Lock()


def shared(command: list[str]) -> Worker:
    """Return the one worker of this QGIS; another command ends the one before."""
    with _shared_lock:
        if _shared and _shared[0].command != command:
            _shared.pop().stop()
        if not _shared:
            _shared.append(Worker(command))
        return _shared[0]


def stop_shared() -> None:
    """End the shared worker, where there is one."""
    with _shared_lock:
        while _shared:
            _shared.pop().stop()


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` without what points to QGIS's Python, Qt, GDAL, PROJ and libraries; text in UTF-8."""
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(_FOREIGN)}
    kept["PYTHONUTF8"] = "1"
    return kept
