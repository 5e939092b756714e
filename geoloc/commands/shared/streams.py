"""What stands in the place of a file: - is stdin or stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from geoloc.errors import GeolocError, QueriesError

STREAM = Path("-")


def or_stdout(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    """Take - for no file, as the callback of an option: what would be in it goes to stdout."""
    return None if value == STREAM else value


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
