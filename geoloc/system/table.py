"""Tables that users write: CSV files whose first line names the columns."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import QueriesError
from geoloc.system.spreadsheet import FALLBACK, TableLayout, layout_of, number_of, records

if TYPE_CHECKING:
    from shapely.geometry import MultiPolygon, Polygon

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table.

    Attributes:
        where: the file and the row, for an error.
        values: by column, as the file has them.
        line: number of the row's last line in a CSV file, the header being line 1; 0 in other tables.
        decimal_comma: whether the table's numbers have a comma as their decimal sign.
    """

    where: str
    values: Mapping[str, Any]
    line: int = 0
    decimal_comma: bool = False

    def has(self, column: str) -> bool:
        """Tell whether a column is there and is not empty."""
        value = self.values.get(column)
        return value is not None and (not isinstance(value, str) or bool(value.strip()))

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
        if value is None:
            raise QueriesError(f"{self.where}: {column} is missing")
        told = "not a number"
        try:
            number = number_of(value, decimal_comma=self.decimal_comma) if isinstance(value, str) else float(value)
        except (ValueError, TypeError, OverflowError) as error:
            number = math.nan
            told = str(error) if str(error).startswith("either") else told
        if not math.isfinite(number):
            raise QueriesError(f"{self.where}: {column} is {value!r}, {told}")
        return number


def read_csv(path: Path, required: Sequence[str], known: Sequence[str] = ()) -> tuple[list[str], Iterator[TableRow]]:
    """Read a CSV file with a header, as spreadsheets write it; see `geoloc.system.spreadsheet`.

    Args:
        path: the file: UTF-8 or UTF-16; anything else is read as Windows-1252, with a warning. Separated by commas,
            semicolons, tabs or bars.
        required: names of columns that must be there, however spelled.
        known: names of others that count however spelled.

    Returns:
        The names of all columns, and the rows that hold anything, read as they are asked for; values are text, None
        where a line ends early.

    Raises:
        QueriesError: no such file, not text, a missing column or one that is there twice; while rows are asked for: a
            line with more values than there are columns, a quotation mark that is not closed, no rows.
    """
    try:
        layout = layout_of(path, (*required, *known))
    except OSError as error:
        raise QueriesError(f"{path}: cannot be read as a CSV file ({error.strerror or error})") from None
    columns = list(layout.names)
    check_columns(f"{path}", columns, required, f"in the first line, which has {layout.words}")
    if layout.encoding == FALLBACK:
        LOG.warning("%s: not in UTF-8; read as Windows-1252. Save it as UTF-8 if a name in it looks wrong.", path)
    return columns, _rows(path, layout)


def _rows(path: Path, layout: TableLayout) -> Iterator[TableRow]:
    names, empty = layout.names, True
    for line, values in records(path, layout.encoding, layout.separator):
        if line <= layout.header_line:
            continue
        empty = False
        # What is beyond the last column has no name.
        if any(value.strip() for value in values[len(names) :]):
            help_text = "; numbers with a decimal comma need quotation marks or another separator"
            raise QueriesError(
                f"{path}, line {line}: more values than the {len(names)} columns of the first line"
                + (help_text if layout.separator == "," else "")
            )
        missing = [None] * (len(names) - len(values))
        row = dict(zip(names, [*values, *missing], strict=False))
        yield TableRow(f"{path}, line {line}", row, line, layout.decimal_comma)
    if empty:
        raise QueriesError(f"{path}: holds no queries, only the header")


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
