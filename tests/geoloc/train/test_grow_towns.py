"""Towns that are built beside training: in order, whole, those there left alone, and an end in time."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from geoloc.errors import OutputError
from geoloc.train.grounds.towns.store import load_town, save_town
from geoloc.train.grow_towns import grow
from tests.helpers.paths import ROOT
from tests.helpers.tiny_town import endless_town, kept_town, tiny_town


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_processes_build_what_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    kept, towns = tmp_path / "kept", tmp_path / "towns"
    save_town(kept, tiny_town(1000, drones=1, panoramas=0))
    (towns / "town_1001").mkdir(parents=True)
    grow(towns, 2, 1000, 60, 3, held_out=True, build=partial(kept_town, kept))
    assert names(towns) == ["town_1000", "town_1001", "town_1002", "town_900", "town_951", "town_999"]
    assert not any((towns / "town_1001").iterdir())
    assert load_town(towns / "town_1002").ground.name == "town_1002"
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 5
    assert {line.split(":")[0] for line in lines[:2]} < {"town 999", "town 900", "town 951"}
    assert all("2 photographs" in line for line in lines)


def test_what_is_half_built_when_the_time_is_over_is_dropped(tmp_path: Path) -> None:
    grow(tmp_path, 1, 1000, 4 / 60, None, build=endless_town)
    assert names(tmp_path) == []


def test_a_process_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="has failed"):
        grow(tmp_path, 1, 1000, 60, 1, build=int)  # type: ignore[arg-type]


def test_it_wants_an_end() -> None:
    command = [sys.executable, "-m", "geoloc.train.grow_towns", "x"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--minutes or --count" in done.stderr
