"""Outcomes as rows of a file."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from geoloc.batch.outcome import QueryOutcome, count_line, to_rows
from geoloc.batch.queries import PhotoQuery, Queries
from geoloc.photo.target import Click, Target
from geoloc.results.columns import COLUMNS
from geoloc.results.detection import Detection
from geoloc.results.vector_files import row_of

Make = Callable[..., Detection]


def queries(*others: dict[str, object]) -> Queries:
    items = [
        PhotoQuery(number, Path("in/a.jpg"), Target(Click(number, 2)), more)
        for number, more in enumerate(others, start=1)
    ]
    return Queries(Path("q.csv"), tuple(items), dict.fromkeys(others[0], "object"))


def test_every_query_has_its_rows(make_detection: Make) -> None:
    answers = tuple(row_of(make_detection(0.9, (0, 0, 1, 1), rank=rank)) for rank in (1, 2))
    outcomes = [QueryOutcome(1, answers), QueryOutcome(2), QueryOutcome(3, error="no such photo")]
    counts: Counter[str] = Counter()
    made, columns = to_rows(queries({"who": "x"}, {"who": "y"}, {"who": "z"}), iter(outcomes), counts)
    rows = list(made)
    told = [[row.properties.get(name) for name in ("query", "status", "rank", "error", "who")] for row in rows]
    assert told == [
        [1, "found", 1, None, "x"],
        [1, "found", 2, None, "x"],
        [2, "not here", None, None, "y"],
        [3, "error", None, "no such photo", "z"],
    ]
    assert [row.geometry is None for row in rows] == [False, False, True, True]
    # What was asked is told of those without an answer too.
    assert [row.properties["click_x"] for row in rows] == [1, 1, 2, 3]
    assert {row.properties["photo"] for row in rows} == {str(Path("in/a.jpg"))}
    assert list(columns) == ["query", "status", *COLUMNS, "error", "who"]
    assert count_line(counts, 3) == "3 queries: 1 found, 1 not here, 1 error"


def test_columns_whose_names_are_taken() -> None:
    said = {"Score": 1, "query_score": 2, "fid": 3, "id": 4, "ID": 5, "status": 6}
    (row,), columns = to_rows(queries(said), [QueryOutcome(1, note="the box is cut")], Counter())
    assert row.properties["note"] == "the box is cut"
    names = ["query_Score", "query_query_score", "query_fid", "id", "query_ID", "query_status"]
    assert list(columns)[-6:] == names
    assert [row.properties[name] for name in names] == [1, 2, 3, 4, 5, 6]
    assert row.properties["status"] == "not here"
