"""Jobs of the worker: one function a request, from its fields to the fields of its result."""

from __future__ import annotations

import base64
import io
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import QueriesError
from geoloc.photo.photo import Photo
from geoloc.photo.target import within_photo
from geoloc.pipeline.scope import Scope
from geoloc.system.extras import needing
from geoloc.worker.fields import Fields, RequestError
from geoloc.worker.photo_jobs import drape, map_features, match, pose, quiet
from geoloc.worker.progress import JobProgress
from geoloc.worker.session import Session

if TYPE_CHECKING:
    from PIL import Image

    from geoloc.batch.outcome import QueryOutcome
    from geoloc.photo.target import Target
    from geoloc.pipeline.source import SearchSource
    from geoloc.results.detection import Detection

_LOG = logging.getLogger(__name__)
_COLOUR = (230, 0, 126)
_MOST_THUMBNAILS = 20


def locate(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Answer one click in one photo, or what was clicked in several that show one object."""
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.job import find_together, photo_twice
    from geoloc.results.columns import columns_of
    from geoloc.results.vector_files import collection_of, geometry_of, row_of

    begin = time.monotonic()
    request, px = fields.search(), fields.thumbnail_px()
    views = [(session.photo(one.path("photo")), one.target()) for one in (fields, *fields.others("and"))]
    if photo_twice([photo.path for photo, _ in views]):
        raise RequestError("field 'and': the same photo twice; give each photo of the object once")
    views = [(photo, within_photo(photo, drawn)) for photo, drawn in views]
    progress.stage("planning")
    source = session.source(request, progress)
    scope = Scope(source, request)
    for photo, _ in views:
        scope.plan(photo)
    finder = session.finder(request, progress)
    watch = Watch(progress.stage, progress.counter("looks", "searching"))
    if len(views) == 1:
        ((photo, target),) = views
        found = finder.find(photo, [target], scope, watch)
        here, answers, note = found.here, found.answers, target.note
    else:
        together = find_together(
            finder, "1", views, scope=scope, request=request, watch=watch,
            begin=lambda number: progress.part(number, len(views)),
        )  # fmt: skip
        photo, target = views[together.asked]
        found = together.alone[together.asked]
        here, answers = together.here, together.answers
        note = "; ".join(filter(None, dict.fromkeys([*(drawn.note for _, drawn in views), together.note])))
    progress.check()
    # As the command says it; an answer's note has what its target's has.
    if note := here[0].note if here else "; ".join(filter(None, (found.off(0), note))):
        _LOG.warning(note)
    return {
        "found": collection_of([row_of(d) for d in here], columns_of(here), source.crs),
        "outlines": [[geometry_of(outline, source.crs) for outline in d.alternatives] for d in here],
        "best_score": max((answer.score for answer in answers), default=None),
        "windows": len(found.plan.windows),
        "gsd_m": max(found.plan.gsd_m, source.finest_m),
        "around": scope.around(photo),
        "photo_thumbnail": _photo_thumbnail(photo, target, px) if here else None,
        "thumbnails": _thumbnails(source, here, px),
        "seconds": round(time.monotonic() - begin, 2),
    }


def batch(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Answer clicks in many photos; one that fails has an error, and the others go on."""
    from geoloc.batch.objects import Joining
    from geoloc.batch.queries import PhotoQuery, together
    from geoloc.batch.run import answer
    from geoloc.photo.target_table import OBJECT
    from geoloc.pipeline.cascade import Watch
    from geoloc.pipeline.job import photo_search
    from geoloc.results.columns import COLUMNS, OBJECT_COLUMNS
    from geoloc.results.vector_files import features_of

    request = fields.search()
    asked: list[PhotoQuery] = []
    numbers: list[int] = []
    for one in fields.others("queries"):
        numbers.append(one.need("number", int))
        others = {OBJECT: one.get(OBJECT, _name, "")}
        asked.append(PhotoQuery(len(asked), one.path("photo"), one.target(), others))
    if not asked:
        raise QueriesError("no queries: there is nothing to search for")
    queries = together(asked)
    groups: dict[Path, list[PhotoQuery]] = {}
    for one_query in queries:
        groups.setdefault(one_query.photo, []).append(one_query)
    progress.stage("planning")
    source = session.source(request, progress)
    scope = Scope(source, request)
    scope.check()

    def watch() -> Watch:
        return quiet(progress)

    find = photo_search(session.finder(request, progress), scope, request, watch)
    outcomes: dict[int, QueryOutcome] = {}
    count = progress.counter("queries", "batch")
    count(0, len(queries))
    for path, group in groups.items():
        for outcome in answer(find, (path, tuple(group))):
            if outcome.note:
                _LOG.warning("query %d: %s", numbers[outcome.number], outcome.note)
            outcomes[outcome.number] = outcome
        count(len(outcomes), len(queries))
    rows: dict[int, dict[str, Any]] = {}
    of_object: dict[str, int] = {}
    for outcome in Joining(request, source.crs).joined(queries, [outcomes[place] for place in range(len(queries))]):
        columns = COLUMNS | OBJECT_COLUMNS if queries[outcome.number].object_id else COLUMNS
        features = features_of(outcome.answers, columns, source.crs)
        rows[outcome.number] = {"number": numbers[outcome.number], "error": outcome.error, "features": features}
        if outcome.error is None:
            of_object[queries[outcome.number].object_id] = numbers[outcome.number]
    for query in queries:
        answered: dict[str, Any] = {"error": None, "features": [], "answered_by": of_object.get(query.object_id)}
        rows.setdefault(query.number, {"number": numbers[query.number], **answered})
    return {"rows": [rows[place] for place in sorted(rows)]}


def index(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Build an index, or bring it up to date."""
    with needing("index"):
        from geoloc.index.store import Store
        from geoloc.pipeline.index_build import build_index, update_index
    request, path = fields.search(), fields.path("output")
    blocks = progress.counter("blocks", "indexing")
    progress.stage("planning")
    if fields.truth("update"):
        done = update_index(path, request, progress=blocks)
    else:
        done = build_index(path, request, overwrite=fields.truth("overwrite"), progress=blocks)
    return {"path": str(path), **asdict(done), "bytes": Store.open(path).size()}


def plan(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Return the windows that a search would look at."""
    progress.stage("planning")
    request = fields.search()
    planned = Scope(session.source(request, progress), request).plan()
    return {
        "features": {"type": "FeatureCollection", "features": planned.to_features()},
        "tile_ids": list(planned.tile_ids()),
        "gsd_m": planned.gsd_m,
        "window_px": planned.window_px,
        "zoom": planned.zoom,
    }


def info(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Return what an index holds."""
    with needing("index"):
        from geoloc.index.info import index_info
    return index_info(fields.path("index"))


def doctor(session: Session, fields: Fields, progress: JobProgress) -> dict[str, Any]:
    """Say what this installation is made of and what is wrong with it."""
    from geoloc.doctor.examination import examine, to_json

    checks = []
    for check in examine():
        progress.check()
        checks.append(check)
    return to_json(checks)


JOBS: dict[str, Callable[[Session, Fields, JobProgress], dict[str, Any]]] = {
    "locate": locate,
    "batch": batch,
    "match": match,
    "pose": pose,
    "map": map_features,
    "drape": drape,
    "index": index,
    "plan": plan,
    "info": info,
    "doctor": doctor,
}


def _name(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"{value!r} is neither a name nor a whole number")
    return str(value)


def _photo_thumbnail(photo: Photo, target: Target, px: int) -> str | None:
    from geoloc.results.preview import photo_close_up

    return _png(photo_close_up(photo, target, _COLOUR, px, label=False)) if px else None


def _thumbnails(source: SearchSource, answers: Sequence[Detection], px: int) -> list[dict[str, Any]]:
    from geoloc.results.maps import map_close_up

    mosaic = source.mosaic
    if not px or mosaic is None:
        return []
    shown = answers[:_MOST_THUMBNAILS]
    return [{"rank": d.rank, "mosaic": _png(map_close_up(mosaic, d, _COLOUR, px, label=False))} for d in shown]


def _png(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
