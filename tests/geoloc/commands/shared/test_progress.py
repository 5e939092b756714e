"""What the commands say while they work."""

import logging
import threading
from collections.abc import Iterator

import pytest

from geoloc.commands.shared.logs import LOG, StderrHandler
from geoloc.commands.shared.progress import Progress, Steady


@pytest.fixture(autouse=True)
def informed() -> Iterator[None]:
    before = LOG.level
    LOG.setLevel(logging.INFO)
    yield
    LOG.setLevel(before)


def test_a_log_gets_a_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("windows")
    for done in range(1, 101):
        progress(done, 100)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1 of 100 windows"
    assert lines[-1] == "100 of 100 windows"
    assert len(lines) == 11


def test_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    now = 1000.0
    progress = Progress("queries", timed=True, clock=lambda: now)
    # What an earlier run did says nothing about how fast this one is.
    progress(100, 440)
    now += 600
    progress(141, 440)
    now += 60
    progress(439, 440)
    progress(440, 440)
    assert capsys.readouterr().err.splitlines() == [
        "100 of 440 queries",
        "141 of 440 queries, 4.1 a minute, 1 h 13 min left",
        "439 of 440 queries, 31 a minute, 2 s left",
        "440 of 440 queries, 31 a minute",
    ]


def test_a_terminal_has_one_line_that_messages_do_not_run_into(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = Progress("queries")
    progress(1, 2)
    StderrHandler().emit(logging.makeLogRecord({"msg": "lost"}))
    progress(2, 2)
    assert capsys.readouterr().err == "\r1 of 2 queries\x1b[K\r\x1b[Klost\n\r2 of 2 queries\x1b[K\n"


def test_what_takes_its_time_is_named_again(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    repeated = threading.Event()

    def hear(text: str, *values: object) -> None:
        said.append(text % values if values else text)
        if len(said) > 2:
            repeated.set()

    monkeypatch.setattr(LOG, "info", hear)
    with Steady(0.01) as report:
        report("reading")
        assert repeated.wait(600)
    assert said[0] == "reading"
    assert "still at it" in said[1]
    assert said[1].endswith(": reading")
    # Nothing is said any more when it is left.
    assert not [thread for thread in threading.enumerate() if thread is report._thread]
