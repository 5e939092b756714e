"""One search request: what to search, where and how, whoever asks.

A field says itself how it is written on the command line and in JSON. So a new option is a new field here, and commands,
worker and journal know it; see `geoloc.commands.options`, `geoloc.worker.fields` and `geoloc.batch.journal`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from geoloc.pipeline import options
from geoloc.pipeline.options import Option
from tiling.area import Area

_T = TypeVar("_T")


def _option(default: _T, option: Option) -> _T:
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What to search (mosaics to GSD), where (bounds to GPS) and how (the rest). Limits of where all hold together.

    Attributes:
        mosaics: raster files and folders, which make one mosaic.
        index: in place of the mosaic or beside it.
        bands: one or three, counted from 1; None for the first ones.
        gsd_m: metres on the ground a pixel to read the mosaic at; None for the network's own.
        bounds: west, south, east, north, degrees in WGS 84.
        aoi: a vector file of polygons.
        area: polygons where they are no file.
        near: (lon, lat); takes the place of a photo's own position.
        within_m: metres round `near`, or round a photo's own position.
        gps: whether a photo's own position limits the search.
        top: answers a target at most.
        min_score: of every answer; None for all answers to targets whose best one scores one half or more.
        refine: "auto", or "off" for attention alone.
        exhaustive: show every window to the whole network.
        preset: of the network.
        weights: None for those that come with the package.
        device: where the network runs.
    """

    mosaics: tuple[Path, ...] = _option(
        (),
        Option(
            "source",
            options.PATHS,
            "GeoTIFF, COG, VRT or a folder of them; several make one mosaic.",
            "--mosaic",
            "mosaics",
        ),
    )
    index: Path | None = _option(
        None,
        Option(
            "source",
            options.PATH,
            "What `geoloc index build` wrote, in place of the mosaic or beside it.",
            "--index",
            "index",
        ),
    )
    bands: tuple[int, ...] | None = _option(
        None,
        Option(
            "source",
            options.BANDS,
            "Bands of the mosaic to use as red, green, blue, counted from 1.",
            "--bands",
            "bands",
        ),
    )
    gsd_m: float | None = _option(
        None,
        Option(
            "source",
            options.POSITIVE,
            "Metres on the ground a pixel to read the mosaic at; more than the model's own are enlarged to that.",
            "--gsd",
            "gsd",
            metavar="METRES",
            shown_default="the model's",
        ),
    )
    bounds: tuple[float, float, float, float] | None = _option(
        None,
        Option(
            "where",
            options.numbers("W,S,E,N"),
            "Search inside these longitudes and latitudes (WGS 84) only.",
            "--bounds",
            "bounds",
        ),
    )
    aoi: Path | None = _option(
        None,
        Option("where", options.PATH, "Search inside the polygons of this vector file only.", "--aoi", "aoi"),
    )
    area: Area | None = _option(None, Option("where", options.AREA, "Search inside these polygons only.", None, "area"))
    near: tuple[float, float] | None = _option(
        None,
        Option("where", options.numbers("LON,LAT"), "Search round this position only.", "--near", "near"),
    )
    within_m: float = _option(
        500.0,
        Option(
            "where",
            options.POSITIVE,
            "How far round --near, or round the photo's GPS position.",
            "--within",
            "within",
            metavar="METRES",
        ),
    )
    """A drone at the legal 120 m sees about this far where objects are still more than dots, and positions of consumer
    cameras are good to tens of metres."""
    gps: bool = _option(
        True,
        Option(
            "where",
            options.FLAG,
            "Use the photo's own GPS position as --near.",
            "--gps/--no-gps",
            "gps",
            shown_default="gps",
        ),
    )
    top: int = _option(5, Option("how", options.COUNT, "Answers a click at most.", "--top", "top"))
    min_score: float | None = _option(
        None,
        Option(
            "how",
            options.SHARE,
            "Leave out answers that score less.",
            "--min-score",
            "min_score",
            shown_default='a click whose best answer scores below 0.5 is "not here"',
        ),
    )
    refine: Literal["auto", "off"] = _option(
        "auto",
        Option(
            "how",
            options.choice("auto", "off"),
            "auto: answers are carried over exactly where local features of photo and mosaic match; off: the network "
            "alone.",
            "--refine",
            "refine",
        ),
    )
    exhaustive: bool = _option(
        False,
        Option(
            "how",
            options.FLAG,
            "Show every window to the whole network, not only the 100 that their descriptors speak for.",
            "--exhaustive",
            "exhaustive",
        ),
    )
    preset: str = _option(
        "base", Option("source", options.TEXT, "Network preset.", "--model", "model", metavar="PRESET")
    )
    weights: Path | None = _option(
        None,
        Option(
            "source",
            options.PATH,
            "Weights of your own (.safetensors).",
            "--weights",
            "weights",
            shown_default="those in the package",
        ),
    )
    # What ran out of a card's memory may go on without it.
    device: str = _option(
        "cpu",
        Option(
            "source",
            options.TEXT,
            "Where the network runs: cpu, cuda, cuda:1, mps.",
            "--device",
            "device",
            answers=False,
        ),
    )

    @property
    def source(self) -> SearchRequest:
        """What is searched and by which network, all else as it is by default: requests that share it share files."""
        names = [name for name, option in options_of(type(self)).items() if option.part == "source"]
        return type(self)(**{name: getattr(self, name) for name in names})

    @property
    def searches_nothing(self) -> bool:
        """Whether neither a mosaic nor an index was named."""
        return not self.mosaics and self.index is None

    @property
    def contradicts_index(self) -> bool:
        """Whether an index is to be read otherwise than it was made: it has its own bands and GSD."""
        return self.index is not None and (self.bands is not None or self.gsd_m is not None)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read, which an output must not replace."""
        return tuple(path for path in (*self.mosaics, self.aoi, self.weights) if path is not None)

    def absolute(self) -> SearchRequest:
        """The same in whatever folder another process runs."""
        return replace(self, **{name: options.absolute(getattr(self, name)) for name in options_of(type(self))})

    def to_json(self) -> dict[str, Any]:
        """All that answers depend on, by the names that a user knows it under: flags, or the key where there is none."""
        told = {}
        for name, option in options_of(type(self)).items():
            if option.answers:
                value = getattr(self, name)
                told[option.flag or option.key] = None if value is None else option.kind.to_json(value)
        return told


def options_of(request: type[SearchRequest] = SearchRequest) -> Mapping[str, Option]:
    """How every field of a request is written, by the field's name."""
    return {one.name: one.metadata["option"] for one in dataclasses.fields(request)}
