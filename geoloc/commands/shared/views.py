"""Photos that a command line names, read, with what was clicked or drawn in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from geoloc.commands.shared.logs import LOG
from geoloc.system.text import counted

if TYPE_CHECKING:
    from geoloc.photo.photo import Photo
    from geoloc.photo.target import Target


KEPT_BYTES = 256 << 20
"""Pixels of photos that are kept from their check to their search: four of 20 megapixels. Others are decoded again."""


class View(NamedTuple):
    """A photo, and what was clicked or drawn in it.

    Attributes:
        path: of the photo.
        targets: what was clicked or drawn in it.
        kept: the photo, where it was kept: many would fill the memory (`KEPT_BYTES`).
    """

    path: Path
    targets: list[Target]
    kept: Photo | None

    def photo(self) -> Photo:
        """Return the photo, read again where it was not kept.

        Raises:
            PhotoError: it cannot be used any more.
        """
        from geoloc.photo.photo import load_photo

        return self.kept or load_photo(self.path, again=True)


def read_together(paths: Sequence[Path], drawn: Sequence[Target]) -> list[View]:
    """Read photos of one object, and check what was clicked: one in each, in their order. All are kept.

    Raises:
        click.UsageError: there is not one click for each, or one photo stands twice.
        PhotoError: one cannot be used.
    """
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import within_photo
    from geoloc.pipeline.job import photo_twice

    if len(drawn) != len(paths):
        raise click.UsageError(
            f"{len(paths)} photos and {counted(len(drawn), 'click')}: with --and give one --click (--box, --polygon)"
            " for each photo, in their order."
        )
    if photo_twice(paths):
        raise click.UsageError("The same photo twice: --and is another photo of the same object.")
    photos = [load_photo(path) for path in paths]
    return [View(photo.path, [within_photo(photo, target)], photo) for photo, target in zip(photos, drawn, strict=True)]


def read_each(paths: Sequence[Path], drawn: Sequence[Target], drawn_in: Sequence[int]) -> tuple[list[View], int]:
    """Read photos, and check what was clicked in each.

    Args:
        paths: of the photos.
        drawn: what was clicked or drawn in all of them.
        drawn_in: in which photo each of these was.

    Returns:
        What can be searched for, of which the first photo is kept, and others as far as `KEPT_BYTES` reach; and how
        many clicks cannot, which is told.

    Raises:
        click.UsageError: nothing was clicked in a photo.
        PhotoError: nothing can be searched for.
    """
    from geoloc.errors import PhotoError, in_one_line
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import within_photo

    targets = [
        [target for target, photo in zip(drawn, drawn_in, strict=True) if photo == number]
        for number in range(len(paths))
    ]
    for path, mine in zip(paths, targets, strict=True):
        if not mine:
            raise click.UsageError(
                f"{path} has no --click (--box, --polygon): those of a photo stand behind it, {path} --click X,Y."
            )
    views: list[View] = []
    errors: list[PhotoError] = []
    failed = held = 0
    for path, mine in zip(paths, targets, strict=True):
        good: list[Target] = []
        try:
            photo = load_photo(path)
            for target in mine:
                try:
                    good.append(within_photo(photo, target))
                except PhotoError as error:
                    errors.append(error)
                    failed += 1
        except PhotoError as error:
            errors.append(error)
            failed += len(mine)
        if good:
            keeps = not views or held + photo.pixels.nbytes <= KEPT_BYTES
            held += photo.pixels.nbytes if keeps else 0
            views.append(View(path, list(dict.fromkeys(good)), photo if keeps else None))
    if not views and len(errors) == 1:
        raise errors[0]
    for one in errors:
        LOG.error("%s", in_one_line(one))
    if not views:
        raise PhotoError(f"none of {len(drawn)} clicks can be searched for, as told above")
    return views, failed
