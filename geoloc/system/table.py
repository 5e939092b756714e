"""Tables that users write: CSV files whose first line names the columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import QueriesError

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table.

    Attributes:
        where: the file and the row, for an error.
        values: by column, as the file has them.
        line: number of the row's last line in a CSV file, the header being line 1; 0 in other tables.
    """

    where: str
    values: Mapping[str, Any]
    line: int = 0

    def has(self, column: str) -> bool:
        """Tell whether a column is there and is not empty."""
        return self.values.get(column) not in (None, "")

    def polygon(self, column: str) -> Polygon:
        """Return the polygon that a column holds as WKT, as it was written.

        Raises:
            QueriesError: the column holds none.
        """
        shape = self.polygons(column)
        if shape.geom_type != "Polygon":
            raise QueriesError(f"{self.where}: {column} holds several polygons; give one")
        return shape

    def polygons(self, column: str) -> Polygon | MultiPolygon:
        """Return the polygon or polygons that a column holds as WKT, as they were written.

        Raises:
            QueriesError: the column holds none.
        """
        import shapely

        shape = shapely.from_wkt(str(self.values[column]), on_invalid="ignore")
        if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise QueriesError(f"{self.where}: {column} is no polygon in WKT, such as POLYGON ((1 1, 9 1, 5 7, 1 1))")
        return shape

    def number(self, column: str) -> float:
        """Return the finite number in a column.

        Raises:
            QueriesError: the column holds none.
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
    """Read a CSV file with a header.

    Args:
        path: the file, in UTF-8 with or without a byte order mark.
        required: names of columns that must be there.

    Returns:
        The names of all columns, and the rows; values are text, None where a line ends early.

    Raises:
        QueriesError: no such file, not text, a missing column or one that is there twice, a line with more values than
            there are columns, no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or ())
            check_columns(f"{path}", columns, required, "in the first line")
            rows = [TableRow(f"{path}, line {reader.line_num}", values, reader.line_num) for values in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        text = getattr(error, "strerror", None) or error
        raise QueriesError(f"{path}: cannot be read as a CSV file ({text})") from None
    for row in rows:
        # What is beyond the last column has no name.
        if None in row.values:
            raise QueriesError(f"{row.where}: more values than the {len(columns)} columns of the first line")
    if not rows:
        raise QueriesError(f"{path}: holds no queries, only the header")
    return columns, rows


def check_columns(where: str, columns: Sequence[str], required: Sequence[str], place: str) -> None:
    """Refuse a table that lacks a required column, or has a column twice.

    Args:
        where: the table, as an error names it.
        columns: names of all its columns.
        required: those that must be among them.
        place: where the names stand in it, as an error says it, such as "in the first line".

    Raises:
        QueriesError: a column is missing or there twice.
    """
    missing = [name for name in required if name not in columns]
    if missing:
        raise QueriesError(f"{where}: missing columns {', '.join(missing)} {place}")
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise QueriesError(f"{where}: the column {twice[0]} is there twice {place}")
