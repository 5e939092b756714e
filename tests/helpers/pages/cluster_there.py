"""Waits for a cluster that writes ~/dask.json: `python -m tests.helpers.pages.cluster_there [--address]`.

Until it has a worker; with `--address` until its scheduler listens, and says where: at a port that it chose itself.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

PATIENCE_S = 300
"""Nothing takes so long; a limit for what hangs."""


def main(words: list[str]) -> None:
    """Wait for the scheduler's file, and for a worker or tell the address.

    Raises:
        TimeoutError: one of them does not come.
    """
    address = _address(Path.home() / "dask.json")
    if words == ["--address"]:
        sys.stdout.write(f"{address}\n")
        return
    from distributed import Client

    with Client(address, timeout=PATIENCE_S) as client:
        client.wait_for_workers(1, timeout=PATIENCE_S)


def _address(file: Path) -> str:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError):
            # Not there yet, or a part of it.
            time.sleep(0.2)
    raise TimeoutError(f"no {file} after {PATIENCE_S} s")


if __name__ == "__main__":
    main(sys.argv[1:])
