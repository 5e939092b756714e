"""`geoloc index`: a mosaic encoded once, for any number of searches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.commands.shared.command import OUTPUT, Command, examples, option
from geoloc.commands.shared.options import NETWORK, chosen_workers, options, request_option, takes_request
from geoloc.commands.shared.progress import Progress

if TYPE_CHECKING:
    from geoloc.index.writer import BlockCounts, MakeBlocks
    from geoloc.pipeline.cluster_build import IndexJob
    from geoloc.pipeline.request import SearchRequest
    from geoloc.system.processes import Workers

_INDEX = click.argument("path", metavar="INDEX", type=click.Path(path_type=Path))


@click.group(
    epilog=examples(
        "geoloc index build --mosaic city.tif -o city.zarr",
        "geoloc locate photo.jpg --click 1426,624 --index city.zarr",
        "geoloc index update city.zarr",
    )
)
def index() -> None:
    """Encode a mosaic once, for any number of searches."""


@index.command(
    cls=Command,
    epilog=examples(
        "geoloc index build --mosaic city.tif -o city.zarr",
        "geoloc index build --mosaic tiles/ --aoi district.gpkg --workers 4 -o district.zarr",
    ),
)
@option(
    *("-o", "--output", "path"),
    heading=OUTPUT,
    required=True,
    type=click.Path(path_type=Path),
    help="The index, a folder.",
)
@options("scheduler", "workers", "overwrite")
@request_option("mosaics", required=True)
@options("bands", "gsd_m", "bounds", "aoi", *NETWORK, "verbosity")
@takes_request
def build(*, request: SearchRequest, path: Path, scheduler: str | None, workers_count: int, overwrite: bool) -> None:
    """Index a mosaic; goes on where an interrupted build of the same index stopped."""
    from geoloc.model.packaged import find_weights
    from geoloc.system.extras import needing

    # What is cheap to check comes before libraries that take seconds.
    find_weights(request.preset, request.weights)
    with needing("index"):
        from geoloc.pipeline.cluster_build import IndexJob
        from geoloc.pipeline.index_build import build_index
    workers = chosen_workers(scheduler, workers_count)
    makers = _makers(IndexJob(path, request, compare=False), workers)
    progress = Progress("Encoding", "blocks")
    _report(path, build_index(path, request, overwrite=overwrite, progress=progress, makers=makers))


@index.command(
    cls=Command,
    epilog=examples("geoloc index update city.zarr", "geoloc index update city.zarr --mosaic elsewhere/city.tif"),
)
@_INDEX
@request_option(
    "mosaics",
    help_text="The mosaic, where it is elsewhere now, or its folder has new files.  "
    "[default: the files that were indexed]",
)
@options("weights", "device", "scheduler", "workers", "verbosity")
@takes_request
def update(*, request: SearchRequest, path: Path, scheduler: str | None, workers_count: int) -> None:
    """Bring INDEX up to date with its mosaic: only what changed is encoded again.

    Restores damaged blocks, and gives an index of an older version the local features that it lacks.
    """
    from geoloc.system.extras import needing

    with needing("index"):
        from geoloc.pipeline.cluster_build import IndexJob
        from geoloc.pipeline.index_build import update_index, with_known_mosaic
    workers = chosen_workers(scheduler, workers_count)
    request = with_known_mosaic(path, request)
    makers = _makers(IndexJob(path, request, compare=True), workers)
    _report(path, update_index(path, request, progress=Progress("Encoding", "blocks"), makers=makers))


@index.command(epilog=examples("geoloc index info city.zarr", "geoloc index info city.zarr --json"))
@_INDEX
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@options("verbosity")
def info(*, path: Path, as_json: bool) -> None:
    """Say what INDEX holds."""
    import json

    from geoloc.system.extras import needing

    with needing("index"):
        from geoloc.index.info import index_info
    found = index_info(path)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:16} {_text(value)}")


@index.command(epilog=examples("geoloc index verify city.zarr"))
@_INDEX
@options("verbosity")
def verify(*, path: Path) -> None:
    """Check that every block of INDEX is there and as it was written."""
    from geoloc.errors import IndexFileError
    from geoloc.system.extras import needing

    with needing("index"):
        from geoloc.index.reader import OpenIndex
    there = OpenIndex(path)
    wrong = there.damaged(Progress("Checking", "blocks"))
    if wrong:
        first = ", ".join(f"{column},{row}" for column, row in wrong[:5])
        raise IndexFileError(
            f"{path}: {len(wrong)} of its blocks are missing or damaged ({first}); `geoloc index update` restores them"
        )
    lacks = "" if there.header.lacks is None else f"; it has {there.header.lacks}"
    click.echo(f"{path}: all blocks are whole{lacks}")


@contextmanager
def _makers(job: IndexJob, workers: Workers) -> Iterator[MakeBlocks | None]:
    """Connect to the processes that make blocks; None where this one makes them."""
    if not workers:
        yield None
        return
    from geoloc.pipeline.cluster_build import spread_blocks
    from geoloc.system.processes import connected

    with connected(workers) as client:
        yield partial(spread_blocks, client, job.absolute())


def _report(path: Path, done: BlockCounts) -> None:
    completed = f", {done.completed} given local features" if done.completed else ""
    click.echo(f"wrote {path}: {done.encoded} blocks encoded{completed}, {done.kept} there already")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
