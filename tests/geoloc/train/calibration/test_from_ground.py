"""Searches from eye level in towns: their own mosaics and others', with a telephone's errors."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from geoloc import town
from geoloc.photo.photo import load_photo
from geoloc.train.calibration import from_ground
from geoloc.train.calibration.from_ground import GroundAnswer, search_towns
from tests.helpers.tiny_town import quick_towns


@dataclass
class Searched:
    """What was searched on which town's mosaic."""

    mosaic: str
    photos: list[str]


def test_each_town_is_searched_on_its_own_mosaic_and_on_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[Searched] = []

    def found(_: object, path: Path, queries: list[Any]) -> list[GroundAnswer]:
        searched.append(Searched(path.parent.name, [query.photo.parent.name for query in queries]))
        return [GroundAnswer(3.0, hit=True)] * 2

    monkeypatch.setattr(from_ground, "_searched", found)
    monkeypatch.setattr(from_ground, "_town", lambda seed, work, report: work / f"town_{seed}")
    monkeypatch.setattr(
        "geoloc.evaluation.labelled.read_queries", lambda path: [SimpleQuery(path.parent / "walks" / "walk_01.jpg")]
    )
    lines: list[str] = []
    answers = search_towns(SimpleNamespace(), [5, 6], tmp_path, lines.append)  # type: ignore[arg-type]
    assert [one.mosaic for one in searched] == ["town_5", "town_6", "town_6", "town_5"]
    assert all(one.photos == ["phone"] for one in searched)
    # What is found on another town's mosaic is no hit, wherever it lies.
    assert [answer.hit for answer in answers] == [True, True, False, False] * 2
    assert lines[-1] == "town 6: 4 hits of 4"


@dataclass(frozen=True)
class SimpleQuery:
    photo: Path


def test_a_town_is_built_once_with_photographs_by_telephone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def small(folder: Path, *, seed: int, **_: int) -> None:
        built.append(seed)
        with quick_towns():
            build(folder, seed=seed, size_m=60.0, photos=0, panoramas=0, walks=1, photo_px=(400, 300))

    build = town.build
    monkeypatch.setattr(town, "build", small)
    for _ in range(2):
        folder = from_ground._town(41, tmp_path, lambda line: None)
    assert built == [41]
    (told,) = (folder / "phone").glob("*.jpg")
    photo, true = load_photo(told), load_photo(folder / "walks" / told.name)
    assert photo.phone
    assert photo.position != true.position
    assert photo.heading_deg != true.heading_deg


def test_one_town_alone_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["from_ground", "--towns", "5", "--work", "w", "-o", "f.safetensors"])
    with pytest.raises(SystemExit) as stop:
        from_ground.main()
    assert stop.value.code == 2
    assert "give two or more" in capsys.readouterr().err
