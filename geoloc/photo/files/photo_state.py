"""Whether a photo is still as it was, with what beside it tells about it."""

from __future__ import annotations

from pathlib import Path

from geoloc.photo.files.moment import split_moment
from geoloc.photo.files.telemetry import subtitles_of
from geoloc.system.file_state import file_state


def photo_state(path: Path) -> list[int]:
    """Return the state of a photo's file, of a picture of a video with that of the subtitles; see `file_state`."""
    file, moment = split_moment(path)
    subtitles = None if moment is None else subtitles_of(file)
    return file_state(file) + ([] if subtitles is None else file_state(subtitles))
