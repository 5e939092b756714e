"""Results, one JSON file a set and method, so that an interrupted benchmark goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import chance, place
from benchmarks.accuracy.methods.method import SearchedMosaic
from benchmarks.provenance import commit, today
from benchmarks.accuracy.methods import Attention, Method
from benchmarks.accuracy.results.record import QueryRecord, record
from benchmarks.accuracy.queries.sets import QuerySet
from geoloc.evaluation import evaluate
from geoloc.system.machine import machine
from geoloc.system.output import replacing
from tiling.mosaic import open_mosaic


@dataclass(frozen=True, slots=True)
class Result:
    """What a method made of a set.

    identity: what it depends on; a stored result of another identity is not used. made: date, commit, machine and
    seconds in all. summary: the figures of `geoloc evaluate`, null for infinite; of a set whose objects are not there
    only the time.
    """

    identity: dict[str, Any]
    made: dict[str, Any]
    summary: dict[str, float | None]
    records: tuple[QueryRecord, ...]


class Store:
    """The results in a folder. limit: of queries a set, None for all; results of different limits are kept apart."""

    def __init__(self, folder: Path, limit: int | None) -> None:
        self._folder = folder / ("records" if limit is None else f"records_limit_{limit}")

    def load(self, asked: QuerySet, method: Method) -> Result | None:
        """The stored result; None where there is none, or one of other weights, options or queries."""
        try:
            stored = json.loads(self._path(asked.name, method.name).read_text(encoding="utf-8"))
            result = Result(**stored | {"records": tuple(map(QueryRecord.from_json, stored["records"]))})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return result if result.identity == identity(asked, method) else None

    def save(self, result: Result) -> None:
        """Write a result whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(result.identity["set"], result.identity["method"])) as temporary:
            temporary.write_text(json.dumps(asdict(result)), encoding="utf-8")

    def _path(self, asked: str, method: str) -> Path:
        return self._folder / f"{asked}--{method.replace(' + ', '_')}.json"


def identity(asked: QuerySet, method: Method) -> dict[str, Any]:
    """What a result depends on, as JSON gives it back."""
    told = {
        "set": asked.name,
        "queries": asked.digest,
        "method": method.name,
        "weights": dict(method.weights),
        "options": dict(method.options),
    }
    return dict(json.loads(json.dumps(told)))


def run(asked: QuerySet, method: Method, progress: Callable[[int, int], None]) -> Result:
    """Let a method answer all queries of a set. progress: called with the number of queries done and of all.

    Raises:
        GeolocError: a photo or a mosaic cannot be read.
    """
    started = time.perf_counter()
    size = place.median_size([query for search in asked.searches for query in search.queries])
    records: list[QueryRecord] = []
    outcomes: list[evaluate.Outcome] = []
    errors: list[float] = []
    saved_s = 0.0
    for search in asked.searches:
        with open_mosaic([search.mosaic], finest_m=asked.gsd_m) as mosaic:
            job = Job(search.mosaic, mosaic, asked.gsd_m, size)
            if method.prepare is None:
                expected, distances = chance.expect(job, search, asked.present)
                records += expected
                errors += distances
            else:
                before = len(records)
                locate = method.prepare(job)
                told = lambda done, _, n=before: progress(n + done, asked.count)  # noqa: E731
                found = evaluate.run(search.queries, locate, told)
                saved_s += locate.saved_s if isinstance(locate, Attention) else 0.0
                outcomes += found
                records += [record(outcome, search.mosaic.parent.name, asked.present) for outcome in found]
    summary = _expected(records, errors) if method.prepare is None else evaluate.summarise(outcomes)
    summary["seconds_per_query"] += saved_s / asked.count
    if not asked.present:
        # Where nothing can be right, only the time tells something.
        summary = {key: summary[key] for key in ("queries", "seconds_per_query")}
    made = {
        "date": today(),
        "commit": commit(),
        "machine": machine(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    return Result(identity(asked, method), made, evaluate.to_json(summary), tuple(records))


def _expected(records: list[QueryRecord], errors: list[float]) -> dict[str, float]:
    """The keys of `evaluate.summarise` for answers at random, which take no time."""
    shares = {"hit_rate": "hit", "acc_025": "acc_025", "acc_050": "acc_050"}
    low, high = np.quantile(errors, [0.5, 0.9], method="inverted_cdf")
    return {
        "queries": len(records),
        **{key: float(np.mean([getattr(r, name) for r in records])) for key, name in shares.items()},
        "median_error_m": float(low),
        "p90_error_m": float(high),
        "seconds_per_query": 0.0,
    }
