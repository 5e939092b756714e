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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_freed_memory_is_not_asked_of_the_system_again() -> None:
    counts = {}
    for keeps in (False, True):
        # In a process of its own: it cannot be taken back.
        program = COUNT.format(keeps=keeps)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        counts[keeps] = int(done.stdout)
    assert counts[True] < counts[False] / 2
