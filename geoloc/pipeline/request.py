"""One search request: what to search, where and how, whoever asks.

A field says itself how it is written on the command line and in JSON. So a new option is a new field here, and
commands, worker, journal and other processes know it; see `geoloc.commands.shared.options`, `geoloc.worker.fields`,
`geoloc.batch.journal` and `geoloc.pipeline.job`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from geoloc.model.presets import PRESETS
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.option_kinds import Option
from geoloc.system.file_state import file_state
from tiling.names import local_file

if TYPE_CHECKING:
    from tiling.area import Area

_Value = TypeVar("_Value")


def _option(default: _Value, option: Option) -> _Value:
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One search as it is asked for: what is searched, where, how, and by which network.

    Limits of where to search all hold together.

    Attributes:
        mosaics: raster files, folders, archives, patterns of these, addresses and what GDAL calls parts of files; they
            make one mosaic.
        index: what `geoloc index build` wrote, in place of the mosaic or beside it.
        bands: one or three, counted from 1; None for the first ones.
        gsd_m: metres on the ground a pixel to read the mosaic at; None for the network's own.
        bounds: west, south, east, north, degrees in WGS 84.
        aoi: a vector file of polygons, or one layer of it (`file|layer`).
        area: polygons where they are no file.
        near: (lon, lat), degrees in WGS 84; takes the place of a photo's own position.
        within_m: metres round `near`, or round a photo's own position.
        gps: whether a photo's own position says where to search first; see `geoloc.pipeline.scope`.
        eye_height_m: of the camera over the ground; None for what the photo tells.
        heading_deg: of the photo's up, a panorama's middle column, clockwise from true north; None for what it tells.
        pitch_deg: of the camera, -90 straight down, 0 level; None for what the photo tells.
        dsm: a raster of heights, which with the photo's GPS height tells how high the camera was.
        top: answers a target at most.
        min_score: of every answer; None for all answers to targets whose best one scores one half or more.
        refine: "auto", or "off" for attention alone.
        exhaustive: show every window to the whole network.
        preset: name of the network's shape.
        weights: a file of them; None for those that come with the package.
        device: where the network runs.
    """

    mosaics: tuple[Path, ...] = _option(
        (),
        Option(
            "source",
            kinds.PATHS,
            "GeoTIFF, COG, VRT or another raster, a folder, .zip or pattern ('tiles/*.tif') of them, or an address; "
            "several make one mosaic.",
            "--mosaic",
            "mosaics",
            in_journal=False,
        ),
    )
    index: Path | None = _option(
        None,
        Option(
            "source",
            kinds.PATH,
            "What `geoloc index build` wrote, in place of the mosaic or beside it.",
            "--index",
            "index",
            in_journal=False,
        ),
    )
    bands: tuple[int, ...] | None = _option(
        None,
        Option(
            "source",
            kinds.BANDS,
            "Bands of the mosaic to use as red, green, blue, counted from 1.",
            "--bands",
            "bands",
        ),
    )
    gsd_m: float | None = _option(
        None,
        Option(
            "source",
            kinds.POSITIVE,
            "Read the mosaic at so many metres a pixel: fewer, such as 0.1, to find small things, which takes longer.",
            "--gsd",
            "gsd",
            metavar="METRES",
            shown_default="0.2, what the network was made for",
        ),
    )
    bounds: tuple[float, float, float, float] | None = _option(
        None,
        Option(
            "limits",
            kinds.BOUNDS,
            "Search inside these longitudes and latitudes (WGS 84) only.",
            "--bounds",
            "bounds",
            in_journal=False,
        ),
    )
    aoi: Path | None = _option(
        None,
        Option(
            "limits",
            kinds.PATH,
            "Search inside the polygons of this vector file only; FILE|LAYER for one layer of it.",
            "--aoi",
            "aoi",
            in_journal=False,
        ),
    )
    area: Area | None = _option(
        None,
        Option("limits", kinds.AREA, "Search inside these polygons only.", None, "area", in_journal=False),
    )
    near: tuple[float, float] | None = _option(
        None,
        Option(
            "limits",
            kinds.POSITION,
            "Search round this position only.",
            "--near",
            "near",
            in_journal=False,
        ),
    )
    within_m: float = _option(
        500.0,
        Option(
            "limits",
            kinds.POSITIVE,
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
            "limits",
            kinds.FLAG,
            "Search round the photo's own GPS position first, and the rest if nothing shows that it was taken there.",
            "--gps/--no-gps",
            "gps",
            shown_default="gps",
        ),
    )
    eye_height_m: float | None = _option(
        None,
        Option(
            "camera",
            kinds.POSITIVE,
            "How high the camera was over the ground.",
            "--eye-height",
            "eye_height",
            metavar="METRES",
            shown_default="what the photo tells; 1.6 at eye level",
        ),
    )
    heading_deg: float | None = _option(
        None,
        Option(
            "camera",
            kinds.number(least=-360, most=360),
            "Which way the photo's up points, clockwise from true north; of a panorama its middle.",
            "--heading",
            "heading",
            metavar="DEGREES",
            shown_default="what the photo tells",
        ),
    )
    pitch_deg: float | None = _option(
        None,
        Option(
            "camera",
            kinds.number(least=-90, most=90),
            "How the camera was tilted: -90 straight down, 0 level.",
            "--pitch",
            "pitch",
            metavar="DEGREES",
            shown_default="what the photo, or its horizon, tells",
        ),
    )
    dsm: Path | None = _option(
        None,
        Option(
            "camera",
            kinds.PATH,
            "Heights of the ground: with the photo's GPS height they tell how high a drone was over it; `pose` and "
            "`map` follow lines of sight to it.",
            "--dsm",
            "dsm",
        ),
    )
    top: int = _option(
        1,
        Option(
            "answers",
            kinds.COUNT,
            "Answers a click at most: its answer has rank 1, what else it could be has 2 and more.",
            "--top",
            "top",
            metavar="N",
        ),
    )
    min_score: float | None = _option(
        None,
        Option(
            "answers",
            kinds.SHARE,
            "Leave out answers that score less.",
            "--min-score",
            "min_score",
            shown_default='a click whose best answer scores below 0.5 is "not here"',
        ),
    )
    refine: Literal["auto", "off"] = _option(
        "auto",
        Option(
            "answers",
            kinds.choice("auto", "off"),
            "auto: answers are carried over exactly where local features of photo and mosaic match; off: the network "
            "alone.",
            "--refine",
            "refine",
        ),
    )
    exhaustive: bool = _option(
        False,
        Option(
            "answers",
            kinds.FLAG,
            "Look closely at every part of the mosaic, not only where a quick look finds it worth while; takes longer.",
            "--exhaustive",
            "exhaustive",
        ),
    )
    preset: str = _option(
        "base",
        Option(
            "network",
            kinds.PRESET,
            "The network: base, or one of those that it is compared with, which come without weights: "
            f"{', '.join(name for name in PRESETS if name != 'base')}.",
            "--model",
            "model",
            metavar="NAME",
        ),
    )
    weights: Path | None = _option(
        None,
        Option(
            "network",
            kinds.PATH,
            "Weights of your own (.safetensors).",
            "--weights",
            "weights",
            shown_default="those in the package",
            in_journal=False,
        ),
    )
    # What ran out of a card's memory may go on without it.
    device: str = _option(
        "cpu",
        Option(
            "network",
            kinds.DEVICE,
            "Where the network runs: cpu, cuda, cuda:1, mps.",
            "--device",
            "device",
            in_journal=False,
        ),
    )

    def __post_init__(self) -> None:
        """Refuse values that no search can have, whoever asks.

        Raises:
            ValueError: a value is not of its field's kind; the text names the field.
        """
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if value is None and one.default is None:
                continue
            try:
                one.metadata["option"].kind.check(value)
            except ValueError as error:
                raise ValueError(f"{one.name}: {error}") from None

    @property
    def source(self) -> Self:
        """What is searched and by which network, all else as it is by default: requests that share it share files."""
        names = [name for name, option in options_of(type(self)).items() if option.part in ("source", "network")]
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
    def limited(self) -> bool:
        """Whether anything says where to search.

        Limits that are given do, and those that are on, such as photos' own positions. What has a value anyway, such as
        how far round a position, does not by itself.
        """
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            given = value is not None and one.default is None
            if one.metadata["option"].part == "limits" and (given or value is True):
                return True
        return False

    @property
    def files(self) -> tuple[Path, ...]:
        """Files and folders that are read, which an output must not replace."""
        paths = (path for name in options_of(type(self)) for path in kinds.paths_in(getattr(self, name)))
        return tuple(map(local_file, paths))

    def absolute(self) -> Self:
        """Return the same request with paths that hold in whatever folder another process runs."""
        return replace(self, **{name: kinds.absolute(getattr(self, name)) for name in options_of(type(self))})

    def settings(self) -> dict[str, Any]:
        """Return what a batch that goes on must have as it had it when it began, as JSON values by their flags.

        Of a file its path, size and time stand there, so that one that was changed since is another.
        """
        settings: dict[str, Any] = {}
        for name, option in options_of(type(self)).items():
            if option.in_journal:
                value = getattr(self, name)
                if paths := kinds.paths_in(value):
                    settings[option.name] = [[str(path), *file_state(path)] for path in paths]
                else:
                    settings[option.name] = None if value is None else option.kind.to_json(value)
        return settings


def options_of(request_type: type[SearchRequest] = SearchRequest) -> Mapping[str, Option]:
    """Return how every field of a request is written, by the field's name."""
    return {one.name: one.metadata["option"] for one in dataclasses.fields(request_type)}
