"""`geoloc demo`: a synthetic town, and objects of its photographs found on its mosaic."""

from __future__ import annotations

import math
from pathlib import Path

import click

from geoloc.commands.shared.command import examples
from geoloc.commands.shared.options import WholeRange, options
from geoloc.commands.shared.progress import Steady, clear


@click.command(epilog=examples("geoloc demo", "geoloc demo town/ --seed 3"))
@click.argument("folder", default="demo", type=click.Path(path_type=Path))
@click.option("--seed", type=WholeRange(min=0), default=0, show_default=True, help="Another seed, another town.")
@options("overwrite", "verbosity")
def demo(folder: Path, seed: int, overwrite: bool) -> None:
    """Find objects of a synthetic town's photographs on its mosaic.

    Builds the town in FOLDER, writes found.geojson and preview_*.png, and prints how far each answer is from the truth,
    photograph by photograph. FOLDER is "demo" unless given.
    """
    from geoloc.evaluation import demonstration, labelled

    def show(line: str) -> None:
        clear()
        click.echo(line)

    with Steady() as report:
        result = demonstration.run(folder, seed=seed, overwrite=overwrite, report=report, show=show)
    figures = labelled.summarise(result.outcomes)
    text = f"{sum(map(labelled.is_hit, result.outcomes))} of {len(result.outcomes)} objects found"
    if math.isfinite(figures["p90_error_m"]):
        text += f", half within {figures['median_error_m']:.2f} m of the truth, nine of ten within "
        text += f"{figures['p90_error_m']:.2f} m"
    click.echo(f"{text}. Look at {result.previews[0]}, or open {result.found} and {result.scene.mosaic} in QGIS.")
