"""How many threads numerical libraries use, and how these wait for each other: chosen before such a library is loaded.

Threads of OpenMP, by which torch computes, wait for each other in a loop unless told otherwise. On a machine where
another program wants the same cores they then mostly wait for a thread that has no core: beside one busy process on
two cores a click took three to six times as long, and as much more CPU time. So waiting threads sleep, and there are as
many as cores are free.
"""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path

COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables of the environment by which numerical libraries take the number of their threads."""
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""How threads wait: for GNU's OpenMP, which torch comes with on Linux, and Intel's, which it comes with elsewhere."""
_STAT = Path("/proc/stat")
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_LOOK_S = 0.06
"""How long the machine is watched: six ticks of Linux's clock on each core."""
_chosen: dict[str, str] = {}
"""What was set here, so that it is not taken for the user's word."""


def fit_threads() -> None:
    """Choose threads for this process and those it starts, unless the user has: any `OMP_*` is their word.

    To be called before numpy and torch are loaded; once torch is, calling it again fits the number of its threads to
    how busy the machine is by then. Watches the machine for `_LOOK_S`.
    """
    if any(name.startswith("OMP_") and _chosen.get(name) != value for name, value in os.environ.items()):
        return
    count = free_cores()
    for name, value in (WAITING | dict.fromkeys(COUNTS, str(count))).items():
        if name not in os.environ:
            os.environ[name] = _chosen[name] = value
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(count)


def usable_cores() -> int:
    """Return how many cores this process may use, by its affinity and by the quota of its control group."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text().split()
        cores = min(cores, max(1, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return cores


def free_cores() -> int:
    """Return how many usable cores other processes leave idle just now; 1 at the least, all where nothing tells."""
    cores = usable_cores()
    before = _busy_and_all()
    if before is None or cores == 1:
        return cores
    time.sleep(_LOOK_S)
    after = _busy_and_all()
    if after is None or after[1] <= before[1]:
        return cores
    share = (after[0] - before[0]) / (after[1] - before[1])
    # Of all cores, since nothing tells which of them this process would get.
    return max(1, min(cores, cores - round(share * (os.cpu_count() or cores))))


def _busy_and_all() -> tuple[int, int] | None:
    """Return ticks since the machine started, of all cores together: busy ones and all; None where nothing tells."""
    try:
        ticks = [int(value) for value in _STAT.read_text().partition("\n")[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    if len(ticks) < 5:
        return None
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)
