"""Answers that are ranked and merged keep what they were found as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from shapely import from_wkb

from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer, CandidateBox, merge_answers
from tests.helpers.looks import PX, plan_of
from tiling.box import PixelBox

Make = Callable[..., Detection]


def answer(detection: Detection, number: int) -> Answer:
    """One whose candidate is known by its number."""
    crop: Any = None
    grid = plan_of(1).windows[0].grid
    box = PixelBox.about(PX / 2, PX / 2, 10 + number, 10)
    return Answer(CandidateBox(detection.target, grid, str(number), box, -float(number), 0.0, crop), detection)


def test_a_score_comes_with_its_evidence(make_detection: Make) -> None:
    before = answer(make_detection(0.0, (0, 0, 4, 4), spread_m=0.25), 3)
    after = before.scored(0.75, 1.5)
    assert after.candidate is before.candidate
    assert after.detection == replace(before.detection, score=0.75, evidence=1.5)
    assert after.detection.spread_m == 0.25


def test_repeats_go_and_each_target_has_its_ranks(make_detection: Make) -> None:
    found = [
        make_detection(0.2, (100, 0, 104, 4), evidence=-3.0),
        make_detection(0.7, (0.5, 0, 4.5, 4), evidence=1.0),  # repeats the next
        make_detection(0.9, (0, 0, 4, 4), evidence=2.0, spread_m=0.5),
        make_detection(0.8, (0, 0, 4, 4), evidence=1.5, target=1),
    ]
    merged = merge_answers([answer(detection, number) for number, detection in enumerate(found)], top=5)
    assert [(one.candidate.window, one.detection.rank, one.detection.target) for one in merged] == [
        ("2", 1, 0),
        ("0", 2, 0),
        ("3", 1, 1),
    ]
    assert [one.detection.evidence for one in merged] == [2.0, -3.0, 1.5]
    assert [one.detection.spread_m for one in merged] == [0.5, 0.0, 0.0]
    assert [one.detection.target for one in merge_answers([answer(d, 0) for d in found], top=1)] == [0, 1]
    assert merge_answers([], top=5) == []


@pytest.mark.parametrize("copied", [False, True])
def test_one_polygon_for_several_answers_mixes_nothing_up(make_detection: Make, copied: bool) -> None:
    first = make_detection(0.6, (0, 0, 4, 4))
    found = [replace(first, target=target) for target in range(3)]
    if copied:
        found = [replace(detection, polygon=from_wkb(detection.polygon.wkb)) for detection in found]
    merged = merge_answers([answer(detection, number) for number, detection in enumerate(found)], top=5)
    assert [(one.candidate.window, one.candidate.target, one.detection.target) for one in merged] == [
        ("0", 0, 0),
        ("1", 1, 1),
        ("2", 2, 2),
    ]
