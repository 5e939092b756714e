"""What a method is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from tiling.mosaic import Mosaic

Locate = Callable[[Photo, list[Target]], Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class Job:
    """One mosaic to answer on.

    path: its file. size_m: width and height of the boxes of methods that find places only.
    """

    path: Path
    mosaic: Mosaic
    gsd_m: float
    size_m: tuple[float, float]
