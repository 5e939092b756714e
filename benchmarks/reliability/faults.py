"""Faults in the middle of a batch and a search, and what is left: `python -m benchmarks.reliability.faults`.

Each is the real command in a process of its own, on a small mosaic that is made here. One line a fault; exit code 1
where anything was lost, or was told otherwise than in one line. Those that need a disk of their own need root (tmpfs).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.reliability.place import PHOTOS, make_place

ROOT = Path(__file__).parents[2]


class Place:
    """A folder with mosaic, photos and queries, and the commands that use them."""

    def __init__(self, folder: Path) -> None:
        """Make it, and run both commands once, undisturbed."""
        self.folder = folder
        make_place(folder)
        begin = time.monotonic()
        self.finish(self.batch("whole.geojson"))
        self.batch_s = time.monotonic() - begin
        self.finish(self.locate("one.geojson"))

    def batch(self, output: Path | str) -> list[str]:
        """Return the words of the batch."""
        return ["batch", "queries.csv", "--mosaic", "m.tif", "-q", "-o", str(output)]

    def locate(self, output: Path | str) -> list[str]:
        """Return the words of the search."""
        return [
            "locate",
            "p0.png",
            "--click",
            "90,100",
            "--mosaic",
            "m.tif",
            "--min-score",
            "0",
            "-q",
            "-o",
            str(output),
        ]

    def start(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command."""
        command = [sys.executable, "-m", "geoloc", *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True)

    def finish(self, words: Sequence[str]) -> None:
        """Run a command to its end, which must be a good one."""
        process = self.start(words)
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(words)}: {errors}")

    def refused(self, words: Sequence[str]) -> str:
        """Run a command that must fail in one line; return what is wrong with that, or nothing."""
        process = self.start(words)
        _, errors = process.communicate()
        lines = errors.strip().splitlines()
        one_line = process.returncode == 1 and len(lines) == 1 and lines[0].startswith("Error: ")
        return "" if one_line and "unexpected" not in lines[0] else f"{process.returncode}: {errors[-300:]}"

    def content(self, name: str) -> bytes:
        """Return what is in a file of the folder; nothing where there is none."""
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""


def killed(place: Place, tries: int, rng: random.Random) -> str:
    """`kill -9` at random moments of a batch; then the same command once more."""
    wrong = 0
    for _ in range(tries):
        process = place.start(place.batch("cut.geojson"))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=rng.uniform(0, place.batch_s))
        process.kill()
        process.communicate()
        if not place.content("cut.geojson"):
            place.finish(place.batch("cut.geojson"))
        wrong += place.content("cut.geojson") != place.content("whole.geojson")
        (place.folder / "cut.geojson").unlink(missing_ok=True)
    return f"{wrong} of {tries} differ" if wrong else ""


def killed_search(place: Place, tries: int, rng: random.Random) -> str:
    """`kill -9` at random moments of a search that replaces a file: the old one or the new one is there, whole."""
    wrong = 0
    for _ in range(tries):
        (place.folder / "two.geojson").write_text("old")
        process = place.start([*place.locate("two.geojson"), "--overwrite"])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=rng.uniform(0, place.batch_s))
        process.kill()
        process.communicate()
        wrong += place.content("two.geojson") not in (b"old", place.content("one.geojson"))
    return f"{wrong} of {tries} are neither" if wrong else ""


def replaced(place: Place, tries: int, rng: random.Random) -> str:
    """A photo is replaced by half of itself while a batch runs: it is answered or a row with an error."""
    whole = place.content("p1.png")
    for _ in range(min(tries, 5)):
        process = place.start(place.batch("replaced.geojson"))
        time.sleep(rng.uniform(0, place.batch_s))
        (place.folder / "p1.png").write_bytes(whole[: len(whole) // 2])
        _, errors = process.communicate()
        (place.folder / "p1.png").write_bytes(whole)
        if "unexpected" in errors or "Traceback" in errors or not place.content("replaced.geojson"):
            return errors[-300:]
        (place.folder / "replaced.geojson").unlink()
    return ""


def two_writers(place: Place, tries: int, rng: random.Random) -> str:
    """Two batches into one output: one is refused in a line, or both come one after the other; the output is whole."""
    both = [place.start([*place.batch("both.geojson"), "--overwrite"]) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    good = [process.returncode == 0 for process in both]
    told = all(ok or "another run of geoloc is writing it" in text for ok, text in zip(good, said, strict=True))
    same = place.content("both.geojson") == place.content("whole.geojson")
    return "" if any(good) and told and same else f"{good} {same} {said}"


def no_file(place: Place, tries: int, rng: random.Random) -> str:
    """The output is a folder."""
    (place.folder / "folder.geojson").mkdir()
    return "; ".join(filter(None, (place.refused(words("folder.geojson")) for words in (place.batch, place.locate))))


@contextlib.contextmanager
def _disk(options: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def full_disk(place: Place, tries: int, rng: random.Random) -> str:
    """The disk of the output is full, at once, or for a batch when its first answers are to be kept."""
    wrong = []
    for words, free in ((place.batch, 0), (place.locate, 0), (place.batch, 1)):
        with _disk("size=64k") as disk:
            # In pages, which is what such a disk has.
            (disk / "filler").write_bytes(bytes(65536 - 4096 * (free + 1)))
            with contextlib.suppress(OSError), (disk / "rest").open("wb", buffering=0) as rest:
                rest.write(bytes(4096 * (1 - free)))
            wrong.append(place.refused(words(disk / "out.geojson")))
            wrong.append("half an output" if (disk / "out.geojson").exists() else "")
    return "; ".join(filter(None, wrong))


def read_only(place: Place, tries: int, rng: random.Random) -> str:
    """The disk of the output may not be written."""
    with _disk("size=64k,ro") as disk:
        said = (place.refused(words(disk / "out.geojson")) for words in (place.batch, place.locate))
        return "; ".join(filter(None, said))


FAULTS: tuple[Callable[[Place, int, random.Random], str], ...] = (
    killed,
    killed_search,
    replaced,
    two_writers,
    no_file,
    full_disk,
    read_only,
)


def main() -> int:
    """Try all faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=50, help="of a kill at a random moment")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[fault.__name__ for fault in FAULTS])
    args = parser.parse_args()
    rng, failed = random.Random(args.seed), 0
    folder = Path(tempfile.mkdtemp(prefix="geoloc-faults-"))
    try:
        place = Place(folder)
        print(f"A batch of {PHOTOS} photos takes {place.batch_s:.1f} s", flush=True)  # noqa: T201
        for fault in FAULTS:
            if args.only in (None, fault.__name__):
                begin = time.monotonic()
                try:
                    wrong = fault(place, args.tries, rng)
                except subprocess.CalledProcessError as error:
                    print(f"skip {fault.__name__}: no disk of its own ({error.stderr})", flush=True)  # noqa: T201
                    continue
                failed += bool(wrong)
                seconds = time.monotonic() - begin
                print(f"{'FAIL' if wrong else 'ok'} {fault.__name__}, {seconds:.0f} s {wrong}", flush=True)  # noqa: T201
    finally:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
