"""The table about adapting counts what was found anew and lost, and reads what the training told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import adapting
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.adapting import row

LOG = """training begins
loss of the score on held-out ground, by share of what was learnt: 3.111 with 0%, 3.025 with 25%, 2.998 with 50%; {kept}
steps: 200
CPU-minutes: 20.5
"""


def _records(hits: list[int]) -> tuple[QueryRecord, ...]:
    return tuple(
        QueryRecord("p.jpg", "m", (1.0, 2.0), (0.0, 0.0, 1.0, 1.0), 32633, hit, hit, hit / 2, 0.9, None, None)
        for hit in hits
    )


def test_a_row_tells_what_is_kept_and_what_it_changed() -> None:
    before, after = _records([1, 1, 0, 0, 0]), _records([1, 0, 1, 1, 0])
    cells = row("park", "1", LOG.format(kept="50% is kept"), before, after).strip("| ").split(" | ")
    assert cells[:8] == ["park", "1", "200", "20.5", "50%", "3.111 to 2.998", "2 of 5", "3 of 5"]
    assert cells[8:] == ["2", "1", "0.20", "0.30"]


def test_a_training_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise subprocess.CalledProcessError(1, "train", stderr="Error: m.tif: not a raster\n")

    monkeypatch.setattr(adapting, "Library", fail)
    monkeypatch.setattr(sys, "argv", ["adapting", "--work", str(tmp_path), "--output", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"^Error: m\.tif: not a raster\nError: Command 'train'"):
        adapting.main()


def test_where_nothing_is_kept_the_loss_stays() -> None:
    log = LOG.format(kept="nothing is kept, and the network stays as it was")
    cells = row("park", "0", log, _records([1]), _records([1])).strip("| ").split(" | ")
    assert cells[4:6] == ["0%", "3.111 to 3.111"]
