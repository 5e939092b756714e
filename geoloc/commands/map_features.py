"""`geoloc map`: what is drawn in a photograph, on the map; and what is on the map, in a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from geoloc.commands.shared.command import Command, examples
from geoloc.commands.shared.logs import LOG
from geoloc.commands.shared.options import (
    LIMITS,
    NETWORK,
    SOURCE,
    check_source,
    options,
    takes_request,
    vector_output,
)
from geoloc.commands.shared.photo_words import moment_options, photo_at
from geoloc.commands.shared.progress import Progress, clear
from geoloc.commands.shared.streams import input_file

if TYPE_CHECKING:
    from geoloc.pipeline.request import SearchRequest


@click.command(
    "map",
    cls=Command,
    epilog=examples(
        "geoloc map photo.jpg --features drawn.geojson --mosaic mosaic.tif -o on_map.gpkg",
        "geoloc map photo.jpg --features parcels.gpkg --to-photo --mosaic mosaic.tif -o in_photo.geojson",
        "geoloc map clip.MP4 --time 12.5 --features drawn.geojson --mosaic mosaic.tif",
    ),
)
@click.argument("photo_path", metavar="PHOTO", type=click.Path(path_type=Path))
@click.option(
    "--features",
    "features_path",
    required=True,
    type=click.Path(path_type=Path),
    help="Points, lines and polygons drawn in the photo, in its pixels from the upper left corner (.geojson, .gpkg, "
    ".fgb; - is GeoJSON, or CSV with a column WKT, from stdin); with --to-photo in any CRS.",
)
@click.option("--to-photo", is_flag=True, help="The way back: features of a map into pixels of the photo.")
@moment_options(several=False)
@vector_output(otherwise="GeoJSON to stdout")
@options("overwrite", *SOURCE, *LIMITS, "dsm", *NETWORK, "verbosity")
@takes_request
def map_features(
    *,
    request: SearchRequest,
    photo_path: Path,
    features_path: Path,
    to_photo: bool,
    time: float | None,
    frame: int | None,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Carry what is drawn in PHOTO over to the map.

    PHOTO may be a video with --time or --frame behind it, or one picture of it by name: clip.MP4#t=12.5.

    vertices_accuracy_m tells for each vertex within how many metres it is in nine cases of ten, in their order (a list
    in GeoJSON, a text of one elsewhere), accuracy_m the largest of them. What lies near the horizon or outside the
    photo is cut, or left out where it is a point; note and stderr say so, and how many vertices come to lie outside the
    mosaic. With --to-photo coordinates are pixels of the upright photo. Where local features do not verify the photo,
    features are "not here": rows without a shape, and the exit code is 0.
    """
    from geoloc.batch.features import (
        as_text,
        carried_features,
        look_like_places,
        read_features,
        turned_down,
    )
    from geoloc.photo.files.moment import file_of
    from geoloc.pipeline.job import load_matching
    from geoloc.pipeline.scope import Scope
    from geoloc.pipeline.source import open_source
    from geoloc.results.columns import LONLAT_DECIMALS, PIXEL_DECIMALS
    from geoloc.results.vector_files import (
        GEOJSON_SUFFIXES,
        SEQUENCE_SUFFIXES,
        check_vector_output,
        collection_text,
        write_rows,
    )
    from geoloc.system.text import path_text

    check_source(request)
    photo = photo_at(photo_path, time, frame)
    with input_file(features_path) as file:
        features = read_features(file)
    inputs = (file_of(photo), features_path, *request.files)
    if output is not None:
        check_vector_output(output, overwrite, inputs, placed=not to_photo)
    name = path_text(photo)
    progress = Progress("Matching")
    progress.stage("Matching local features")
    with open_source(request) as source:
        matched = load_matching(source, Scope(source, request), request)(photo)
        clear()
        crs = None if to_photo else source.crs
        if matched is not None and not to_photo:
            downwards = turned_down(features)
            if downwards is not features:
                LOG.info("%s: y is counted upwards from 0, as QGIS does in pictures: turned round", features_path)
            features = downwards
            if look_like_places(features, matched.photo.size):
                LOG.warning(
                    "%s: taken as pixels of the photo, and yet outside it, or all within one of them; --to-photo"
                    " carries features of a map into the photo",
                    features_path,
                )
        rows = carried_features(features, matched, name, source.shows, to_photo=to_photo)
    precision = PIXEL_DECIMALS if to_photo else LONLAT_DECIMALS
    columns = features.result_columns
    if output is None:
        click.echo(collection_text(rows, columns, crs, precision))
        return
    if output.suffix.lower() not in (*GEOJSON_SUFFIXES, *SEQUENCE_SUFFIXES):
        rows = as_text(rows)
    write_rows(rows, output, columns, crs=crs, overwrite=overwrite, precision=precision, geometry_type="Unknown")
