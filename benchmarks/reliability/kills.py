"""`kill -9` at random moments of what takes long, then the same command once more: what comes out is the same."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.reliability.place import Place

Fault = tuple[str, str]
"""What is wrong, nothing where all is well, and what else to tell."""


def killed(place: Place, kills: int, rng: random.Random) -> Fault:
    """A batch."""
    return _killed(place, _Work(place.batch, ".geojson"), kills, rng)


def killed_index(place: Place, kills: int, rng: random.Random) -> Fault:
    """The build of an index."""
    return _killed(place, _Work(place.index, ".zarr"), kills, rng)


def killed_training(place: Place, kills: int, rng: random.Random) -> Fault:
    """A training, whose weights are compared: the order of what a file of weights says of them changes."""
    return _killed(place, _Work(place.training, "", _checksum_of_weights), kills, rng)


def killed_search(place: Place, kills: int, rng: random.Random) -> Fault:
    """A search that replaces a file: the old one or the new one is there, whole."""
    begin = time.monotonic()
    place.finish(place.locate("one.geojson"))
    takes_s, wrong, midway = time.monotonic() - begin, 0, 0
    for _ in range(kills):
        (place.folder / "two.geojson").write_text("old")
        midway += _kill(place, [*place.locate("two.geojson"), "--overwrite"], rng.uniform(0, takes_s))
        wrong += place.content("two.geojson") not in (b"old", place.content("one.geojson"))
    return f"{wrong} are neither" if wrong else "", f"{midway} of {kills} kills midway"


def stopped(place: Place, kills: int, rng: random.Random) -> Fault:
    """SIGTERM in the second half of a batch and of the build of an index: it says so in a word, and goes on."""
    wrong, midway, times = [], 0, min(kills, 5)
    for work in (_Work(place.batch, ".geojson"), _Work(place.index, ".zarr")):
        whole, cut = f"whole{work.suffix}", f"cut{work.suffix}"
        _remove(place, whole)
        begin = time.monotonic()
        place.finish(work.words(whole))
        takes_s = time.monotonic() - begin
        for _ in range(times):
            process = place.start(work.words(cut))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=rng.uniform(takes_s / 2, takes_s))
            process.terminate()
            _, errors = process.communicate()
            if process.returncode:
                midway += 1
                # Before it listens, and after its end, a process dies of it without a word.
                if (process.returncode, errors.strip()) not in ((130, "Stopped."), (-signal.SIGTERM, "")):
                    wrong.append(f"{cut}: {process.returncode} {errors[-200:]}")
                _give_again(place, work, cut, whole)
            if work.result(place, cut) != work.result(place, whole):
                wrong.append(f"{cut} differs")
            _remove(place, cut)
    return "; ".join(wrong), f"{midway} of {2 * times} midway"


def _checksum_of_weights(place: Place, name: str) -> bytes:
    from safetensors import safe_open

    path = place.folder / name / "weights.safetensors"
    if not path.exists():
        return b""
    with safe_open(path, "pt") as file:
        return str(file.metadata()["sha256"]).encode()


@dataclass(frozen=True, slots=True)
class _Work:
    """What is killed: its command by the name of its output, the end of that name, and what is compared of it."""

    words: Callable[[str], Sequence[str]]
    suffix: str
    result: Callable[[Place, str], bytes] = Place.content


def _killed(place: Place, work: _Work, kills: int, rng: random.Random) -> Fault:
    """Kill a command at a moment of the time that it takes undisturbed, give it again, and compare what both leave."""
    whole, cut = f"whole{work.suffix}", f"cut{work.suffix}"
    _remove(place, whole)
    begin = time.monotonic()
    place.finish(work.words(whole))
    takes_s, wrong, midway = time.monotonic() - begin, 0, 0
    for _ in range(kills):
        if _kill(place, work.words(cut), rng.uniform(0, takes_s)):
            midway += 1
            _give_again(place, work, cut, whole)
        wrong += work.result(place, cut) != work.result(place, whole)
        _remove(place, cut)
    return f"{wrong} differ" if wrong else "", f"{midway} of {kills} kills midway, {takes_s:.0f} s undisturbed"


def _give_again(place: Place, work: _Work, cut: str, whole: str) -> None:
    """Give a command again, unless it had ended all but its process: an output that is there is refused."""
    if work.result(place, cut) != work.result(place, whole):
        place.finish(work.words(cut))


def _kill(place: Place, words: Sequence[str], after_s: float) -> bool:
    """Start a command and kill it; tell whether it was still running."""
    process = place.start(words)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=after_s)
    process.kill()
    _, errors = process.communicate()
    if process.returncode > 0:
        raise RuntimeError(f"{' '.join(words)}: {errors}")
    return process.returncode < 0


def _remove(place: Place, name: str) -> None:
    path = place.folder / name
    if path.is_dir():
        shutil.rmtree(path)
    for file in (path, *place.folder.glob(f"{name}.*")):
        file.unlink(missing_ok=True)
