"""Results, one JSON file a set and method, so that an interrupted benchmark goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.methods import chance, place
from benchmarks.accuracy.methods.method import Method, SearchedMosaic
from benchmarks.accuracy.queries.sets import QuerySet
from benchmarks.accuracy.results.record import QueryRecord, record_of
from benchmarks.provenance import commit, today
from geoloc.evaluation import labelled
from geoloc.system.machine import machine
from geoloc.system.output import replacing
from tiling.mosaic import open_mosaic


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a method made of a set.

    Attributes:
        identity: what it depends on; a stored result of another identity is not used.
        provenance: date, commit, machine and seconds in all.
        summary: the figures of `geoloc evaluate`, null for infinite; of a set whose objects are not there only the
            time.
        records: of all queries, in their order.
    """

    identity: dict[str, Any]
    provenance: dict[str, Any]
    summary: dict[str, float | None]
    records: tuple[QueryRecord, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what a file of a result holds."""
        return {
            "identity": self.identity,
            "made": self.provenance,
            "summary": self.summary,
            "records": [record.to_json() for record in self.records],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> MethodResult:
        """Make a result of what `to_json` returned."""
        records = tuple(map(QueryRecord.from_json, stored["records"]))
        return cls(stored["identity"], stored["made"], stored["summary"], records)


class ResultStore:
    """The results in a folder; those of different limits are kept apart."""

    def __init__(self, folder: Path, limit: int | None) -> None:
        """Take the folder of the table, and the limit of queries a set, None for all."""
        self._folder = folder / ("records" if limit is None else f"records_limit_{limit}")

    def load(self, query_set: QuerySet, method: Method) -> MethodResult | None:
        """Load the stored result; None where there is none, or one of other weights, options or queries."""
        result = self.published(query_set, method.name)
        return result if result is not None and result.identity == identity(query_set, method) else None

    def published(self, query_set: QuerySet, method: str) -> MethodResult | None:
        """Load the stored result of the same queries by a method whose weights may not be here; None without one."""
        try:
            text = self._path(query_set.name, method).read_text(encoding="utf-8")
            result = MethodResult.from_json(json.loads(text))
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return result if result.identity["queries"] == query_set.digest else None

    def save(self, result: MethodResult) -> None:
        """Write a result whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(result.identity["set"], result.identity["method"])) as temporary:
            temporary.write_text(json.dumps(result.to_json()), encoding="utf-8")

    def _path(self, query_set: str, method: str) -> Path:
        return self._folder / f"{query_set}--{method.replace(' + ', '_')}.json"


def identity(query_set: QuerySet, method: Method) -> dict[str, Any]:
    """Return what a result depends on, as JSON gives it back."""
    fields = {
        "set": query_set.name,
        "queries": query_set.digest,
        "method": method.name,
        "weights": dict(method.weights),
        "options": {**method.options, **(method.posed if query_set.posed else {})},
    }
    return dict(json.loads(json.dumps(fields)))


def run(query_set: QuerySet, method: Method, progress: Callable[[int, int], None]) -> MethodResult:
    """Let a method answer all queries of a set; `progress` is called with the number of queries done and of all.

    Raises:
        GeolocError: a photo or a mosaic cannot be read.
    """
    started = time.perf_counter()
    size = place.median_size([query for search in query_set.searches for query in search.queries])
    records: list[QueryRecord] = []
    outcomes: list[labelled.Outcome] = []
    errors: list[float] = []
    for search in query_set.searches:
        with open_mosaic([search.mosaic], finest_m=query_set.gsd_m) as mosaic:
            searched = SearchedMosaic(search.mosaic, mosaic, query_set.gsd_m, size, query_set.posed)
            if method.prepare is None:
                expected, distances = chance.expect(searched, search, query_set.present)
                records += expected
                errors += distances
            else:
                before = len(records)
                locate = method.prepare(searched)
                in_all = lambda done, _, n=before: progress(n + done, query_set.count)  # noqa: E731
                found = labelled.run(search.queries, locate, in_all)
                outcomes += found
                records += [record_of(outcome, search.mosaic.parent.name, query_set.present) for outcome in found]
    summary = _expected(records, errors) if method.prepare is None else labelled.summarise(outcomes)
    if not query_set.present:
        # Where nothing can be right, only the time means something.
        summary = {key: summary[key] for key in ("queries", "seconds_per_query")}
    provenance = {
        "date": today(),
        "commit": commit(),
        "machine": machine(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    return MethodResult(identity(query_set, method), provenance, labelled.to_json(summary), tuple(records))


def _expected(records: list[QueryRecord], errors: list[float]) -> dict[str, float]:
    """Return the keys of `labelled.summarise` for answers at random, which take no time."""
    shares = {"hit_rate": "hit", "acc_025": "acc_025", "acc_050": "acc_050"}
    low, high = np.quantile(errors, [0.5, 0.9], method="inverted_cdf")
    return {
        "queries": len(records),
        **{key: float(np.mean([getattr(r, name) for r in records])) for key, name in shares.items()},
        "median_error_m": float(low),
        "p90_error_m": float(high),
        "seconds_per_query": 0.0,
    }
