"""What a training frees stays with the process: it is not cleared by the system again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from geoloc.train.fit.freed_memory import copy_apart

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
import torch
from geoloc.train.fit.freed_memory import copy_apart, keep_freed_memory

def megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024

keep_freed_memory()
for copy in (torch.clone, copy_apart):
    block = copy(torch.ones(2**26, dtype=torch.uint8))
    held = megabytes()
    del block
    print(held - megabytes())
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
def test_what_stays_lies_beside_the_memory_that_is_kept() -> None:
    """A copy of its own goes back to the system when it is let go of, a clone does not."""
    done = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True)
    clone, apart = map(int, done.stdout.split())
    assert apart >= 60
    assert clone < 10


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bool, torch.float16, torch.float32, torch.int64])
def test_a_copy_apart_is_equal_and_its_own(dtype: torch.dtype) -> None:
    tensor = (torch.arange(24).reshape(2, 3, 4) % 5).to(dtype).transpose(0, 2)
    copy = copy_apart(tensor)
    assert copy.dtype == dtype
    assert torch.equal(copy, tensor)
    copy.zero_()
    assert tensor.any()
    assert copy_apart(torch.zeros(0, 4)).shape == (0, 4)
