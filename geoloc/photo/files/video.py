"""One picture of a video."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geoloc.errors import PhotoError
from geoloc.photo.files.moment import Moment
from geoloc.photo.files.size import check_size

if TYPE_CHECKING:
    import cv2

_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""What MP4 and MOV begin with."""
_SOON_S = 0.001
_LAST_S = 2.0
"""How long the last picture may be shown; a video is cut off where there is nothing for longer."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A picture of a video.

    Attributes:
        pixels: height x width x 3, RGB, as a player shows it: turned upright.
        seconds: when it is shown, from the video's start.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    seconds: float


def read_frame(path: Path, moment: Moment) -> VideoFrame:
    """Read the picture that a player shows at a time, or that of a number.

    In a video with as many pictures each second, as drones write them, a number is found at once; in another one by
    counting from its start.

    Raises:
        PhotoError: not a video that can be read, no picture at that time, or one above the limits.
    """
    import cv2

    # FFmpeg would also follow lists of other files and addresses, whatever such a list is called.
    if not _is_container(path):
        raise PhotoError(f"{path}: not a video that can be read; use MP4, MOV, AVI or MKV")
    capture = _opened(path)
    try:
        if not capture.isOpened():
            raise PhotoError(f"{path}: the video is damaged, or coded in a way that is not known; convert it to H.264")
        size = tuple(int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        check_size(path, (size[0], size[1]), 3)
        rate, count = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if not (math.isfinite(rate) and rate > 0):
            raise PhotoError(f"{path}: the video does not tell how many pictures it has each second; convert it")
        past = moment.seconds * rate >= count if moment.frame is None else moment.frame >= count
        found = None if count > 0 and past else _seek(capture, moment, rate)
        if found is None:
            last = f"its last one is frame {count - 1}, at {math.floor(100 * (count - 1) / rate) / 100:.2f} s"
            lasts = last if count > 0 else "it ends before"
            raise PhotoError(f"{path}: has no picture at {moment}; {lasts}")
        return found
    finally:
        capture.release()


def _opened(path: Path) -> cv2.VideoCapture:
    import cv2

    # What both say of damaged files goes past everybody who listens, to stderr.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    finally:
        cv2.utils.logging.setLogLevel(before)


def _is_container(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    matroska, avi = head[:4] == b"\x1aE\xdf\xa3", head[:4] == b"RIFF" and head[8:12] == b"AVI "
    return head[4:8] in _BOXES or matroska or avi


def _seek(capture: cv2.VideoCapture, moment: Moment, rate: float) -> VideoFrame | None:
    """Return the last picture that is not shown later than asked for, or that of a number; None where there is none."""
    return _of_number(capture, moment.frame, rate) if moment.frame is not None else _at(capture, moment.seconds, rate)


def _of_number(capture: cv2.VideoCapture, number: int, rate: float) -> VideoFrame | None:
    at = _grabbed(capture, number)
    if at is None or abs(at - number / rate) > 0.5 / rate:
        # Pictures do not follow each other evenly: what was found by their mean rate may be another one.
        at = _grabbed(capture, 0)
        for _ in range(number):
            at = _next(capture)
            if at is None:
                break
    return None if at is None else _retrieved(capture, at)


def _at(capture: cv2.VideoCapture, seconds: float, rate: float) -> VideoFrame | None:
    number, cut_off = int(seconds * rate + _SOON_S * rate), False
    # Where pictures do not follow each other evenly, the number is that of a later one, or past the last.
    while (at := _grabbed(capture, number)) is None or at > seconds + _SOON_S:
        if number == 0:
            break
        cut_off = cut_off or at is None
        back = 0 if at is None else math.ceil((at - seconds) * rate)
        number = max(0, number - back - math.ceil(rate))
    found = None if at is None else _retrieved(capture, at)
    while found is not None and (at := _next(capture)) is not None and at <= seconds + _SOON_S:
        found = _retrieved(capture, at)
    return None if found is None or (cut_off and found.seconds < seconds - _LAST_S) else found


def _grabbed(capture: cv2.VideoCapture, number: int) -> float | None:
    """Go to the picture that has a number by the mean rate, and return when it is shown; None where there is none."""
    import cv2

    capture.set(cv2.CAP_PROP_POS_FRAMES, number)
    return _next(capture)


def _next(capture: cv2.VideoCapture) -> float | None:
    import cv2

    return capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if capture.grab() else None


def _retrieved(capture: cv2.VideoCapture, seconds: float) -> VideoFrame | None:
    import cv2

    good, pixels = capture.retrieve()
    return VideoFrame(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), seconds) if good else None
