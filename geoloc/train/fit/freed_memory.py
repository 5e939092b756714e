"""Memory that a training lets go of and asks for again with every step stays with the process.

By default glibc gives blocks of more than 32 MB back to the system at once, and the next step gets them as pages that
the system has to clear first. Of eight steps on one core of a virtual machine that was a third of all CPU time
(docs/model.md, Training).
"""

from __future__ import annotations

import ctypes
import mmap

import torch
from torch import Tensor

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers that `mallopt` has for them in glibc's malloc.h."""
_NEVER = 2**31 - 1
_MOST_BEFORE_2_35 = 32 * 2**20
"""The largest that glibc took for the second before its version 2.35."""


def keep_freed_memory() -> None:
    """Keep what is freed from now on for what is asked for next; does nothing where the C library is not glibc.

    For this process until it ends, which then holds as much memory as it once needed at the most.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    # Where the first is refused the second alone would be worse than nothing: blocks would be mapped from 128 KB on.
    if mallopt(_MMAP_THRESHOLD, _NEVER) or mallopt(_MMAP_THRESHOLD, _MOST_BEFORE_2_35):
        mallopt(_TRIM_THRESHOLD, _NEVER)


def copy_apart(tensor: Tensor) -> Tensor:
    """Return a copy in memory that is mapped for it alone; of a tensor on an accelerator a plain one.

    What is drawn once and stays would else lie in what a larger block left, and the next larger one has no room there.
    """
    if tensor.device.type != "cpu" or not tensor.numel():
        return tensor.clone()
    mapped = mmap.mmap(-1, tensor.nbytes)
    return torch.frombuffer(mapped, dtype=tensor.dtype).reshape(tensor.shape).copy_(tensor)
