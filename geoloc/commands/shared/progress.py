"""How far a command is, on stderr: one line that changes on a terminal, a few that stay in a log."""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

from geoloc.commands.shared.logs import LOG

PATIENCE_S = 2.0
"""What is over sooner is not told of."""
_TICK_S = 1.0
_COUNTED = "{desc} {percentage:3.0f}%|{bar:24}| {n_fmt} of {total_fmt} {unit}, {remaining} left"
_UNCOUNTED = "{desc} ... {elapsed}"


class _Told(Protocol):
    """What says what is being done."""

    def close(self) -> None:
        """Say it no more."""


_Speaker = TypeVar("_Speaker", bound=_Told)
_told: _Told | None = None
"""The one that speaks now."""


def clear() -> None:
    """Say no more what is being done: it is over, or something else has to be said in its place."""
    global _told  # noqa: PLW0603
    if _told is not None:
        _told.close()
        _told = None


def _tell(told: type[_Speaker], *what: Any) -> _Speaker:
    """Let another one speak."""
    global _told  # noqa: PLW0603
    # Two lines at a time would stand below each other.
    clear()
    speaker = told(*what)
    _told = speaker
    return speaker


class _Line:
    """The last line of a terminal while something is done that takes its time; drawn again every second."""

    def __init__(self, delay_s: float, doing: str, what: str = "", done: int = 0, total: int | None = None) -> None:
        """Begin; it shows from so many seconds on."""
        from tqdm import tqdm

        # It would look after bars that forget to draw themselves; this one does not.
        tqdm.monitor_interval = 0
        self._bar = tqdm(
            desc=doing,
            unit=what,
            initial=done,
            total=total,
            file=sys.stderr,
            delay=delay_s,
            leave=False,
            dynamic_ncols=True,
            miniters=0,
            # What is left is told by all that was done so far: looks and photos differ.
            smoothing=0.0,
            bar_format=_UNCOUNTED if total is None else _COUNTED,
        )
        self._lock, self._over = threading.Lock(), threading.Event()
        threading.Thread(target=self._tick, daemon=True).start()

    def count(self, done: int, total: int) -> None:
        """Say that so many of all are done."""
        with self._lock:
            self._bar.n, self._bar.total = done, total
            self._bar.update(0)

    def close(self) -> None:
        """Leave the terminal's line empty."""
        self._over.set()
        with self._lock:
            self._bar.close()

    def _tick(self) -> None:
        while not self._over.wait(_TICK_S):
            with self._lock:
                self._bar.update(0)


class _Note:
    """A line in a log that says what is being done, once that has taken so many seconds."""

    def __init__(self, delay_s: float, doing: str) -> None:
        self._timer = threading.Timer(delay_s, LOG.info, ("%s ...", doing))
        self._timer.daemon = True
        self._timer.start()

    def close(self) -> None:
        """Say it no more."""
        self._timer.cancel()


class Progress:
    """What is being done and how far it is: a bar on a terminal, about ten lines in a log; nothing of what is quick."""

    def __init__(self, doing: str, what: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count things of one kind.

        Args:
            doing: what is done with them, such as "Searching".
            what: what is counted, such as "queries".
            clock: returns seconds since any time.
        """
        self._doing, self._what, self._clock = doing, what, clock
        self._terminal = sys.stderr.isatty()
        self._line: _Line | None = None
        self._first: tuple[int, float] | None = None
        self._tenth, self._done = -1, 0
        self._begun = time.monotonic()

    def stage(self, doing: str) -> None:
        """Say that something else is done now, which has no count."""
        self._first, self._line = None, None
        if LOG.isEnabledFor(logging.INFO):
            if self._terminal:
                _tell(_Line, self._delay_s, doing)
            else:
                _tell(_Note, PATIENCE_S, doing)

    def __call__(self, done: int, total: int) -> None:
        """Say that so many are done."""
        if not LOG.isEnabledFor(logging.INFO):
            return
        if self._terminal:
            self._draw(done, total)
        else:
            self._log(done, total)

    @property
    def _delay_s(self) -> float:
        """How long to wait for: what follows on something else is told at once."""
        return max(0.0, PATIENCE_S - (time.monotonic() - self._begun))

    def _draw(self, done: int, total: int) -> None:
        if self._line is None or self._line is not _told:
            self._line = _tell(_Line, self._delay_s, self._doing, self._what, done, total)
        self._line.count(done, total)
        if done >= total:
            clear()

    def _log(self, done: int, total: int) -> None:
        now = self._clock()
        if self._first is None or done < self._done:
            clear()
            self._first, self._tenth = (done, now), -1
        self._done = done
        tenth = done * 10 // max(total, 1)
        if now - self._first[1] >= PATIENCE_S and tenth > self._tenth:
            self._tenth = tenth
            LOG.info(
                "%s: %d of %d %s%s", self._doing, done, total, self._what, self._pace(self._first, done, total, now)
            )

    @staticmethod
    def _pace(first: tuple[int, float], done: int, total: int, now: float) -> str:
        """Return a text such as ", 4.1 a minute, 1 h 20 min left"; an empty one where nothing was done yet."""
        count, seconds = done - first[0], now - first[1]
        if count <= 0:
            return ""
        rate = 60 * count / seconds
        text = f", {rate:.0f} a minute" if rate >= 10 else f", {rate:.2g} a minute"
        return text if done >= total else f"{text}, {_duration((total - done) / rate)} left"


class Steady:
    """Lines that stay, and in between how long the last of them has been going on for: a log does not stop for long."""

    def __init__(self, every_s: float = 10.0) -> None:
        """Say something at least so often in a log, seconds, between entering this and leaving it."""
        self._every_s = every_s
        self._terminal = sys.stderr.isatty()
        self._line, self._since = "", time.monotonic()
        self._changed, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __call__(self, line: str) -> None:
        """Say a line."""
        self._line, self._since = line, time.monotonic()
        clear()
        LOG.info(line)
        if self._terminal and LOG.isEnabledFor(logging.INFO):
            _tell(_Line, PATIENCE_S, "  still at it")
        self._changed.set()

    def __enter__(self) -> Self:
        """Begin to say again what takes its time."""
        if not self._terminal:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Say nothing more."""
        clear()
        self._over = True
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _repeat(self) -> None:
        while not self._over:
            if self._changed.wait(self._every_s):
                self._changed.clear()
            else:
                LOG.info("  still at it after %.0f s: %s", time.monotonic() - self._since, self._line)


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{math.ceil(60 * minutes)} s"
    whole = math.ceil(minutes)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"
