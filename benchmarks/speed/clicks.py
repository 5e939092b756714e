"""What a click costs where it is small: a mosaic of 20 ha at 0.3 m, photographs of one flight, several clicks in each.

Each way is a process of its own that clicks in every photograph: the first click on the mosaic, the first in each other
photograph, and the next ones in the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.provenance import ROOT
from benchmarks.speed.busy import cpu_s

SIDE_M, SMALL_SIDE_M, GSD_M, PHOTOS, SEED = 450.0, 224.0, 0.3, 8, 911
"""20 ha, and the 5 ha of a single click from the shell."""
CLICKS = 3
"""In each photograph."""
AIMS = {"first in a photo": 2.5, "next in the same photo": 0.6, "attention alone": 5.0}
"""CPU seconds, at the most."""
COLD_AIM_S = 4.0
"""Seconds of `geoloc locate` from the shell to the answer, of 5 ha, on a machine with nothing else to do."""


def measure(folder: Path, task: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Make the towns, once, and measure.

    Args:
        folder: where the towns are kept.
        task: runs `benchmarks.speed.task` with arguments and returns its figures.

    Returns:
        CPU seconds of clicks by what they are; `cold`: CPU and wall seconds of `geoloc locate`.
    """
    from geoloc import town

    places = {side: folder / f"town_{side:g}" for side in (SIDE_M, SMALL_SIDE_M)}
    for side, place in places.items():
        if not (place / "queries.csv").exists():
            town.build(place, seed=SEED, size_m=side, gsd_m=GSD_M, photos=PHOTOS, panoramas=0)
    inputs = (places[SIDE_M] / "mosaic.tif", places[SIDE_M] / "queries.csv")
    auto, off = task("clicks", *inputs), task("clicks", *inputs, "--off")
    return {
        "first on the mosaic": auto["cpu"][0][:1],
        "first in a photo": [clicks[0] for clicks in auto["cpu"][1:]],
        "next in the same photo": [seconds for clicks in auto["cpu"] for seconds in clicks[1:]],
        "attention alone": [seconds for clicks in off["cpu"][1:] for seconds in clicks],
        "steps": auto["steps"],
        "cold": _cold(places[SMALL_SIDE_M]),
    }


def table(figures: dict[str, Any]) -> list[str]:
    """Return the lines of a section in Markdown."""
    lines = ["", "## Clicks", ""]
    lines += [
        f"CPU seconds of a click in a town of {SIDE_M**2 / 1e4:.0f} ha at {GSD_M:g} m, the network loaded;",
        f"{PHOTOS} photographs, {CLICKS} clicks in each.",
        "",
        "| click | median | most | aim, at most |",
        "|---|---|---|---|",
    ]
    for name in ("first on the mosaic", *AIMS):
        aim = f"{AIMS[name]:g}" if name in AIMS else ""
        lines.append(f"| {name} | {median(figures[name]):.2f} | {max(figures[name]):.2f} | {aim} |")
    cold = figures["cold"]
    lines += [
        "",
        f"`geoloc locate` from the shell to the answer, {SMALL_SIDE_M**2 / 1e4:.0f} ha: {cold['cpu']:.1f} CPU seconds, "
        f"{cold['seconds']:.1f} s in all (aim {COLD_AIM_S:g} s on a machine with nothing else to do).",
    ]
    return lines


def _cold(place: Path) -> dict[str, float]:
    """Measure one click from the shell, after one that brings the files into memory."""
    from geoloc.evaluation.labelled import read_queries

    query = read_queries(place / "queries.csv")[0]
    click = f"{query.click.x!r},{query.click.y!r}"
    inputs = [str(query.photo), "--click", click, "--mosaic", str(place / "mosaic.tif")]
    command = [sys.executable, "-m", "geoloc", "locate", *inputs, "-q"]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, check=True)
    begun = time.perf_counter()
    cpu = cpu_s(command)
    return {"cpu": cpu, "seconds": time.perf_counter() - begun}
