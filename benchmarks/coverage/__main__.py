"""Measure how often told errors cover true ones: `python -m benchmarks.coverage`.

What is measured of a set is kept beside the table and stays in it until the set is measured again. Sets whose data are
not there are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.queries.sets import Library
from benchmarks.coverage import table
from benchmarks.coverage.far import FAR, make_far
from benchmarks.coverage.measure import Told, measure
from benchmarks.provenance import ROOT, commit, today
from geoloc.errors import GeolocError
from geoloc.system.output import replacing

TOWNS = ("town_nadir", "town_oblique", *FAR)
SETS = (*TOWNS, "caliterra", "brighton_0.15", "brighton_0.50")
RESULTS = ROOT / "benchmarks" / "results"


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="to measure now")
    parser.add_argument("--most", type=int, default=16, help="clicks of a photograph")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder of real sites")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "bench", help="folder of towns that are built")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the tables")
    args = parser.parse_args()
    stored = args.output / "coverage.json"
    results: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    library = Library(args.data, args.work, _report)
    try:
        for name in args.sets:
            try:
                chosen = make_far(name, args.work / "far", _report) if name in FAR else library.make(name)
            except AbsentError as error:
                _report(f"{name}: {error}")
                continue
            results[name] = {"date": today(), "commit": commit(), "most": args.most, "photos": 0, "told": []}
            for told in measure(chosen, args.most, _report):
                results[name]["photos"] += 1
                results[name]["told"] += [asdict(one) for one in told]
                _write(args.output, results)
    except (GeolocError, OSError) as error:
        sys.exit(f"Error: {error}")


def _write(folder: Path, results: dict[str, Any]) -> None:
    """Write what is measured so far: a run that is cut short has not been in vain, and tells how many photographs."""
    with replacing(folder / "coverage.json") as temporary:
        temporary.write_text(json.dumps(results) + "\n", encoding="utf-8")
    with replacing(folder / "coverage.md") as temporary:
        temporary.write_text(_page(results), encoding="utf-8")


def _page(results: dict[str, Any]) -> str:
    told = {name: [Told(**one) for one in results[name]["told"]] for name in SETS if name in results}
    towns = [one for name in TOWNS for one in told.get(name, [])]
    made = ", ".join(
        f"{name}: {results[name]['date']}, {results[name]['commit']}, {results[name]['photos']} photographs, up to "
        f"{results[name]['most']} clicks each"
        for name in told
    )
    parts = [
        ["# Told errors", "", "Written by `python -m benchmarks.coverage`; do not edit.", "", made, "", _HOW],
        ["## By set", "", *table.table("set", list(told.items()))],
    ]
    for title, far_only in (("Towns, by view angle", table.by_angle), ("Towns, by distance", table.by_distance)):
        parts.append([f"## {title}", "", *table.table("", far_only(towns))])
    parts.append(["## Towns, by score", "", *table.table("", table.by_score(towns))])
    parts.append(["## Towns, by told error over the object's longest side", "", *table.table("", table.by_size(towns))])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


_HOW = """Clicks are carried over by the verified plane of their photograph, attention looks there and the outline is
drawn: what a search answers where geometry verifies, low scores among them. Covered: the distance between the answer's
centroid and that of the true outline is within `accuracy_m`, which is meant for 90 %. Told / error: the median told
error over the 90 % quantile of the true one. The view angle is that from straight down, the distance that from the
convex hull of the matches, in roots of its area, on the ground. Hits: centroid in the true box."""


def _report(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
