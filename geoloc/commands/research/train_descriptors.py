"""`geoloc train-descriptors`: train the descriptors by which large areas are searched."""

from __future__ import annotations

from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import WholeRange, options
from geoloc.commands.shared.progress import Steady
from geoloc.commands.shared.training_data import TrainingData, training_data


@click.command(
    "train-descriptors",
    cls=Command,
    epilog=examples("geoloc train-descriptors --pack pack/ --weights run/weights.safetensors -o mine.safetensors"),
)
@training_data(packed=True)
@click.option("--records", type=WholeRange(min=16), default=2000, show_default=True, help="Pairs to train them on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New weights (.safetensors).")
@options("preset", "weights", "overwrite", "verbosity")
def train_descriptors(
    *,
    data: TrainingData,
    records: int,
    output: Path,
    preset: str,
    weights: Path | None,
    overwrite: bool,
) -> None:
    """Train descriptors, by which large areas are searched.

    A search of a large area chooses by them where to look. For weights from `geoloc.train.from_pack`; `geoloc train`
    does this by itself. All else in the weights stays as it was.
    """
    from geoloc.system.extras import needing
    from geoloc.system.output import check_output

    check_output(output, (".safetensors",), overwrite, [] if weights is None else [weights])
    data.check()
    with needing("train"):
        from geoloc.train.workflows import retrain_descriptors
    with Steady() as report:
        retrain_descriptors(preset, weights, data.splits(report=report), output, records, report=report)
    click.echo(f"wrote {output}")
