"""The journal of a run: what it has finished, in a file beside its output, so that it can go on after a cut.

The first line says what the answers depend on. Then come a line for each query that was answered in a photo, and one
for the photo: its queries count once that is whole. What was answered stays there until it is asked for, so that a run
may have a million queries.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapely.geometry import Polygon, mapping

from geoloc.batch.outcome import QueryOutcome
from geoloc.errors import OutputError
from geoloc.photo.files.photo_state import photo_state
from geoloc.pipeline.request import SearchRequest
from geoloc.results.vector_files import Row
from geoloc.system.file_state import file_state
from geoloc.system.version import __version__
from tiling.area import Area

SUFFIX = ".partial.jsonl"
"""What comes after the name of the output."""


def settings_of(
    queries: Path, request: SearchRequest, files: Sequence[Path], weights: Path, area: Area
) -> dict[str, Any]:
    """Return what answers depend on, as JSON values by the names that a user knows it under.

    Args:
        queries: file of the queries.
        request: what is searched, where and how; its options count, except those that the rest stands for.
        files: files that change where what is searched does, told apart by size and time; what a VRT refers to is not
            looked at.
        weights: file of the weights.
        area: what the limits of the request amount to.
    """
    return {
        "version": __version__,
        "queries": hashlib.sha256(queries.read_bytes()).hexdigest(),
        "mosaic": [[str(path), *file_state(path)] for path in files],
        "weights": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "area": hashlib.sha256(area.polygon.wkb).hexdigest(),
        **request.absolute().settings(),
    }


class Journal:
    """The journal of one output.

    Attributes:
        path: its file.
        done: what was answered, in earlier runs too, by the number of the query; read from the file when it is asked
            for.
    """

    def __init__(self, output: Path, settings: Mapping[str, Any], *, overwrite: bool = False) -> None:
        """Go on with the journal beside an output, or begin one where there is none.

        Args:
            output: file that the run will write.
            settings: what answers depend on; see `settings_of`.
            overwrite: begin anew where the journal is of other settings or damaged.

        Raises:
            OutputError: the journal is of other settings, damaged, or cannot be read or written.
        """
        self.path = _path_of(output)
        self._places: dict[int, int] = {}
        self.done: Mapping[int, QueryOutcome] = _Kept(self.path, self._places)
        wanted = json.loads(json.dumps(settings))
        try:
            whole = self._go_on(wanted)
            if whole:
                os.truncate(self.path, whole)
                return
        except OutputError as error:
            self._places.clear()
            if not overwrite:
                raise OutputError(f"{self.path}: {error}, or --overwrite to start anew") from None
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read ({error.strerror})") from None
        try:
            # In place, since who holds the file holds it by its inode. A line that was cut off does not count.
            self.path.write_bytes(_line(wanted))
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error

    def add(self, photo: Path, outcomes: Sequence[QueryOutcome]) -> None:
        """Keep what was answered in a photo, on the disk when this returns.

        Raises:
            OutputError: the disk is full, or another failure of the system to write.
        """
        places: dict[int, int] = {}
        try:
            with self.path.open("ab") as file:
                for outcome in outcomes:
                    places[outcome.number] = file.tell()
                    answers = [_to_json(row) for row in outcome.answers]
                    line: dict[str, Any] = {"query": outcome.number, "answers": answers, "note": outcome.note}
                    if outcome.candidates:
                        line["candidates"] = outcome.candidates
                    file.write(_line(line))
                file.write(_line({"photo": str(photo), "state": photo_state(photo)}))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error
        self._places |= places

    def remove(self) -> None:
        """Remove the journal, once the output is written."""
        self.path.unlink(missing_ok=True)

    def _go_on(self, settings: Mapping[str, Any]) -> int:
        """Find what the file holds, and return up to which byte it is whole; 0 where there is nothing to go on with.

        Raises:
            OutputError: what is wrong with it, to go on with "or".
        """
        if not self.path.exists():
            return 0
        whole = place = 0
        photo: dict[int, int] = {}
        try:
            with self.path.open("rb") as file:
                for text in file:
                    if not text.endswith(b"\n"):
                        break
                    line = json.loads(text)
                    if not whole:
                        _compare(line, settings)
                        whole = len(text)
                    elif "query" in line:
                        _outcome_of(line)
                        photo[line["query"]] = place
                    else:
                        # A photo that was changed since is searched again.
                        if photo_state(Path(line["photo"])) == line["state"]:
                            self._places |= photo
                        photo, whole = {}, place + len(text)
                    place += len(text)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise OutputError("is damaged; remove it") from None
        return whole


class _Kept(Mapping[int, QueryOutcome]):
    """Outcomes that are read from a journal's file when they are asked for."""

    def __init__(self, path: Path, places: Mapping[int, int]) -> None:
        self._path, self._places = path, places

    def __getitem__(self, number: int) -> QueryOutcome:
        place = self._places[number]
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                return _outcome_of(json.loads(file.readline()))
        except (OSError, ValueError) as error:
            raise OutputError(f"{self._path}: was changed meanwhile ({error}); give the command again") from None

    def __contains__(self, number: object) -> bool:
        return number in self._places

    def __iter__(self) -> Iterator[int]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _path_of(output: Path) -> Path:
    return output.with_name(output.name + SUFFIX)


@contextmanager
def sole_writer(output: Path) -> Iterator[None]:
    """Hold the journal of an output, so that no other run adds to it meanwhile; a run that dies lets it go.

    Raises:
        OutputError: another run holds it, or it cannot be written.
    """
    path = _path_of(output)
    try:
        file = path.open("ab")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    with file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{output}: another run of geoloc is writing it; wait until that has ended, or give another name"
            ) from None
        except (ImportError, OSError):
            # Windows, and disks of other machines that know no locks: there it is up to the user.
            pass
        yield


def _compare(first: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Refuse a journal whose first line has other settings."""
    other = [name for name in {**settings, **first} if settings.get(name) != first.get(name)]
    if other:
        raise OutputError(f"was begun with another {', '.join(other)}; give the same as then")


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _outcome_of(line: Mapping[str, Any]) -> QueryOutcome:
    answers, candidates = tuple(map(_from_json, line["answers"])), tuple(line.get("candidates", ()))
    return QueryOutcome(line["query"], answers, note=line["note"], candidates=candidates)


def _to_json(row: Row) -> dict[str, Any]:
    # Python writes floats such that reading gives the same ones.
    return {"rings": row.geometry and mapping(row.geometry)["coordinates"], "properties": row.properties}


def _from_json(value: Mapping[str, Any]) -> Row:
    outer, *holes = value["rings"]
    return Row(Polygon(outer, holes), value["properties"])
