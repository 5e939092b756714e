"""Measure whether adapting the packaged weights to a mosaic helps on it: `python -m benchmarks.adapting`.

Of each set the first mosaic alone is what a user has: `geoloc train --mosaic` is run on it, once for every seed, and
the set's photographs, which no training saw, are searched for by attention alone with the weights before and after;
answers of those before are the ones of `python -m benchmarks.accuracy` where that has them. What was trained and
searched is kept in the work folder, and a benchmark that was interrupted goes on; the table is made anew each time.
Some twenty core-minutes a training, some minutes a search.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.accuracy.methods.networks import make_network
from benchmarks.accuracy.queries.sets import Library, QuerySet
from benchmarks.accuracy.results import store
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.store import ResultStore
from benchmarks.provenance import ROOT, commit, today
from geoloc.errors import GeolocError
from geoloc.system.output import replacing

SETS = ("caliterra", "farm_oblique", "camp_oblique")
METHOD = "base"
STEPS = 200
_LOG = "adapting.log"
_STEPS, _CPU = "steps: ", "CPU-minutes: "
_KEPT = "loss of the score on held-out ground"
_PAGE = """# Adapting the packaged weights to a mosaic

Written by `python -m benchmarks.adapting`; do not edit.

{date}, {commit}; `geoloc train --mosaic MOSAIC --steps STEPS --seed SEED --trials 0 --descriptors 0`. What is
searched is the mosaic that was adapted to, whole, without positions, by attention alone, for clicks in photographs that
no training saw. Anew and lost: clicks that are hits with the adapted weights and not with the packaged ones, and the
other way round. Kept: the share of what was learnt that the loss on the part of the mosaic that is not trained on
chose, and that loss from before to what is kept.

| mosaic | seed | steps | CPU min | kept | held-out loss | hits before | after | anew | lost | acc@0.5 before | after |
|---|---|---|---|---|---|---|---|---|---|---|---|
{rows}
"""


def main() -> None:
    """Train, search, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adapting", description=__doc__)
    parser.add_argument("--sets", nargs="+", default=SETS, metavar="SET", help="as benchmarks.accuracy has them")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1], metavar="N", help="of trainings [0 1]")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"of new trainings [{STEPS}]")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real sites")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "bench", help="what is made and kept")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results", help="folder of the table")
    args = parser.parse_args()
    rows: list[str] = []
    try:
        for name in args.sets:
            whole = Library(args.data, args.work, _report).make(name)
            query_set = replace(whole, searches=whole.searches[:1])
            before = search(whole, None, args.output, _report)[: query_set.count]
            for seed in args.seeds:
                adapt(query_set.searches[0].mosaic, args.work / "adapting" / f"{name}_{seed}", seed, args.steps)
            # Of every seed that was ever trained.
            for log in sorted((args.work / "adapting").glob(f"{name}_*/{_LOG}")):
                after = search(query_set, log.parent / "weights.safetensors", log.parent, _report)
                seed = log.parent.name.rpartition("_")[2]
                rows.append(row(name, seed, log.read_text(encoding="utf-8"), before, after))
        page = _PAGE.format(date=today(), commit=commit(), rows="\n".join(rows))
        with replacing(args.output / "adapting.md") as temporary:
            temporary.write_text(page, encoding="utf-8")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stderr}Error: {error}")
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")


def adapt(mosaic: Path, run: Path, seed: int, steps: int) -> None:
    """Adapt the packaged weights to a mosaic, unless that is done already.

    Args:
        mosaic: all that the training knows of a place.
        run: folder of the weights and of `adapting.log`, all that the command told and its CPU time.
        seed: of the training.
        steps: of 16 examples each.

    Raises:
        CalledProcessError: the command failed.
    """
    log = run / _LOG
    if log.exists():
        return
    _report(f"adapting to {mosaic.parent.name}, seed {seed}")
    given = {"mosaic": mosaic, "steps": steps, "seed": seed, "trials": 0, "descriptors": 0, "run": run}
    options = [text for name, value in given.items() for text in (f"--{name}", str(value))]
    begun_s = _children_s()
    command = [sys.executable, "-m", "geoloc", "train", *options]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    with replacing(log) as temporary:
        temporary.write_text(
            f"{told.stderr}{_STEPS}{steps}\n{_CPU}{(_children_s() - begun_s) / 60:.1f}\n", encoding="utf-8"
        )


def search(
    query_set: QuerySet, weights: Path | None, folder: Path, report: Callable[[str], None]
) -> tuple[QueryRecord, ...]:
    """Search for all queries of a set by attention alone, unless that is done already.

    Args:
        query_set: the queries.
        weights: a file, or None for the packaged ones.
        folder: where the answers are kept, in the order of the queries.
        report: called with a line about what is searched.
    """
    method = make_network(METHOD, {} if weights is None else {METHOD: weights}, "cpu")
    kept = ResultStore(folder, None)
    found = kept.load(query_set, method)
    if found is None:
        report(f"{query_set.name}, {'packaged' if weights is None else 'adapted'} weights: {query_set.count} queries")
        found = store.run(query_set, method, lambda done, total: None)
        kept.save(found)
    return found.records


def row(name: str, seed: str, log: str, before: tuple[QueryRecord, ...], after: tuple[QueryRecord, ...]) -> str:
    """Return the line of the table about one training.

    Args:
        name: of the set.
        seed: of the training.
        log: what the training told, with its CPU time.
        before: answers with the packaged weights.
        after: answers to the same queries, in the same order, with the adapted ones.
    """
    steps, minutes, losses, kept = "-", "-", "-", "-"
    for line in log.splitlines():
        if line.startswith(_STEPS):
            steps = line.removeprefix(_STEPS)
        if line.startswith(_CPU):
            minutes = line.removeprefix(_CPU)
        if line.startswith(_KEPT):
            # "...: 3.111 with 0%, 3.025 with 25%, ...; 25% is kept"
            found = {share: loss for loss, _, share in map(str.split, line.split(": ")[1].split("; ")[0].split(", "))}
            chosen = line.split("; ")[1].split()[0]
            kept = chosen if chosen in found else "0%"
            losses = f"{found['0%']} to {found[kept]}"
    pairs = list(zip(before, after, strict=True))
    hits = [sum(record.hit for record in records) for records in (before, after)]
    exact = [sum(record.acc_050 for record in records) / len(records) for records in (before, after)]
    gained, lost = (sum(a.hit - b.hit == change for b, a in pairs) for change in (1, -1))
    counts = " | ".join(f"{count:.0f} of {len(pairs)}" for count in hits)
    return (
        f"| {name} | {seed} | {steps} | {minutes} | {kept} | {losses} | {counts} | {gained} | {lost}"
        f" | {exact[0]:.2f} | {exact[1]:.2f} |"
    )


def _children_s() -> float:
    """Return the CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _report(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
