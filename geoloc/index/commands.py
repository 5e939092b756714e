"""The commands of `geoloc index`. They wire; heavy imports stand inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.console import MODEL, Progress, chosen_workers, options

if TYPE_CHECKING:
    from geoloc.cluster import Workers
    from geoloc.index.build import Done, Makes
    from geoloc.index.spread import Making

_INDEX = click.argument("path", metavar="INDEX", type=click.Path(path_type=Path))


@click.group()
def index() -> None:
    """Encode a mosaic once, for any number of searches.

    \b
    geoloc index build --mosaic city.tif -o city.zarr
    geoloc locate photo.jpg --click 1426,624 --index city.zarr
    geoloc index update city.zarr --mosaic city.tif
    """


@index.command()
@options("mosaic", "bands", "gsd", "bounds", "aoi", *MODEL)
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="The index, a folder.")
@options("scheduler", "workers", "overwrite", "verbosity")
def build(
    *,
    mosaics: tuple[Path, ...],
    bands: tuple[int, ...] | None,
    gsd: float | None,
    bounds: tuple[float, float, float, float] | None,
    aoi: Path | None,
    preset: str,
    weights: Path | None,
    device: str,
    path: Path,
    scheduler: str | None,
    workers_count: int,
    overwrite: bool,
) -> None:
    """Index a mosaic; goes on where an interrupted build of the same index stopped."""
    from geoloc.errors import needing_index
    from geoloc.model.packaged import find_weights
    from geoloc.scope import Limits

    # What is cheap to check comes before libraries that take seconds.
    find_weights(preset, weights)
    with needing_index():
        from geoloc.index.making import Order
        from geoloc.index.making import build as make
        from geoloc.index.spread import Making
    workers = chosen_workers(scheduler, workers_count)
    done = make(
        Order(path, mosaics, preset, weights, device),
        Limits(bounds, aoi, near=None, within=0.0),
        bands=bands,
        gsd=gsd,
        overwrite=overwrite,
        progress=Progress("blocks", timed=True),
        makers=_makes(Making(path, mosaics, preset, weights, device, False), workers),
    )
    _tell(path, done)


@index.command()
@_INDEX
@options("mosaic", "weights", "device", "scheduler", "workers", "verbosity")
def update(
    *,
    path: Path,
    mosaics: tuple[Path, ...],
    weights: Path | None,
    device: str,
    scheduler: str | None,
    workers_count: int,
) -> None:
    """Bring INDEX up to date with its mosaic: only what changed is encoded again. Restores damaged blocks too."""
    from geoloc.errors import needing_index

    with needing_index():
        from geoloc.index.making import Order
        from geoloc.index.making import update as make
        from geoloc.index.spread import Making
        from geoloc.index.store import Store
    workers = chosen_workers(scheduler, workers_count)
    preset = Store.open(path).header.preset
    making = Making(path, mosaics, preset, weights, device, True)
    order, progress = Order(path, mosaics, preset, weights, device), Progress("blocks", timed=True)
    _tell(path, make(order, progress=progress, makers=_makes(making, workers)))


@index.command()
@_INDEX
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@options("verbosity")
def info(*, path: Path, as_json: bool) -> None:
    """Say what INDEX holds."""
    import json

    from geoloc.errors import needing_index

    with needing_index():
        from geoloc.index.info import describe
    told = describe(path)
    if as_json:
        click.echo(json.dumps(told))
        return
    for name, value in told.items():
        click.echo(f"{name:16} {_text(value)}")


@index.command()
@_INDEX
@options("verbosity")
def verify(*, path: Path) -> None:
    """Check that every block of INDEX is there and as it was written."""
    from geoloc.errors import IndexFileError, needing_index

    with needing_index():
        from geoloc.index.reference import Index
    there = Index(path)
    wrong = there.damaged(Progress("blocks"))
    if wrong:
        first = ", ".join(f"{column},{row}" for column, row in wrong[:5])
        raise IndexFileError(
            f"{path}: {len(wrong)} of its blocks are missing or damaged ({first}); `geoloc index update` restores them"
        )
    click.echo(f"{path}: all blocks are whole")


@contextmanager
def _makes(making: Making, workers: Workers) -> Iterator[Makes | None]:
    """How blocks are made: by the processes asked for, or else by this one."""
    if not workers:
        yield None
        return
    from geoloc.cluster import connected
    from geoloc.index.spread import spread_blocks

    with connected(workers) as client:
        yield partial(spread_blocks, client, making.everywhere())


def _tell(path: Path, done: Done) -> None:
    click.echo(f"wrote {path}: {done.encoded} blocks encoded, {done.kept} there already")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
