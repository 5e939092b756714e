"""`geoloc pose`: where photographs were taken, which way they look, and what of the ground they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geoloc.commands.shared.command import OUTPUT, examples, option
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    drawn,
    options,
    takes_request,
    vector_output,
)
from geoloc.commands.shared.photo_words import PhotosCommand, at_moments, moment_options
from geoloc.commands.shared.progress import Progress

if TYPE_CHECKING:
    from geoloc.batch.poses import PoseOutcome
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pose.matched_photo import MatchedPhoto


@click.command(
    cls=PhotosCommand,
    epilog=examples(
        "geoloc pose photos/*.jpg --mosaic mosaic.tif -o pose.geojson",
        "geoloc pose photo.jpg --click 1426,624 --mosaic mosaic.tif --geo geo.txt",
        "geoloc pose photo.jpg --mosaic mosaic.tif --drape on_map.tif",
        "geoloc pose clip.MP4 --time 12.5 --mosaic mosaic.tif",
    ),
)
@click.argument("photo_paths", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--click",
    "clicks",
    multiple=True,
    type=drawn("X,Y", "parse_click"),
    help="Draw the line of sight to this place of every photo, in pixels from its upper left corner; several for more.",
)
@moment_options(several=True)
@vector_output(otherwise="GeoJSON to stdout")
@option(
    "--colmap",
    heading=OUTPUT,
    type=click.Path(path_type=Path),
    help="Write the cameras into this folder as COLMAP's text: cameras.txt, images.txt, points3D.txt.",
)
@option(
    "--geo",
    heading=OUTPUT,
    type=click.Path(path_type=Path),
    help="Write places and angles as the geo.txt of OpenDroneMap and WebODM.",
)
@option(
    "--gcps",
    heading=OUTPUT,
    type=click.Path(path_type=Path),
    help="Write well spread matches as ground control points: .points for QGIS (one photo), .txt as gcp_list of "
    "OpenDroneMap, .xml as markers of Metashape. Their heights are those of --dsm; without it all are 0.",
)
@option(
    "--write-copy",
    "copies",
    heading=OUTPUT,
    type=click.Path(path_type=Path),
    help="Write a copy of each JPEG with its place and angles in EXIF and XMP into this folder.",
)
@option(
    "--drape",
    heading=OUTPUT,
    type=click.Path(path_type=Path),
    help="Lay the photo over the map as this GeoTIFF, in the mosaic's CRS, with nothing where it cannot tell; a folder "
    "for several photos.",
)
@options("overwrite", *SOURCE, *LIMITS, "dsm", *NETWORK, "verbosity")
@takes_request
def pose(
    *,
    request: SearchRequest,
    photo_paths: tuple[Path, ...],
    clicks: tuple[Any, ...],
    times: tuple[float, ...],
    frames: tuple[int, ...],
    output: Path | None,
    colmap: Path | None,
    geo: Path | None,
    gcps: Path | None,
    copies: Path | None,
    drape: Path | None,
    overwrite: bool,
) -> None:
    """Find where each PHOTO was taken and which way it looks.

    PHOTO may be a video with --time or --frame behind it, or one picture of it by name: clip.MP4#t=12.5.

    A photo has a point where its camera was (kind "camera"), a polygon of the ground that it shows ("footprint"), and
    for each --click a line from camera to ground ("sight"). Height is that over the ground, angles are degrees, and
    nine of ten errors are smaller than those told. A photo that local features do not verify is "not here": a row
    without a shape, and the exit code is 0; it is 1 where a photo cannot be used.
    """
    from geoloc.batch.poses import pose_outcome
    from geoloc.photo.files.moment import file_of
    from geoloc.pipeline.job import load_matching
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from geoloc.pose.rows import POSE_COLUMNS
    from geoloc.results.vector_files import check_vector_output, collection_text, write_rows
    from geoloc.system.text import counted

    check_source(request)
    photos = at_moments(photo_paths, times, frames)
    inputs = (*map(file_of, photos), *request.files)
    if output is not None:
        check_vector_output(output, overwrite, inputs)
    files = _OtherFiles(colmap, geo, gcps, copies, drape, overwrite)
    files.check(photos, inputs)
    outcomes: list[PoseOutcome] = []
    progress = Progress("Matching", "photos")
    progress.stage("Opening what is searched")
    with open_source(request) as source:
        match = load_matching(source, Scope(source, request), request)
        progress(0, len(photos))
        for path, drape_path in zip(photos, files.drape_paths(photos), strict=True):
            outcomes.append(files.written_of_photo(pose_outcome(path, match, clicks), drape_path))
            progress(len(outcomes), len(photos))
        rows = [row for outcome in outcomes for row in outcome.rows]
        if output is None:
            click.echo(collection_text(rows, POSE_COLUMNS, source.crs))
        else:
            write_rows(rows, output, POSE_COLUMNS, crs=source.crs, overwrite=overwrite, geometry_type="Unknown")
    found = [(outcome.path, outcome.matched) for outcome in outcomes if outcome.matched is not None]
    files.write(found)
    LOG.info("%d of %s found", len(found), counted(len(photos), "photo"))
    if output is not None:
        LOG.info("wrote %s", output)
    if failed := sum(outcome.failed for outcome in outcomes):
        raise click.ClickException(
            f"{failed} of {counted(len(photos), 'photo')} failed: see the columns error and note"
        )


@dataclass(frozen=True, slots=True)
class _OtherFiles:
    """What is written beside the vector file; a path that is None is not."""

    colmap: Path | None
    geo: Path | None
    gcps: Path | None
    copies: Path | None
    drape: Path | None
    overwrite: bool

    def check(self, photos: Sequence[Path], inputs: Sequence[Path]) -> None:
        from geoloc.pose.files.colmap import check_colmap
        from geoloc.pose.files.drape import check_drapes
        from geoloc.pose.files.gcps import check_gcps
        from geoloc.pose.files.geo_txt import check_geo
        from geoloc.pose.files.photo_copy import check_copies

        if self.colmap is not None:
            check_colmap(self.colmap, self.overwrite)
        if self.geo is not None:
            check_geo(self.geo, photos, self.overwrite, inputs)
        if self.gcps is not None:
            check_gcps(self.gcps, photos, self.overwrite, inputs)
        if self.copies is not None:
            check_copies(self.copies, photos, self.overwrite)
        if self.drape is not None:
            check_drapes(self.drape, photos, self.overwrite, inputs)

    def drape_paths(self, photos: Sequence[Path]) -> Sequence[Path | None]:
        """Return where the drape of each photo goes."""
        from geoloc.pose.files.drape import drape_paths

        return [None] * len(photos) if self.drape is None else drape_paths(self.drape, photos)

    def written_of_photo(self, outcome: PoseOutcome, drape_path: Path | None) -> PoseOutcome:
        """Write what is a file of each one of the photos; where that fails the outcome says so, and keeps its pose."""
        from geoloc.errors import GeolocError
        from geoloc.pose.files.drape import write_drape
        from geoloc.pose.files.photo_copy import write_copy

        matched = outcome.matched
        if matched is None:
            return outcome
        try:
            if self.copies is not None:
                write_copy(outcome.path, matched.pose, self.copies, overwrite=self.overwrite)
        except GeolocError as error:
            outcome = outcome.without_file(error)
        try:
            if drape_path is not None:
                drape = write_drape(drape_path, matched, overwrite=self.overwrite)
                LOG.info("%s: %d x %d px of %.3g m", drape_path, *drape.size, drape.gsd_m)
        except GeolocError as error:
            outcome = outcome.without_file(error)
        return outcome

    def write(self, found: Sequence[tuple[Path, MatchedPhoto]]) -> None:
        from geoloc.pose.files.colmap import write_colmap
        from geoloc.pose.files.gcps import QGIS, write_gcps
        from geoloc.pose.files.geo_txt import write_geo

        if not found:
            return  # An empty file would only stand in the way of the next run.
        if self.colmap is not None:
            write_colmap(self.colmap, found, overwrite=self.overwrite)
        if self.geo is not None:
            write_geo(self.geo, found, overwrite=self.overwrite)
        if self.gcps is not None:
            write_gcps(self.gcps, found, overwrite=self.overwrite)
            if self.gcps.suffix.lower() != QGIS and any(matched.terrain is None for _, matched in found):
                LOG.warning(
                    "%s: heights of points are 0 where the ground was taken as a plane: give --dsm, or set their "
                    "heights before they are used",
                    self.gcps,
                )
