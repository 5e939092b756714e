"""Progress of one job: its stage, how much of the whole is done, how long the rest takes; and whether to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

_STARTS = {"loading": 0.0, "planning": 0.02, "matching": 0.05, "searching": 0.2, "verifying": 0.8}
_STARTS |= {"indexing": 0.02, "batch": 0.02, "drawing": 0.5}
"""Where a stage begins in the whole. `indexing`, `batch` and `drawing` go on to the end, `searching` to `verifying`;
`matching` is the whole search where it verifies a place."""
_LEAST_S = 1.0
"""A rate that was measured for less says nothing yet."""
_EVERY_S = 0.1
"""Messages of a counter are at least so far apart."""


class CancelledError(Exception):
    """The client cancelled the job; no error that a user could mend."""


class JobProgress:
    """Progress of one job, which every step of it reports to; the step ends there where the job was cancelled."""

    def __init__(self, send: Callable[[dict[str, Any]], None], cancelled: threading.Event) -> None:
        """Report the progress of one job to its client.

        Args:
            send: called with the fields of each message.
            cancelled: set when the client cancels the job.
        """
        self._send, self._cancelled = send, cancelled
        self._stage, self._begun, self._from = "", 0.0, 0
        self._fraction, self._last = 0.0, 0.0
        self._part, self._parts = 0, 1

    def part(self, number: int, count: int) -> None:
        """Begin one of several searches that make one job, as long as each other; stages are of each anew.

        Args:
            number: of the search, from 0.
            count: how many there are.
        """
        self._part, self._parts = number, count

    def check(self) -> None:
        """Stop where the job was cancelled.

        Raises:
            CancelledError: it was.
        """
        if self._cancelled.is_set():
            raise CancelledError

    def stage(self, name: str) -> None:
        """Begin another stage, one of docs/worker.md."""
        self._stage, self._begun, self._from = name, time.monotonic(), -1
        self._report(_STARTS[name], None, "")

    def counter(self, what: str, stage: str) -> Callable[[int, int], None]:
        """Return a function that reports progress when it is called with the number of things done and of all.

        Args:
            what: what is counted, such as "windows".
            stage: the stage that the first call begins.
        """

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
            spent, counted = now - self._begun, done - self._from
            fraction = start + (end - start) * done / max(total, 1)
            # What follows the last that is counted takes its time too.
            per_count = (end - start) / max(total, 1)
            left = spent * (1 - fraction) / (counted * per_count) if counted > 0 and spent >= _LEAST_S else None
            self._report(fraction, left, f"{done} of {total} {what}")

        return count

    def _report(self, fraction: float, left: float | None, text: str) -> None:
        self.check()
        fraction = (self._part + fraction) / self._parts
        self._fraction, self._last = max(self._fraction, fraction), time.monotonic()
        # What searches take that have not begun nobody knows.
        seconds = None if left is None or self._part < self._parts - 1 else round(left, 1)
        message = {"stage": self._stage, "fraction": round(self._fraction, 4), "seconds_left": seconds, "text": text}
        self._send(message)
