"""The benchmark from end to end: sets, methods, results, table, sheets of failures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.methods.catalogue import NAMES, make_method
from benchmarks.accuracy.methods.method import Method
from benchmarks.accuracy.methods.networks import GEOMETRY
from benchmarks.accuracy.queries.sets import Library, QuerySet
from benchmarks.accuracy.results import report, store
from benchmarks.accuracy.results.sheets import draw_failures, draw_outlines
from benchmarks.accuracy.results.store import MethodResult, ResultStore

DRAWN = "base"
"""The method whose failures are drawn."""
OUTLINED = GEOMETRY
"""The method whose outlines are drawn."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to measure now.

    Attributes:
        sets: names of sets.
        methods: names of methods.
        weights: files by preset.
        limit: of queries a set; None for all.
        device: where the networks run.
        fresh: whether nothing stored is used.
    """

    sets: tuple[str, ...]
    methods: tuple[str, ...]
    weights: Mapping[str, Path]
    limit: int | None = None
    device: str = "cpu"
    fresh: bool = False


def run(
    data: Path, work: Path, choice: Choice, *, output: Path, command: str, report_line: Callable[[str], None]
) -> tuple[Path, Path]:
    """Measure what is chosen and is not stored yet, and write the table of everything that is, all sets and methods.

    Raises:
        GeolocError: the data, the weights or the folders cannot be used.
    """
    if choice.fresh:
        shutil.rmtree(work / "sets", ignore_errors=True)
    library = Library(data, work, report_line)
    # Beside the table: whoever has them can count anew, and go on with what is missing on another machine.
    stored = ResultStore(output, choice.limit)
    sets = {name: _set(library, name, choice) for name in library.names}
    methods = {name: _method(name, choice) for name in NAMES}
    results: dict[tuple[str, str], MethodResult] = {}
    for name, query_set in sets.items():
        for title, method in methods.items():
            if isinstance(query_set, str):
                continue
            chosen = name in choice.sets and title in choice.methods
            # What was measured where a method's weights were stays in the table.
            result = _stored(stored, query_set, title, method, fresh=chosen and choice.fresh)
            if not isinstance(method, str) and result is None and chosen:
                report_line(f"{name}, {title}: {query_set.count} queries ...")
                result = store.run(query_set, method, _ProgressLines(f"{name}, {title}", report_line))
                stored.save(result)
                report_line(f"{name}, {title}: {result.provenance['seconds']:g} s")
            if result is not None:
                results[name, title] = result
    rows = []
    for name, query_set in sets.items():
        for title, method in methods.items():
            found = results.get((name, title))
            missing = method if isinstance(method, str) else None if found else "not run"
            if found is None:
                rows.append(report.FigureRow(name, title, missing, {}))
            else:
                rows.append(report.row_of(found, results.get((_wrong(query_set), title))))
        drawn = results.get((name, DRAWN))
        if name in choice.sets and drawn is not None and not isinstance(query_set, str):
            path = work / f"failures_{name}.png"
            report_line(f"{draw_failures(query_set, drawn, path)} failures drawn: {path}")
        outlined = results.get((name, OUTLINED))
        if name in choice.sets and outlined is not None and not isinstance(query_set, str):
            path = work / f"outlines_{name}.png"
            report_line(f"{draw_outlines(query_set, outlined, path)} outlines drawn: {path}")
    paths = report.write(output, rows, sets, list(results.values()), command)
    report_line(f"wrote {paths[0]} and {paths[1]}")
    return paths


def _stored(
    stored: ResultStore, query_set: QuerySet, title: str, method: Method | str, *, fresh: bool
) -> MethodResult | None:
    if isinstance(method, str):
        return stored.published(query_set, title)
    return None if fresh else stored.load(query_set, method)


def _set(library: Library, name: str, choice: Choice) -> QuerySet | str:
    try:
        query_set = library.make(name, build=name in choice.sets)
    except AbsentError as error:
        return str(error)
    return query_set if choice.limit is None else query_set.limited(choice.limit)


def _method(name: str, choice: Choice) -> Method | str:
    try:
        return make_method(name, choice.weights, choice.device)
    except AbsentError as error:
        return str(error)


def _wrong(query_set: QuerySet | str) -> str:
    return report.WRONG if isinstance(query_set, str) else query_set.wrong


class _ProgressLines:
    """Reports a line a minute."""

    def __init__(self, title: str, report_line: Callable[[str], None]) -> None:
        """Report under a title."""
        self._title = title
        self._report = report_line
        self._reported = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Report so many queries of all, unless something was reported just now."""
        if time.monotonic() - self._reported > 60:
            self._reported = time.monotonic()
            self._report(f"{self._title}: {done} of {total} queries")
