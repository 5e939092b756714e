"""Measure how fast indexes are made and searches answered, and write the table: `python -m benchmarks.speed`.

Cities of 1, 4, 16 and 64 km2 at 0.3 m are made once (half an hour on two cores, most of it for their towns) and kept in
the work folder. What was measured is kept beside the table, one file a figure, so that a run that was cut off goes on,
on another machine too; what is to be measured anew is deleted there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.provenance import ROOT, commit, today
from benchmarks.speed import clicks, report
from benchmarks.speed.busy import busy_locate
from benchmarks.speed.city import City, make_city
from benchmarks.speed.limits import engines, machine_limits
from benchmarks.speed.recall import recall
from geoloc.system.machine import machine

SIDES_KM = (1, 2, 4, 8)
EXHAUSTIVE, MOSAIC, SIFT = {1: 5, 4: 2}, {1: 2, 4: 2, 16: 1}, (1, 4)
"""Queries, by km2, that are shown every window and that search without an index, and cities matched whole by SIFT: all
grow with the area, and take hours beyond these.
"""
BUSY = 1
"""The city, by km2, that is searched beside a busy loop."""


def main() -> None:
    """Measure what is not measured yet, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/speed"), help="what is made and measured")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results", help="folder of the table")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES_KM, help="sides of the cities, km")
    args = parser.parse_args()
    work: Path = args.work
    (work / "city").mkdir(parents=True, exist_ok=True)
    stored = args.output / "speed"
    stored.mkdir(parents=True, exist_ok=True)

    def known(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        path = stored / f"{name}.json"
        if not path.exists():
            _print_line(f"measuring {name} ...")
            figure = measure() | {"date": today(), "commit": commit(), "machine": machine()}
            path.write_text(json.dumps(figure) + "\n")
        return dict(json.loads(path.read_text()))

    figures: dict[str, Any] = {
        "limits": known("limits", machine_limits),
        "engines": known("engines", lambda: engines(work)),
    }
    figures["clicks"] = known("clicks", lambda: clicks.measure(work, _task))
    for side in args.sides:
        city = make_city(work / "city", side, _print_line)
        figures[f"{side}"] = {"km2": city.km2} | _of_city(city, side, work, known)
    report.write(args.output, figures)


def _of_city(city: City, side: int, work: Path, known: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    index, name = work / f"city_{side}.zarr", f"{side**2}km2"
    found = {"build": known(f"build_{name}", lambda: _task("build", city.mosaic, index))}
    by_index = ("search", city.queries, "--index", index)
    by_mosaic = ("search", city.queries, "--mosaic", city.mosaic)
    found["index"] = known(f"index_{name}", lambda: _task(*by_index))
    found["recall"] = known(f"recall_{name}", lambda: recall(index, city.queries))
    km2 = side**2
    if km2 == BUSY:
        found["busy"] = known(f"busy_{name}", lambda: busy_locate(city.mosaic, city.queries))
    if km2 in EXHAUSTIVE:
        options = ("--exhaustive", "--count", EXHAUSTIVE[km2])
        found["exhaustive index"] = known(f"exhaustive_index_{name}", lambda: _task(*by_index, *options))
    if km2 in MOSAIC:
        count = ("--count", MOSAIC[km2])
        found["mosaic"] = known(f"mosaic_{name}", lambda: _task(*by_mosaic, *count))
    if km2 in SIFT:
        found["sift"] = known(f"sift_{name}", lambda: _task("sift", city.mosaic, city.queries))
    return found


def _task(*arguments: object) -> dict[str, Any]:
    """Run a task in a process of its own; see `benchmarks.speed.task`."""
    command = [sys.executable, "-m", "benchmarks.speed.task", "--began", str(time.time()), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _print_line(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
