"""Targets in tables: the columns of a click, of the object's box in the photo and of its outline there."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import replace
from pathlib import Path
from urllib.request import url2pathname

from geoloc.errors import PhotoError, QueriesError
from geoloc.photo.files.moment import at_moment, file_of, is_video
from geoloc.photo.target import Click, Target
from geoloc.system.table import TableRow
from tiling.box import PixelBox
from tiling.names import is_remote

CLICK = ("click_x", "click_y")
"""Columns of the click; pixels of the upright photo, from its upper left corner. May be empty where one drew."""
BOX = ("photo_xmin", "photo_ymin", "photo_xmax", "photo_ymax")
"""Columns of the object's box in the photo, pixels; they count where a table has all four."""
POLYGON = "photo_polygon"
"""Column of the object's outline in the photo: WKT, pixels, x right and y down."""

MOMENT = ("time", "frame")
"""Columns that say which picture of a video is meant, in seconds from its start or by its number, from 0."""

OBJECT = "object"
"""Column that says which object a row is of; rows of one object are of several photographs of it."""


def target_of(record: TableRow, *, clicks_only: bool = False) -> Target:
    """Return what a row asks for.

    Args:
        record: a row of a table with the columns `CLICK`, and perhaps those of the `BOX` and `POLYGON`.
        clicks_only: leave out what is drawn.

    Raises:
        QueriesError: a value is missing or makes no sense, with its row and column.
    """
    drawn = None if clicks_only else _drawn(record)
    if drawn is not None and not any(map(record.has, CLICK)):
        return drawn
    click = Click(*map(record.number, CLICK))
    return Target(click) if drawn is None else replace(drawn, click=click)


def photo_of(record: TableRow, folder: Path) -> Path:
    """Return the path of the photo that a row names, relative to a folder.

    A path as Windows writes it is taken too, and a name whose accents are stored in the other of Unicode's two ways,
    as disks of Macs have them, where there is no photo of the name as it is written; and the address of a file of this
    machine ("file:///..."). Of a video the row's `MOMENT` says which picture.

    Raises:
        QueriesError: it names none, or its moment is senseless.
    """
    if not record.has("photo"):
        raise QueriesError(f"{record.where}: photo is empty")
    text = str(record.values["photo"]).strip().strip('"')
    if text.lower().startswith("file://"):
        # Behind the host: not all that stands there is a path to parsers of addresses, "#" and "?" are not.
        text = url2pathname("/" + text[len("file://") :].partition("/")[2])
    if is_remote(text):
        # In no folder; what reads it says what to do.
        return Path(text)
    return _at_moment(record, _path_of(text, folder))


def _path_of(text: str, folder: Path) -> Path:
    path = folder / text
    if (text.isascii() and "\\" not in text) or os.path.exists(file_of(path)):  # noqa: PTH110
        return path
    slashes = text if os.sep == "\\" else text.replace("\\", "/")
    others = [folder / unicodedata.normalize(form, slashes) for form in ("NFC", "NFD")]
    return next((other for other in others if os.path.exists(file_of(other))), folder / slashes)  # noqa: PTH110


def _at_moment(record: TableRow, path: Path) -> Path:
    # Tables of photos may well tell times of another kind.
    if not is_video(path):
        return path
    columns = {name.strip().casefold(): name for name in record.values}
    seconds, frame = (
        record.number(columns[name]) if name in columns and record.has(columns[name]) else None for name in MOMENT
    )
    if seconds is None and frame is None:
        return path
    try:
        return at_moment(path, seconds, frame)
    except PhotoError as error:
        raise QueriesError(f"{record.where}: {error}") from None


def _drawn(record: TableRow) -> Target | None:
    if record.has(POLYGON):
        try:
            return Target.from_polygon(record.polygon(POLYGON))
        except ValueError as error:
            if isinstance(error, QueriesError):
                raise
            raise QueriesError(f"{record.where}: {POLYGON}: {error}") from None
    if not (all(name in record.values for name in BOX) and any(map(record.has, BOX))):
        return None
    box = PixelBox(*map(record.number, BOX))
    for low, high, size in ((BOX[0], BOX[2], box.width), (BOX[1], BOX[3], box.height)):
        if size <= 0:
            raise QueriesError(f"{record.where}: {low} must be below {high}")
    return Target.from_box(box)
