"""Build synthetic towns one after another, in several processes, for trainers that take them in as they come.

    python -m geoloc.train.grow_towns TOWNS --processes 8 --first 1000 --minutes 9 --held-out

leaves folders `TOWNS/town_1000` and so on, each there whole or not at all; those that are there already are skipped.
Needs no raster library. Says a line on standard error for each town.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Lock
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import GeolocError, OutputError
from geoloc.system.threads import COUNTS

if TYPE_CHECKING:
    from geoloc.train.grounds.towns.maker import TrainingTown

LOOK_S = 0.2
END_S = 5.0
"""How long a process may take to end, its half-built town dropped, before it is ended by force."""


def main() -> None:
    """Parse the arguments and build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--first", type=int, default=1000, help="seed of the first town, 1000 or more")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long")
    parser.add_argument("--count", type=int, help="stop after so many towns, those there already counted")
    parser.add_argument("--held-out", action="store_true", help="first those that nobody trains on")
    args = parser.parse_args()
    if args.count is None and not math.isfinite(args.minutes):
        parser.error("say when to stop: --minutes or --count")
    if args.first < 1000 or args.processes < 1:
        parser.error("--first is 1000 or more and --processes 1 or more")
    signal.signal(signal.SIGTERM, _leave)
    try:
        grow(args.folder, args.processes, args.first, args.minutes, args.count, held_out=args.held_out)
    except GeolocError as error:
        sys.exit(f"error: {error}")


def grow(
    folder: Path,
    processes: int,
    first: int,
    minutes: float,
    count: int | None,
    *,
    held_out: bool = False,
    build: Callable[[int], TrainingTown] | None = None,
) -> None:
    """Build towns until the time is over or all are there.

    Args:
        folder: of towns; made where it is not there.
        processes: how many build at the same time, with one thread each.
        first: seed of the first town to train on; the others follow.
        minutes: how long at most; what is half built then is dropped.
        count: how many towns to train on; None for as many as there is time for.
        held_out: whether the towns that nobody trains on are built before.
        build: makes a town; None for `geoloc.train.grounds.towns.maker.build_town`.

    Raises:
        OutputError: the folder cannot be made, or a process has failed; it has said why.
    """
    until = time.monotonic() + 60 * minutes
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror}); give another folder") from None
    # One thread each: they are set before numpy is loaded there.
    os.environ.update(dict.fromkeys(COUNTS, "1"))
    context = multiprocessing.get_context("spawn")
    turn, lock = context.Value("q", 0, lock=False), context.Lock()
    last = math.inf if count is None else first + count
    arguments = (folder, turn, lock, first, last, held_out, build)
    builders = [context.Process(target=_build, args=arguments, daemon=True) for _ in range(processes)]
    for builder in builders:
        builder.start()
    try:
        while time.monotonic() < until and any(builder.is_alive() for builder in builders):
            time.sleep(LOOK_S)
        failed = any(builder.exitcode for builder in builders)
    finally:
        _end(builders)
    if failed:
        raise OutputError(f"{folder}: a process that builds towns has failed")


def _end(builders: Sequence[Any]) -> None:
    for builder in builders:
        builder.terminate()
    until = time.monotonic() + END_S
    for builder in builders:
        builder.join(max(0.0, until - time.monotonic()))
        if builder.is_alive():
            builder.kill()
            builder.join()


def _build(
    folder: Path,
    turn: Any,
    lock: Lock,
    first: int,
    last: float,
    held_out: bool,
    build: Callable[[int], TrainingTown] | None,
) -> None:
    """Build the next town that is nobody's turn yet, again and again."""
    signal.signal(signal.SIGTERM, _leave)
    import cv2
    import torch

    from geoloc.train.grounds.towns.maker import HELD_OUT, build_town
    from geoloc.train.grounds.towns.store import save_town, town_folder

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    before = list(HELD_OUT) if held_out else []
    while True:
        with lock:
            number = turn.value
            turn.value += 1
        seed = before[number] if number < len(before) else first + number - len(before)
        if seed >= last:
            return
        path = town_folder(folder, seed)
        if path.exists():
            continue
        began = time.monotonic()
        town = (build or build_town)(seed)
        save_town(path, town)
        took = time.monotonic() - began
        sys.stderr.write(
            f"town {seed}: {len(town.photos)} photographs, {len(town.masked.objects)} objects, {took:.0f} s\n"
        )


def _leave(*_: object) -> None:
    """End as at the end of a program, so that what is half written goes."""
    sys.exit(0)


if __name__ == "__main__":
    main()
