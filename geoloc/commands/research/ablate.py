"""`geoloc ablate`: every preset trained on the same data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.options import POSITIVE, Parsed, WholeRange, options
from geoloc.commands.shared.progress import Steady
from geoloc.commands.shared.training_data import TrainingData, training_data


def _presets(text: str) -> tuple[str, ...]:
    from geoloc.model.presets import preset_config

    return tuple(preset_config(name.strip()).name for name in text.split(","))


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc ablate --pack pack/ -o runs/ablation --minutes 9 --batch 128 --workers 12 --device cuda",
        "geoloc ablate --pack pack/ -o runs/small --cached --steps 300 --records 2400 --test-records 400   # two cores",
    ),
)
@training_data(packed=True)
@click.option("-o", "--run", required=True, type=click.Path(path_type=Path), help="Folder for runs; goes on from it.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder for ablation.md, .json and .png.",
)
@click.option("--steps", type=WholeRange(min=1), default=3000, show_default=True, help="Batches a run.")
@click.option("--batch", type=WholeRange(min=2), default=16, show_default=True, help="Examples a batch.")
@click.option("--seeds", type=WholeRange(min=1), default=3, show_default=True, help="Trainings of each preset.")
@click.option(
    "--records", type=WholeRange(min=32), default=20_000, show_default=True, help="Drawn once, the same for all."
)
@click.option(
    "--test-records", type=WholeRange(min=16), default=800, show_default=True, help="Drawn once, to measure by."
)
@click.option("--presets", type=Parsed("NAME,...", _presets), help="Networks by their names.  [default: all]")
@click.option(
    "--minutes",
    type=POSITIVE,
    help="Of all of it: fewer steps and records where, by the speed measured first, so many would take longer.",
)
@click.option("--workers", type=WholeRange(min=0), default=0, help="Processes that plan records.")
@click.option("--cached", is_flag=True, help="Freeze the backbone and encode the records once: for a CPU.")
@options("device", "verbosity")
def ablate(
    *,
    data: TrainingData,
    run: Path,
    results: Path,
    steps: int,
    batch: int,
    seeds: int,
    records: int,
    test_records: int,
    presets: tuple[str, ...] | None,
    minutes: float | None,
    workers: int,
    cached: bool,
    device: str,
) -> None:
    """Train every preset on the same data and print one table.

    Each is trained with several seeds, so that what a preset wins can be told from chance. From a pack neither a raster
    library nor a network connection is needed.
    """
    import time

    from geoloc.system.extras import needing

    began = time.monotonic()
    if minutes is not None and cached:
        raise click.UsageError("--minutes is for trainings of the whole network; give --steps with --cached.")
    data.check()
    with needing("train"):
        from geoloc.train.ablate import AblationPlan, run_ablation
    plan = AblationPlan(
        steps=steps,
        batch=batch,
        seeds=seeds,
        records=records,
        test_records=test_records,
        cached=cached,
        minutes=minutes,
    )
    if presets:
        plan = replace(plan, presets=presets)
    with Steady() as report:
        splits = data.splits(report=report)
        used_s = time.monotonic() - began
        text = run_ablation(splits, run, results, plan, device=device, workers=workers, used_s=used_s, report=report)
    click.echo(text)
