"""What the worker can do: one function a request, from its fields to the fields of its result."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoloc.errors import QueriesError, needing_index
from geoloc.photo import Photo, load_photo
from geoloc.query import check_target
from geoloc.scope import Scope
from geoloc.worker.fields import Fields, RequestError
from geoloc.worker.session import Session
from geoloc.worker.told import Told

if TYPE_CHECKING:
    from PIL import Image

    from geoloc.detection import Detection
    from geoloc.query import Target
    from geoloc.searched import Searched

_COLOUR = (230, 0, 126)
_MOST_THUMBNAILS = 20


def locate(session: Session, fields: Fields, told: Told) -> dict[str, Any]:
    """Answers to one click."""
    from geoloc.results import COLUMNS, features_of, row_of

    begin = time.monotonic()
    search, target, px = fields.search(), fields.target(), fields.whole("thumbnails")
    photo = load_photo(fields.path("photo"))
    check_target(photo, target)
    told.stage("planning")
    searched = session.searched(search.source, told)
    scope = Scope(searched, search.limits)
    limiting = photo if search.gps else None
    plan = scope.plan(limiting)
    finder = session.finder(search, told)
    progress = told.counter("windows", "searching")
    found = finder.find(photo, [target], plan, progress, lambda: told.stage("verifying"))
    told.check()
    here = found.here
    return {
        "found": _collection(features_of([row_of(d) for d in here], COLUMNS, searched.crs)),
        "best_score": max((answer.score for answer in found.answers), default=None),
        "windows": len(plan.windows),
        "gsd_m": max(plan.gsd_m, searched.finest_m),
        "around": scope.around(limiting),
        "photo_thumbnail": _photo_thumbnail(photo, target, px) if here else None,
        "thumbnails": _thumbnails(searched, here, px),
        "seconds": round(time.monotonic() - begin, 2),
    }


def batch(session: Session, fields: Fields, told: Told) -> dict[str, Any]:
    """Answers to many clicks; one that fails is told as such."""
    from geoloc.batch.queries import PhotoQuery
    from geoloc.batch.run import answer
    from geoloc.results import COLUMNS, features_of

    search = fields.search()
    asked: dict[Path, list[PhotoQuery]] = {}
    for query in fields.need("queries", list):
        one = Fields(query) if isinstance(query, dict) else None
        if one is None:
            raise RequestError("field 'queries': is no list of objects")
        path = one.path("photo")
        asked.setdefault(path, []).append(PhotoQuery(one.need("number", int), path, one.target(), {}))
    total = sum(map(len, asked.values()))
    if total == 0:
        raise QueriesError("no queries: there is nothing to search for")
    told.stage("planning")
    searched = session.searched(search.source, told)
    scope = Scope(searched, search.limits)
    if not search.gps:
        scope.plan()
    finder = session.finder(search, told)

    def find(photo: Photo, targets: Sequence[Target]) -> Sequence[Detection]:
        plan = scope.plan(photo if search.gps else None)
        return finder.find(photo, targets, plan, lambda done, total: told.check(), told.check).here

    rows = []
    progress = told.counter("queries", "batch")
    progress(0, total)
    for path, queries in asked.items():
        for outcome in answer(find, (path, tuple(queries))):
            features = features_of(outcome.answers, COLUMNS, searched.crs)
            rows.append({"number": outcome.number, "error": outcome.error, "features": features})
        progress(len(rows), total)
    return {"rows": rows}


def index(session: Session, fields: Fields, told: Told) -> dict[str, Any]:
    """An index built or brought up to date."""
    with needing_index():
        from geoloc.index.making import Order, build, update
        from geoloc.index.store import Store
    source, path = fields.source(), fields.path("output")
    progress = told.counter("blocks", "indexing")
    told.stage("planning")
    if fields.truth("update"):
        preset = Store.open(path).header.preset
        done = update(Order(path, source.mosaics, preset, source.weights, source.device), progress=progress)
    else:
        order = Order(path, source.mosaics, source.preset, source.weights, source.device)
        how: dict[str, Any] = {"bands": source.bands, "gsd": source.gsd, "overwrite": fields.truth("overwrite")}
        done = build(order, fields.limits(), progress=progress, **how)
    return {"path": str(path), "encoded": done.encoded, "kept": done.kept, "bytes": Store.open(path).size()}


def plan(session: Session, fields: Fields, told: Told) -> dict[str, Any]:
    """The windows that a search would look at."""
    told.stage("planning")
    planned = Scope(session.searched(fields.source(), told), fields.limits()).plan()
    return {
        "features": _collection(planned.to_features()),
        "tile_ids": list(planned.tile_ids()),
        "gsd_m": planned.gsd_m,
        "window_px": planned.window_px,
        "zoom": planned.zoom,
    }


def info(session: Session, fields: Fields, told: Told) -> dict[str, Any]:
    """What an index holds."""
    with needing_index():
        from geoloc.index.info import describe
    return describe(fields.path("index"))


JOBS: dict[str, Callable[[Session, Fields, Told], dict[str, Any]]] = {
    "locate": locate,
    "batch": batch,
    "index": index,
    "plan": plan,
    "info": info,
}


def _collection(features: Sequence[Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _photo_thumbnail(photo: Photo, target: Target, px: int) -> str | None:
    from geoloc.preview import photo_close_up

    return _png(photo_close_up(photo, target.click, _COLOUR, px, label=False)) if px else None


def _thumbnails(searched: Searched, answers: Sequence[Detection], px: int) -> list[dict[str, Any]]:
    from geoloc.preview import map_close_up

    mosaic = searched.mosaic
    if not px or mosaic is None:
        return []
    shown = answers[:_MOST_THUMBNAILS]
    return [{"rank": d.rank, "mosaic": _png(map_close_up(mosaic, d, _COLOUR, px, label=False))} for d in shown]


def _png(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
