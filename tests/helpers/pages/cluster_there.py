"""Waits until a cluster has a worker: `python -m tests.helpers.pages.cluster_there`, of $SCHEDULER or ~/dask.json."""

from __future__ import annotations

import os
import time
from pathlib import Path

from distributed import Client

PATIENCE_S = 300
"""Nothing takes so long; a limit for what hangs."""


def main() -> None:
    """Wait for the file, if it is that of a scheduler which writes one, and for the worker."""
    file = Path.home() / "dask.json"
    while "SLURM" in os.environ and not (file.exists() and file.stat().st_size):
        time.sleep(0.2)
    where = {"scheduler_file": str(file)} if "SLURM" in os.environ else {"address": os.environ["SCHEDULER"]}
    with Client(**where, timeout=PATIENCE_S) as client:
        client.wait_for_workers(1, timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
