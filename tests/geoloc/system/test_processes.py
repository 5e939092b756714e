"""Work in other processes: all of it, once each where none dies, and clear errors."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from geoloc.errors import ClusterError, PhotoError
from geoloc.system.processes import Workers, connected, spread

pytest.importorskip("distributed")


@dataclass(frozen=True)
class Noted:
    """Notes in a folder when it is opened and closed."""

    folder: Path
    name: str

    @contextmanager
    def opened(self) -> Iterator[Noted]:
        (self.folder / f"{self.name}.opened.{os.getpid()}").touch()
        yield self
        (self.folder / f"{self.name}.closed.{os.getpid()}").touch()


def _twice(noted: Noted, number: int) -> tuple[str, int]:
    if number < 0:
        raise PhotoError(f"{number} is no photo")
    return noted.name, 2 * number


def _beside_another(noted: Noted, number: int) -> tuple[str, int]:
    """Wait for another process, so that there is work for it however fast this one is."""
    while len(list(noted.folder.glob("*.opened.*"))) < 2:
        time.sleep(0.02)
    return _twice(noted, number)


def _dies(noted: Noted, number: int) -> None:
    os._exit(1)


def test_every_item_is_done_and_tools_are_opened_once_a_process(tmp_path: Path) -> None:
    with connected(Workers(count=2)) as client:
        done = dict(spread(client, _beside_another, Noted(tmp_path, "a"), range(40)))
        assert done == {number: ("a", 2 * number) for number in range(40)}
        # A cluster that is there already is used like one of one's own.
        with connected(Workers(scheduler=client.scheduler.address)) as other:
            assert dict(spread(other, _twice, Noted(tmp_path, "b"), [3])) == {3: ("b", 6)}
        with pytest.raises(PhotoError, match="-1 is no photo"):
            list(spread(client, _twice, Noted(tmp_path, "b"), [1, -1]))
    opened = [path.name.split(".")[0] for path in tmp_path.glob("*.opened.*")]
    assert opened.count("a") == 2
    assert 1 <= opened.count("b") <= 2
    # What a process held before is closed before it opens something else.
    assert list(tmp_path.glob("a.closed.*"))


def test_work_that_kills_every_process_is_an_error(tmp_path: Path) -> None:
    with connected(Workers(count=1)) as client, pytest.raises(ClusterError, match="the cluster lost the work"):
        list(spread(client, _dies, Noted(tmp_path, "a"), [1]))


def test_no_scheduler_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.system.processes.CONNECT_S", 1)
    with pytest.raises(ClusterError, match="no dask scheduler answers there"), connected(Workers("tcp://127.0.0.1:1")):
        pass
