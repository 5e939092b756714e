"""A short video whose pictures tell their numbers, and a drone's subtitles beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

GREY_A_FRAME = 10
"""By how much each picture is lighter than that before it."""


def write_video(path: Path, pictures: Iterable[np.ndarray], rate: float = 10.0) -> None:
    """Write pictures (height x width x 3, RGB) as a video of so many each second."""
    first, *others = pictures
    height, width = first.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (width, height))
    for picture in (first, *others):
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()


def grey_video(path: Path, count: int = 20, size: tuple[int, int] = (96, 64)) -> None:
    """Write a video of plain pictures, ten a second: picture n has the grey n * `GREY_A_FRAME`."""
    width, height = size
    write_video(path, (np.full((height, width, 3), number * GREY_A_FRAME, np.uint8) for number in range(count)))


def subtitles(entries: Iterable[tuple[float, float, str]]) -> str:
    """Return the text of subtitles: start and end in seconds, and what is told."""

    def clock(seconds: float) -> str:
        whole, millis = divmod(round(seconds * 1000), 1000)
        return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{millis:03d}"

    return "\n".join(
        f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n" for number, (start, end, text) in enumerate(entries, 1)
    )
