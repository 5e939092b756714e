"""What to train on and what to keep apart for validation, from all that a user names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from geoloc.errors import TrainingError
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.sources import CollectionBuilder, add_data, add_mosaic, add_site

TRAIN, HELD_OUT = "train", "held out"
HELD_OUT_TOWN = 999


def gather(
    *,
    mosaics: Sequence[Path] = (),
    dsm: Path | None = None,
    sites: Sequence[Path] = (),
    data: Path | None = None,
    towns: int = 0,
    parts: Sequence[str] = (TRAIN, HELD_OUT),
    over: Callable[[], bool] = lambda: False,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, Collection]:
    """Read or build all that is named as two collections, `TRAIN` and `HELD_OUT`, that share no ground.

    Args:
        mosaics: together one mosaic, a quarter of which is held out, see `divide`.
        dsm: the surface heights of that mosaic.
        sites: folders of posed sites, see `load_site`.
        data: the folder of `add_data`.
        towns: how many synthetic towns to build; one more is held out.
        parts: which of the two.
        over: whether there is no time to read more of a mosaic than a part.
        report: called with lines about how far it is.

    Raises:
        GeolocError: something cannot be read, or holds too little to keep a part of it apart.
    """
    splits = {}
    for name in parts:
        held_out = name == HELD_OUT
        builder = CollectionBuilder()
        if data is not None:
            add_data(builder, data, held_out=held_out)
        for site in sites:
            add_site(builder, site, held_out=held_out)
        if mosaics:
            add_mosaic(builder, mosaics, dsm, held_out=held_out, over=over, report=report)
        if towns:
            from geoloc.train.grounds.towns.maker import FIRST_SEED, add_town

            for seed in [HELD_OUT_TOWN] if held_out else range(FIRST_SEED, FIRST_SEED + towns):
                add_town(builder, seed, report)
        splits[name] = builder.build()
        report(f"{name}: {len(splits[name].grounds)} orthophotos, {len(splits[name].photos)} photographs")
    return splits


def training_and_held_out(splits: dict[str, Collection]) -> tuple[Collection, Collection]:
    """Return what to train on and what is held out.

    Raises:
        TrainingError: one of them is missing, as in a pack that something else wrote.
    """
    return part_of(splits, TRAIN), part_of(splits, HELD_OUT)


def part_of(splits: dict[str, Collection], name: str) -> Collection:
    """Return one of the two.

    Raises:
        TrainingError: it is missing, as in a pack that something else wrote.
    """
    if name not in splits:
        raise TrainingError(f"the data have no part called {name!r}; write the pack with `geoloc pack`")
    return splits[name]
