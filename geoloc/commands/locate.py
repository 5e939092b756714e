"""`geoloc locate`: one photograph, its clicks, their answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    ANSWERS,
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    drawn,
    options,
    takes_request,
    vector_output,
)
from geoloc.commands.shared.progress import Progress, clear

if TYPE_CHECKING:
    import pyproj

    from geoloc.photo.photo import Photo
    from geoloc.photo.target import Target
    from geoloc.pipeline.finder import Found
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import SearchSource
    from tiling.plan import Plan


_STAGES = {
    "matching": "Matching local features",
    "searching": "Searching",
    "verifying": "Checking by local features",
}
"""What is said of the stages of a search."""


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc locate photo.jpg --click 1426,624 --mosaic mosaic.tif -o found.geojson --preview found.png",
        "geoloc locate photo.jpg --box 1400,600,1450,640 --mosaic tiles/ --near 15.31,51.87 --within 300",
        "geoloc locate photo.jpg --click 1426,624 --mosaic 'tiles/*.tif' --top 5 -o - | jq .features[].properties",
        "geoloc locate photo.jpg --click 1426,624 --index city.zarr -o found.gpkg",
    ),
)
@click.argument("photo_path", metavar="PHOTO", type=click.Path(path_type=Path))
@click.option(
    "--click",
    "clicks",
    multiple=True,
    type=drawn("X,Y", "parse_click"),
    help="The object's place in the upright photo, in pixels from its upper left corner; several for several objects.",
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    type=drawn("X0,Y0,X1,Y1", "parse_box"),
    help="Instead of --click: the object's box in the photo, which says how large it is.",
)
@click.option(
    "--polygon",
    "polygons",
    multiple=True,
    type=drawn('"X,Y X,Y X,Y ..."', "parse_polygon"),
    help="Instead of --click: the object's outline in the photo, its corners in quotation marks.",
)
@options(*SOURCE, *LIMITS, *ANSWERS, *NETWORK)
@vector_output(otherwise="GeoJSON to stdout")
@click.option("--preview", type=click.Path(path_type=Path), help="Draw photo and answers into this PNG.")
@options("overwrite", "verbosity")
@takes_request
def locate(
    *,
    request: SearchRequest,
    photo_path: Path,
    clicks: tuple[Any, ...],
    boxes: tuple[Any, ...],
    polygons: tuple[Any, ...],
    output: Path | None,
    preview: Path | None,
    overwrite: bool,
) -> None:
    """Find what is clicked in PHOTO (JPEG, PNG, WebP or TIFF) on a mosaic.

    Prints its polygon as GeoJSON, with a score and how exact it is; with --top also what else it could be. A click that
    is not found is "not here": it gets no polygon, stderr says so, and the exit code is 0.
    """
    from geoloc.model.packaged import find_weights
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import Target, within_photo
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.finder import Finder
    from geoloc.pipeline.loading import load_meanwhile
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from geoloc.results.preview import PREVIEW_SUFFIXES, draw_preview
    from geoloc.results.vector_files import check_vector_output, geojson_text, write_results
    from geoloc.system.output import check_output

    if sum(map(bool, (clicks, boxes, polygons))) != 1:
        raise click.UsageError("Give --click or --box or --polygon, one of the three.")
    check_source(request)
    # What is cheap to check comes before the mosaic, and that before the network.
    photo = load_photo(photo_path)
    targets_drawn = [*map(Target, clicks), *boxes, *polygons]
    targets = list(dict.fromkeys(within_photo(photo, target) for target in targets_drawn))
    find_weights(request.preset, request.weights)
    inputs = (photo_path, *request.files)
    if output is not None:
        check_vector_output(output, overwrite, inputs)
    if preview is not None:
        check_output(preview, PREVIEW_SUFFIXES, overwrite, inputs)
    progress = Progress("Searching", "looks")
    progress.stage("Opening what is searched")
    with open_source(request) as source:
        if preview is not None and source.mosaic is None:
            raise click.UsageError(
                "--preview draws the mosaic, which the index alone does not hold: give --mosaic too."
            )
        scope = Scope(source, request)
        # Not before what is wrong with the mosaic would be told.
        network = load_meanwhile(request)
        plan = scope.plan(photo)
        _tell_position(photo, scope)
        _tell_plan(plan, source)
        finder = Finder(source, network, request)
        progress.stage("Loading the network")
        watch = Watch(lambda stage: progress.stage(_STAGES[stage]), progress)
        found = finder.find(photo, targets, scope, watch)
        clear()
        _report(targets, found, scope.searched(photo, found.plan), source.crs)
        if output is not None:
            write_results(found.here, output, crs=source.crs, overwrite=overwrite)
        if preview is not None and source.mosaic is not None:
            progress.stage(f"Drawing {preview.name}")
            draw_preview(photo, targets, found.here, source.mosaic, preview, plan=found.plan, overwrite=overwrite)
    clear()
    if output is None:
        click.echo(geojson_text(found.here))


def _tell_position(photo: Photo, scope: Scope) -> None:
    """Say what the photo's own position does to the search, and that --within does nothing where there is none."""
    if scope.near(photo) is not None:
        LOG.info("Looking first %s; --no-gps leaves it out", scope.around(photo))
    elif reason := scope.unused(photo):
        source = click.get_current_context().get_parameter_source("within_m")
        if source is click.core.ParameterSource.COMMANDLINE:
            LOG.warning("--within does nothing: %s; give --near LON,LAT too", reason)
        else:
            LOG.info("Looking everywhere: %s", reason)


def _tell_plan(plan: Plan, source: SearchSource) -> None:
    """Say how much is searched, and how fine."""
    from tiling.plan import GSD_TOLERANCE

    coarse = source.finest_m > (1 + GSD_TOLERANCE) * plan.gsd_m
    enlarged = f", read at {source.finest_m:.3g} m and enlarged" if coarse else ""
    LOG.info("Searching %d windows of %d px at %.3g m%s", len(plan.windows), plan.window_px, plan.gsd_m, enlarged)


def _report(targets: list[Target], found: Found, searched: str, crs: pyproj.CRS) -> None:
    """Say for every click what was found, in the mosaic's CRS, or that it is not where was searched."""
    from geoloc.results.columns import crs_name

    name, decimals = crs_name(crs), 7 if crs.is_geographic else 2
    for number, target in enumerate(targets):
        clicked = f"click {target.click.x:g},{target.click.y:g}"
        here = [answer for answer in found.here if answer.target == number]
        if here:
            best = here[0]
            middle = best.polygon.centroid
            place = f"{middle.x:.{decimals}f},{middle.y:.{decimals}f} ({name})"
            text = "found: %s at %s, score %.2f, good to %.1f m, by %s"
            LOG.info(text, clicked, place, best.score, best.accuracy_m, best.method)
        else:
            scores = [answer.score for answer in found.answers if answer.target == number]
            best_score = f"best score {max(scores):.3f}; --min-score 0 shows it" if scores else "nothing like it"
            LOG.warning("not here: %s (%s; looked %s)", clicked, best_score, searched)
        # What is to be known of the target is in an answer's note too.
        if note := here[0].note if here else target.note:
            LOG.warning("%s: %s", clicked, note)
