"""Progress of a job: never backwards, not too often, and its end where it was cancelled."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from geoloc.worker import progress as module
from geoloc.worker.progress import CancelledError, JobProgress


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def sent() -> list[dict[str, Any]]:
    return []


def test_stages_and_counts(clock: Clock, sent: list[dict[str, Any]]) -> None:
    progress = JobProgress(sent.append, threading.Event())
    progress.stage("planning")
    count = progress.counter("windows", "searching")
    for done in (0, 10, 40):
        clock.now += 2
        count(done, 40)
    progress.stage("verifying")
    assert [(message["stage"], message["fraction"], message["text"]) for message in sent] == [
        ("planning", 0.02, ""),
        ("searching", 0.2, ""),
        # The first call begins the stage.
        ("searching", 0.35, "10 of 40 windows"),
        ("searching", 0.8, "40 of 40 windows"),
        ("verifying", 0.8, ""),
    ]
    # Ten windows took two seconds, and what follows the last of them is a third of what they take.
    assert [message["seconds_left"] for message in sent] == [None, None, 8.7, 1.3, None]


def test_it_never_goes_back(clock: Clock, sent: list[dict[str, Any]]) -> None:
    progress = JobProgress(sent.append, threading.Event())
    for stage in ("searching", "loading", "planning"):
        progress.stage(stage)
    assert [message["fraction"] for message in sent] == [0.2] * 3


def test_messages_are_not_too_many_and_the_last_one_comes(clock: Clock, sent: list[dict[str, Any]]) -> None:
    count = JobProgress(sent.append, threading.Event()).counter("blocks", "indexing")
    for done in range(1001):
        clock.now += 0.001
        count(done, 1000)
    assert 9 <= len(sent) <= 14
    assert (sent[-1]["text"], sent[-1]["fraction"]) == ("1000 of 1000 blocks", 1.0)


def test_a_rate_needs_a_second_and_leaves_out_what_was_there(clock: Clock, sent: list[dict[str, Any]]) -> None:
    count = JobProgress(sent.append, threading.Event()).counter("queries", "batch")
    count(50, 100)
    for seconds, done in ((0.5, 55), (4.5, 75)):
        clock.now += seconds
        count(done, 100)
    assert [message["seconds_left"] for message in sent] == [None, None, 5.0]


def test_a_cancelled_job_ends_at_its_next_step(clock: Clock, sent: list[dict[str, Any]]) -> None:
    cancelled = threading.Event()
    progress = JobProgress(sent.append, cancelled)
    progress.check()
    count = progress.counter("windows", "searching")
    cancelled.set()
    for step in (progress.check, lambda: progress.stage("loading"), lambda: count(1, 2)):
        with pytest.raises(CancelledError):
            step()
    assert not sent
