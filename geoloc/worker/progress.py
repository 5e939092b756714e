"""Progress of one job: what stage, how much of the whole, how long still; and whether to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

_STARTS = {"loading": 0.0, "planning": 0.02, "searching": 0.05, "verifying": 0.8, "indexing": 0.02, "batch": 0.02}
"""Where a stage begins in the whole. `indexing` and `batch` go on to the end, `searching` to `verifying`."""
_LEAST_S = 1.0
"""A rate that was measured for less says nothing yet."""
_EVERY_S = 0.1


class CancelledError(Exception):
    """Somebody asked to stop. No error of a user's."""


class JobProgress:
    """Sends progress and raises `CancelledError` where the job was cancelled."""

    def __init__(self, send: Callable[[dict[str, Any]], None], cancelled: threading.Event) -> None:
        self._send, self._cancelled = send, cancelled
        self._stage, self._begun, self._from = "", 0.0, 0
        self._fraction, self._last = 0.0, 0.0

    def check(self) -> None:
        """Raise where it was cancelled."""
        if self._cancelled.is_set():
            raise CancelledError

    def stage(self, name: str) -> None:
        """Another stage begins."""
        self._stage, self._begun, self._from = name, time.monotonic(), -1
        self._tell(_STARTS[name], None, "")

    def counter(self, what: str, stage: str) -> Callable[[int, int], None]:
        """Progress by numbers done and of all. what: is counted, such as "windows"."""

        def count(done: int, total: int) -> None:
            self.check()
            now = time.monotonic()
            if self._stage != stage:
                self.stage(stage)
            if self._from < 0:
                self._from = done
            if now - self._last < _EVERY_S and done < total:
                return
            start = _STARTS[stage]
            end = _STARTS["verifying"] if stage == "searching" else 1.0
            spent, made = now - self._begun, done - self._from
            left = spent * (total - done) / made if made > 0 and spent >= _LEAST_S else None
            self._tell(start + (end - start) * done / max(total, 1), left, f"{done} of {total} {what}")

        return count

    def _tell(self, fraction: float, left: float | None, text: str) -> None:
        self.check()
        self._fraction, self._last = max(self._fraction, fraction), time.monotonic()
        seconds = None if left is None else round(left, 1)
        message = {"stage": self._stage, "fraction": round(self._fraction, 4), "seconds_left": seconds, "text": text}
        self._send(message)
