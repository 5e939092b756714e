"""Options that several commands take, each written once: those of a search request, and others."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from geoloc.commands.shared.command import ANSWERED, INPUT, KNOWN, LOOK, OUTPUT, RUN, option
from geoloc.commands.shared.logs import set_verbosity
from geoloc.commands.shared.streams import or_stdout
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.option_kinds import Kind, NumberRange, Part
from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.system.processes import Workers

_Command = TypeVar("_Command", bound=Callable[..., Any])
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,9}(?:[.,]\d{1,9})?)")
"""Hours, minutes and seconds of a video, as far as they are told."""


class Parsed(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on only
    """A value that a function of the library parses from text, raising ValueError."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        """Parse values by a function; `name` is what the help shows for them."""
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the parsed value, or end with a usage error (exit 2)."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class FiniteRange(click.FloatRange):
    """Finite numbers of a range; click's own takes nan."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or end with a usage error (exit 2)."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Seconds(FiniteRange):
    """Seconds from a start, also as players show them, "1:23.5" or "0:01:23", and with a decimal comma."""

    name = "seconds"

    def __init__(self) -> None:
        """Take none that are below 0."""
        super().__init__(0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number of seconds, or end with a usage error (exit 2)."""
        if isinstance(value, str) and (told := _CLOCK.fullmatch(value.strip())):
            hours, minutes, seconds = (part or "0" for part in told.groups())
            value = 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))
        return super().convert(value, param, ctx)


class WholeRange(click.IntRange):
    """Whole numbers of a range."""

    name = "number"


def drawn(form: str, parser: str) -> Parsed:
    """Return what reads what is clicked or drawn, in a form, by a function of `geoloc.photo.target`."""

    def parse(text: str) -> Any:
        # Loaded when it is used.
        return getattr(import_module("geoloc.photo.target"), parser)(text)

    return Parsed(form, parse)


def click_type(kind: Kind) -> click.ParamType[Any]:
    """Return what of click reads a kind of value, and what its help shows for it.

    Raises:
        ValueError: nobody can type such a value.
    """
    if kind in _TYPES:
        return _TYPES[kind]
    if kind.choices:
        return click.Choice(kind.choices)
    if kind.range is not None:
        return _range_type(kind.range)
    if kind.from_text is None:
        raise ValueError("a value of this kind cannot be typed: give it `from_text`, or its field no flag")
    return Parsed(kind.form, kind.from_text)


def _range_type(allowed: NumberRange) -> click.ParamType[Any]:
    if not allowed.whole:
        return FiniteRange(allowed.least, allowed.most, min_open=allowed.above)
    if allowed == NumberRange(whole=True):
        return click.INT
    least, most = (None if limit is None else int(limit) for limit in (allowed.least, allowed.most))
    return WholeRange(least, most, min_open=allowed.above)


_PATH = click.Path(path_type=Path)
_TYPES: dict[Kind, click.ParamType[Any]] = {
    kinds.PATH: _PATH,
    kinds.PATHS: _PATH,
    kinds.FLAG: click.BOOL,
}
"""Kinds of values that click knows a type of, other than numbers of a range."""
POSITIVE = click_type(kinds.POSITIVE)
"""A number above 0."""
_OTHERS: dict[str, Callable[[Any], Any]] = {
    "dataset": click.option(
        "--dataset",
        type=(click.Choice(["cvogl", "g2d"]), _PATH),
        metavar="NAME FOLDER",
        help="A published data set, cvogl or g2d, and its folder.",
    ),
    "task": click.option(
        "--task", type=click.Choice(["drone", "ground"]), default="drone", show_default=True, help="Of cvogl."
    ),
    "scheduler": option(
        "--scheduler",
        heading=RUN,
        metavar="ADDRESS",
        help="Do it on the dask.distributed cluster whose scheduler is there, such as tcp://host:8786; its workers see "
        "the same files under the same names.",
    ),
    "workers": option(
        "--workers",
        "workers_count",
        heading=RUN,
        type=WholeRange(min=0),
        default=0,
        help="Do it in so many processes.",
    ),
    "overwrite": option("--overwrite", heading=OUTPUT, is_flag=True, help="Replace files that exist."),
    "verbosity": option(
        "-v/-q",
        "--verbose/--quiet",
        "verbose",
        heading=RUN,
        default=None,
        callback=lambda ctx, param, value: set_verbosity(value),
        expose_value=False,
        help="Say more (and show tracebacks), or only errors and what is wrong with a mosaic.",
    ),
}
"""Shared options that are none of a request's."""


def fields_of(part: Part, request_type: type[SearchRequest] = SearchRequest) -> tuple[str, ...]:
    """Return names of a request's fields of one part that commands have options for, in their order in the help."""
    return tuple(name for name, option in options_of(request_type).items() if option.part == part and option.flag)


SOURCE, LIMITS, CAMERA = fields_of("source"), fields_of("limits"), fields_of("camera")
ANSWERS, NETWORK = fields_of("answers"), fields_of("network")
"""What a search command gives to `options`: all of them, new ones too."""
_HEADINGS: dict[Part, str] = {"source": INPUT, "limits": LOOK, "camera": KNOWN, "answers": ANSWERED, "network": RUN}


def without(names: tuple[str, ...], *left_out: str) -> tuple[str, ...]:
    """Return the names but those left out: a command that does not have them, or in its own way."""
    return tuple(name for name in names if name not in left_out)


def options(*names: str, request_type: type[SearchRequest] = SearchRequest) -> Callable[[_Command], _Command]:
    """Give a command options, in this order in its help: fields of a request by their names, or others."""

    def add(command: _Command) -> _Command:
        for name in reversed(names):
            add_one = _OTHERS[name] if name in _OTHERS else request_option(name, request_type=request_type)
            command = add_one(command)
        return command

    return add


def request_option(
    name: str,
    *,
    required: bool = False,
    default: Any = None,
    help_text: str | None = None,
    request_type: type[SearchRequest] = SearchRequest,
) -> Callable[[_Command], _Command]:
    """Make the option of a request's field, which says itself what it is called and what values it has.

    Args:
        name: name of the field.
        required: whether the command does not run without it.
        default: where the command has another one than the request.
        help_text: where the command means something more special.
        request_type: the request that has the field.
    """
    written = options_of(request_type)[name]
    assert written.flag is not None
    shown = None
    if default is None:
        shown = written.shown_default
        default = {field.name: field.default for field in fields(request_type)}[name]
    return option(
        written.flag,
        name,
        heading=_HEADINGS[written.part],
        type=click_type(written.kind),
        is_flag=written.kind is kinds.FLAG or None,
        multiple=written.kind is kinds.PATHS,
        required=required,
        default=default,
        show_default=isinstance(default, int | float | str) and not isinstance(default, bool),
        metavar=written.metavar,
        help=(help_text or written.help) + (f"  [default: {shown}]" if shown else ""),
    )


def output_option(text: str, *, otherwise: str | None = None) -> Callable[[_Command], _Command]:
    """Make the option `-o` of a command that writes a file, or to stdout where it is -: the command gets None then.

    Args:
        text: what its help says.
        otherwise: where the output goes without it; None where it must be given.
    """
    return option(
        "-o",
        "--output",
        heading=OUTPUT,
        type=_PATH,
        required=otherwise is None,
        callback=or_stdout,
        help=text + (f"  [default: {otherwise}]" if otherwise else ""),
    )


def vector_output(*, otherwise: str | None = None) -> Callable[[_Command], _Command]:
    """Make the option `-o` of a command whose answers are a vector file.

    Args:
        otherwise: where the answers go without it; None where it must be given.
    """
    text = (
        "Write .geojson, .geojsons, .geojsonl, .kml, .kmz or .csv (WGS 84), or .gpkg, .fgb, .parquet or .dxf (the "
        "mosaic's CRS); - is GeoJSON to stdout."
    )
    return output_option(text, otherwise=otherwise)


def takes_request(
    command: Callable[..., None], request_type: type[SearchRequest] = SearchRequest
) -> Callable[..., None]:
    """Put the options of a request together to the one value `request` that a command takes; the innermost decorator.

    Fields for which the command has no option are as they are by default.
    """

    @functools.wraps(command)
    def with_options(**values: Any) -> None:
        given = {name: values.pop(name) for name in options_of(request_type) if name in values}
        command(request=request_type(**given), **values)

    return with_options


def check_source(request: SearchRequest) -> None:
    """Refuse, as wrong usage, a request that searches nothing, or an index otherwise than it was made."""
    if request.searches_nothing:
        raise click.UsageError("Give --mosaic or --index, or both.")
    if request.contradicts_index:
        raise click.UsageError("An index has its own GSD and bands: no --gsd or --bands with --index.")


def chosen_workers(scheduler: str | None, count: int) -> Workers:
    """Return what `--scheduler` and `--workers` say; a usage error where both are given."""
    if scheduler is not None and count:
        raise click.UsageError("Give --scheduler or --workers, not both.")
    return Workers(scheduler, count)
