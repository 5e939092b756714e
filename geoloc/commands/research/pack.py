"""`geoloc pack`: training data as plain shards."""

from __future__ import annotations

from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import POSITIVE, options
from geoloc.commands.shared.progress import Steady
from geoloc.commands.shared.training_data import TrainingData, training_data


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc pack --mosaic mine.tif --towns 4 -o pack/",
        "python -m geoloc.train.from_pack pack/ run/ --minutes 30      # on the machine with the accelerator",
    ),
)
@training_data(packed=False)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New folder for the shards.")
@click.option("--size-mb", type=POSITIVE, default=60.0, show_default=True, help="Of all shards, in 10^6 bytes.")
@click.option("--shard-mb", type=POSITIVE, default=15.0, show_default=True, help="Of one shard at the most.")
@options("verbosity")
def pack(*, data: TrainingData, output: Path, size_mb: float, shard_mb: float) -> None:
    """Write training data as plain shards, to train elsewhere.

    To train on them neither a raster library nor a network connection is needed.
    """
    data.check()
    from geoloc.train.grounds.pack import write_pack

    with Steady() as report:
        splits = data.splits(report=report)
        report("writing shards")
        quality = write_pack(output, splits, size_mb=size_mb, shard_mb=shard_mb)
    files = sorted(output.iterdir())
    size = sum(path.stat().st_size for path in files) / 1e6
    click.echo(f"wrote {output}: {len(files)} files, {size:.1f} MB, pictures as WebP of quality {quality}")
