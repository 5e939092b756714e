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

    Numbers are those of a video with as many pictures each second, as drones write them; times hold for others too.

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
    """Return the last picture that is not shown later than asked for; None where there is none."""
    import cv2

    number = moment.frame if moment.frame is not None else int(moment.seconds * rate + _SOON_S * rate)
    while True:
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        if not capture.grab():
            return None
        at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if moment.frame is not None or at <= moment.seconds + _SOON_S or number == 0:
            break
        # Where pictures do not follow each other evenly, the number is that of a later one.
        number = max(0, number - math.ceil((at - moment.seconds) * rate) - math.ceil(rate))
    found = _retrieved(capture, at)
    while moment.frame is None and found is not None and capture.grab():
        at = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if at > moment.seconds + _SOON_S:
            break
        found = _retrieved(capture, at)
    return found


def _retrieved(capture: cv2.VideoCapture, seconds: float) -> VideoFrame | None:
    import cv2

    good, pixels = capture.retrieve()
    return VideoFrame(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8), seconds) if good else None
