"""The journal of a run: what it has finished, in a file beside its output, so that it can go on after a cut.

The first line says what the answers depend on, each other one what was answered in one photo. A line counts once it is
whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapely.geometry import Polygon, mapping

from geoloc.batch.outcome import QueryOutcome
from geoloc.errors import OutputError
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
        done: outcomes of earlier runs, by the number of their query.
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
        self.done: dict[int, QueryOutcome] = {}
        wanted = json.loads(json.dumps(settings))
        try:
            lines = _whole_lines(self.path)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read ({error.strerror})") from None
        if lines:
            try:
                self.done = _outcomes(lines, wanted)
                return
            except OutputError as error:
                if not overwrite:
                    raise OutputError(f"{self.path}: {error}, or --overwrite to start anew") from None
        try:
            # In place, since who holds the file holds it by its inode. A line that was cut off does not count.
            self.path.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error

    def add(self, photo: Path, outcomes: Sequence[QueryOutcome]) -> None:
        """Keep what was answered in a photo, on the disk when this returns.

        Raises:
            OutputError: the disk is full, or another failure of the system to write.
        """
        queries = [
            {"query": outcome.number, "answers": [_to_json(row) for row in outcome.answers], "note": outcome.note}
            for outcome in outcomes
        ]
        line = {"photo": str(photo), "state": file_state(photo), "queries": queries}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error

    def remove(self) -> None:
        """Remove the journal, once the output is written."""
        self.path.unlink(missing_ok=True)


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


def _whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a journal, none where there is no such file; remove what was cut off at its end."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return whole.splitlines()


def _outcomes(lines: Iterable[bytes], settings: Mapping[str, Any]) -> dict[int, QueryOutcome]:
    """Read outcomes; raise `OutputError` that says what is wrong with the lines, to go on with "or"."""
    done: dict[int, QueryOutcome] = {}
    try:
        first, *others = map(json.loads, lines)
        other = [name for name in {**settings, **first} if settings.get(name) != first.get(name)]
        if other:
            raise OutputError(f"was begun with another {', '.join(other)}; give the same as then")
        for line in others:
            # A photo that was changed since is searched again.
            if file_state(Path(line["photo"])) == line["state"]:
                for query in line["queries"]:
                    answers = tuple(map(_from_json, query["answers"]))
                    done[query["query"]] = QueryOutcome(query["query"], answers, note=query.get("note", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise OutputError("is damaged; remove it") from None
    return done


def _to_json(row: Row) -> dict[str, Any]:
    # Python writes floats such that reading gives the same ones.
    return {"rings": row.geometry and mapping(row.geometry)["coordinates"], "properties": row.properties}


def _from_json(value: Mapping[str, Any]) -> Row:
    outer, *holes = value["rings"]
    return Row(Polygon(outer, holes), value["properties"])
