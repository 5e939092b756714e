"""Jobs of the worker that ask what a whole photograph shows: matched once, it maps whatever is clicked or drawn."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from geoloc.errors import QueriesError
from geoloc.photo.target import Click
from geoloc.pipeline import option_kinds as kinds
from geoloc.pipeline.cascade import Watch
from geoloc.pipeline.scope import Scope
from geoloc.system.text import path_text
from geoloc.worker.fields import Fields
from geoloc.worker.progress import JobProgress
from geoloc.worker.session import Session
from tiling.grid import as_crs
from tiling.heights import check_heights

if TYPE_CHECKING:
    from geoloc.pipeline.request import SearchRequest
    from geoloc.pose.matched_photo import MatchedPhoto
    from geoloc.results.vector_files import Row

LOG = logging.getLogger(__name__)
_POINT = kinds.numbers("X,Y")


def quiet(progress: JobProgress) -> Watch:
    """Return what makes a search stop where its job was cancelled, and tells nothing: of many searches others count."""
    return Watch(lambda stage: progress.check(), lambda done, total: progress.check())


def match(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Tell where a photo was taken, and how its pixels and the map go together."""
    from geoloc.batch.poses import pose_outcome
    from geoloc.pose.pixel_mapping import PixelMapping
    from geoloc.pose.rows import POSE_COLUMNS
    from geoloc.results.vector_files import collection_of

    begin = time.monotonic()
    request = fields.search()
    path, asked_crs = fields.path("photo"), fields.get("mapping_crs", _crs, None)
    matched = _matched(session, path, request, progress)
    progress.check()
    outcome = pose_outcome(path, lambda path: matched)
    crs = session.source(request, progress).crs
    return {
        "status": "not here" if matched is None else "found",
        "inliers": None if matched is None else matched.inliers,
        "pose": collection_of(outcome.rows, POSE_COLUMNS, crs),
        "mapping": None if matched is None else PixelMapping.of(matched, asked_crs).to_json(),
        "seconds": round(time.monotonic() - begin, 2),
    }


def pose(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Tell where photos were taken; one that fails has an error, and the others go on."""
    from geoloc.batch.poses import pose_outcome
    from geoloc.pose.rows import POSE_COLUMNS
    from geoloc.results.vector_files import collection_of

    request = fields.search()
    paths = fields.need("photos", kinds.PATHS.from_json)
    clicks = fields.get("clicks", _clicks, _clicks([]))
    if not paths:
        raise QueriesError("no photos: there is nothing to match")
    source = session.source(request, progress)
    Scope(source, request).check()
    if request.dsm is not None:
        check_heights(request.dsm)
    rows: list[Row] = []
    count = progress.counter("photos", "batch")
    count(0, len(paths))

    def matched(path: Path) -> MatchedPhoto | None:
        return session.matched(path, request, progress, quiet(progress))

    for number, path in enumerate(paths, start=1):
        rows += pose_outcome(path, matched, clicks).rows
        count(number, len(paths))
    return {"features": collection_of(rows, POSE_COLUMNS, source.crs)}


def map_features(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Carry features drawn in a photo over to the map, or those of a map into the photo."""
    from geoloc.batch.features import carried_features, features_from_geojson
    from geoloc.results.columns import LONLAT_DECIMALS, PIXEL_DECIMALS
    from geoloc.results.vector_files import collection_of

    request, to_photo = fields.search(), fields.truth("to_photo")
    drawn = fields.need("features", features_from_geojson)
    path = fields.path("photo")
    matched = _matched(session, path, request, progress)
    progress.check()
    source = session.source(request, progress)
    rows = carried_features(drawn, matched, path_text(path), source.shows, to_photo=to_photo)
    crs = None if to_photo else source.crs
    precision = PIXEL_DECIMALS if to_photo else LONLAT_DECIMALS
    return {
        "status": "not here" if matched is None else "found",
        "features": collection_of(rows, drawn.result_columns, crs, precision),
    }


def drape(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Lay a photo over the map as a GeoTIFF."""
    from geoloc.photo.files.moment import file_of
    from geoloc.pose.files.drape import SUFFIXES, write_drape
    from geoloc.pose.rows import NOT_VERIFIED
    from geoloc.system.output import check_output

    request, path, output = fields.search(), fields.path("photo"), fields.path("output")
    overwrite = fields.truth("overwrite")
    check_output(output, SUFFIXES, overwrite, (file_of(path), *request.files))
    matched = _matched(session, path, request, progress)
    if matched is None:
        LOG.warning("not here: %s: %s", path_text(path), NOT_VERIFIED)
        return {"status": "not here", "path": None}
    done = write_drape(output, matched, overwrite=overwrite, progress=progress.counter("blocks", "drawing"))
    return {"status": "found", "path": str(done.path), "size": list(done.size), "gsd_m": done.gsd_m}


def _crs(value: Any) -> CRS:
    try:
        return as_crs(value if isinstance(value, str) else None)
    except CRSError:
        raise ValueError(f"{value!r} is no CRS; give one such as EPSG:3857") from None


def _clicks(value: Any) -> tuple[Click, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list of points")
    return tuple(Click(*_POINT.from_json(point)) for point in value)


def _matched(session: Session, path: Path, request: SearchRequest, progress: JobProgress) -> MatchedPhoto | None:
    progress.stage("planning")
    return session.matched(path, request, progress, Watch(progress.stage, progress.counter("looks", "searching")))
