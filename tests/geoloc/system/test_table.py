"""CSV files as users write them."""

from pathlib import Path

import pytest

from geoloc.errors import QueriesError
from geoloc.system.table import TableRow, read_csv


def test_rows_know_their_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"two\nlines"\n\n3,4\n')
    columns, rows = read_csv(path, ["a"])
    records = list(rows)
    assert columns == ["a", "b"]
    assert [(record.line, record.values) for record in records] == [
        (3, {"a": "1", "b": "two\nlines"}),
        (5, {"a": "3", "b": "4"}),
    ]
    assert records[1].where == f"{path}, line 5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2,3\n", "line 2: more values than the 2 columns"),
        ("a,b,a\n1,2,3\n", "the column a is there twice"),
        ("b\n1\n", "missing columns a"),
        ("a\n", "no queries"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(QueriesError, match=message):
        list(read_csv(path, ["a"])[1])


def test_numbers() -> None:
    record = TableRow("t, row 3", {"x": "1.5", "y": 2, "z": None, "t": "one", "n": float("nan"), "l": [1]})
    assert (record.number("x"), record.number("y")) == (1.5, 2)
    with pytest.raises(QueriesError, match="t, row 3: z is missing"):
        record.number("z")
    for column in ("t", "n", "l"):
        with pytest.raises(QueriesError, match=f"t, row 3: {column} is .*, not a number"):
            record.number(column)
