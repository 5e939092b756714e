"""What was killed and given again is compared with what was never disturbed."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.reliability.kills import _killed, _Work
from benchmarks.reliability.place import Place, wrong_with


class Standin(Place):
    """Its commands work until they are killed; given again, they write."""

    def __init__(self, folder: Path, again: str) -> None:
        self.folder, self.again = folder, again

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        (self.folder / words[0]).write_text("half")
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(9000)"], text=True)

    def finish(self, words: Sequence[str]) -> None:
        (self.folder / words[0]).write_text("all" if words[0] == "whole.txt" else self.again)


@pytest.mark.parametrize(("again", "wrong"), [("all", ""), ("other", "3 differ")])
def test_what_comes_after_a_kill_is_compared(tmp_path: Path, again: str, wrong: str) -> None:
    place = Standin(tmp_path, again)
    said, told = _killed(place, _Work(lambda name: [name], ".txt"), 3, random.Random(0))
    assert said == wrong
    assert told.startswith("3 of 3 kills midway")
    assert [path.name for path in tmp_path.iterdir()] == ["whole.txt"]


def test_a_command_fails_well_in_one_line() -> None:
    assert wrong_with(1, "Error: m.tif: no such file\n") == ""
    for code, errors in ((0, "Error: x"), (1, "Error: x\ny"), (1, "Error: unexpected KeyError"), (1, "x"), (2, "")):
        assert wrong_with(code, errors)


def test_a_folder_is_compared_by_names_and_bytes(tmp_path: Path) -> None:
    place = Standin(tmp_path, "")
    for name in ("a", "b"):
        (tmp_path / name / "in").mkdir(parents=True)
        (tmp_path / name / "in" / "x").write_bytes(b"1")
    assert place.content("a") == place.content("b") != b""
    (tmp_path / "b" / "in" / "x").rename(tmp_path / "b" / "y")
    assert place.content("a") != place.content("b")
    assert place.content("none") == b""
