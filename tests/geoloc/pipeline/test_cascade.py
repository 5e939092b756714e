"""The cheapest evidence that is enough ends a search, and what it leaves open goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline import cascade
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection

Make = Callable[..., Detection]
PHOTO = Photo(Path("a.jpg"), np.zeros((9, 9, 3), np.uint8))
TARGETS = [Target(Click(1, 1)), Target(Click(2, 2))]


class Geometry:
    """Stands for the refiner; says what was asked of it."""

    def __init__(self, make: Make, scores: Sequence[float | None], *, whole: bool = True, known: bool = False) -> None:
        self._make, self._scores, self._known = make, scores, known
        self.matches_whole = whole
        self.fit: Any = SimpleNamespace(inliers=99)
        self.calls: list[str] = []

    @property
    def planes(self) -> Geometry:
        return self

    def remembers(self, photo: Photo) -> bool:
        return self._known

    def on_everything(self, photo: Photo) -> Any:
        self.calls.append("match")
        return self.fit

    def carry(self, photo: Photo, number: int, target: Target, fit: object) -> list[Detection]:
        self.calls.append(f"carry {number}")
        score = self._scores[number]
        return [] if score is None else [self._make(score, (0, 0, 1, 1), rank=1, target=number, method="geometry")]

    def refine(self, photo: Photo, targets: Sequence[Target], answers: list[Detection]) -> list[Detection]:
        self.calls.append("refine")
        return answers


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch, make_detection: Make) -> list[list[Target]]:
    """Targets that attention was asked for."""
    asked: list[list[Target]] = []

    def locate(photo: Photo, targets: list[Target], *rest: object, **options: object) -> list[Detection]:
        asked.append(list(targets))
        return [
            make_detection(0.8 / rank, (5, 5, 6, 6), rank=rank, target=n)
            for n in range(len(targets))
            for rank in (1, 2)
        ]

    monkeypatch.setattr(cascade, "locate", locate)
    return asked


def find(geometry: Geometry | None, **options: Any) -> list[tuple[int, int, str]]:
    found = cascade.find_targets(
        PHOTO,
        TARGETS,
        reference=cast(Any, None),
        refiner=cast(Any, geometry),
        model=cast(Any, None),
        request=SearchRequest(**options),
        progress=lambda done, total: None,
        verifying=lambda: None,
    )
    return [(d.target, d.rank, d.method) for d in found]


ATTENTION = [(0, 1, "attention"), (0, 2, "attention"), (1, 1, "attention"), (1, 2, "attention")]


def test_verified_places_end_the_search(searched: list[list[Target]], make_detection: Make) -> None:
    geometry = Geometry(make_detection, [0.9, 0.6])
    assert find(geometry) == [(0, 1, "geometry"), (1, 1, "geometry")]
    assert geometry.calls == ["match", "carry 0", "carry 1"]
    assert not searched


def test_what_is_not_sure_is_looked_for_everywhere(searched: list[list[Target]], make_detection: Make) -> None:
    for doubtful in (None, 0.4):
        searched.clear()
        geometry = Geometry(make_detection, [doubtful, 0.9])
        assert find(geometry) == [(0, 1, "attention"), (0, 2, "attention"), (1, 1, "geometry")]
        assert searched == [TARGETS[:1]]
        assert geometry.calls[-1] == "refine"


def test_a_second_target_keeps_its_number(searched: list[list[Target]], make_detection: Make) -> None:
    assert find(Geometry(make_detection, [0.9, None])) == [(0, 1, "geometry"), *ATTENTION[2:]]
    assert searched == [TARGETS[1:]]


def test_where_nothing_agrees_attention_decides(searched: list[list[Target]], make_detection: Make) -> None:
    geometry = Geometry(make_detection, [0.9, 0.9])
    geometry.fit = None
    assert find(geometry) == ATTENTION
    assert geometry.calls == ["match", "refine"]


def test_large_ground_is_matched_only_where_the_plane_is_known(
    searched: list[list[Target]], make_detection: Make
) -> None:
    geometry = Geometry(make_detection, [0.9, 0.9], whole=False)
    assert find(geometry) == ATTENTION
    assert geometry.calls == ["refine"]
    known = Geometry(make_detection, [0.9, 0.9], whole=False, known=True)
    assert find(known) == [(0, 1, "geometry"), (1, 1, "geometry")]


def test_options_that_ask_for_attention(searched: list[list[Target]], make_detection: Make) -> None:
    geometry = Geometry(make_detection, [0.9, 0.9])
    assert find(geometry, refine="off") == ATTENTION
    assert geometry.calls == []
    assert find(geometry, exhaustive=True) == ATTENTION
    assert geometry.calls == ["refine"]
    assert find(None) == ATTENTION


def test_steps_are_told_with_their_times(
    searched: list[list[Target]], make_detection: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "geoloc"):
        find(Geometry(make_detection, [0.9, None]))
    steps = [record.getMessage().split(":")[0] for record in caplog.records]
    assert steps == [
        "local features, all that is searched",
        "a look at 2 carried over by 99 matches",
        "attention over windows",
        "geometry round its answers",
    ]
    assert all("CPU" in record.getMessage() for record in caplog.records)
