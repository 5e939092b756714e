"""How far a command is, on stderr."""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Callable
from typing import Self

import click

from geoloc.commands.shared.logs import LOG


class Progress:
    """A counter on stderr: one changing line on a terminal, about ten lines in a log."""

    def __init__(self, what: str, *, timed: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count things of one kind.

        Args:
            what: what is counted, such as "windows".
            timed: say how fast it goes and how long the rest will take, counted from the first call on.
            clock: returns seconds since any time.
        """
        self._what = what
        self._tenth = -1
        self._terminal = sys.stderr.isatty()
        self._timed, self._clock = timed, clock
        self._first: tuple[int, float] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Say that so many are done."""
        if not LOG.isEnabledFor(logging.INFO):
            return
        text = f"{done} of {total} {self._what}{self._pace(done, total) if self._timed else ''}"
        if self._terminal:
            click.echo(f"\r{text}\x1b[K", nl=done >= total, err=True)
        elif done * 10 // max(total, 1) > self._tenth:
            self._tenth = done * 10 // max(total, 1)
            click.echo(text, err=True)

    def _pace(self, done: int, total: int) -> str:
        """Return a text such as ", 4.1 a minute, 1 h 20 min left"; an empty one where nothing was done yet."""
        now = self._clock()
        if self._first is None:
            self._first = (done, now)
        count, seconds = done - self._first[0], now - self._first[1]
        if count <= 0 or seconds <= 0:
            return ""
        rate = 60 * count / seconds
        text = f", {rate:.0f} a minute" if rate >= 10 else f", {rate:.2g} a minute"
        return text if done >= total else f"{text}, {_duration((total - done) / rate)} left"


class Steady:
    """Lines on stderr that do not stop for long: what takes its time is named again, with how long it has taken."""

    def __init__(self, every_s: float = 10.0) -> None:
        """Say something at least so often, seconds, between entering this and leaving it."""
        self._every_s = every_s
        self._line, self._since = "", time.monotonic()
        self._changed, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __call__(self, line: str) -> None:
        """Say a line."""
        self._line, self._since = line, time.monotonic()
        LOG.info(line)
        self._changed.set()

    def __enter__(self) -> Self:
        """Begin to say again what takes its time."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Say nothing more."""
        self._over = True
        self._changed.set()
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
