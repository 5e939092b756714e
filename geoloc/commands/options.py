"""Options that several commands take, each written once: those of a search request, and others."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from geoloc.commands.logs import set_verbosity
from geoloc.pipeline import options as kinds
from geoloc.pipeline.options import Option
from geoloc.pipeline.request import SearchRequest, options_of
from geoloc.system.processes import Workers

_Command = TypeVar("_Command", bound=Callable[..., Any])
SOURCE = ("mosaics", "index", "bands", "gsd_m")
WHERE = ("bounds", "aoi", "near", "within_m")
HOW = ("gps", "top", "min_score", "refine", "exhaustive")
NETWORK = ("preset", "weights", "device")


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


_OTHERS: dict[str, Callable[[Any], Any]] = {
    "dataset": click.option(
        "--dataset",
        type=(click.Choice(["cvogl", "g2d"]), click.Path(path_type=Path)),
        metavar="NAME FOLDER",
        help="A published data set, cvogl or g2d, and its folder.",
    ),
    "task": click.option(
        "--task", type=click.Choice(["drone", "ground"]), default="drone", show_default=True, help="Of cvogl."
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
    "overwrite": click.option("--overwrite", is_flag=True, help="Replace files that exist."),
    "verbosity": click.option(
        "-v/-q",
        "--verbose/--quiet",
        "verbose",
        default=None,
        callback=lambda ctx, param, value: set_verbosity(value),
        expose_value=False,
        help="Say more (and show tracebacks), or only errors.",
    ),
}
"""Shared options that are none of a request's."""


def options(*names: str) -> Callable[[_Command], _Command]:
    """Give a command options, in this order in its help: fields of a request by their names, or others."""

    def add(command: _Command) -> _Command:
        for name in reversed(names):
            command = (_OTHERS[name] if name in _OTHERS else request_option(name))(command)
        return command

    return add


def request_option(
    name: str, *, required: bool = False, default: Any = None, help_text: str | None = None
) -> Callable[[_Command], _Command]:
    """Make the option of a request's field, which says itself what it is called and what values it has.

    Args:
        name: of the field.
        required: whether the command does not run without it.
        default: where the command has another one than the request.
        help_text: where the command means something more special.
    """
    option = options_of()[name]
    own = {field.name: field.default for field in fields(SearchRequest)}[name] if default is None else default
    shown = option.shown_default if default is None else None
    is_flag = option.kind is kinds.FLAG
    return click.option(
        option.flag or f"--{option.key}",
        name,
        type=None if is_flag else _click_type(option),
        is_flag=is_flag or None,
        multiple=option.kind is kinds.PATHS,
        required=required,
        default=own,
        show_default=isinstance(own, int | float | str) and not isinstance(own, bool),
        metavar=option.metavar,
        help=(help_text or option.help) + (f"  [default: {shown}]" if shown else ""),
    )


def _click_type(option: Option) -> click.ParamType:
    """What of click reads a kind of value."""
    kind = option.kind
    path = click.Path(path_type=Path)
    of_click: tuple[tuple[kinds.Kind, click.ParamType], ...] = (
        (kinds.PATH, path),
        (kinds.PATHS, path),
        (kinds.TEXT, click.STRING),
        (kinds.POSITIVE, Positive()),
        (kinds.SHARE, click.FloatRange(0, 1)),
        (kinds.COUNT, click.IntRange(min=1)),
    )
    for known, found in of_click:
        if kind is known:
            return found
    if "|" in kind.name:
        return click.Choice(kind.name.split("|"))
    assert kind.from_text is not None
    return Parsed(kind.name, kind.from_text)


def takes_request(command: Callable[..., Any]) -> Callable[..., Any]:
    """Put the options of a request together to the one value `request` that the command takes; innermost decorator."""

    @functools.wraps(command)
    def packed(**values: Any) -> Any:
        told = {name: values.pop(name) for name in options_of() if name in values}
        return command(request=SearchRequest(**told), **values)

    return packed


def check_source(request: SearchRequest) -> None:
    """Refuse, as wrong usage, a request that searches nothing, or an index otherwise than it was made."""
    if request.searches_nothing:
        raise click.UsageError("Give --mosaic or --index, or both.")
    if request.contradicts_index:
        raise click.UsageError("An index has its own GSD and bands: no --gsd or --bands with --index.")


def chosen_workers(scheduler: str | None, count: int) -> Workers:
    """What `--scheduler` and `--workers` say; a usage error where both are given."""
    if scheduler is not None and count:
        raise click.UsageError("Give --scheduler or --workers, not both.")
    return Workers(scheduler, count)
