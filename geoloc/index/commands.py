"""The commands of `geoloc index`. They wire; heavy imports stand inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.console import LOG, MODEL, Progress, chosen_workers, options

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
    from geoloc.errors import OutputError, needing_index
    from geoloc.model.packaged import find_weights, network_checksum
    from geoloc.scope import Limits, Scope
    from geoloc.searched import opened

    checksum = network_checksum(find_weights(preset, weights))
    with needing_index():
        from geoloc.index import build as making
        from geoloc.index.header import Request
        from geoloc.index.spread import Making
    workers = chosen_workers(scheduler, workers_count)
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder to write {path.name} into; make it first")
    with opened(mosaics, None, preset=preset, weights=weights, bands=bands, gsd=gsd) as searched:
        scope = Scope(searched, Limits(bounds, aoi, near=None, within=0.0))
        plan = scope.plan()
        LOG.info("Indexing %d windows of %d px at %.3g m", len(plan.windows), plan.window_px, plan.gsd_m)

        from geoloc import model

        localizer = model.load(preset, weights, device).compiled()
        request = Request(bands, gsd, scope.area.polygon)
        assert searched.mosaic is not None
        with _makes(Making(path, mosaics, preset, weights, device, False), workers) as makes:
            done = making.build(
                path,
                searched.mosaic,
                plan,
                localizer,
                weights=checksum,
                request=request,
                overwrite=overwrite,
                progress=Progress("blocks", timed=True),
                makes=makes,
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
    from geoloc.model.packaged import find_weights, network_checksum
    from geoloc.searched import opened
    from tiling.area import Area

    with needing_index():
        from geoloc.index import build as making
        from geoloc.index.spread import Making
        from geoloc.index.store import Store
    workers = chosen_workers(scheduler, workers_count)
    header = Store.open(path).header
    request, preset = header.request, header.preset
    checksum = network_checksum(find_weights(preset, weights))
    with opened(mosaics, None, preset=preset, weights=weights, bands=request.bands, gsd=request.gsd_m) as searched:
        plan = searched.plan(Area(request.area))

        from geoloc import model

        localizer = model.load(preset, weights, device).compiled()
        assert searched.mosaic is not None
        with _makes(Making(path, mosaics, preset, weights, device, True), workers) as makes:
            progress = Progress("blocks", timed=True)
            mosaic = searched.mosaic
            done = making.update(path, mosaic, plan, localizer, weights=checksum, progress=progress, makes=makes)
    _tell(path, done)


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
