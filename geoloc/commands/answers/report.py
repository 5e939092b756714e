"""`geoloc report`: answers as one page to look at and to judge, and the judgements back into the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import options, request_option, takes_request
from geoloc.commands.shared.progress import Progress, clear
from geoloc.system.text import counted

if TYPE_CHECKING:
    from geoloc.pipeline.request import SearchRequest
    from geoloc.report.pictures import Pictures

_MOST_ROWS = 5000
"""Rows of a page at the most: a browser is still quick with as many."""
_PATH = click.Path(path_type=Path)


@click.command(
    cls=Command,
    epilog=examples(
        "geoloc report found.gpkg --mosaic mosaic.tif -o report.html",
        "geoloc report found.gpkg --decisions found_decisions.csv",
    ),
)
@click.argument("found_path", metavar="FOUND", type=_PATH)
@click.option("-o", "--output", type=_PATH, help="Write the page: .html.")
@request_option("mosaics", help_text="What was searched, for the ground under the answers; several make one.")
@request_option("bands")
@click.option("--photos", type=_PATH, help="Folder of the photos, where they are not where FOUND says.")
@click.option(
    "--decisions",
    type=_PATH,
    help="CSV that a page saved: what was decided goes into the column decision of FOUND.",
)
@options("overwrite", "verbosity")
@takes_request
def report(
    *,
    request: SearchRequest,
    found_path: Path,
    output: Path | None,
    photos: Path | None,
    decisions: Path | None,
    overwrite: bool,
) -> None:
    """Show what was found as one page that needs no network.

    FOUND is what locate, batch or demo wrote: .geojson, .geojsons, .geojsonl, .gpkg, .fgb or .parquet. The page has a
    map, each answer's place in photo and mosaic side by side, its score and its error, and lets accept and reject; it
    saves that as a CSV, which --decisions writes back.
    """
    from contextlib import ExitStack

    from geoloc.report.decisions import read_decisions, write_decisions
    from geoloc.report.found_file import read_found
    from geoloc.report.page import REPORT_SUFFIXES, write_report
    from geoloc.system.output import check_output
    from tiling.mosaic import open_mosaic

    if output is None and decisions is None:
        raise click.UsageError("Give -o for a page, or --decisions, or both.")
    if output is not None:
        check_output(output, REPORT_SUFFIXES, overwrite, (found_path, *request.files))
    if decisions is not None:
        changed = write_decisions(found_path, read_decisions(decisions))
        LOG.info("%s: decisions on %s", found_path, counted(changed, "row"))
    if output is None:
        return
    found = read_found(found_path, _MOST_ROWS)
    if found.total > len(found.rows):
        LOG.warning("The page has the first %d of %d rows; give a part to see others", len(found.rows), found.total)
    progress = Progress("Drawing", "pictures")
    with ExitStack() as stack:
        if request.mosaics:
            progress.stage("Opening the mosaic")
        mosaic = stack.enter_context(open_mosaic(request.mosaics, request.bands)) if request.mosaics else None
        pictures = write_report(found, output, mosaic, photos, progress)
    clear()
    _tell(pictures, mosaic is not None)
    LOG.info("wrote %s (%.1f MB)", output, output.stat().st_size / 1e6)


def _tell(pictures: Pictures, ground: bool) -> None:
    """Say what the page lacks."""
    if not ground:
        LOG.info("Without --mosaic the map has outlines alone")
    if pictures.missing:
        reason = next(iter(pictures.missing.values()))
        missing = counted(len(pictures.missing), "photo")
        LOG.warning("without pictures of %s: %s; --photos names their folder", missing, reason)
    if pictures.left_out:
        LOG.warning("%d rows are without pictures: as many others have them, the best answers first", pictures.left_out)
