"""Faults in the middle of what geoloc does, and what is left: `python -m benchmarks.reliability.faults`.

Each is the real command in a process of its own, on a small mosaic that is made here. One line a fault; exit code 1
where anything was lost, or was told otherwise than in one line. Those that need a disk of their own need root (tmpfs).
"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.reliability.kills import Fault, killed, killed_index, killed_search, killed_training, stopped
from benchmarks.reliability.place import Place, wrong_with


def replaced(place: Place, kills: int, rng: random.Random) -> Fault:
    """A photo, or the mosaic, is cut to its first half while a batch runs: answers, rows with an error, or a line."""
    begin = time.monotonic()
    place.finish(place.batch("replaced.geojson"))
    takes_s, times = time.monotonic() - begin, min(kills, 5)
    for name in ("p1.png", "m.tif"):
        whole = place.content(name)
        for _ in range(times):
            (place.folder / "replaced.geojson").unlink(missing_ok=True)
            process = place.start(place.batch("replaced.geojson"))
            time.sleep(rng.uniform(0, takes_s))
            (place.folder / name).write_bytes(whole[: len(whole) // 2])
            _, errors = process.communicate()
            (place.folder / name).write_bytes(whole)
            for journal in place.folder.glob("*.partial.jsonl"):
                journal.unlink()
            told = place.content("replaced.geojson") or not wrong_with(process.returncode, errors)
            if "unexpected" in errors or "Traceback" in errors or process.returncode < 0 or not told:
                return f"{name}: {errors[-300:]}", ""
    return "", f"each {times} times"


def two_writers(place: Place, kills: int, rng: random.Random) -> Fault:
    """Two batches into one output: one is refused in a line, or both come one after the other; the output is whole."""
    place.finish([*place.batch("whole.geojson"), "--overwrite"])
    both = [place.start([*place.batch("both.geojson"), "--overwrite"]) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    good = [process.returncode == 0 for process in both]
    told = all(ok or "another run of geoloc is writing it" in text for ok, text in zip(good, said, strict=True))
    same = place.content("both.geojson") == place.content("whole.geojson")
    return "" if any(good) and told and same else f"{good} {same} {said}", ""


def two_builders(place: Place, kills: int, rng: random.Random) -> Fault:
    """Two builds of one index: it is whole, and who failed has said so in a line."""
    place.finish([*place.index("whole.zarr"), "--overwrite"])
    both = [place.start(place.index("both.zarr")) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    codes = [process.returncode for process in both]
    told = all(code == 0 or not wrong_with(code, text) for code, text in zip(codes, said, strict=True))
    same = place.content("both.zarr") == place.content("whole.zarr")
    return "" if 0 in codes and told and same else f"{codes} {same} {said}", f"exit codes {codes}"


def many_readers(place: Place, kills: int, rng: random.Random) -> Fault:
    """Eight searches of one index at the same time: the same answer, and the index as it was."""
    place.finish([*place.index("read.zarr"), "--overwrite"])
    before = place.content("read.zarr")
    names = [f"reader{number}.geojson" for number in range(8)]
    readers = [place.start([*place.locate(name), "--index", "read.zarr"]) for name in names]
    said = [reader.communicate()[1] for reader in readers]
    answers = {place.content(name) for name in names}
    good = not any(reader.returncode for reader in readers) and len(answers) == 1 and b"rank" in answers.pop()
    return "" if good and place.content("read.zarr") == before else f"{said}", ""


def no_file(place: Place, kills: int, rng: random.Random) -> Fault:
    """The output is a folder, or for an index a file."""
    (place.folder / "folder.geojson").mkdir()
    (place.folder / "file.zarr").write_text("a file")
    said = [place.refused(words("folder.geojson")) for words in (place.batch, place.locate)]
    return "; ".join(filter(None, [*said, place.refused(place.index("file.zarr"))])), ""


@contextlib.contextmanager
def _disk(options: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def full_disk(place: Place, kills: int, rng: random.Random) -> Fault:
    """The disk of the output is full, at once, or for a batch when its first answers are to be kept."""
    wrong = []
    for words, free in ((place.batch, 0), (place.locate, 0), (place.batch, 1), (place.index, 0), (place.index, 1)):
        with _disk("size=64k") as disk:
            # In pages, which is what such a disk has.
            (disk / "filler").write_bytes(bytes(65536 - 4096 * (free + 1)))
            with contextlib.suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
                rest.write(bytes(4096 * (1 - free)))
            out = disk / ("out.zarr" if words == place.index else "out.geojson")
            wrong.append(place.refused(words(out)))
            wrong.append("half an output" if out.is_file() else "")
    return "; ".join(filter(None, wrong)), ""


def read_only(place: Place, kills: int, rng: random.Random) -> Fault:
    """The disk of the output may not be written."""
    with _disk("size=64k,ro") as disk:
        said = [place.refused(words(disk / "out.geojson")) for words in (place.batch, place.locate)]
        return "; ".join(filter(None, [*said, place.refused(place.index(disk / "out.zarr"))])), ""


FAULTS: tuple[Callable[[Place, int, random.Random], Fault], ...] = (
    killed,
    killed_search,
    killed_index,
    killed_training,
    stopped,
    replaced,
    two_writers,
    two_builders,
    many_readers,
    no_file,
    full_disk,
    read_only,
)


def main() -> int:
    """Try all faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", "--tries", type=int, default=50, help="at random moments, of each thing")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[fault.__name__ for fault in FAULTS])
    args = parser.parse_args()
    rng, failed = random.Random(args.seed), 0
    with tempfile.TemporaryDirectory(prefix="geoloc-faults-") as folder:
        place = Place(Path(folder))
        # What the commands are forked from takes some time to begin, which is not theirs.
        place.finish(["geoloc", "--version"])
        for fault in FAULTS:
            if args.only not in (None, fault.__name__):
                continue
            begin = time.monotonic()
            try:
                wrong, told = fault(place, args.kills, rng)
            except subprocess.CalledProcessError as error:
                print(f"skip {fault.__name__}: no disk of its own ({error.stderr})", flush=True)  # noqa: T201
                continue
            failed += bool(wrong)
            seconds = time.monotonic() - begin
            print(f"{'FAIL' if wrong else 'ok'} {fault.__name__}, {seconds:.0f} s: {told} {wrong}", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
