"""What stands in the place of a file: - is stdin or stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from geoloc.errors import GeolocError, QueriesError

if TYPE_CHECKING:
    from geoloc.results.vector_files import Row

STREAM = Path("-")


def or_stdout(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Take - for no file, as the callback of an option: what would be in it goes to stdout."""
    return None if value == STREAM else value


def write_to_stdout(rows: Iterable[Row], columns: Mapping[str, str], crs: Any) -> None:
    """Write rows as GeoJSON as they come: memory does not grow with their number."""
    from geoloc.results.writers.geojson import write_collection_to
    from geoloc.results.writers.row import FileLayer

    write_collection_to(sys.stdout, rows, FileLayer(columns, crs))
    sys.stdout.flush()


@contextmanager
def input_file(path: Path) -> Iterator[Path]:
    """Yield the file that is meant: the path itself, or what stdin holds, GeoJSON or CSV, as long as it is needed.

    Errors call that stdin.geojson or stdin.csv.

    Raises:
        QueriesError: stdin is empty.
    """
    if path != STREAM:
        yield path
        return
    with TemporaryDirectory(prefix="geoloc-") as folder:
        # What reads tables and vector files reads them twice, and tells them by their suffixes.
        text = sys.stdin.buffer.read()
        if not text.strip():
            raise QueriesError("stdin: is empty; give - only where another command writes into this one")
        file = Path(folder) / ("stdin.geojson" if text.lstrip().startswith(b"{") else "stdin.csv")
        file.write_bytes(text)
        try:
            yield file
        except GeolocError as error:
            error.args = (str(error).replace(str(file), file.name),)
            raise
