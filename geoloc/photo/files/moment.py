"""Which picture of a video is meant: its path ends with that, as media fragments do (`clip.MP4#t=12.5`).

So such a picture has a name of its own wherever a photograph has one: in tables, in outputs, for other programs.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

from geoloc.errors import PhotoError

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm")
_FRAGMENT = re.compile(r"(.+)#(?:t=(\d{1,9}(?:\.\d{1,9})?)|frame=(\d{1,12}))")


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture of a video, by its time or its number.

    Attributes:
        seconds: from the start; the picture that a player shows then.
        frame: number of the picture, from 0; None where the time tells.
    """

    seconds: float = 0.0
    frame: int | None = None

    def __str__(self) -> str:
        return f"{self.seconds:.10g} s" if self.frame is None else f"frame {self.frame}"


def is_video(path: Path) -> bool:
    """Whether a path names a video, without saying which of its pictures."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def split_moment(path: Path) -> tuple[Path, Moment | None]:
    """Return the file that a photo's path names, and which of its pictures is meant; None where there is one only.

    A file that is really called so is that file.

    >>> split_moment(Path("clip.MP4#t=12.5"))[1]
    Moment(seconds=12.5, frame=None)
    """
    found = _FRAGMENT.fullmatch(path.name)
    # os.path asks for a path of any length.
    if found is None or not is_video(Path(found[1])) or os.path.exists(path):  # noqa: PTH110
        return path, None
    moment = Moment(float(found[2])) if found[2] else Moment(frame=int(found[3]))
    return path.with_name(found[1]), moment


def file_of(path: Path) -> Path:
    """Return the file that a photo's path names: of a picture of a video that of the video."""
    return split_moment(path)[0]


def stem_of(path: Path) -> str:
    """Return a photo's name without its suffix; of a picture of a video with that, since which picture is behind it.

    >>> stem_of(Path("a/photo.jpg")), stem_of(Path("a/clip.MP4#t=12.5"))
    ('photo', 'clip.MP4#t=12.5')
    """
    return path.stem if file_of(path) == path else path.name


def at_moment(path: Path, seconds: float | None, frame: float | None) -> Path:
    """Return the path of one picture of a video.

    Args:
        path: of the video.
        seconds: from its start; None where the number tells.
        frame: number of the picture, from 0; None where the time tells.

    Raises:
        PhotoError: it is no video, both are given, or one is no such number.

    >>> at_moment(Path("clip.MP4"), 12.5, None).name
    'clip.MP4#t=12.5'
    """
    if not is_video(path):
        raise PhotoError(f"{path}: a time or frame is that of a video ({', '.join(VIDEO_SUFFIXES)}), which this is not")
    if seconds is not None and frame is not None:
        raise PhotoError(f"{path}: give the time or the frame, not both")
    number = seconds if frame is None else frame
    if number is None or not (math.isfinite(number) and 0 <= number < 1e9) or (frame is not None and frame % 1):
        raise PhotoError(f"{path}: a time is seconds from the start, a frame a whole number from 0; not {number}")
    what = f"t={number:.9f}".rstrip("0").rstrip(".") if frame is None else f"frame={int(number)}"
    return path.with_name(f"{path.name}#{what}")
