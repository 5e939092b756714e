"""What became of each query, and all of them as the rows of one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geoloc.batch.queries import PhotoQuery, Queries
from geoloc.results.columns import COLUMNS, OBJECT_COLUMNS, click_columns
from geoloc.results.vector_files import Row
from geoloc.system.text import counted, path_text

STATUSES = ("found", "not here", "error")
"""What a query can come to."""
_RESERVED = ("fid", "geom", "geometry")
"""Names that the formats use themselves."""


@dataclass(frozen=True, slots=True)
class QueryOutcome:
    """What became of one query.

    Attributes:
        number: number of the query.
        answers: best first; none where it is not here.
        error: why it failed.
        note: what else its reader should know, in words, such as that what was drawn was cut to the photo.
        candidates: all that was found, as `geoloc.joint.stored` keeps it, where other queries are of the same object;
            there are no answers then, until they are joined.
    """

    number: int
    answers: tuple[Row, ...] = ()
    error: str | None = None
    note: str = ""
    candidates: tuple[Mapping[str, Any], ...] = ()

    @property
    def status(self) -> str:
        """What it came to, one of the `STATUSES`."""
        if self.error is not None:
            return "error"
        return "found" if self.answers else "not here"


def count_line(counts: Counter[str], rows: int) -> str:
    """Return how often each status came as a line such as "340 queries: 300 found, 35 not here, 5 error".

    Args:
        counts: of the statuses.
        rows: how many were asked; where rows of one object were joined, the line tells both numbers.
    """
    total = counts.total()
    asked = counted(total, "query", "queries")
    if rows != total:
        asked = f"{counted(rows, 'query', 'queries')} joined to {counted(total, 'question')} by the column object"
    return f"{asked}: " + ", ".join(f"{counts[status]} {status}" for status in STATUSES)


def to_rows(
    queries: Queries, outcomes: Iterable[QueryOutcome], counts: Counter[str]
) -> tuple[Iterator[Row], dict[str, str]]:
    """Make a table of all outcomes.

    Args:
        queries: all queries of the run.
        outcomes: one for each of them, in their order; of those that are of one object those that `joined` leaves.
        counts: where statuses are counted while rows are asked for.

    Returns:
        The rows, made when they are asked for: the answers to every query, in the order of the queries, or one row
        without polygon where there are none. And all columns with their types: those of every output, the query's
        number, status and error, and what else the queries' own rows say.
    """
    columns = {"query": "Int64", "status": "object", **COLUMNS, "rank": "Int32", "error": "object"}
    if any(query.object_id for query in queries.items):
        columns |= {name: OBJECT_COLUMNS[name] for name in ("photos", "clicks")}
    names = free_names(queries.columns, [*columns, *_RESERVED])
    columns |= {names[name]: dtype for name, dtype in queries.columns.items()}

    def rows() -> Iterator[Row]:
        for outcome in outcomes:
            query = queries.items[outcome.number - 1]
            counts[outcome.status] += 1
            yield from _rows_of(query, outcome, names)

    return rows(), columns


def _rows_of(query: PhotoQuery, outcome: QueryOutcome, names: Mapping[str, str]) -> list[Row]:
    own = {
        "query": query.number,
        "status": outcome.status,
        "error": outcome.error,
        "photo": path_text(query.photo),
        **click_columns(query.target.click),
        **{names[name]: value for name, value in query.others.items()},
    }
    answers = outcome.answers or (Row(None, {"note": outcome.note or None}),)
    return [Row(answer.geometry, {**answer.properties, **own}) for answer in answers]


def free_names(wanted: Iterable[str], taken: Sequence[str]) -> dict[str, str]:
    """Return what each wanted column is called: "query_" comes before a name that is taken.

    To GeoPackage "ID" and "id" are one.
    """
    used = {name.casefold() for name in taken}
    names: dict[str, str] = {}
    for column in wanted:
        name = column
        while name.casefold() in used:
            name = f"query_{name}"
        used.add(name.casefold())
        names[column] = name
    return names
