"""Threads are chosen by what is free, before torch is loaded, and the user's own choice wins."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from geoloc.system import threads

SHOW = """
import os, sys
from geoloc.system.threads import fit_threads
fit_threads()
assert "torch" not in sys.modules and "numpy" not in sys.modules
import torch
print(torch.get_num_threads(), os.environ.get("OMP_WAIT_POLICY"))
"""


def shown(**changes: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")} | changes
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()


def test_waiting_threads_sleep_and_no_more_are_made_than_there_are_cores() -> None:
    count, policy = shown()
    assert 1 <= int(count) <= threads.usable_cores()
    assert policy == "PASSIVE"


def test_the_users_own_choice_wins() -> None:
    assert shown(OMP_NUM_THREADS="1") == ["1", "None"]
    assert shown(OMP_WAIT_POLICY="ACTIVE")[1] == "ACTIVE"


def test_a_core_that_another_process_uses_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([(1000, 4000), (1006, 4012)])
    monkeypatch.setattr(threads, "_busy_and_all", lambda: next(ticks))
    monkeypatch.setattr(threads, "usable_cores", lambda: 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert threads.free_cores() == 1


@pytest.mark.parametrize(("busy", "free"), [(0, 4), (3, 3), (6, 2), (11, 1), (12, 1)])
def test_free_cores_follow_the_share_of_busy_ticks(monkeypatch: pytest.MonkeyPatch, busy: int, free: int) -> None:
    ticks = iter([(0, 0), (busy, 12)])
    monkeypatch.setattr(threads, "_busy_and_all", lambda: next(ticks))
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert threads.free_cores() == free


def test_where_nothing_tells_all_cores_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_busy_and_all", lambda: None)
    assert threads.free_cores() == threads.usable_cores()


@pytest.mark.skipif(not threads._STAT.exists(), reason="no /proc/stat on this system: what is busy is not known")
def test_ticks_count_a_busy_process() -> None:
    before = threads._busy_and_all()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    after = threads._busy_and_all()
    assert before is not None
    assert after is not None
    assert after[0] - before[0] >= 10
