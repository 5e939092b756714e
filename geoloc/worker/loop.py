"""The worker's loop: it does jobs one after another in this thread, and answers the rest at once in another."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from geoloc.errors import GeolocError, IndexFileError, OutputError, PhotoError, QueriesError, WeightsError, in_one_line
from geoloc.system.threads import fit_threads
from geoloc.system.version import __version__
from geoloc.worker import PROTOCOL
from geoloc.worker.channel import Channel
from geoloc.worker.fields import Fields, RequestError
from geoloc.worker.progress import CancelledError, JobProgress
from tiling.errors import AreaError, MosaicError

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (RequestError, "usage"),
    (PhotoError, "photo"),
    (MosaicError, "mosaic"),
    (AreaError, "area"),
    (IndexFileError, "index"),
    (WeightsError, "weights"),
    (OutputError, "output"),
    (QueriesError, "queries"),
    (MemoryError, "memory"),
)
_PACKAGES = ("torch", "numpy", "rasterio", "opencv-python-headless", "zarr", "openvino", "pyproj", "shapely")
_NO_MEMORY = "too little memory for this search; close other programs, or search a smaller area or from an index"


class _Job:
    def __init__(self, number: Any, kind: str, fields: dict[str, Any]) -> None:
        self.number, self.kind, self.fields = number, kind, fields
        self.cancelled = threading.Event()


class Server:
    """Hears requests, and does those that are jobs one after another."""

    def __init__(self, channel: Channel, kinds: frozenset[str]) -> None:
        """Answer requests of a channel; `kinds` are those that are jobs."""
        self._channel, self._kinds = channel, kinds
        self._waiting: queue.Queue[_Job | None] = queue.Queue()
        self._jobs: dict[Any, _Job] = {}
        self._lock = threading.Lock()

    def run(self) -> int:
        """Do jobs until the other side is gone or says so; return the exit code."""
        from geoloc.worker.jobs import JOBS
        from geoloc.worker.session import Session

        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        session = Session()
        while (job := self._waiting.get()) is not None:
            # QGIS is busy while it starts, and not later.
            fit_threads()
            with self._warnings() as warned:
                self._do(job, session, JOBS[job.kind], warned)
            with self._lock:
                self._jobs.pop(job.number, None)
        session.close()
        return 0

    def _do(self, job: _Job, session: Any, work: Any, warned: list[str]) -> None:
        send, number = self._channel.send, job.number
        try:
            progress = JobProgress(lambda fields: send(number, "progress", fields), job.cancelled)
            progress.check()
            result = work(session, Fields(job.fields), progress)
            send(number, "result", {**result, "warnings": warned})
        except CancelledError:
            send(number, "error", {"code": "cancelled", "message": "cancelled"})
        except Exception as error:
            send(number, "error", _error_fields(error))

    def _read(self) -> None:
        try:
            for line in self._channel.lines():
                if not self.hear(line):
                    break
        finally:
            with self._lock:
                for job in self._jobs.values():
                    job.cancelled.set()
            self._waiting.put(None)

    def waiting_fields(self) -> list[dict[str, Any]]:
        """Return the fields of all jobs that wait."""
        with self._lock:
            return [job.fields for job in self._jobs.values()]

    def hear(self, line: bytes) -> bool:
        """Take one line; False ends it all."""
        number: Any = None
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise RequestError("a request is a JSON object")
            number, kind = fields.get("id"), fields.get("type")
            if isinstance(number, bool) or not isinstance(number, (int, str)):
                raise RequestError("field 'id': give a number or a text")
            return self._take(number, kind, fields)
        except (ValueError, RecursionError) as error:
            text = str(error) if isinstance(error, RequestError) else f"a request is one line of JSON ({error})"
            self._channel.send(number, "error", {"code": "usage", "message": text})
            return True

    def _take(self, number: Any, kind: Any, fields: dict[str, Any]) -> bool:
        send = self._channel.send
        if not isinstance(kind, str):
            raise RequestError(f"field 'type': {kind!r} is no text")
        if kind == "shutdown":
            send(number, "result", {})
            return False
        if kind in self._kinds:
            job = _Job(number, kind, fields)
            with self._lock:
                if number in self._jobs:
                    raise RequestError(f"field 'id': {number!r} is being worked on already")
                self._jobs[number] = job
            self._waiting.put(job)
        elif kind == "hello":
            self._hello(number, fields)
        elif kind == "ping":
            send(number, "result", {})
        elif kind == "cancel":
            asked = fields.get("target")
            with self._lock:
                target = self._jobs.get(asked) if isinstance(asked, (int, str)) else None
            if target is not None:
                target.cancelled.set()
            send(number, "result", {"known": target is not None})
        else:
            raise RequestError(f"field 'type': {kind!r} is no request that this version knows")
        return True

    def _hello(self, number: Any, fields: dict[str, Any]) -> None:
        if fields.get("protocol") != PROTOCOL:
            text = (
                f"protocol {fields.get('protocol')!r} is not {PROTOCOL}, which geoloc {__version__} speaks; update one"
            )
            self._channel.send(number, "error", {"code": "protocol", "message": text})
            return
        fields = {
            "protocol": PROTOCOL,
            "version": __version__,
            "python": sys.version.split()[0],
            "executable": sys.executable,
            "packages": {name: _version(name) for name in _PACKAGES},
        }
        self._channel.send(number, "result", fields)

    @contextmanager
    def _warnings(self) -> Iterator[list[str]]:
        """Collect what geoloc warns of meanwhile, which a user should see."""
        warned: list[str] = []

        class Keeper(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                warned.append(record.getMessage())

        keeper = Keeper(logging.WARNING)
        loggers = [logging.getLogger(name) for name in ("geoloc", "tiling")]
        for logger in loggers:
            logger.addHandler(keeper)
        try:
            yield warned
        finally:
            for logger in loggers:
                logger.removeHandler(keeper)


def serve(channel: Channel) -> int:
    """Answer requests until they end, and return the exit code."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    # What GDAL logs on the way to an error would come on top of it.
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)
    # Libraries come in before the thread that reads starts, since it would wait for their lock.
    from geoloc.worker.jobs import JOBS

    return Server(channel, frozenset(JOBS)).run()


def _error_fields(error: Exception) -> dict[str, Any]:
    code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
    if code is None and isinstance(error, RuntimeError) and "not enough memory" in str(error):
        code = "memory"
    if code == "memory":
        return {"code": code, "message": _NO_MEMORY}
    if code is None and isinstance(error, GeolocError):
        code = "usage"
    fields = {"code": code or "internal", "message": in_one_line(error)}
    return fields if code else fields | {"traceback": "".join(traceback.format_exception(error))}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
