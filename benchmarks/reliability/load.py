"""Load: many queries through one warm worker, and a long table: `python -m benchmarks.reliability.load`.

Memory may grow by 5 % between the first tenth of the queries and the last, and open files not at all; exit code 1 where
they do. The table goes the whole way of a batch, from the file to the output, but for the search: every row has the
same answer. What a row takes is told.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import shapely

from benchmarks.reliability.place import PHOTOS, ROOT, make_place
from benchmarks.reliability.tiny_network import TINY, save_tiny

CLICKS = 20
"""In a photo before the next one's turn."""
_MOST_GROWTH = 1.05


def through_worker(queries: int, *, tiny: bool) -> bool:
    """Ask one worker so many queries; tell and return whether memory and handles stay.

    tiny: ask a network that is there for this alone, instead of the package's.
    """
    with tempfile.TemporaryDirectory() as folder:
        make_place(Path(folder))
        asked: dict[str, object] = {"mosaics": [f"{folder}/m.tif"]}
        if tiny:
            weights = Path(folder) / "tiny.safetensors"
            save_tiny(weights)
            asked |= {"model": TINY.name, "weights": str(weights)}
        pipe = subprocess.PIPE
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        module = "benchmarks.reliability.tiny_network" if tiny else "geoloc.worker"
        worker = subprocess.Popen([sys.executable, "-m", module], env=environment, stdin=pipe, stdout=pipe)
        begin, measured, tenth = time.monotonic(), [], max(1, queries // 10)
        for number in range(queries):
            # More photos than are kept, so that each is read again when its turn comes.
            photo = f"{folder}/p{number // CLICKS % PHOTOS}.png"
            x, y = 60 + number % 50, 60 + number % 41
            # Of a click the outline is found as well, which takes longer.
            target = {"box": [x - 9, y - 9, x + 9, y + 9]} if number % 4 else {"click": [x, y]}
            _ask(worker, {"id": number, "type": "locate", "photo": photo, **target, **asked})
            if (number + 1) % tenth == 0:
                measured.append(_held(worker.pid))
                print(f"{number + 1} queries: {measured[-1]}", file=sys.stderr, flush=True)  # noqa: T201
        worker.communicate()
    seconds = time.monotonic() - begin
    (before, handles), (after, handles_after) = measured[0], measured[-1]
    network = "a tiny network" if tiny else "the package's network"
    good = after <= before * _MOST_GROWTH and handles_after <= handles
    print(  # noqa: T201
        f"{'ok' if good else 'FAIL'} worker: {queries} queries of {network} in {seconds:.0f} s, {before:.0f} MiB after"
        f" a tenth, {after:.0f} MiB at the end ({after / before - 1:+.1%}), {handles} and {handles_after} open files",
        flush=True,
    )
    return good


def _ask(worker: subprocess.Popen[bytes], request: dict[str, object]) -> None:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    worker.stdin.flush()
    while (message := json.loads(worker.stdout.readline()))["type"] == "progress":
        pass
    if message["type"] != "result":
        raise RuntimeError(message["message"])


def _held(pid: int) -> tuple[float, int]:
    """MiB of a process's memory, and its open files."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20, len(list(Path(f"/proc/{pid}/fd").iterdir()))


def long_table(rows: int) -> None:
    """Read a table of so many rows, and write an answer to each; tell what it takes."""
    from geoloc.batch.journal import Journal
    from geoloc.batch.outcome import QueryOutcome, to_rows
    from geoloc.batch.queries import read_photo_queries
    from geoloc.batch.run import Group, run
    from geoloc.results.columns import COLUMNS
    from geoloc.results.vector_files import Row, write_rows

    # As much as a real answer holds.
    answer = Row(
        shapely.box(5e5, 5.4e6, 5e5 + 9, 5.4e6 + 9), {**dict.fromkeys(COLUMNS, None), "rank": 1, "note": 99 * "."}
    )

    def answered(groups: Iterable[Group]) -> Iterator[tuple[Group, list[QueryOutcome]]]:
        for group in groups:
            yield group, [QueryOutcome(query.number, (answer,)) for query in group[1]]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "q.csv"
        with path.open("w") as file:
            file.write("photo,click_x,click_y\n")
            file.writelines(f"photos/DJI_{row // 200:05}.JPG,{row % 4000}.5,{row % 3000}.25\n" for row in range(rows))
        before, begin = _held(os.getpid())[0], time.process_time()
        queries = read_photo_queries(path)
        read = _held(os.getpid())[0] - before
        output = Path(folder) / "out.gpkg"
        outcomes = run(queries, answered, Journal(output, {}))
        made, columns = to_rows(queries, outcomes, Counter())
        write_rows(made, output, columns, crs="EPSG:32633")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    print(  # noqa: T201
        f"ok table: {rows} rows in {time.process_time() - begin:.1f} s CPU; {read:.0f} MiB when they were read,"
        f" {most:.0f} MiB at the most until all answers were written, {most * 2**20 / rows:.0f} bytes a row",
        flush=True,
    )


def main() -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=10_000, help="of a tiny network, a tenth of the package's")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table")
    args = parser.parse_args()
    long_table(args.rows)
    # Ten times as many of a network that takes little time: what stays behind is mostly not the network's.
    runs = [through_worker(args.queries, tiny=True), through_worker(max(1, args.queries // 10), tiny=False)]
    return 0 if all(runs) else 1


if __name__ == "__main__":
    sys.exit(main())
