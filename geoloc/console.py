"""What all commands of the command line share: options, parsing of their values, one-line errors, logs, progress."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from geoloc.cluster import Workers
from geoloc.errors import GeolocError, in_one_line
from geoloc.system.threads import fit_threads
from geoloc.text import parse_numbers

LOG = logging.getLogger("geoloc")
WITHIN_M = 500.0
"""Search radius round a position: a drone at the legal 120 m sees about this far where objects are still more
than dots, and positions of consumer cameras are good to tens of metres."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Main(click.Group):
    """Turns errors into one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what the user can mend and what nobody foresaw both become a `ClickException`."""
        # Here, since the commands load what computes only when they run.
        fit_threads()
        try:
            return super().invoke(ctx)
        except GeolocError as error:
            raise click.ClickException(in_one_line(error)) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if LOG.isEnabledFor(logging.DEBUG):
                raise
            text = f"{in_one_line(error)}; run again with -v for the traceback and report it"
            raise click.ClickException(text) from error


class Parsed(click.ParamType):
    """A value that a function of the library parses from text, raising ValueError."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The parsed value, or a usage error (exit 2)."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Positive(click.FloatRange):
    """A positive finite number; click's own range takes nan."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or a usage error (exit 2)."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


def _parse_bands(text: str) -> tuple[int, ...]:
    try:
        bands = tuple(int(part) for part in text.split(","))
    except ValueError:
        bands = ()
    if len(bands) not in (1, 3) or min(bands, default=0) < 1:
        raise ValueError(f"{text!r} is not one band or three, counted from 1, such as 4,3,2")
    return bands


# Every option that more than one command takes stands here once.
def _mosaic(*, required: bool) -> Callable[[_Command], _Command]:
    return click.option(
        "--mosaic",
        "mosaics",
        multiple=True,
        required=required,
        type=click.Path(path_type=Path),
        help="GeoTIFF, COG, VRT or a folder of them; several make one mosaic.",
    )


_OPTIONS: dict[str, Callable[[_Command], _Command]] = {
    "mosaic": _mosaic(required=True),
    "mosaic or another": _mosaic(required=False),
    "index": click.option(
        "--index",
        type=click.Path(path_type=Path),
        help="What `geoloc index build` wrote, in place of the mosaic or beside it.",
    ),
    "dataset": click.option(
        "--dataset",
        type=(click.Choice(["cvogl", "g2d"]), click.Path(path_type=Path)),
        metavar="NAME FOLDER",
        help="A published data set, cvogl or g2d, and its folder.",
    ),
    "task": click.option(
        "--task", type=click.Choice(["drone", "ground"]), default="drone", show_default=True, help="Of cvogl."
    ),
    "bands": click.option(
        "--bands",
        type=Parsed("B or R,G,B", _parse_bands),
        help="Bands of the mosaic to use as red, green, blue, counted from 1.",
    ),
    "gsd": click.option(
        "--gsd",
        type=Positive(),
        metavar="METRES",
        help="Metres on the ground a pixel to read the mosaic at; more than the model's own are enlarged to that."
        "  [default: the model's]",
    ),
    "bounds": click.option(
        "--bounds",
        type=Parsed("W,S,E,N", partial(parse_numbers, form="W,S,E,N")),
        help="Search inside these longitudes and latitudes (WGS 84) only.",
    ),
    "aoi": click.option(
        "--aoi",
        type=click.Path(path_type=Path),
        help="Search inside the polygons of this vector file only.",
    ),
    "near": click.option(
        "--near",
        type=Parsed("LON,LAT", partial(parse_numbers, form="LON,LAT")),
        help="Search round this position only.",
    ),
    "within": click.option(
        "--within",
        type=Positive(),
        default=WITHIN_M,
        show_default=True,
        metavar="METRES",
        help="How far round --near, or round the photo's GPS position.",
    ),
    "model": click.option(
        "--model", "preset", default="base", show_default=True, metavar="PRESET", help="Network preset."
    ),
    "weights": click.option(
        "--weights",
        type=click.Path(path_type=Path),
        help="Weights of your own (.safetensors).  [default: those in the package]",
    ),
    "device": click.option(
        "--device", default="cpu", show_default=True, help="Where the network runs: cpu, cuda, cuda:1, mps."
    ),
    "refine": click.option(
        "--refine",
        type=click.Choice(["auto", "off"]),
        default="auto",
        show_default=True,
        help="auto: answers are carried over exactly where local features of photo and mosaic match; off: the network "
        "alone.",
    ),
    "scheduler": click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Do it on the dask.distributed cluster whose scheduler is there, such as tcp://host:8786; its workers see "
        "the same files under the same names.",
    ),
    "workers": click.option(
        "--workers", "workers_count", type=click.IntRange(min=0), default=0, help="Do it in so many processes."
    ),
    "exhaustive": click.option(
        "--exhaustive",
        is_flag=True,
        help="Show every window to the whole network, not only the 100 that their descriptors speak for.",
    ),
    "gps": click.option(
        "--gps/--no-gps", default=True, help="Use the photo's own GPS position as --near.  [default: gps]"
    ),
    "top": click.option(
        "--top", type=click.IntRange(min=1), default=5, show_default=True, help="Answers a click at most."
    ),
    "min score": click.option(
        "--min-score",
        type=click.FloatRange(0, 1),
        help='Leave out answers that score less.  [default: a click whose best answer scores below 0.5 is "not here"]',
    ),
    "overwrite": click.option("--overwrite", is_flag=True, help="Replace files that exist."),
    "verbosity": click.option(
        "-v/-q",
        "--verbose/--quiet",
        "verbose",
        default=None,
        callback=lambda ctx, param, value: _set_verbosity(value),
        expose_value=False,
        help="Say more (and show tracebacks), or only errors.",
    ),
}
SEARCHED = ("mosaic or another", "index")
AREA = ("bounds", "aoi", "near", "within")
MODEL = ("model", "weights", "device")
ANSWERS = ("gps", "top", "min score", "refine", "exhaustive")


def chosen_workers(scheduler: str | None, count: int) -> Workers:
    """What `--scheduler` and `--workers` say; a usage error where both are given."""
    if scheduler is not None and count:
        raise click.UsageError("Give --scheduler or --workers, not both.")
    return Workers(scheduler, count)


def options(*names: str) -> Callable[[_Command], _Command]:
    """Decorator that gives a command the shared options of these names, in this order in its help."""

    def add(command: _Command) -> _Command:
        for name in reversed(names):
            command = _OPTIONS[name](command)
        return command

    return add


class _StderrHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # On a terminal a line may stand in the place of unfinished progress.
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        click.echo(clear + self.format(record), err=True)


def _set_verbosity(verbose: bool | None) -> None:
    """-v: everything; -q: errors only; neither: what is being done."""
    import warnings

    level = logging.INFO if verbose is None else logging.DEBUG if verbose else logging.ERROR
    for name in ("geoloc", "tiling"):
        logger = logging.getLogger(name)
        logger.handlers = [_StderrHandler()]
        logger.propagate = False
        logger.setLevel(level)
    if not verbose:
        # Errors reach the user as one line; what GDAL logs on the way to them would come on top.
        logging.getLogger("rasterio").setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore")


class Progress:
    """A counter on stderr: one changing line on a terminal, about ten lines in a log."""

    def __init__(self, what: str, *, timed: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        """timed: say how fast it goes and how long the rest will take, counted from the first call on; `clock` tells
        seconds.
        """
        self._what = what
        self._tenth = -1
        self._terminal = sys.stderr.isatty()
        self._timed, self._clock = timed, clock
        self._first: tuple[int, float] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Say that so many are done."""
        if not LOG.isEnabledFor(logging.INFO):
            return
        text = f"{done} of {total} {self._what}{self._pace(done, total) if self._timed else ''}"
        if self._terminal:
            click.echo(f"\r{text}\x1b[K", nl=done >= total, err=True)
        elif done * 10 // max(total, 1) > self._tenth:
            self._tenth = done * 10 // max(total, 1)
            click.echo(text, err=True)

    def _pace(self, done: int, total: int) -> str:
        """Such as ", 4.1 a minute, 1 h 20 min left"; empty where nothing was done yet."""
        now = self._clock()
        if self._first is None:
            self._first = (done, now)
        count, seconds = done - self._first[0], now - self._first[1]
        if count <= 0 or seconds <= 0:
            return ""
        rate = 60 * count / seconds
        text = f", {rate:.0f} a minute" if rate >= 10 else f", {rate:.2g} a minute"
        return text if done >= total else f"{text}, {_duration((total - done) / rate)} left"


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{math.ceil(60 * minutes)} s"
    whole = math.ceil(minutes)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"
