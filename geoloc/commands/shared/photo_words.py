"""Photos among the words of a command line, and the options that belong to the photo that stands before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from geoloc.commands.shared.command import Command, with_mosaics_named
from geoloc.commands.shared.options import Seconds, WholeRange

_Command = TypeVar("_Command", bound=Callable[..., Any])
_OWNERS = f"{__name__}.owners"
_OF_A_PHOTO = ("--click", "--box", "--polygon", "--time", "--frame")


class PhotosCommand(Command):
    """A command of several photos, its argument `photo_paths`; options in between are of the photo before them.

    A word after `--mosaic m.tif` is a photo: nothing tells it from a further mosaic.
    """

    another = "others"
    """Name of an option that names a photo as well, with options of its own behind it."""

    def meant(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the words of a command line as they are meant, and keep which photo each value of an option is of.

        Raises:
            click.UsageError: they are none of this command, or were meant to be quoted.
        """
        args = super().meant(ctx, args)
        ctx.meta[_OWNERS] = self._owners(ctx, args)
        return args

    def _owners(self, ctx: click.Context, args: list[str]) -> dict[str, list[int]]:
        """Return for each option the number of the photo that each of its values is of."""
        owners: dict[str, list[int]] = {}
        words = args[: args.index("--")] if "--" in args else args
        photos = others = -1
        interspersed, ctx.allow_interspersed_args = ctx.allow_interspersed_args, False
        try:
            while True:
                # Each time up to the next photo.
                values, _, order = self.make_parser(ctx).parse_args(args=list(words))
                other = -1
                for option in order:
                    if option.name == self.another:
                        others += 1
                        other = others
                    elif option.name is not None and option.name != "photo_paths":
                        # Below 0 until it is known how many photos come before the others.
                        owners.setdefault(option.name, []).append(max(photos, 0) if other < 0 else -1 - other)
                rest = _photos(values)
                if not rest:
                    break
                photos, words = photos + 1, rest[1:]
        finally:
            ctx.allow_interspersed_args = interspersed
        last = max(photos, 0)
        return {name: [last - one if one < 0 else one for one in of] for name, of in owners.items()}


class ClickedPhotosCommand(PhotosCommand):
    """A command of photos that have clicks behind them: a word after a mosaic that has none is a mosaic too."""

    def meant(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Return the words of a command line as they are meant, and keep which photo each value of an option is of.

        Raises:
            click.UsageError: they are none of this command, or were meant to be quoted.
        """
        values, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        return super().meant(ctx, with_mosaics_named(ctx, args, _photos(values)[1:], partial(self._ends_in_photo, ctx)))

    def _ends_in_photo(self, ctx: click.Context, before: list[str], last: str, following: str) -> bool:
        """Whether the last word after a mosaic is a photo, since what follows is of a photo.

        Not where it is called as that mosaic is, and as no photo before: `a.jpg --mosaic tiles/*.tif --click 1,2`.
        """
        if following.split("=", maxsplit=1)[0] not in _OF_A_PHOTO:
            return False
        values, _, _ = self.make_parser(ctx).parse_args(args=list(before))
        photos = {_suffix(photo) for photo in (*_photos(values), *(values.get(self.another) or ()))}
        return not photos or _suffix(last) in photos or _suffix(last) != _suffix(before[-1])


def _suffix(word: str) -> str:
    return Path(word).suffix.lower()


def _photos(values: Mapping[str, Any]) -> list[str]:
    """The photos that a parser found; it has a mark of its own where there are none."""
    words = values.get("photo_paths")
    return list(words) if isinstance(words, list | tuple) else []


def photo_numbers(name: str) -> Sequence[int]:
    """Return which photo each value of an option is of, by the option's name: those of the argument, then the others.

    In a running `PhotosCommand` only.
    """
    owners: dict[str, list[int]] = click.get_current_context().meta[_OWNERS]
    return owners.get(name, [])


def moment_options(*, several: bool) -> Callable[[_Command], _Command]:
    """Make the options `--time` and `--frame` of a command.

    Args:
        several: whether it takes several photos: `times` and `frames`, each of the photo before it; else `time` and
            `frame`.
    """
    end = "s" if several else ""
    time = click.option(
        "--time",
        f"time{end}",
        multiple=several,
        type=Seconds(),
        help="Of a video before it: the picture that a player shows at this time, in seconds or as 1:23.5.",
    )
    frame = click.option(
        "--frame",
        f"frame{end}",
        multiple=several,
        type=WholeRange(0),
        help="Instead of --time: the picture of this number, from 0.",
    )
    return lambda command: time(frame(command))


def at_moments(paths: Sequence[Path], times: Sequence[float], frames: Sequence[int]) -> list[Path]:
    """Return photos as paths, of each video with the picture that `--time` or `--frame` behind it says.

    Raises:
        click.UsageError: they belong to no video, or a video has none or several.
    """
    seconds = _one_of_each(paths, "--time", photo_numbers("times"), times)
    numbers = _one_of_each(paths, "--frame", photo_numbers("frames"), frames)
    return [photo_at(path, seconds.get(place), numbers.get(place)) for place, path in enumerate(paths)]


def photo_at(path: Path, seconds: float | None, number: float | None) -> Path:
    """Return a photo as a path, of a video with the picture that `--time` or `--frame` says.

    Raises:
        click.UsageError: they belong to no video, or a video has none or both.
    """
    from geoloc.errors import PhotoError, in_one_line
    from geoloc.photo.files.moment import at_moment, is_video

    if seconds is not None or number is not None:
        try:
            return at_moment(path, seconds, number)
        except PhotoError as error:
            raise click.UsageError(in_one_line(error)) from None
    if is_video(path):
        raise click.UsageError(f"{path} is a video: say which picture of it, by --time SECONDS or --frame NUMBER.")
    return path


def _one_of_each(paths: Sequence[Path], flag: str, numbers: Sequence[int], values: Sequence[float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for number, value in zip(numbers, values, strict=True):
        if number in found:
            name = paths[number]
            raise click.UsageError(
                f"{name} has two of {flag}: name it anew for each of its pictures, {name} {flag} {found[number]:g}"
                f" ... {name} {flag} {value:g} ..."
            )
        found[number] = value
    return found
