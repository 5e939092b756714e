"""The table and the plot of `benchmarks.speed`."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.provenance import commit, today
from benchmarks.speed import clicks
from benchmarks.speed.busy import AIM, WITHIN_M
from benchmarks.speed.recall import KS
from geoloc.system.output import replacing

CORE_HOUR_USD, GB_MONTH_USD = 0.05, 0.023
"""Assumed: about what clouds ask for a core of a general machine, and for object storage."""
AREAS_KM2 = (1_000, 1_000_000)
WAYS = {
    "index": "from the index, two stages",
    "exhaustive index": "from the index, every window",
    "mosaic": "from the mosaic, two stages",
    "sift": "SIFT and RANSAC on the whole mosaic",
}


def write(folder: Path, figures: dict[str, Any]) -> None:
    """Write `speed.md`, `speed.json` and `speed.png`, replacing older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    cities = [figures[key] for key in sorted(key for key in figures if key.isdigit())]
    machines = sorted({city[way]["machine"] for city in cities for way in city if way != "km2"})
    head = {"date": today(), "commit": commit(), "machine": "; ".join(machines), "command": "make bench-speed"}
    with replacing(folder / "speed.md") as temporary:
        temporary.write_text("\n".join(_markdown(head, figures, cities)) + "\n", encoding="utf-8")
    with replacing(folder / "speed.json") as temporary:
        temporary.write_text(json.dumps({**head, **figures}, indent=1) + "\n", encoding="utf-8")
    _plot(folder / "speed.png", cities)


def _markdown(head: dict[str, str], figures: dict[str, Any], cities: list[dict[str, Any]]) -> list[str]:
    lines = ["# Speed", "", "Written by the command below; do not edit. What it means stands in `docs/speed.md`.", ""]
    lines += [f"- {key}: {value}" for key, value in head.items()]
    lines += ["", "## The machine, and engines", ""]
    limits, engines = figures["limits"], figures["engines"]
    lines.append(f"Product of matrices {limits['gflops']:.0f} GFLOP/s; copying in memory {limits['gbytes']:.1f} GB/s.")
    lines += [
        "",
        "| engine | encoder, one block, ms | GFLOP/s | attention and head, 8 crops, ms | GFLOP/s |",
        "|---|---|---|---|---|",
    ]
    done = engines["operations"]
    for name, seconds in engines.items():
        if "encoder" in seconds and name != "operations":
            cells = [
                f"{1e3 * seconds[part]:.0f} | {done[part] / seconds[part] / 1e9:.0f}"
                for part in ("encoder", "attention")
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += clicks.table(figures["clicks"])
    lines += ["", "## Index", ""]
    lines += [
        "| km2 | windows | km2 a minute | megapixels a minute | share of the encoder's own rate"
        " | decoding alone, km2 a minute | MB a km2 | peak MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for city in cities:
        built, km2 = city["build"], city["km2"]
        minutes = built["seconds"] / 60
        share = built["encoder_s_a_block"] * built["blocks"] / built["seconds"]
        decoding = km2 / (built["decode_s_a_block"] * built["blocks"] / 60)
        rate = f"{km2 / minutes:.2f} | {built['megapixels'] / minutes:.0f}"
        lines.append(
            f"| {km2:.1f} | {built['windows']} | {rate} | {share:.2f} |"
            f" {decoding:.1f} | {built['bytes'] / 1e6 / km2:.1f} | {built['peak_mib']:.0f} |"
        )
    lines += [
        "",
        "## Searches",
        "",
        "Seconds of the first query, from the start of the process, and median of the next; CPU seconds likewise, of",
        "all threads; the step that answered, and how often.",
    ]
    lines += [
        "",
        "| km2 | how | first | next | CPU first | CPU next | hits | answered by | peak MiB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for city in cities:
        for key, name in WAYS.items():
            if key in city:
                search = city[key]
                times = " | ".join(_first_and_next(search.get(part, [])) for part in ("seconds", "cpu"))
                hits = f"{sum(search['hits'])} of {len(search['hits'])}"
                steps = ", ".join(f"{step} ({n})" for step, n in Counter(search.get("steps", [])).most_common())
                lines.append(f"| {city['km2']:.1f} | {name} | {times} | {hits} | {steps} | {search['peak_mib']:.0f} |")
    lines += ["", "## First stage", "", "Share of queries whose true place is in one of the best K windows."]
    lines += ["", f"| km2 | {' | '.join(f'K = {k}' for k in KS)} | queries | seconds |", f"|{'---|' * (3 + len(KS))}"]
    for city in cities:
        stage = city["recall"]
        shares = " | ".join(f"{stage['recall'][str(k)]:.2f}" for k in KS)
        lines.append(f"| {city['km2']:.1f} | {shares} | {stage['queries']} | {stage['seconds']:.2f} |")
    return lines + _beside_a_busy_loop(cities) + _costs(cities[-1])


def _first_and_next(seconds: list[float]) -> str:
    """Two cells: the first of some times, and the median of the others."""
    first, rest = seconds[:1], seconds[1:]
    return " | ".join(f"{median(some):.1f}" if some else "" for some in (first, rest))


def _beside_a_busy_loop(cities: list[dict[str, Any]]) -> list[str]:
    """Compare the CPU time of a click alone and beside a busy loop, in the cities where that was measured."""
    measured = [city for city in cities if "busy" in city]
    if not measured:
        return []
    lines = ["", "## Beside a busy loop", ""]
    lines += [
        f"CPU seconds of `geoloc locate`, started anew, within {WITHIN_M:g} m of the photograph's position: alone, and",
        "beside a process that computes without a pause.",
        "",
        "| km2 | alone | beside it | ratio | aim, at most |",
        "|---|---|---|---|---|",
    ]
    for city in measured:
        busy = city["busy"]
        seconds = f"{busy['alone_s']:.1f} | {busy['beside_s']:.1f}"
        lines.append(f"| {city['km2']:.1f} | {seconds} | {busy['ratio']:.2f} | {AIM:g} |")
    return lines


def _costs(city: dict[str, Any]) -> list[str]:
    """Estimate indexes of much larger areas, by the rate and size of one."""
    built, km2 = city["build"], city["km2"]
    core_hours = built["seconds"] * (os.cpu_count() or 1) / 3600 / km2
    gigabytes = built["bytes"] / 1e9 / km2
    lines = ["", "## What larger areas cost", ""]
    prices = f"{CORE_HOUR_USD} US$ a core hour and {GB_MONTH_USD} US$ a GB and month (assumed)"
    lines.append(f"From the city of {km2:.1f} km2, at {prices}.")
    lines += [
        "",
        "| km2 | core hours | on 64 cores, h | US$ to make | GB | US$ a month to keep |",
        "|---|---|---|---|---|---|",
    ]
    for area in AREAS_KM2:
        hours, size = core_hours * area, gigabytes * area
        cells = (f"{area:,}", f"{hours:,.0f}", f"{hours / 64:,.1f}", f"{hours * CORE_HOUR_USD:,.2f}")
        lines.append(f"| {' | '.join(cells)} | {size:,.0f} | {size * GB_MONTH_USD:,.2f} |")
    return lines


def _plot(path: Path, cities: list[dict[str, Any]]) -> None:
    """Plot seconds by area, both logarithmic."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for key, name in WAYS.items():
        searches = [(city["km2"], city[key]["seconds"]) for city in cities if key in city]
        points = [(km2, median(seconds[1:] or seconds)) for km2, seconds in searches]
        if points:
            axes.loglog(*zip(*points, strict=True), marker="o", label=name)
    points = [(city["km2"], city["build"]["seconds"]) for city in cities]
    axes.loglog(*zip(*points, strict=True), marker="s", color="grey", linestyle=":", label="making the index, once")
    axes.set(xlabel="area searched, km²", ylabel="seconds a query")
    axes.grid(which="both", alpha=0.3)
    axes.legend(fontsize=8)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
    plt.close(figure)
