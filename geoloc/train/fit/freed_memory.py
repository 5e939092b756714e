"""Memory that a training lets go of and asks for again with every step stays with the process.

By default glibc gives blocks of more than 32 MB back to the system at once, and the next step gets them as pages that
the system has to clear first. Of eight steps on one core of a virtual machine that was a third of all CPU time
(docs/model.md, Training).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers that `mallopt` has for them in glibc's malloc.h."""
_NEVER = 2**31 - 1
_MOST_BEFORE_2_35 = 32 * 2**20
"""The largest that glibc took for the second before its version 2.35."""


def keep_freed_memory() -> None:
    """Keep what is freed from now on for what is asked for next; does nothing where the C library is not glibc.

    For this process until it ends, which then holds as much memory as it once needed at the most.
    """
    mallopt = _mallopt()
    # Where the first is refused the second alone would be worse than nothing: blocks would be mapped from 128 KB on.
    if mallopt(_MMAP_THRESHOLD, _NEVER) or mallopt(_MMAP_THRESHOLD, _MOST_BEFORE_2_35):
        mallopt(_TRIM_THRESHOLD, _NEVER)


@contextmanager
def kept_apart() -> Iterator[None]:
    """Lay what is asked for meanwhile, and stays, beside the memory that is kept for what comes and goes.

    Where a block that stays lies in what a larger one left, the next larger one has no room there: batches of 14 MB
    that were drawn and kept one after the other took 95 MB each, and with this 24 MB. Afterwards freed memory is kept.
    """
    _mallopt()(_MMAP_THRESHOLD, 0)
    try:
        yield
    finally:
        keep_freed_memory()


def _mallopt() -> Callable[[int, int], int]:
    """Return glibc's function, or one that does nothing and says so, where the C library is another one."""
    try:
        return cast("Callable[[int, int], int]", ctypes.CDLL(None).mallopt)
    except (OSError, TypeError, AttributeError):
        return lambda parameter, value: 0
