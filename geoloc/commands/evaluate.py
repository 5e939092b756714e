"""`geoloc evaluate`: how well clicks whose true boxes are known are found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from geoloc.commands.shared.command import OUTPUT, Command, examples, option
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    ANSWERS,
    CAMERA,
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    options,
    request_option,
    takes_request,
    without,
)
from geoloc.commands.shared.progress import Progress
from geoloc.commands.shared.streams import STREAM, input_file

if TYPE_CHECKING:
    from geoloc.evaluation.labelled import LabelledQuery, Outcome
    from geoloc.pipeline.request import SearchRequest


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc evaluate --queries queries.csv --mosaic mosaic.tif",
        "geoloc evaluate --queries queries.csv --truth outlines.gpkg --mosaic mosaic.tif --json",
        "head -100 queries.csv | geoloc evaluate --queries - --mosaic mosaic.tif",
        "geoloc evaluate --dataset cvogl CVOGL/ --task ground --weights runs/cvogl/weights.safetensors",
    ),
)
@click.option(
    "--queries",
    "queries_path",
    type=click.Path(path_type=Path),
    help="CSV file with the columns photo, click_x, click_y, xmin, ymin, xmax, ymax (the true box) and epsg, and "
    "perhaps geometry (the true outline, WKT) and photo_xmin ... photo_ymax or photo_polygon (drawn in the photo); - "
    "is CSV from stdin, with photos relative to this folder.",
)
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="Vector file of true outlines, joined to the queries by the column object of both.",
)
@click.option("--clicks-only", is_flag=True, help="Leave out what the queries say was drawn in the photos.")
@options("dataset", "task")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test"]),
    default="test",
    show_default=True,
    help="Of --dataset.",
)
@option("--json", "as_json", heading=OUTPUT, is_flag=True, help="Print one JSON object instead of a table.")
@options(*SOURCE, *without(LIMITS, "gps"))
@request_option(
    "gps",
    default=False,
    help_text="Search round each photo's own GPS position first.  [default: no-gps]",
)
@options(*CAMERA)
@request_option("min_score", default=0.0, help_text="Count a best answer that scores less as nothing found.")
@options(*without(ANSWERS, "top", "min_score"), *NETWORK, "verbosity")
@takes_request
def evaluate(
    *,
    request: SearchRequest,
    queries_path: Path | None,
    truth: Path | None,
    clicks_only: bool,
    dataset: tuple[str, Path] | None,
    task: str,
    split: str,
    as_json: bool,
) -> None:
    """Measure how well clicks with known true boxes or outlines are found.

    The whole mosaic is searched for each of them unless options limit the search, and the best answer counts however
    low its score. A published data set instead says which image shows the object, and the one best box in it counts.
    With -v every query's result goes to stderr.
    """
    import json

    from geoloc.evaluation import labelled
    from geoloc.model.packaged import find_weights

    if (dataset is None) == request.searches_nothing or (dataset is None) != (queries_path is not None):
        raise click.UsageError("Give --queries and --mosaic or --index, or --dataset.")
    find_weights(request.preset, request.weights)
    if dataset is not None:
        if truth is not None or clicks_only:
            raise click.UsageError("--truth and --clicks-only go with --queries.")
        outcomes = _of_dataset(dataset, task, split, request)
    else:
        check_source(request)
        path = cast(Path, queries_path)
        with input_file(path) as file:
            queries = labelled.read_queries(
                file, truth=truth, drawn=not clicks_only, photos=Path() if path == STREAM else None
            )
        outcomes = _of_mosaic(queries, request)
    for outcome in outcomes:
        LOG.debug("%s", labelled.to_line(outcome))
    summary = labelled.summarise(outcomes)
    sizes = labelled.by_size(outcomes)
    if as_json:
        nested = {name: labelled.to_json(figures) for name, figures in sizes.items()}
        click.echo(json.dumps({**labelled.to_json(summary), "by_size": nested}))
    else:
        click.echo(f"{labelled.to_table(summary)}\n{labelled.sizes_table(sizes)}")


def _of_dataset(dataset: tuple[str, Path], task: str, split: str, request: SearchRequest) -> list[Outcome]:
    if request.bands or request.gsd_m or request.limited:
        raise click.UsageError("A published data set says itself what is searched: no bands, GSD or area with it.")
    from geoloc import model
    from geoloc.evaluation import published

    records = published.read_split(*dataset, task, split)
    localizer = model.load(request.preset, request.weights, request.device)
    return published.evaluate(records, localizer, Progress("Searching", "queries"))


def _of_mosaic(queries: list[LabelledQuery], request: SearchRequest) -> list[Outcome]:
    from geoloc.evaluation import labelled
    from geoloc.pipeline.job import load_search
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source

    progress = Progress("Searching", "queries")
    progress.stage("Opening what is searched")
    with open_source(request) as source:
        scope = Scope(source, request)
        # What is wrong with the limits is told before the network is loaded.
        scope.check()
        progress.stage("Loading the network")
        return labelled.run(queries, load_search(source, scope, request), progress)
