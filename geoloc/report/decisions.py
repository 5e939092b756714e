"""What a person decided of answers: read from the CSV that a report saves, and written into the file of answers."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoloc.errors import OutputError, QueriesError
from geoloc.report.found_file import DECISION, DECISIONS, STATUS, FoundRow, decision_column, found_layer, read_found
from geoloc.results.vector_files import GEOJSON_SUFFIXES, SEQUENCE_SUFFIXES
from geoloc.results.writers.geojson import RECORD, write_texts
from geoloc.results.writers.tables import FLATGEOBUF, stream_layer
from geoloc.system.output import check_closed, replacing
from geoloc.system.table import TableRow, read_csv

_COLUMNS = ("row", "photo", "click_x", "click_y", "rank", DECISION)
_FORMULA = "=+-@\t\r"
_NEAR_PX = 0.01
_OWN = "geoloc_own_"
_SPATIAL_FUNCTIONS = (("ST_IsEmpty", 1), ("ST_MinX", 1), ("ST_MaxX", 1), ("ST_MinY", 1), ("ST_MaxY", 1))
"""What a GeoPackage's triggers name, and how many arguments each has: SQLite wants to know them, and calls none."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one row.

    Attributes:
        where: the file and its line, for an error.
        photo: of the row, to tell that it is this one.
        rank: of the row; None of a query without an answer.
        click: pixels of the photo; None where the row had none.
        decision: one of the `DECISIONS`, or empty: neither.
    """

    where: str
    photo: str
    rank: int | None
    click: tuple[float, float] | None
    decision: str

    def is_of(self, row: FoundRow) -> bool:
        """Whether it was taken of this row."""
        if self.photo != row.photo or self.rank != row.rank or (self.click is None) != (row.click is None):
            return False
        if self.click is None or row.click is None:
            return True
        return max(abs(self.click[0] - row.click.x), abs(self.click[1] - row.click.y)) <= _NEAR_PX


def read_decisions(path: Path) -> dict[int, Decision]:
    """Read the CSV that a report saved, by the number of the row; a spreadsheet may have written it again.

    Raises:
        QueriesError: no such file, not such a table, or a decision that is none.
    """
    _, rows = read_csv(path, _COLUMNS)
    return {int(row.number("row")): _decision(row) for row in rows}


def _decision(row: TableRow) -> Decision:
    decision = (row.values[DECISION] or "").strip().lower()
    if decision and decision not in DECISIONS:
        raise QueriesError(f"{row.where}: decision is {decision!r}; give {' or '.join(DECISIONS)}, or leave it empty")
    photo = row.values["photo"] or ""
    # The page puts it before what a spreadsheet would take for a formula.
    if photo.startswith("'") and photo[1:2] and photo[1] in _FORMULA:
        photo = photo[1:]
    click = (row.number("click_x"), row.number("click_y")) if row.has("click_x") else None
    return Decision(row.where, photo, int(row.number("rank")) if row.has("rank") else None, click, decision)


def write_decisions(path: Path, decisions: Mapping[int, Decision]) -> int:
    """Write decisions into the column `DECISION` of a file of answers, in one step; all else in it stays.

    Args:
        path: GeoJSON, GeoPackage, FlatGeobuf or GeoParquet; the column is added where it is not there.
        decisions: by the number of the row, from 1; other rows keep what they have.

    Returns:
        On how many rows something is decided now, those of the file's own included.

    Raises:
        QueriesError: the file cannot be read, or a decision is of none of its rows.
        OutputError: another program has the file open, or it cannot be written.
    """
    check_closed(path)
    rows = read_found(path).rows
    for number, decision in decisions.items():
        if not (0 < number <= len(rows) and decision.is_of(rows[number - 1])):
            raise QueriesError(f"{decision.where}: row {number} of {path} is another one; give the file of that report")
    words = [_word(row, decisions.get(row.number)) for row in rows]
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix in GEOJSON_SUFFIXES:
            _into_geojson(path, temporary, words)
        elif suffix in SEQUENCE_SUFFIXES:
            _into_sequence(path, temporary, words)
        elif suffix == ".gpkg":
            _into_geopackage(path, temporary, words)
        elif suffix == ".fgb":
            _into_flatgeobuf(path, temporary, words)
        else:
            _into_parquet(path, temporary, words)
    return sum(map(bool, words))


def _word(row: FoundRow, decided: Decision | None) -> str | None:
    """What goes into the column; an empty text where it takes back what `status` says was decided."""
    word = row.decision if decided is None else decided.decision
    return word or ("" if row.properties.get(STATUS) in DECISIONS else None)


def _into_geojson(path: Path, target: Path, words: list[str | None]) -> None:
    collection = json.loads(path.read_text(encoding="utf-8-sig"))
    _decide(path, collection["features"], words)
    target.write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _into_sequence(path: Path, target: Path, words: list[str | None]) -> None:
    text = path.read_text(encoding="utf-8-sig")
    # Each text begins with a record separator, and may have several lines then; or none does.
    before = RECORD if text.startswith(RECORD) else ""
    features = [json.loads(part) for part in text.split(before or "\n") if part.strip()]
    _decide(path, features, words)
    write_texts((json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features), target, before)


def _decide(path: Path, features: Sequence[dict[str, Any]], words: list[str | None]) -> None:
    # GDAL reads the first line alone where a mark of the order of bytes comes before it.
    if len(features) != len(words):
        raise QueriesError(
            f"{path}: has {len(features)} rows, of which {len(words)} can be read; save it without a BOM"
        )
    column = decision_column([name for feature in features for name in feature["properties"]])
    for feature, word in zip(features, words, strict=True):
        feature["properties"][column] = word


def _into_parquet(path: Path, target: Path, words: list[str | None]) -> None:
    import geopandas

    table = geopandas.read_parquet(path)
    table[decision_column(table.columns)] = words
    table.to_parquet(target)


def _into_flatgeobuf(path: Path, target: Path, words: list[str | None]) -> None:
    """Write a FlatGeobuf once more, by way of a GeoPackage: a table of pandas would make fractions of its integers."""
    layer = found_layer(path)
    between = target.with_suffix(".gpkg")
    # Columns may have the names that a GeoPackage gives its own.
    stream_layer(path, between, layer, driver="GPKG", FID=_OWN + "id", GEOMETRY_NAME=_OWN + "shape")
    _change(between, layer, words)
    stream_layer(between, target, layer, **FLATGEOBUF)


def _into_geopackage(path: Path, target: Path, words: list[str | None]) -> None:
    shutil.copyfile(path, target)
    _change(target, found_layer(path), words)


def _change(target: Path, layer: str, words: list[str | None]) -> None:
    """Write the column of a GeoPackage's layer."""
    table = _quoted(layer)
    try:
        with closing(sqlite3.connect(target)) as database, database:
            for name, count in _SPATIAL_FUNCTIONS:
                database.create_function(name, count, lambda *_: None)
            columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
            column = decision_column(columns)
            if column not in columns:
                database.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")
            # GDAL numbers features, and gives them, in this order. The names are quoted, or letters of "decision".
            ids = [number for (number,) in database.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]  # nosec B608
            database.executemany(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?",  # nosec B608
                [(word, number) for word, number in zip(words, ids, strict=True)],
            )
            database.execute(
                "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?",
                (layer,),
            )
    except sqlite3.Error as error:
        raise OutputError(f"{target.name}: cannot be changed ({error})") from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
