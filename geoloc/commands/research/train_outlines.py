"""`geoloc train-outlines`: train the mask head that draws objects' outlines."""

from __future__ import annotations

from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import POSITIVE, WholeRange, options
from geoloc.commands.shared.progress import Steady


@click.command(
    "train-outlines",
    cls=Command,
    epilog=examples("geoloc train-outlines --data DATA --run runs/outlines -o outline.safetensors"),
)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of orthos/ and caliterra/.")
@click.option("--towns", type=WholeRange(min=0), default=4, show_default=True, help="Towns of each style to make.")
@click.option("--cvogl", type=click.Path(path_type=Path), help="Folder of CVOGL, for its oriented outlines.")
@click.option(
    "--run", required=True, type=click.Path(path_type=Path), help="Folder of the run, which goes on if there."
)
@click.option("--steps", type=WholeRange(min=1), default=3000, show_default=True, help="Steps of 12 chips in all.")
@click.option("--minutes", type=POSITIVE, help="Stop after so long; run again to go on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New weights (.safetensors).")
@options("overwrite", "verbosity")
def train_outlines(
    *,
    data: Path,
    towns: int,
    cvogl: Path | None,
    run: Path,
    steps: int,
    minutes: float | None,
    output: Path,
    overwrite: bool,
) -> None:
    """Train the mask head that draws outlines.

    Prints how well it outlines what was held out.
    """
    import math

    from geoloc.system.extras import needing
    from geoloc.system.output import check_output

    check_output(output, (".safetensors",), overwrite, [])
    with needing("train"):
        from geoloc.train.outlines import gather
        from geoloc.train.outlines.run import train
    seconds = math.inf if minutes is None else 60 * minutes
    checkpoint = run / "checkpoint.pt"
    with Steady() as report:
        report("reading what to train on")
        training = gather.grounds(data, run / "grounds", towns, cvogl=cvogl, report=report)
        held_out = gather.grounds(data, run / "held_out", towns, cvogl=cvogl, held_out=True, report=report)
        lines = train(training, held_out, checkpoint, output, steps=steps, seconds=seconds, report=report)
    for line in lines:
        click.echo(line)
