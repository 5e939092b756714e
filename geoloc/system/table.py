"""Tables that users write: CSV files whose first line names the columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoloc.errors import QueriesError


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table. where: the file and the row, for an error. line: in a CSV file, the header being line 1."""

    where: str
    values: Mapping[str, Any]
    line: int = 0

    def number(self, column: str) -> float:
        """The finite number in a column.

        Raises:
            QueriesError: there is none.
        """
        value = self.values[column]
        try:
            number = float("" if value is None else value)
        except (ValueError, TypeError):
            number = math.nan
        if not math.isfinite(number):
            raise QueriesError(f"{self.where}: {column} is {value!r}, not a number")
        return number


def read_csv(path: Path, required: Sequence[str]) -> tuple[list[str], list[TableRow]]:
    """Names of all columns and the rows of a file with the `required` ones; values are text, None where a line ends
    early.

    Raises:
        QueriesError: no such file, not text, a missing column or one that is there twice, a line with more values than
            there are columns, no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            check_columns(f"{path}", columns, required, "in the first line")
            records = [TableRow(f"{path}, line {reader.line_num}", row, reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        text = getattr(error, "strerror", None) or error
        raise QueriesError(f"{path}: cannot be read as a CSV file ({text})") from None
    for record in records:
        # What is beyond the last column has no name.
        if None in record.values:
            raise QueriesError(f"{record.where}: more values than the {len(columns)} columns of the first line")
    if not records:
        raise QueriesError(f"{path}: holds no queries, only the header")
    return columns, records


def check_columns(where: str, columns: Sequence[str], required: Sequence[str], place: str) -> None:
    """Raise `QueriesError` where a required column is missing, or a column is there twice. place: of their names."""
    missing = [name for name in required if name not in columns]
    if missing:
        raise QueriesError(f"{where}: missing columns {', '.join(missing)} {place}")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise QueriesError(f"{where}: the column {twice[0]} is there twice {place}")
