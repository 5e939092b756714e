"""`geoloc train`: train a model, or adapt one to a mosaic of one's own."""

from __future__ import annotations

import math
from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import POSITIVE, WholeRange, options
from geoloc.commands.shared.progress import Steady
from geoloc.commands.shared.training_data import TrainingData, training_data


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc train --mosaic mine.tif --minutes 60 -o runs/mine",
        "geoloc train --pack pack/ --scratch --minutes 300 --device cuda -o runs/base",
        "geoloc train --dataset cvogl CVOGL/ --task drone --scratch --steps 9000 -o runs/cvogl",
    ),
)
@training_data(packed=True)
@options("dataset", "task")
@click.option("-o", "--run", required=True, type=click.Path(path_type=Path), help="Folder for checkpoints and weights.")
@click.option(
    "--minutes",
    type=POSITIVE,
    help="How long all of it may take, and the training over all sittings; of --dataset the training alone.",
)
@click.option("--steps", type=WholeRange(min=1), help="How many batches to train on, over all sittings.")
@click.option("--batch", type=WholeRange(min=2), default=16, show_default=True, help="Examples a batch.")
@click.option("--rate", type=POSITIVE, help="Highest learning rate.  [default: 4e-4; where weights are adapted 1e-4]")
@click.option("--patience", type=WholeRange(min=0), default=0, help="Stop after so many checks without progress.")
@click.option("--scratch", is_flag=True, help="Begin with ImageNet's backbone, not with the preset's own weights.")
@click.option(
    "--cached",
    type=WholeRange(min=16),
    metavar="RECORDS",
    help="Freeze the backbone and train on this many records, encoded once: twice as fast on a CPU.",
)
@click.option("--trials", type=WholeRange(min=0), default=40, show_default=True, help="Searches to fit scores on.")
@click.option(
    "--descriptors",
    type=WholeRange(min=0),
    default=2000,
    show_default=True,
    help="Records to train descriptors on, by which large areas are searched; 0: as begun with.",
)
@click.option("--workers", type=WholeRange(min=0), default=1, show_default=True, help="Processes that make data.")
@click.option("--devices", type=WholeRange(min=1), default=1, show_default=True, help="Accelerators to use.")
@click.option("--seed", type=WholeRange(min=0), default=0, show_default=True, help="Another seed, other examples.")
@options("preset", "weights", "device", "verbosity")
def train(
    *,
    data: TrainingData,
    dataset: tuple[str, Path] | None,
    task: str,
    run: Path,
    minutes: float | None,
    steps: int | None,
    preset: str,
    weights: Path | None,
    device: str,
    devices: int,
    scratch: bool,
    cached: int | None,
    trials: int,
    descriptors: int,
    workers: int,
    batch: int,
    rate: float | None,
    patience: int,
    seed: int,
) -> None:
    """Train or adapt a model; goes on where RUN holds a checkpoint.

    Where nobody has labelled anything, photographs of the mosaic are made at all tilts, heights and headings. Ends with
    searches on ground that was kept apart, to fit what a score means, and writes RUN/weights.safetensors for
    `geoloc locate --weights`.

    Where weights are adapted, what was kept apart chooses how much of the change stays: of a mosaic alone, whose views
    do not tell how photographs look, a quarter at the most, and nothing where that does not help.

    Of --minutes a quarter at most goes into reading and preparing, a fifth into descriptors and a seventh into the
    searches at the end, less where that is enough. One step is trained whatever the time.
    """
    from geoloc.system.extras import needing
    from geoloc.train.budget import GATHERED, Budget

    budget = Budget(minutes or math.inf, describes=descriptors > 0, searches=trials > 0)
    if minutes is None and steps is None:
        raise click.UsageError("Say how long to train: --minutes or --steps.")
    if scratch and weights is not None:
        raise click.UsageError("--scratch and --weights contradict each other.")
    if sum([data.packed is not None, dataset is not None, data.makes_views]) > 1:
        raise click.UsageError("--pack, --dataset and what to make views of are three ways; give one.")
    if dataset is None:
        data.check()
        data.check_extent(searched=trials > 0)
    with needing("train"):
        from geoloc.train.fit.loop import Schedule
        from geoloc.train.workflows import train_preset, usual_rate
    schedule = Schedule(
        minutes=minutes or math.inf,
        steps=steps or math.inf,
        batch=batch,
        rate=rate or usual_rate(preset, weights, scratch),
        patience=patience,
        seed=seed,
    )
    with Steady() as report:
        report("reading what to train on")
        if dataset is not None:
            from geoloc.train.from_published import train_on_published

            written = train_on_published(
                preset,
                dataset,
                task,
                run,
                schedule,
                scratch=scratch,
                weights=weights,
                device=device,
                devices=devices,
                workers=workers,
                report=report,
            )
        else:
            written = train_preset(
                preset,
                data.splits(budget.over(GATHERED), report),
                run,
                schedule,
                trials=trials,
                descriptors=descriptors,
                scratch=scratch,
                weights=weights,
                device=device,
                devices=devices,
                workers=workers,
                cached=cached,
                budget=budget,
                report=report,
            )
    click.echo(f"wrote {written}")
