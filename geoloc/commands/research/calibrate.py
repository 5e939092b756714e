"""`geoloc calibrate`: fit what a score means."""

from __future__ import annotations

from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import WholeRange, options
from geoloc.commands.shared.progress import Steady
from geoloc.commands.shared.training_data import TrainingData, training_data


@click.command(
    cls=Command, epilog=examples("geoloc calibrate --pack pack/ --weights run/weights.safetensors -o mine.safetensors")
)
@training_data(packed=True)
@click.option("--trials", type=WholeRange(min=1), default=40, show_default=True, help="Searches to fit scores on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New weights (.safetensors).")
@options("preset", "weights", "device", "overwrite", "verbosity")
def calibrate(
    *,
    data: TrainingData,
    trials: int,
    output: Path,
    preset: str,
    weights: Path | None,
    device: str,
    overwrite: bool,
) -> None:
    """Fit what a score means on ground that is kept apart.

    For weights from `geoloc.train.from_pack`, which trains where nothing can be searched; `geoloc train` ends with this
    by itself.
    """
    from geoloc.system.extras import needing
    from geoloc.system.output import check_output

    check_output(output, (".safetensors",), overwrite, [] if weights is None else [weights])
    data.check()
    with needing("train"):
        from geoloc.train.workflows import recalibrate
    with Steady() as report:
        recalibrate(preset, weights, data.held_out(), output, trials, device=device, report=report)
    click.echo(f"wrote {output}")
