"""`geoloc batch`: many photographs, in one run that goes on where it was cut off."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    ANSWERS,
    CAMERA,
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    chosen_workers,
    options,
    takes_request,
    vector_output,
)
from geoloc.commands.shared.progress import Progress, clear
from geoloc.commands.shared.streams import STREAM, input_file, write_to_stdout

if TYPE_CHECKING:
    from geoloc.batch.run import AnswerGroups
    from geoloc.pipeline.request import SearchRequest


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc batch queries.csv --mosaic mosaic.tif -o found.gpkg",
        "geoloc batch photos/ --index city.zarr --workers 4 -o found.geojson",
        "head -100 queries.csv | geoloc batch - --mosaic mosaic.tif -o -",
    ),
)
@click.argument("queries_path", metavar="QUERIES", type=click.Path(path_type=Path))
@vector_output()
@options("scheduler", "workers", "overwrite", *SOURCE, *LIMITS, *CAMERA, *ANSWERS, *NETWORK, "verbosity")
@takes_request
def batch(
    *,
    request: SearchRequest,
    queries_path: Path,
    output: Path | None,
    scheduler: str | None,
    workers_count: int,
    overwrite: bool,
) -> None:
    """Find what is clicked in many photos on a mosaic.

    QUERIES is a CSV or vector file (.gpkg, .geojson, .fgb) with the columns photo (relative to the file), click_x,
    click_y and, where known, photo_xmin, photo_ymin, photo_xmax, photo_ymax, the object's box in the photo, or
    photo_polygon, its outline there (WKT in pixels), with which the click may be empty; or a folder of photos with such
    a clicks.csv in it; or -, CSV or GeoJSON from stdin, with photos relative to this folder. Its other columns go into
    the output.

    Rows that share a value in the column object are photos of one object, and one question: what they tell is joined,
    and photos in the output names those that support the answer.

    Numbers may have a decimal comma. One that cannot be read, or that may be meant in two ways, such as 1,070, ends the
    command with its line and column before anything is searched; so does a click that is missing. A click outside its
    photo, or a photo that is not there, is a query that fails.

    A query that fails is a row of the output with its error; the others go on, and the exit code is 1. A run that was
    cut off goes on where it was if the same command is given again.
    """
    from geoloc.batch.journal import Journal, settings_of, sole_writer
    from geoloc.batch.objects import Joining
    from geoloc.batch.outcome import count_line, to_rows
    from geoloc.batch.queries import read_photo_queries
    from geoloc.batch.run import answer, one_by_one, run
    from geoloc.model.packaged import find_weights
    from geoloc.pipeline.job import SearchJob, load_search
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from geoloc.results.vector_files import check_vector_output, write_rows
    from geoloc.system.processes import connected, spread
    from geoloc.system.text import counted

    check_source(request)
    workers = chosen_workers(scheduler, workers_count)
    with ExitStack() as stack:
        queries = read_photo_queries(
            stack.enter_context(input_file(queries_path)), photos=Path() if queries_path == STREAM else None
        )
        weights = find_weights(request.preset, request.weights)
        if output is not None:
            check_vector_output(output, overwrite, (queries.file, *request.files))
        # What goes to stdout is begun anew when it was cut off.
        kept = output or Path(stack.enter_context(TemporaryDirectory(prefix="geoloc-"))) / "stdout.geojson"
        progress = Progress("Searching", "queries")
        progress.stage("Opening what is searched")
        source = stack.enter_context(open_source(request))
        scope = Scope(source, request)
        # What is wrong with the limits is told before the network is loaded.
        scope.check()
        # A journal of before objects were joined lacks what they are joined by.
        joined = {"objects": "joined"} if any(query.object_id for query in queries.items) else {}
        settings = settings_of(queries.file, request, source.paths, weights, scope.area) | joined
        if not workers:
            progress.stage("Loading the network")
        # Other processes may run in another folder.
        answer_groups: AnswerGroups = (
            partial(spread, stack.enter_context(connected(workers)), answer, SearchJob(request.absolute()))
            if workers
            else one_by_one(load_search(source, scope, request))
        )
        stack.enter_context(sole_writer(kept))
        journal = Journal(kept, settings, overwrite=overwrite)
        if journal.done:
            total = counted(len(queries.items), "query", "queries")
            LOG.info("Going on after %d of %s: %s", len(journal.done), total, journal.path)
        outcomes = run(queries, answer_groups, journal, progress)
        counts: Counter[str] = Counter()
        rows, columns = to_rows(queries, Joining(request, source.crs).joined(queries.items, outcomes), counts)
        if output is None:
            write_to_stdout(rows, columns, source.crs)
        else:
            progress.stage(f"Writing {output.name}")
            write_rows(rows, output, columns, crs=source.crs, overwrite=overwrite)
        journal.remove()
    clear()
    click.echo(count_line(counts, len(queries.items)), err=output is None)
    if failed := counts["error"]:
        where = "" if output is None else f" of {output}"
        raise click.ClickException(
            f"{failed} of {counted(len(queries.items), 'query', 'queries')} failed: see the column error{where}"
        )
