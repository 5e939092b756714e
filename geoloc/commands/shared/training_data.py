"""What a command trains on: the options that name it, put together to one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import WholeRange

if TYPE_CHECKING:
    from geoloc.train.grounds.collection import Collection


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What to train on: what to make views of, or a pack in its place.

    Attributes:
        mosaics: a user's own orthophotos, together one mosaic.
        dsm: its surface heights.
        sites: folders of posed sites.
        data: the folder of what the packaged weights were trained on.
        towns: synthetic towns to add.
        packed: what `geoloc pack` wrote.
    """

    mosaics: tuple[Path, ...]
    dsm: Path | None
    sites: tuple[Path, ...]
    data: Path | None
    towns: int
    packed: Path | None = None

    @property
    def makes_views(self) -> bool:
        """Whether anything but a pack was named."""
        return bool(self.mosaics or self.dsm or self.sites or self.data or self.towns)

    def check(self) -> None:
        """Refuse wrong usage, before libraries that take seconds are loaded.

        Raises:
            click.UsageError: nothing was named, or a pack and something beside it, or heights without a mosaic.
        """
        if self.packed is not None:
            if self.makes_views:
                raise click.UsageError("--pack and what to make views of are two ways; give one.")
            return
        if not (self.mosaics or self.sites or self.data or self.towns):
            raise click.UsageError("Nothing to train on: give --mosaic, --site, --data, --towns or --pack.")
        if self.dsm is not None and not self.mosaics:
            raise click.UsageError("--dsm belongs to a --mosaic.")

    def check_extent(self, *, searched: bool) -> None:
        """Refuse a mosaic that is too small, before any pixel is read; what is beside it may be large enough.

        Args:
            searched: whether searches are to be tried on what is kept apart of it.

        Raises:
            GeolocError: it cannot be read, or is too small.
        """
        if self.mosaics and not (self.sites or self.data or self.towns):
            from geoloc.train.grounds.own.extent import check_extent

            check_extent(self.mosaics, searched=searched)

    def splits(
        self, over: Callable[[], bool] = lambda: False, report: Callable[[str], None] = LOG.info
    ) -> dict[str, Collection]:
        """Return what to train on and what is held out, by these names: of a pack, or made now.

        Args:
            over: whether there is no time to read more of a mosaic than a part.
            report: called with lines about how it goes.

        Raises:
            GeolocError: something cannot be read.
        """
        from geoloc.train.grounds.gather import HELD_OUT, TRAIN

        return self._parts((TRAIN, HELD_OUT), over, report)

    def held_out(self) -> Collection:
        """Return what is held out alone: what to train on need not be made for it.

        Raises:
            GeolocError: something cannot be read, or a pack has no such part.
        """
        from geoloc.train.grounds.gather import HELD_OUT, part_of

        return part_of(self._parts((HELD_OUT,)), HELD_OUT)

    def _parts(
        self,
        names: Sequence[str],
        over: Callable[[], bool] = lambda: False,
        report: Callable[[str], None] = LOG.info,
    ) -> dict[str, Collection]:
        if self.packed is not None:
            from geoloc.train.grounds.pack import read_pack

            return read_pack(self.packed)
        from geoloc.train.grounds.gather import gather

        return gather(
            mosaics=self.mosaics,
            dsm=self.dsm,
            sites=self.sites,
            data=self.data,
            towns=self.towns,
            parts=names,
            over=over,
            report=report,
        )


_Command = Callable[..., None]
_PACK = click.option("--pack", "packed", type=click.Path(path_type=Path), help="Folder that `geoloc pack` wrote.")
_SOURCES = (
    click.option(
        "--mosaic",
        "mosaics",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Your own orthophoto: photographs of it are made. Several, or a folder, make one mosaic.",
    ),
    click.option("--dsm", type=click.Path(path_type=Path), help="Surface heights of the --mosaic, in metres."),
    click.option(
        "--site",
        "sites",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Folder of a posed site: mosaic.tif, dsm.tif, cameras.json, photos/.",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder with orthos/ and caliterra/, what the packaged weights were trained on.",
    ),
    click.option("--towns", type=WholeRange(min=0), default=0, help="Synthetic towns to add.  [default: none]"),
)


def training_data(*, packed: bool) -> Callable[[_Command], _Command]:
    """Give a command the options of training data, and their value as `data`.

    Args:
        packed: whether a pack will do in place of them.
    """

    def add(command: _Command) -> _Command:
        @functools.wraps(command)
        def with_options(**values: Any) -> None:
            given = {field.name: values.pop(field.name) for field in fields(TrainingData) if field.name in values}
            command(data=TrainingData(**given), **values)

        for option in reversed((*_SOURCES, _PACK) if packed else _SOURCES):
            with_options = option(with_options)
        return with_options

    return add
