"""Waits until a cluster has a worker: `python -m tests.helpers.pages.cluster_there`, of $SCHEDULER or ~/dask.json."""

from __future__ import annotations

import os
import time
from pathlib import Path

PATIENCE_S = 300
"""Nothing takes so long; a limit for what hangs."""


def main() -> None:
    """Wait for the file, if it is that of a scheduler which writes one, and for the worker.

    Raises:
        TimeoutError: one of them does not come.
    """
    file, limit = Path.home() / "dask.json", time.monotonic() + PATIENCE_S
    while "SLURM" in os.environ and not (file.exists() and file.stat().st_size):
        if time.monotonic() > limit:
            raise TimeoutError(f"no {file} after {PATIENCE_S} s")
        time.sleep(0.2)
    from distributed import Client

    where = {"scheduler_file": str(file)} if "SLURM" in os.environ else {"address": os.environ["SCHEDULER"]}
    with Client(**where, timeout=PATIENCE_S) as client:
        client.wait_for_workers(1, timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
