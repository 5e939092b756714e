"""Measure how fast indexes are made and searches answered, and write the table: `python -m benchmarks.speed`.

Cities of 1, 4, 16 and 64 km2 at 0.3 m are made once (half an hour on two cores, most of it for their towns) and kept in
the work folder. What was measured is kept there too, one file a figure, so that a run that was cut off goes on.
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

from benchmarks.accuracy.machine import ROOT, commit, today
from benchmarks.speed import report
from benchmarks.speed.city import City, city
from benchmarks.speed.limits import engines, machine_limits
from benchmarks.speed.recall import recall

SIDES_KM = (1, 2, 4, 8)
EXHAUSTIVE, MOSAIC, SIFT = {1: 10, 4: 2, 16: 1}, {1: 2, 4: 2, 16: 1}, (1, 4, 16)
"""Queries, by km2, that are shown every window and that search without an index, and cities matched whole by SIFT: all
grow with the area, and take hours beyond these.
"""


def main() -> None:
    """Measure what is not measured yet, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/speed"), help="what is made and measured")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results", help="folder of the table")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES_KM, help="sides of the cities, km")
    args = parser.parse_args()
    work: Path = args.work
    (work / "city").mkdir(parents=True, exist_ok=True)
    (work / "figures").mkdir(exist_ok=True)

    def known(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        path = work / "figures" / f"{name}.json"
        if not path.exists():
            _say(f"measuring {name} ...")
            told = measure() | {"date": today(), "commit": commit()}
            path.write_text(json.dumps(told))
        return dict(json.loads(path.read_text()))

    figures: dict[str, Any] = {
        "limits": known("limits", machine_limits),
        "engines": known("engines", lambda: engines(work)),
    }
    for side in args.sides:
        made = city(work / "city", side, _say)
        figures[f"{side}"] = {"km2": made.km2} | _of_city(made, side, work, known)
    report.write(args.output, figures)


def _of_city(made: City, side: int, work: Path, known: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    index, name = work / f"city_{side}.zarr", f"{side**2}km2"
    found = {"build": known(f"build_{name}", lambda: _task("build", made.mosaic, index))}
    by_index = ("search", made.queries, "--index", index)
    by_mosaic = ("search", made.queries, "--mosaic", made.mosaic)
    found["index"] = known(f"index_{name}", lambda: _task(*by_index))
    found["recall"] = known(f"recall_{name}", lambda: recall(index, made.queries))
    km2 = side**2
    if km2 in EXHAUSTIVE:
        asked = ("--exhaustive", "--count", EXHAUSTIVE[km2])
        found["exhaustive index"] = known(f"exhaustive_index_{name}", lambda: _task(*by_index, *asked))
    if km2 in MOSAIC:
        asked = ("--count", MOSAIC[km2])
        found["mosaic"] = known(f"mosaic_{name}", lambda: _task(*by_mosaic, *asked))
        found["exhaustive"] = known(f"exhaustive_{name}", lambda: _task(*by_mosaic, "--exhaustive", *asked))
    if km2 in SIFT:
        found["sift"] = known(f"sift_{name}", lambda: _task("sift", made.mosaic, made.queries))
    return found


def _task(*arguments: object) -> dict[str, Any]:
    """See `benchmarks.speed.task`."""
    command = [sys.executable, "-m", "benchmarks.speed.task", "--began", str(time.time()), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
