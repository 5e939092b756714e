"""Measure the networks of `geoloc ablate` in whole mosaics: `python -m benchmarks.ablation RUN`.

What is searched is kept in the work folder by set and network, so that a benchmark that was interrupted goes on; the
table is made anew after every network. Sets whose data are not there are left out. The sets of towns have three
photographs in four that tell their camera, of which alone clicks are taken (see `with_cameras`).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from benchmarks.ablation import table
from benchmarks.ablation.trained import make_searcher, trained_in
from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.methods.catalogue import make_method
from benchmarks.accuracy.methods.method import Method
from benchmarks.accuracy.queries.sets import Library, QuerySet
from benchmarks.accuracy.results import store
from benchmarks.accuracy.results.store import MethodResult, ResultStore
from benchmarks.provenance import ROOT, commit, today
from geoloc.errors import GeolocError
from geoloc.model.presets import PRESETS
from geoloc.photo.crops import make_crops
from geoloc.photo.photo import load_photo
from geoloc.system.machine import machine

SETS = ("town_nadir", "town_oblique", "farm_nadir", "farm_oblique", "caliterra")


def main() -> None:
    """Search, and write the table."""
    names = Library(Path(), Path()).names
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN", help="of `geoloc ablate`: has PRESET_SEED/weights.safetensors")
    parser.add_argument("--sets", nargs="+", choices=names, default=SETS, metavar="SET", help=f"[{' '.join(SETS)}]")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=tuple(PRESETS), metavar="PRESET", help="[all]")
    parser.add_argument("--limit", type=int, metavar="N", help="clicks a set, from everywhere in it [all]")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real sites")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "bench", help="what is made and kept")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results", help="folder of the table")
    args = parser.parse_args()
    if args.limit is not None and args.limit < 1:
        parser.error("--limit must be 1 or more")
    command = shlex.join(["python", "-m", "benchmarks.ablation", *sys.argv[1:]])
    head = {"date": today(), "commit": commit(), "machine": machine(), "command": command, **_training(args.run)}
    try:
        networks = trained_in(args.run, args.presets)
        sets = _sets(Library(args.data, args.work, _report), args.sets, args.limit)
        kept = ResultStore(args.work / "ablation", args.limit)
        results: dict[str, dict[str, MethodResult]] = {}
        for name, query_set in sets.items():
            for method in chain([make_method(table.CHANCE, {}, "cpu")], map(make_searcher, networks)):
                results.setdefault(name, {})[method.name] = searched(query_set, method, kept)
                table.write(args.output, results, head)
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")


def searched(query_set: QuerySet, method: Method, kept: ResultStore) -> MethodResult:
    """Return what a method answers to a set, searched for unless it is kept."""
    found = kept.load(query_set, method)
    if found is None:
        _report(f"{query_set.name}, {method.name}: {query_set.count} clicks ...")
        found = store.run(query_set, method, lambda done, total: None)
        kept.save(found)
        _report(f"{query_set.name}, {method.name}: {found.provenance['seconds']:g} s")
    return found


def _sets(library: Library, names: Sequence[str], limit: int | None) -> dict[str, QuerySet]:
    """Make the sets whose data are there.

    Raises:
        AbsentError: none are.
    """
    found = {}
    for name in names:
        try:
            query_set = library.make(name)
        except AbsentError as error:
            _report(f"{name} is left out: {error}")
            continue
        some = with_cameras(query_set)
        found[name] = some if limit is None else some.limited(limit)
    if not found:
        raise AbsentError("the data of no set are there; give --data or other --sets")
    return found


def with_cameras(query_set: QuerySet) -> QuerySet:
    """Return the clicks in photographs that tell their camera, where a set has any; else all.

    Of others every window is shown sixteen crops and more, and not one: an hour does not suffice for so many networks.
    """
    told: dict[Path, bool] = {}
    for search in query_set.searches:
        for query in search.queries:
            if query.photo not in told:
                told[query.photo] = len(make_crops(load_photo(query.photo), query.target)) == 1
    if not any(told.values()):
        return query_set
    kept = [replace(s, queries=tuple(query for query in s.queries if told[query.photo])) for s in query_set.searches]
    return replace(query_set, searches=tuple(search for search in kept if search.queries))


def _training(run: Path) -> dict[str, str]:
    """How the networks were trained, where their folder tells."""
    plan, in_time = run / "plan.json", run / "in_time.json"
    if not plan.exists():
        return {}
    told = json.loads(plan.read_text(encoding="utf-8"))
    if in_time.exists():
        # What of the plan fitted into its minutes.
        told |= json.loads(in_time.read_text(encoding="utf-8"))
    frozen = ", the backbone frozen" if told["cached"] else ""
    return {"trained": f"{told['steps']} steps of {told['batch']} from {told['records']} records{frozen}"}


def _report(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
