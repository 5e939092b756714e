"""Damaged files are counted by what came of them."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.reliability import damage
from geoloc.errors import GeolocError


def leave(_: random.Random, path: Path) -> None:
    """Damage nothing."""


def read(path: Path) -> None:
    pass


def refuse(path: Path) -> None:
    raise GeolocError("one line")


def ramble(path: Path) -> None:
    raise GeolocError("one line\nand another")


def fail(path: Path) -> None:
    raise KeyError("x")


def crash(path: Path) -> None:
    os._exit(1)


@pytest.mark.parametrize(
    ("reads", "outcome"),
    [(read, "read"), (refuse, "refused"), (ramble, "several lines"), (fail, "KeyError"), (crash, "crash")],
)
def test_outcomes_are_told_apart(tmp_path: Path, reads: object, outcome: str) -> None:
    (tmp_path / "m.tif").write_bytes(b"x")
    counts, _ = damage._tried(tmp_path / "m.tif", leave, reads, 2, 0)  # type: ignore[arg-type]
    assert counts == Counter({outcome: 2})


def test_damaged_mosaics_are_read_or_refused(tmp_path: Path) -> None:
    for name, original, spoil, reads in damage._mosaics(tmp_path):
        before = original.read_bytes()
        counts, _ = damage._tried(original, spoil, reads, 2, 1)
        assert original.read_bytes() == before
        assert set(counts) <= {"read", "refused"}, (name, counts)
