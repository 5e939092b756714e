"""`geoloc tiles`: the windows that a search would look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geoloc.commands.shared.command import OUTPUT, Command, examples, option
from geoloc.commands.shared.options import LIMITS, options, output_option, request_option, takes_request, without
from geoloc.commands.shared.progress import Progress, clear

if TYPE_CHECKING:
    from geoloc.pipeline.request import SearchRequest

_IDS_SUFFIX = ".txt"


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc tiles --mosaic mosaic.tif -o windows.geojson",
        "geoloc tiles --mosaic mosaic.tif --near 15.31,51.87 --within 300 --format ids",
    ),
)
@option(
    "--format",
    "form",
    heading=OUTPUT,
    type=click.Choice(["geojson", "ids"]),
    default="geojson",
    show_default=True,
    help="The windows as GeoJSON, or the ids z/x/y of the web-mercator tiles they are made of.",
)
@output_option("Write .geojson, or .txt for ids; - is stdout.", otherwise="stdout")
@options("overwrite")
@request_option("mosaics", required=True)
@options("bands", "gsd_m", *without(LIMITS, "gps"), "preset", "verbosity")
@takes_request
def tiles(*, request: SearchRequest, form: str, output: Path | None, overwrite: bool) -> None:
    """Print the windows that a search of the mosaic would look at.

    With --gsd they are planned at exactly that; a search that reads the mosaic coarser than the model's own GSD
    enlarges it, and looks at windows of the model's.
    """
    import json

    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import MosaicSource
    from geoloc.results.vector_files import GEOJSON_SUFFIXES
    from geoloc.system.output import check_output, replacing
    from tiling.mosaic import open_mosaic

    if output is not None:
        if form == "geojson" and output.suffix.lower() == _IDS_SUFFIX:
            raise click.UsageError(f"{output}: is a file of ids; add --format ids, or end its name with .geojson.")
        check_output(output, GEOJSON_SUFFIXES if form == "geojson" else (_IDS_SUFFIX,), overwrite, request.files)
    Progress("Planning").stage("Planning windows")
    with open_mosaic(request.mosaics, request.bands) as mosaic:
        plan = Scope(MosaicSource(mosaic, request.preset, request.gsd_m), request).plan()
    clear()
    if form == "geojson":
        text = json.dumps({"type": "FeatureCollection", "features": plan.to_features()})
    else:
        text = "\n".join(plan.tile_ids())
    if output is None:
        click.echo(text)
        return
    with replacing(output) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
