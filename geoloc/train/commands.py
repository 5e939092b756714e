"""The commands that train: `geoloc train`, `geoloc pack`, `geoloc ablate`. They wire; heavy imports stand inside."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.console import LOG, Positive, options

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoloc.train.mix import Collection

_SOURCES: list[Callable[[Any], Any]] = [
    click.option(
        "--mosaic",
        "mosaics",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Your own orthophoto: photographs of it are made. Several, or a folder, make one mosaic.",
    ),
    click.option("--dsm", type=click.Path(path_type=Path), help="Surface heights of the --mosaic, in metres."),
    click.option(
        "--site",
        "sites",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Folder of a posed site: mosaic.tif, dsm.tif, cameras.json, photos/.",
    ),
    click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder with orthos/ and caliterra/, what the packaged weights were trained on.",
    ),
    click.option("--towns", type=click.IntRange(min=0), default=0, help="Synthetic towns to add.  [default: none]"),
]


def _sources(command: Any) -> Any:
    for option in reversed(_SOURCES):
        command = option(command)
    return command


def _collections(
    mosaics: tuple[Path, ...], dsm: Path | None, sites: tuple[Path, ...], data: Path | None, towns: int
) -> dict[str, Collection]:
    from geoloc.train.gather import gather

    if not (mosaics or sites or data or towns):
        raise click.UsageError("Nothing to train on: give --mosaic, --site, --data, --towns or --pack.")
    if dsm is not None and not mosaics:
        raise click.UsageError("--dsm belongs to a --mosaic.")
    return gather(mosaics=mosaics, dsm=dsm, sites=sites, data=data, towns=towns, report=LOG.info)


def _parts(packed: Path | None, sources: dict[str, Any]) -> dict[str, Collection]:
    """What to train on, and what is held out: of a pack, or made now."""
    if packed is None:
        return _collections(**sources)
    from geoloc.train.pack import read_pack

    return read_pack(packed)


@click.command()
@_sources
@click.option("--pack", "packed", type=click.Path(path_type=Path), help="Folder that `geoloc pack` wrote.")
@options("dataset", "task")
@click.option("-o", "--run", required=True, type=click.Path(path_type=Path), help="Folder for checkpoints and weights.")
@click.option("--minutes", type=Positive(), help="How long to train, over all sittings.")
@click.option("--steps", type=click.IntRange(min=1), help="How many batches to train on, over all sittings.")
@click.option("--batch", type=click.IntRange(min=2), default=16, show_default=True)
@click.option("--rate", type=Positive(), default=4e-4, show_default=True, help="Highest learning rate.")
@click.option("--patience", type=click.IntRange(min=0), default=0, help="Stop after so many checks without progress.")
@click.option("--scratch", is_flag=True, help="Begin with ImageNet's backbone, not with the preset's own weights.")
@click.option(
    "--cached",
    type=click.IntRange(min=16),
    metavar="RECORDS",
    help="Freeze the backbone and train on this many records, encoded once: twice as fast on a CPU.",
)
@click.option("--trials", type=click.IntRange(min=0), default=40, show_default=True, help="Searches to fit scores on.")
@click.option(
    "--descriptors",
    type=click.IntRange(min=0),
    default=2000,
    show_default=True,
    help="Records to train descriptors on, by which large areas are searched; 0: as begun with.",
)
@click.option("--workers", type=click.IntRange(min=0), default=1, show_default=True, help="Processes that make data.")
@click.option("--devices", type=click.IntRange(min=1), default=1, show_default=True, help="Accelerators to use.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@options("model", "weights", "device", "verbosity")
def train(
    *,
    packed: Path | None,
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
    rate: float,
    patience: int,
    seed: int,
    **sources: Any,
) -> None:
    """Train or adapt a model; goes on where RUN holds a checkpoint.

    \b
    geoloc train --mosaic mine.tif --minutes 60 -o runs/mine
    geoloc train --pack pack/ --scratch --minutes 300 --device cuda -o runs/base
    geoloc train --dataset cvogl CVOGL/ --task drone --scratch --steps 9000 -o runs/cvogl

    Where nobody has labelled anything, photographs of the mosaic are made at all tilts, heights and headings. Ends with
    searches on ground that was kept apart, to fit what a score means, and writes RUN/weights.safetensors for
    `geoloc locate --weights`.
    """
    from geoloc.errors import needing_train

    if minutes is None and steps is None:
        raise click.UsageError("Say how long to train: --minutes or --steps.")
    if scratch and weights is not None:
        raise click.UsageError("--scratch and --weights contradict each other.")
    if sum([packed is not None, dataset is not None, any(sources.values())]) > 1:
        raise click.UsageError("--pack, --dataset and what to make views of are three ways; give one.")
    with needing_train():
        from geoloc.train.loop import Schedule
        from geoloc.train.recipes import train_on_mix
    schedule = Schedule(
        minutes=minutes or math.inf, steps=steps or math.inf, batch=batch, rate=rate, patience=patience, seed=seed
    )
    common: dict[str, Any] = {
        "scratch": scratch,
        "weights": weights,
        "device": device,
        "devices": devices,
        "workers": workers,
    }
    if dataset is not None:
        from geoloc.train.from_published import train_on_published

        written = train_on_published(preset, dataset, task, run, schedule, report=LOG.info, **common)
    else:
        parts = _parts(packed, sources)
        common |= {"trials": trials, "descriptors": descriptors, "cached": cached}
        written = train_on_mix(preset, parts, run, schedule, report=LOG.info, **common)
    click.echo(f"wrote {written}")


@click.command()
@_sources
@click.option("--pack", "packed", type=click.Path(path_type=Path), help="Folder that `geoloc pack` wrote.")
@click.option("--trials", type=click.IntRange(min=1), default=40, show_default=True, help="Searches to fit scores on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New weights (.safetensors).")
@options("model", "weights", "device", "overwrite", "verbosity")
def calibrate(
    *,
    packed: Path | None,
    trials: int,
    output: Path,
    preset: str,
    weights: Path | None,
    device: str,
    overwrite: bool,
    **sources: Any,
) -> None:
    """Fit what a score means, on searches of ground that is kept apart.

    \b
    geoloc calibrate --pack pack/ --weights run/weights.safetensors -o mine.safetensors

    For weights from `geoloc.train.from_pack`, which trains where nothing can be searched; `geoloc train` ends with this
    by itself.
    """
    from geoloc.errors import needing_train
    from geoloc.output import check_output

    check_output(output, (".safetensors",), overwrite, [] if weights is None else [weights])
    if packed is not None and any(sources.values()):
        raise click.UsageError("--pack and what to make views of are two ways; give one.")
    with needing_train():
        from geoloc.train.recipes import recalibrate
    recalibrate(preset, weights, _parts(packed, sources), output, trials, device=device, report=LOG.info)
    click.echo(f"wrote {output}")


@click.command()
@_sources
@click.option("--pack", "packed", type=click.Path(path_type=Path), help="Folder that `geoloc pack` wrote.")
@click.option("--records", type=click.IntRange(min=16), default=2000, show_default=True, help="Pairs to train them on.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New weights (.safetensors).")
@options("model", "weights", "overwrite", "verbosity")
def describe(
    *,
    packed: Path | None,
    records: int,
    output: Path,
    preset: str,
    weights: Path | None,
    overwrite: bool,
    **sources: Any,
) -> None:
    """Train the descriptors of a network, by which a search of a large area chooses where to look.

    \b
    geoloc describe --pack pack/ --weights run/weights.safetensors -o mine.safetensors

    For weights from `geoloc.train.from_pack`; `geoloc train` does this by itself. All else stays as it was.
    """
    from geoloc.errors import needing_train
    from geoloc.output import check_output

    check_output(output, (".safetensors",), overwrite, [] if weights is None else [weights])
    if packed is not None and any(sources.values()):
        raise click.UsageError("--pack and what to make views of are two ways; give one.")
    with needing_train():
        from geoloc.train.recipes import redescribe
    redescribe(preset, weights, _parts(packed, sources), output, records, report=LOG.info)
    click.echo(f"wrote {output}")


@click.command()
@_sources
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="New folder for the shards.")
@click.option("--size-mb", type=Positive(), default=60.0, show_default=True, help="Of all shards, in 10^6 bytes.")
@click.option("--shard-mb", type=Positive(), default=15.0, show_default=True, help="Of one shard at the most.")
@options("verbosity")
def pack(*, output: Path, size_mb: float, shard_mb: float, **sources: Any) -> None:
    """Write training data as plain shards, to train where there is neither a raster library nor a network.

    \b
    geoloc pack --mosaic mine.tif --towns 4 -o pack/
    python -m geoloc.train.from_pack pack/ run/ --minutes 30      # on the machine with the accelerator
    """
    from geoloc.train.pack import write_pack

    parts = _collections(**sources)
    quality = write_pack(output, parts, size_mb=size_mb, shard_mb=shard_mb)
    files = sorted(output.iterdir())
    size = sum(path.stat().st_size for path in files) / 1e6
    click.echo(f"wrote {output}: {len(files)} files, {size:.1f} MB, pictures as JPEG of quality {quality}")


@click.command()
@_sources
@click.option("--pack", "packed", type=click.Path(path_type=Path), help="Folder that `geoloc pack` wrote.")
@click.option("-o", "--run", required=True, type=click.Path(path_type=Path), help="Folder for runs; goes on from it.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    default=Path("benchmarks/results"),
    show_default=True,
    help="Folder for ablation.md, .json and .png.",
)
@click.option("--steps", type=click.IntRange(min=1), default=3000, show_default=True, help="Batches a run.")
@click.option("--batch", type=click.IntRange(min=2), default=16, show_default=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--records", type=click.IntRange(min=32), default=20_000, show_default=True, help="Drawn once, the same for all."
)
@click.option("--test-records", type=click.IntRange(min=16), default=800, show_default=True)
@click.option("--presets", help="Comma-separated names.  [default: all]")
@click.option("--cached", is_flag=True, help="Freeze the backbone and encode the records once: for a CPU.")
@options("device", "verbosity")
def ablate(
    *,
    packed: Path | None,
    run: Path,
    results: Path,
    steps: int,
    batch: int,
    seeds: int,
    records: int,
    test_records: int,
    presets: str | None,
    cached: bool,
    device: str,
    **sources: Any,
) -> None:
    """Train every preset on the same data with several seeds and print one table.

    \b
    geoloc ablate --pack pack/ -o runs/ablation --device cuda
    geoloc ablate --pack pack/ -o runs/small --cached --steps 300 --records 2400 --test-records 400   # two cores
    """
    from geoloc.errors import needing_train

    with needing_train():
        from geoloc.train.ablate import Plan, run_ablation
    if packed is not None and any(sources.values()):
        raise click.UsageError("--pack and what to make views of are two ways; give one.")
    parts = _parts(packed, sources)
    plan = Plan(steps=steps, batch=batch, seeds=seeds, records=records, test_records=test_records, cached=cached)
    if presets:
        plan = replace(plan, presets=tuple(name.strip() for name in presets.split(",")))
    click.echo(run_ablation(parts, run, results, plan, device=device, report=LOG.info))
