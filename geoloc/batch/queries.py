"""Queries of one run: clicks in many photographs, from a CSV file, a vector file or a folder."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geoloc.errors import QueriesError
from geoloc.photo.files.moment import is_video, split_moment
from geoloc.photo.target import Target
from geoloc.photo.target_table import BOX, CLICK, MOMENT, OBJECT, POLYGON, photo_of, target_of
from geoloc.system.spreadsheet import spelled
from geoloc.system.table import TableRow, check_columns, read_csv
from tiling.names import to_save_first
from tiling.trust import layers_elsewhere

LOG = logging.getLogger(__name__)
REQUIRED = ("photo", *CLICK)
"""Columns of every file of queries; pixels of the upright photo, from its upper left corner."""
IN_FOLDER = "clicks.csv"
"""The file of queries in a folder of photographs."""
TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
READ_SUFFIXES = (".gpkg", ".geojson", ".json", ".fgb")
EXPECTED = f"a CSV file with the columns {', '.join(REQUIRED)}, a vector file ({', '.join(READ_SUFFIXES)}) with them"
_SPREADSHEETS = (".xlsx", ".xls", ".ods", ".numbers")
_TEXT = "object"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PhotoQuery:
    """One object in one photo.

    Attributes:
        number: number of its row, from 1.
        photo: path of the photo.
        target: what was clicked.
        others: what else its row says, by column.
        object_id: the object that it is of, where it is asked together with other rows; empty where for itself.
    """

    number: int
    photo: Path
    target: Target
    others: Mapping[str, Any]
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Queries:
    """All queries of a run.

    Attributes:
        file: file that they were read from.
        items: the queries, in the order of the file.
        columns: columns of `PhotoQuery.others`, and their types in a table.
    """

    file: Path
    items: tuple[PhotoQuery, ...]
    columns: Mapping[str, str]


def read_photo_queries(path: Path, *, photos: Path | None = None) -> Queries:
    """Read queries from a file.

    It has the `REQUIRED` columns and perhaps those of the `BOX` and the `POLYGON`, which rows may leave empty; a row
    that has one of these may leave the click empty; a row without any value is passed over. Whether a photo is there
    and shows the click is not looked at.

    Args:
        path: a CSV file as spreadsheets write it (`geoloc.system.table.read_csv`), a vector file (the attributes of its
            first layer count), or a folder of photographs with the file `IN_FOLDER`.
        photos: folder that paths of photos are relative to; None for the file's.

    Raises:
        QueriesError: no such file, not of these kinds, a missing column, a missing or senseless value (with its row and
            column), no rows.
    """
    if reason := to_save_first(path):
        raise QueriesError(reason)
    file = path / IN_FOLDER if path.is_dir() else path
    if not file.is_file():
        missing = f"no {IN_FOLDER} in this folder" if path.is_dir() else "no such file"
        raise QueriesError(f"{path}: {missing}; give {EXPECTED}, or a folder of photos with {IN_FOLDER} in it")
    suffix = file.suffix.lower()
    records: Iterable[TableRow]
    if suffix in TEXT_SUFFIXES:
        names, records = read_csv(file, REQUIRED, (*BOX, POLYGON, OBJECT))
        columns = {name: _TEXT for name in names if name}
    elif suffix in READ_SUFFIXES:
        columns, records = _read_vector(file)
    else:
        saved = "; save a spreadsheet as CSV (UTF-8)" if suffix in _SPREADSHEETS else ""
        raise QueriesError(f"{file}: unknown kind of file; give {EXPECTED}{saved}")
    boxed = all(name in columns for name in BOX)
    used = {*REQUIRED, *(BOX if boxed else ()), POLYGON}
    others = {name: dtype for name, dtype in columns.items() if name not in used}
    folder = file.parent if photos is None else photos
    # A million rows have a few thousand photos: each path is kept once.
    paths: dict[Path, Path] = {}
    filled = (record for record in records if any(map(record.has, columns)))
    items = tuple(_query(folder, number, record, others, paths) for number, record in enumerate(filled, start=1))
    if not items:
        raise QueriesError(f"{file}: holds no queries")
    if all(0 <= side <= 1 for query in items for side in (query.target.click.x, query.target.click.y)):
        LOG.warning("%s: every click is in the first pixel of its photo; give pixels, not shares of the sides", file)
    _warn_of_moments(file, items, others)
    return Queries(file, together(items), others)


def together(items: Sequence[PhotoQuery]) -> tuple[PhotoQuery, ...]:
    """Return queries with the name of the object that they are asked together for: what `OBJECT` says of several.

    A photograph shows an object once. A value that several rows of one photograph have is a kind of object; its rows
    are asked each for itself, which is told.
    """
    # One photograph may have several paths.
    real: dict[Path, Path] = {}
    photos: dict[str, set[Path]] = {}
    counts: Counter[str] = Counter()
    for query in items:
        if name := _object_of(query):
            if query.photo not in real:
                real[query.photo] = query.photo.resolve()
            photos.setdefault(name, set()).add(real[query.photo])
            counts[name] += 1
    kinds = sorted(name for name, seen in photos.items() if counts[name] > len(seen))
    if kinds:
        more = f" (and {len(kinds) - 3} more)" if len(kinds) > 3 else ""
        LOG.warning(
            "column %s: several rows of one photo are of %s%s: not one object, so each row is a question of its own",
            OBJECT,
            ", ".join(map(repr, kinds[:3])),
            more,
        )
    shared = {name for name, count in counts.items() if count > 1} - set(kinds)
    if not shared:
        return tuple(items)
    return tuple(replace(query, object_id=name) if (name := _object_of(query)) in shared else query for query in items)


def _warn_of_moments(file: Path, items: Sequence[PhotoQuery], others: Iterable[str]) -> None:
    """Say once where a number in a column `MOMENT` stands beside a photo that is no video."""
    names = [name for name in others if name.strip().casefold() in MOMENT]
    for query in items if names else ():
        told = [name for name in names if _is_number(query.others[name])]
        if told and not is_video(split_moment(query.photo)[0]):
            LOG.warning("%s: time and frame are of videos; %s is none: %s is not used", file, query.photo.name, told[0])
            return


def _is_number(value: Any) -> bool:
    """Whether it may be seconds or a frame; when a photo was taken, such as "2024-05-01 12:30", is not."""
    try:
        return value is not None and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _object_of(query: PhotoQuery) -> str:
    value = query.others.get(OBJECT)
    return "" if value is None else str(value).strip()


def _query(folder: Path, number: int, record: TableRow, others: Iterable[str], paths: dict[Path, Path]) -> PhotoQuery:
    photo = photo_of(record, folder)
    values = {name: record.values[name] for name in others} or _NOTHING
    return PhotoQuery(number, paths.setdefault(photo, photo), target_of(record), values)


def _read_vector(path: Path) -> tuple[dict[str, str], list[TableRow]]:
    """Read the types of the attributes of a file's first layer, and its rows."""
    import pyogrio

    if reason := layers_elsewhere(path):
        raise QueriesError(reason)
    try:
        info = pyogrio.read_info(path, layer=0)
        frame = pyogrio.read_dataframe(path, layer=0, read_geometry=False)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        text = " ".join(str(error).split())
        raise QueriesError(f"{path}: not a vector file that can be read ({text})") from None
    names = spelled(list(info["fields"]), (*REQUIRED, *BOX, POLYGON, OBJECT))
    columns = {name: table_type(dtype) for name, dtype in zip(names, info["dtypes"], strict=True)}
    check_columns(f"{path}", list(names), REQUIRED, "in its first layer")
    frame.columns = list(names)
    values = [[plain_value(value, dtype) for value in frame[name]] for name, dtype in columns.items()]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
    return columns, [TableRow(f"{path}, row {number}", row) for number, row in enumerate(rows, start=1)]


def table_type(dtype: str) -> str:
    """Return the type of a column that may hold nulls: text, which all formats know, if no number and no truth."""
    for start, table_type in (("int", "Int64"), ("uint", "Int64"), ("float", "float64"), ("bool", "boolean")):
        if str(dtype).startswith(start):
            return table_type
    return _TEXT


def plain_value(value: Any, table_type: str) -> Any:
    """Return a value as JSON knows it. pandas has nan and NaT for null, and then floats for whole numbers."""
    import pandas

    if value is None or value is pandas.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return {"Int64": int, "float64": float, "boolean": bool, _TEXT: str}[table_type](value)
