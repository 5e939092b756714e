"""A command that understands what shells make of patterns, says what was meant to be quoted, and shows examples.

Its help has the options of a search under headings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, TypeVar

import click

from geoloc.errors import SuffixError, in_one_line

HEADINGS = INPUT, LOOK, KNOWN, ANSWERED, OUTPUT, RUN = (
    "Input",
    "Where to look",
    "What is known of the camera and the ground",
    "Answers",
    "Output",
    "How it runs",
)
"""What options of a search stand under in its help, in this order."""
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
_CORNER = re.compile(r"[-+]?[\d.]+,[-+]?[\d.]+")


def examples(*lines: str) -> str:
    """Return the end of a command's help: command lines to copy, as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


class Headed(click.Option):
    """An option that says under which of the `HEADINGS` it stands; others stand under the first."""

    def __init__(self, *names: Any, heading: str, **more: Any) -> None:
        """Make an option of click's, with a heading."""
        super().__init__(*names, **more)
        self.heading = heading


def option(*names: str, heading: str, **more: Any) -> Callable[[_Decorated], _Decorated]:
    """Give a command an option under a heading; all else is as in `click.option`."""
    return click.option(*names, cls=Headed, heading=heading, **more)


def help_rows(command: click.Command, ctx: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Return what a command's help says of its options: names and words, by heading.

    One that has none under "Where to look" searches nothing: all of its options stand together.
    """
    found: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
    together: list[tuple[str, str]] = []
    for param in command.get_params(ctx):
        if isinstance(param, click.Option) and (row := param.get_help_record(ctx)):
            first = RUN if "--help" in param.opts else INPUT
            found[param.heading if isinstance(param, Headed) else first].append(row)
            together.append(row)
    return {heading: rows for heading, rows in found.items() if rows} if found[LOOK] else {"Options": together}


class Command(click.Command):
    """A command of click's.

    A shell makes `--mosaic tiles/*.tif` into one option and many words after it: they are mosaics too. One that makes
    `--polygon 1,1 9,1 5,7` into several words is told of.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of a command line.

        Raises:
            click.UsageError: they are none of this command.
        """
        return super().parse_args(ctx, self.meant(ctx, args))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the help says of options, under headings where there are many."""
        for heading, rows in help_rows(self, ctx).items():
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            click.UsageError: an output is of an unknown kind.
        """
        try:
            return super().invoke(ctx)
        except SuffixError as error:
            # Here, where it is known which command's help to name.
            raise click.UsageError(in_one_line(error), ctx) from error

    def meant(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the words of a command line as they are meant.

        Raises:
            click.UsageError: they were meant to be quoted.
        """
        _, extra, _ = self.make_parser(ctx).parse_args(args=list(args))
        return with_mosaics_named(ctx, args, extra)


def with_mosaics_named(
    ctx: click.Context,
    args: list[str],
    extra: Sequence[str],
    ends_in_photo: Callable[[list[str], str, str], bool] = lambda before, last, following: False,
) -> list[str]:
    """Return words with `--mosaic` before each one that a shell made of its pattern.

    Args:
        ctx: of the command.
        args: the words.
        extra: those among them that are no options and that the command may have no use for.
        ends_in_photo: of words after a mosaic, whether the last one is a photo: told all words up to that mosaic, the
            last one, and the option after it.

    Raises:
        click.UsageError: they are corners of a polygon without quotation marks.
    """
    if "--polygon" in args and any(map(_CORNER.fullmatch, extra)):
        raise click.UsageError('Put the corners of --polygon into quotation marks: --polygon "10,20 60,20 60,50".', ctx)
    named: list[str] = []
    number, count = 0, len(extra)
    while number < len(args) and args[number] != "--":
        if args[number] != "--mosaic":
            named.append(args[number])
            number += 1
            continue
        named += args[number : number + 2]
        number += 2
        words = list(takewhile(lambda word: not word.startswith("-"), args[number:]))
        number += len(words)
        photo = bool(words) and number < len(args) and ends_in_photo(named, words[-1], args[number])
        mosaics = min(count, len(words) - photo)
        named += [part for word in words[:mosaics] for part in ("--mosaic", word)] + words[mosaics:]
        count -= mosaics
    return named + args[number:]
