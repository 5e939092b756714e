"""A short video whose pictures tell their numbers, and a drone's subtitles beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def make_uneven(path: Path, runs: Sequence[tuple[int, int]]) -> None:
    """Have the pictures of an MP4 that was written here last unevenly.

    Args:
        path: of the video, whose pictures all last as long.
        runs: how many pictures last how many times as long as before, in order: all pictures.
    """
    data = path.read_bytes()
    stts = data.index(b"stts") - 4
    even = int.from_bytes(data[stts + 20 : stts + 24], "big")
    times = b"".join((count).to_bytes(4, "big") + (even * longer).to_bytes(4, "big") for count, longer in runs)
    grown = 8 * (len(runs) - 1)
    changed = bytearray(data[: stts + 12] + len(runs).to_bytes(4, "big") + times + data[stts + 24 :])

    def change(at: int, factor: float, more: int = 0) -> None:
        value = int.from_bytes(changed[at : at + 4], "big")
        changed[at : at + 4] = (round(value * factor) + more).to_bytes(4, "big")

    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        change(changed.index(box) - 4, 1, grown)
    longer = sum(count * times for count, times in runs) / sum(count for count, _ in runs)
    # Where each says how long all lasts, behind its name.
    for box, place in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20), (b"elst", 12)):
        change(changed.index(box) + place, longer)
    path.write_bytes(changed)


def subtitles(entries: Iterable[tuple[float, float, str]]) -> str:
    """Return the text of subtitles: start and end in seconds, and what is told."""

    def clock(seconds: float) -> str:
        whole, millis = divmod(round(seconds * 1000), 1000)
        return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d},{millis:03d}"

    return "\n".join(
        f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n" for number, (start, end, text) in enumerate(entries, 1)
    )
