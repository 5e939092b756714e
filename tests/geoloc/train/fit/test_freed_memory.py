"""What a training frees stays with the process: it is not cleared by the system again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource
import numpy as np
from geoloc.train.fit.freed_memory import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**26, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if {keeps}:
    keep_freed_memory()
faults()
faults()
print(faults())
"""

GIVEN_BACK = """
import numpy as np
from geoloc.train.fit.freed_memory import give_back_freed_memory, keep_freed_memory

def megabytes():
    with open("/proc/self/smaps_rollup") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Rss")) // 1024

keep_freed_memory()
passing, kept = np.ones(2**26, np.uint8), np.ones(2**20, np.uint8)
held = megabytes()
del passing
print(held - megabytes())
give_back_freed_memory()
print(held - megabytes(), kept.all())
"""
GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")


@GLIBC
def test_freed_memory_is_not_asked_of_the_system_again() -> None:
    counts = {}
    for keeps in (False, True):
        # In a process of its own: it cannot be taken back.
        program = COUNT.format(keeps=keeps)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        counts[keeps] = int(done.stdout)
    assert counts[True] < counts[False] / 2


@GLIBC
def test_what_is_free_below_what_stays_is_given_back_when_asked() -> None:
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True)
    before, after, kept = done.stdout.split()
    assert (int(before) < 10, int(after) > 55, kept) == (True, True, "True")
