"""The tables of told errors, from answers made by hand."""

from __future__ import annotations

import pytest

from benchmarks.coverage import table
from benchmarks.coverage.measure import Told


def told(
    angle: float = 10.0, beyond: float = 0.0, accuracy: float = 2.0, error: float = 1.0, score: float = 0.9
) -> Told:
    return Told(angle, beyond, 4.0, accuracy, error, score, error < 2)


def test_a_line_tells_how_many_are_covered_and_by_how_much() -> None:
    found = [told(error=1.0)] * 9 + [told(error=5.0, score=0.4)]
    _, _, line = table.table("set", [("a", found), ("none", [])])
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    # The 90 % quantile lies a tenth of the way from the ninth to the tenth.
    assert cells == ["a", "10", "0.90", "1.00, 1.40", "2.00, 2.00", "1.4", "0.85", "0.90"]


@pytest.mark.parametrize(
    ("group", "values", "names"),
    [
        (table.by_angle, {"angle": (5.0, 50.0, 89.9)}, ["0 to 30 degrees", "45 to 60 degrees", "80 to 90 degrees"]),
        (table.by_distance, {"beyond": (0.0, 0.1, 7.0)}, ["inside", "0 to 0.25 hulls beyond", "over 1 hulls beyond"]),
        (table.by_score, {"score": (0.2, 0.93, 0.97)}, ["0 to 0.5", "0.9 to 0.95", "0.95 to 1"]),
        (
            table.by_size,
            {"accuracy": (0.4, 6.0, 99.0)},
            ["0 to 0.25 sizes told", "1 to 2 sizes told", "over 2 sizes told"],
        ),
    ],
)
def test_every_answer_is_in_one_group(group, values, names) -> None:  # type: ignore[no-untyped-def]
    ((name, each),) = values.items()
    found = [told(**{name: value}) for value in each]
    groups = [(title, members) for title, members in group(found) if members]
    assert groups == [(title, [one]) for title, one in zip(names, found, strict=True)]
