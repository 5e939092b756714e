"""A command that understands what shells make of patterns, says what was meant to be quoted, and shows examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from geoloc.errors import SuffixError, in_one_line

_CORNER = re.compile(r"[-+]?[\d.]+,[-+]?[\d.]+")


def examples(*lines: str) -> str:
    """Return the end of a command's help: command lines to copy, as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


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


def with_mosaics_named(ctx: click.Context, args: list[str], extra: Sequence[str]) -> list[str]:
    """Return words with `--mosaic` before each one that a shell made of its pattern.

    Args:
        ctx: of the command.
        args: the words.
        extra: those among them that are no options and that the command may have no use for.

    Raises:
        click.UsageError: they are corners of a polygon without quotation marks.
    """
    if "--polygon" in args and any(map(_CORNER.fullmatch, extra)):
        raise click.UsageError('Put the corners of --polygon into quotation marks: --polygon "10,20 60,20 60,50".', ctx)
    return _with_each_named(args, "--mosaic", len(extra))


def _with_each_named(args: list[str], option: str, count: int) -> list[str]:
    """Put an option before `count` of the words that follow its value."""
    named: list[str] = []
    value_at, inside = -1, False
    for number, word in enumerate(args):
        if word == "--":
            return [*named, *args[number:]]
        if word == option:
            value_at, inside = number + 1, True
        elif number != value_at:
            inside = inside and not word.startswith("-")
            if inside and count:
                named.append(option)
                count -= 1
        named.append(word)
    return named
