"""Figures of joined photographs, from answers made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from shapely.geometry import box

from benchmarks.joint.figures import HEADER, line, trials
from benchmarks.joint.searched import SearchedObject, shared_objects
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.joint.answers import PhotoAnswers
from geoloc.photo.target import Click
from geoloc.results.detection import Detection

X, Y = 576708.0, 5188134.0
TRUE, FALSE = (X, Y, X + 6, Y + 4), (X + 200, Y, X + 206, Y + 4)


def query(photo: str, true: tuple[float, float, float, float] = TRUE) -> LabelledQuery:
    return LabelledQuery(Path(photo), Click(1, 2), box(*true), 32615, 2)


def answer(score: float, bounds: tuple[float, float, float, float]) -> Detection:
    parts = {"box": 0.5}
    return Detection(
        1, score, Click(1, 2), "a", box(*bounds), "EPSG:32615", 0.2, 0.5, parts, "base", "18/1/2", "attention"
    )


def of(photo: str, *answers: Detection) -> PhotoAnswers:
    return PhotoAnswers(photo, answers)


def cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip("|").split("|")]


def test_objects_that_several_photographs_show() -> None:
    other, third = (X + 50, Y, X + 56, Y + 4), (X + 99, Y, X + 105, Y + 4)
    queries = [query("a"), query("a", other), query("b"), query("b", third), query("b", other), query("c", other)]
    groups = shared_objects(queries, 9)
    assert [[one.photo.name for one in group] for group in groups] == [["a", "b", "c"], ["a", "b"]]
    assert len(shared_objects(queries, 1)) == 1


def test_an_object_counts_once_whatever_its_photographs() -> None:
    right, wrong = answer(0.45, TRUE), answer(0.3, FALSE)
    found = [
        SearchedObject(query("a"), (of("a", right), of("b", right), of("c", wrong))),
        SearchedObject(query("a"), (of("a", right), of("b"))),
    ]
    alone, pairs, threes = (trials(found, count) for count in (1, 2, 3))
    assert [sum(trial.weight for trial in made) for made in (alone, pairs, threes)] == pytest.approx([2, 2, 1])
    assert len(cells(HEADER.splitlines()[0])) == len(cells(line("x", 1, alone, present=True)))
    # Two of three photographs, and one of two, have it right and say "not here".
    assert cells(line("x", 1, alone, present=True))[:6] == ["x", "2", "1", f"{(2 / 3 + 1 / 2) / 2:.2f}", "0.00", "0.00"]
    # Those two together tell it.
    assert cells(line("x", 3, threes, present=True))[3:6] == ["1.00", "1.00", "0.00"]
    assert sum(trial.weight for trial in pairs if trial.here) == pytest.approx(1 / 3)


def test_where_nothing_is_only_what_is_told_counts() -> None:
    sure = answer(0.9, TRUE)
    made = trials([SearchedObject(query("a"), (of("a", sure), of("b")))], 1)
    assert cells(line("x", 1, made, present=False)) == ["x", "1", "1", "-", "-", "0.50", "-", "-", "-", "-"]
