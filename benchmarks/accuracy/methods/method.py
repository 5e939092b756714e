"""What a method is, what it is given and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection
from tiling.mosaic import Mosaic

Locate = Callable[[Photo, list[Target]], Sequence[Detection]]


@dataclass(frozen=True, slots=True)
class SearchedMosaic:
    """A mosaic to answer on.

    Attributes:
        path: its file.
        mosaic: open.
        gsd_m: to search at.
        size_m: width and height of the boxes of methods that find places only.
        posed: whether photographs' own positions count.
    """

    path: Path
    mosaic: Mosaic
    gsd_m: float
    size_m: tuple[float, float]
    posed: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A way to answer.

    Attributes:
        name: as the table has it.
        prepare: everything that is done once a mosaic; None where answers are at random and counted by expectation.
        weights: name and sha256 of the file, empty without one.
        options: all else that results depend on.
        posed: likewise, on sets whose photographs' own positions count.
    """

    name: str
    prepare: Callable[[SearchedMosaic], Locate] | None
    weights: Mapping[str, str] = field(default_factory=dict, hash=False)
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    posed: Mapping[str, object] = field(default_factory=dict, hash=False)
