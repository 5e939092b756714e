"""How much CPU time a click costs beside a busy loop: threads that wait for each other in a loop cost several times it.

Each measurement is a process of its own, started as a user starts it: how many threads it computes by is its choice.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.provenance import ROOT

AIM = 1.5
"""CPU time beside a busy loop over that alone, at the most."""
WITHIN_M = 200.0
"""Searched round the photograph's own position."""
LOOP = "while True: pass"
START_S = 1.0
"""How long the loop runs before anything is measured beside it."""


def busy_locate(mosaic: Path, queries: Path) -> dict[str, float]:
    """Measure `geoloc locate` on the first click of a file of labelled queries; see `busy`."""
    from geoloc.evaluation.labelled import read_queries

    query = read_queries(queries)[0]
    click = f"{query.click.x!r},{query.click.y!r}"
    inputs = [str(query.photo), "--click", click, "--mosaic", str(mosaic)]
    return busy([sys.executable, "-m", "geoloc", "locate", *inputs, "--within", str(WITHIN_M), "-q"])


def busy(command: Sequence[str]) -> dict[str, float]:
    """Measure CPU seconds of a command alone and beside a process that computes without a pause, and their ratio."""
    alone = cpu_s(command)
    with busy_loop():
        beside = cpu_s(command)
    return {"alone_s": alone, "beside_s": beside, "ratio": beside / alone}


def cpu_s(command: Sequence[str]) -> float:
    """Run a command and return the CPU seconds, user and system, of it and of what it waited for.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    # So that the object does not wait for what is gone.
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


@contextmanager
def busy_loop() -> Iterator[subprocess.Popen[bytes]]:
    """Keep a core busy by another process."""
    process = subprocess.Popen([sys.executable, "-c", LOOP])
    try:
        time.sleep(START_S)
        yield process
    finally:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    """Return the environment without anything that says how many threads there are, or how they wait."""
    refused = ("OMP_", "KMP_", "OPENBLAS_", "MKL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(refused)}
    return kept | {"PYTHONPATH": str(ROOT)}
