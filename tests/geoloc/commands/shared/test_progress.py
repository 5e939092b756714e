"""What the commands say while they work."""

import logging
import re
import threading
from collections.abc import Callable, Iterator

import pytest

from geoloc.commands.shared.logs import LOG, StderrHandler
from geoloc.commands.shared.progress import Progress, Steady, clear


@pytest.fixture(autouse=True)
def informed() -> Iterator[None]:
    before = LOG.level, LOG.handlers
    LOG.setLevel(logging.INFO)
    LOG.handlers = [StderrHandler()]
    yield
    LOG.setLevel(before[0])
    LOG.handlers = before[1]


class Clock:
    """Seconds that go by when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_a_tenth_of_what_takes_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("Searching", "windows", clock=clock)
    for done in range(1, 101):
        progress(done, 100)
        clock.now += 0.1
    lines = capsys.readouterr().err.splitlines()
    # Before two seconds have gone by nobody has to be told.
    assert lines[0].startswith("Searching: 21 of 100 windows, ")
    assert lines[-1].startswith("Searching: 100 of 100 windows, ")
    assert len(lines) == 9


def test_nothing_is_said_of_what_is_over_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("Searching", "windows", clock=Clock())
    progress.stage("Opening what is searched")
    for done in range(1, 101):
        progress(done, 100)
    assert capsys.readouterr().err == ""


def test_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("Searching", "queries", clock=clock)
    # What an earlier run did says nothing about how fast this one is.
    progress(100, 440)
    clock.now += 600
    progress(141, 440)
    clock.now += 60
    progress(439, 440)
    progress(440, 440)
    # Another search begins.
    progress(0, 10)
    clock.now += 60
    progress(5, 10)
    assert capsys.readouterr().err.splitlines() == [
        "Searching: 141 of 440 queries, 4.1 a minute, 1 h 13 min left",
        "Searching: 439 of 440 queries, 31 a minute, 2 s left",
        "Searching: 440 of 440 queries, 31 a minute",
        "Searching: 5 of 10 queries, 5 a minute, 1 min left",
    ]


def test_a_stage_that_takes_its_time_is_a_line_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = threading.Event()
    monkeypatch.setattr("geoloc.commands.shared.progress.PATIENCE_S", 0.0)
    monkeypatch.setattr(LOG, "info", lambda *_: said.set())
    Progress("Searching").stage("Matching local features")
    assert said.wait(600)
    clear()


@pytest.fixture
def to_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Called in a test, whose stderr is another one than a fixture's: it is a terminal then, and told at once."""

    def become() -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("geoloc.commands.shared.progress.PATIENCE_S", 0.0)

    yield become
    clear()


def test_a_terminal_has_one_line_that_messages_do_not_run_into(
    to_terminal: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    to_terminal()
    progress = Progress("Searching", "queries")
    progress.stage("Opening what is searched")
    progress(1, 4)
    bar = capsys.readouterr().err
    assert bar.startswith("\rOpening what is searched ... 00:0")
    assert re.search(r"\rSearching  25%\|.+\| 1 of 4 queries, \?? ?.*left", bar)
    assert "\n" not in bar
    StderrHandler().emit(logging.makeLogRecord({"msg": "lost"}))
    assert capsys.readouterr().err == "\r\x1b[Klost\n"
    progress(4, 4)
    # It is over, and its line is empty for what comes next.
    assert re.search(r"\r *\r$", capsys.readouterr().err)


def test_quiet_is_quiet(to_terminal: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    to_terminal()
    LOG.setLevel(logging.ERROR)
    progress = Progress("Searching", "queries")
    progress.stage("Opening what is searched")
    progress(1, 4)
    with Steady(0.0) as report:
        report("reading")
    assert capsys.readouterr().err == ""


def test_lines_that_stay_are_followed_by_how_long_it_takes(
    to_terminal: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    to_terminal()
    with Steady() as report:
        report("reading")
        report("training")
    said = capsys.readouterr().err
    shown = [part.strip() for part in re.split(r"\r|\n|\x1b\[K", said) if part.strip()]
    assert [word for part in shown for word in re.findall("reading|training|still", part)] == [
        *("reading", "still", "training", "still"),
    ]
    assert said.count("\n") == 2
    assert re.search(r"\r *\r$", said)


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
