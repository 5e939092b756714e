"""Memory that a training lets go of and asks for again with every step stays with the process.

By default glibc gives blocks of more than 32 MB back to the system at once, and the next step gets them as pages that
the system has to clear first. Of eight steps on one core of a virtual machine that was a third of all CPU time
(docs/model.md, Training).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
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
    mallopt = _of_glibc("mallopt")
    # Where the first is refused the second alone would be worse than nothing: blocks would be mapped from 128 KB on.
    if mallopt(_MMAP_THRESHOLD, _NEVER) or mallopt(_MMAP_THRESHOLD, _MOST_BEFORE_2_35):
        mallopt(_TRIM_THRESHOLD, _NEVER)


def give_back_freed_memory() -> None:
    """Give what is free to the system once, and keep what is freed from now on again.

    For those who keep what they draw: it lies in what larger blocks left, and the next larger one, which has no room
    there, takes new memory. Of 48 batches of 14 MB the process held 6.5 GB, and 3.1 GB after this.
    """
    _of_glibc("malloc_trim")(0)


def _of_glibc(name: str) -> Callable[..., int]:
    """Return a function of glibc's, or one that does nothing where the C library is another one."""
    try:
        return cast("Callable[..., int]", getattr(ctypes.CDLL(None), name))
    except (OSError, TypeError, AttributeError):
        return lambda *arguments: 0
