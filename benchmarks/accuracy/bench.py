"""The benchmark from end to end: sets, methods, results, table, sheets of failures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy import methods, report, sets, store
from benchmarks.accuracy.methods import Method
from benchmarks.accuracy.queries.sets import Library, QuerySet
from benchmarks.accuracy.sheets import draw_failures
from benchmarks.accuracy.results.store import Result, Store

DRAWN = "base"
"""The method whose failures are drawn."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to measure now. weights: files by preset; limit: of queries a set; fresh: nothing stored is used."""

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
    kept = Store(output, choice.limit)
    given = {name: _set(library, name, choice) for name in library.names}
    made = {name: _method(name, choice) for name in methods.NAMES}
    results: dict[tuple[str, str], Result] = {}
    for name, asked in given.items():
        for title, method in made.items():
            if isinstance(asked, str) or isinstance(method, str):
                continue
            chosen = name in choice.sets and title in choice.methods
            stored = None if chosen and choice.fresh else kept.load(asked, method)
            if stored is None and chosen:
                report_line(f"{name}, {title}: {asked.count} queries ...")
                stored = store.run(asked, method, _Progress(f"{name}, {title}", report_line))
                kept.save(stored)
                report_line(f"{name}, {title}: {stored.made['seconds']:g} s")
            if stored is not None:
                results[name, title] = stored
    rows = []
    for name, asked in given.items():
        for title, method in made.items():
            found = results.get((name, title))
            missing = method if isinstance(method, str) else None if found else "not run"
            if found is None:
                rows.append(report.Row(name, title, missing, {}))
            else:
                rows.append(report.row(found, results.get((report.WRONG, title))))
        drawn = results.get((name, DRAWN))
        if name in choice.sets and drawn is not None and not isinstance(asked, str):
            path = work / f"failures_{name}.png"
            report_line(f"{draw_failures(asked, drawn, path)} failures drawn: {path}")
    paths = report.write(output, rows, given, list(results.values()), command)
    report_line(f"wrote {paths[0]} and {paths[1]}")
    return paths


def _set(library: Library, name: str, choice: Choice) -> QuerySet | str:
    try:
        asked = library.make(name, build=name in choice.sets)
    except sets.AbsentError as error:
        return str(error)
    return asked if choice.limit is None else asked.limited(choice.limit)


def _method(name: str, choice: Choice) -> Method | str:
    try:
        return methods.make(name, choice.weights, choice.device)
    except methods.AbsentError as error:
        return str(error)


class _Progress:
    """A line a minute."""

    def __init__(self, what: str, report_line: Callable[[str], None]) -> None:
        self._what = what
        self._report = report_line
        self._said = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said > 60:
            self._said = time.monotonic()
            self._report(f"{self._what}: {done} of {total} queries")
