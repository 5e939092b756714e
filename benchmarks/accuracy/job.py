"""What a method is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geoloc.detection import Detection
from geoloc.photo import Photo
from geoloc.query import Target
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
