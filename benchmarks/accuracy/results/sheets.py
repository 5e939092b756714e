"""Answers of a method as one picture, to be looked at: what was clicked, and where the answer and the truth lie.

Failures, and outlines with the true ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import shapely
from PIL import Image
from shapely.geometry import Polygon, box

from benchmarks.accuracy.queries.sets import QuerySet, even
from benchmarks.accuracy.results.outlines import paired
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.store import MethodResult
from geoloc.evaluation.truths import Outline
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Click, Target
from geoloc.results.detection import PRESENT
from geoloc.results.drawing import BACKGROUND, WHITE, draw_label, draw_strokes
from geoloc.results.maps import MapView, draw_scale_bar, local_crs, map_pixels
from geoloc.results.preview import photo_close_up
from geoloc.system.output import replacing
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic

MOST = 10
MOST_OUTLINES = 60
_PX = 360
_GAP = 8
_PAIRS = 3
"""Photo and map of so many objects stand in a row."""
_MIN_SIDE_M = 24.0
_CLICK = (255, 196, 0)
_ANSWER = (255, 70, 70)
_TRUTH = (90, 230, 90)

_Shapes = tuple[Outline | None, Outline | None]
"""The answer's and the true one, in the mosaic's CRS."""


def draw_failures(query_set: QuerySet, result: MethodResult, path: Path) -> int:
    """Draw up to MOST failures from all over the set, a row each, as a PNG; returns how many there are in all.

    A row: the photo round the click; the whole mosaic; the answer close up (red); the truth close up (green). Where the
    object is not on the mosaic, a failure is an answer that scores as present, and there is no truth. Without failures
    nothing is written, and an older picture is removed.

    Raises:
        PhotoError, GeolocError, OutputError: a photo or mosaic cannot be read, the picture not written.
    """
    every = [found for found in _found(query_set, result) if _failed(found[2], query_set.present)]
    if not every:
        path.unlink(missing_ok=True)
        return 0
    step = max(1.0, len(every) / MOST)
    chosen = [every[int(i * step)] for i in range(min(MOST, len(every)))]
    sheet = Image.new("RGB", (4 * (_PX + _GAP) + _GAP, len(chosen) * (_PX + _GAP) + _GAP), BACKGROUND)
    for number, (path_of_mosaic, photo, record) in enumerate(chosen):
        with open_mosaic([path_of_mosaic]) as mosaic:
            for column, panel in enumerate(_panels(load_photo(photo), record, mosaic, query_set.present)):
                sheet.paste(panel, (_GAP + column * (_PX + _GAP), _GAP + number * (_PX + _GAP)))
    with replacing(path) as temporary:
        sheet.save(temporary)
    return len(every)


def draw_outlines(query_set: QuerySet, result: MethodResult, path: Path) -> int:
    """Draw the objects whose true outlines are known, the worst outlines first, as a PNG; returns how many are drawn.

    Of each the photo round the click, and the mosaic with the answer's outline (red) and the true one (green), with its
    kind and the IoU. Up to `MOST_OUTLINES` from all over their order; where there are none an older picture is removed.

    Raises:
        PhotoError, GeolocError, OutputError: a photo or mosaic cannot be read, the picture not written.
    """
    mosaics = [search.mosaic for search in query_set.searches for _ in search.queries]
    every = [
        (record.outline_iou(query.outline), mosaic, query, record)
        for mosaic, (query, record) in zip(mosaics, paired(query_set, result), strict=True)
        if query_set.present and query.outline is not None
    ]
    every.sort(key=lambda one: one[0])
    chosen = [every[i] for i in even(len(every), MOST_OUTLINES)]
    if not chosen:
        path.unlink(missing_ok=True)
        return 0
    step = _PX + _GAP
    sheet = Image.new("RGB", (2 * _PAIRS * step + _GAP, -(-len(chosen) // _PAIRS) * step + _GAP), BACKGROUND)
    for number, (value, path_of_mosaic, query, record) in enumerate(chosen):
        photo = photo_close_up(load_photo(query.photo), Target(query.click), _CLICK, _PX)
        draw_label(photo, (8, _PX - 26), record.photo, WHITE, 13)
        with open_mosaic([path_of_mosaic]) as mosaic:
            truth = project(query.outline, query.epsg, mosaic.crs)
            shapes = _answer(record, mosaic), truth
            text = f"{query.kind} {value:.2f}".strip()
            panel = _map(mosaic, truth.envelope, shapes, text, margin=2.2, least_m=0.0)
        for column, picture in enumerate((photo, panel)):
            sheet.paste(picture, (_GAP + (number % _PAIRS * 2 + column) * step, _GAP + number // _PAIRS * step))
    with replacing(path) as temporary:
        sheet.save(temporary)
    return len(chosen)


def _found(query_set: QuerySet, result: MethodResult) -> list[tuple[Path, Path, QueryRecord]]:
    """Return mosaic, photo and record of every query: records stand in the order of the queries."""
    files = [(search.mosaic, query.photo) for search in query_set.searches for query in search.queries]
    return [(*pair, record) for pair, record in zip(files, result.records, strict=True)]


def _failed(record: QueryRecord, present: bool) -> bool:
    return record.hit < 1 if present else record.score >= PRESENT


def _panels(photo: Photo, record: QueryRecord, mosaic: Mosaic, present: bool) -> Iterator[Image.Image]:
    panel = photo_close_up(photo, Target(Click(*record.click)), _CLICK, _PX)
    draw_label(panel, (8, _PX - 26), record.photo, WHITE, 13)
    yield panel
    outline = box(*mosaic.bounds)
    truth = project(record.truth_box, record.epsg, mosaic.crs) if present else None
    answer = _answer(record, mosaic)
    yield _map(mosaic, outline, (answer, truth), "mosaic", margin=1.0, least_m=0.0)
    for shape, text in ((answer, f"answer {record.score:.2f}"), (truth, "truth")):
        if shape is None:
            panel = Image.new("RGB", (_PX, _PX), BACKGROUND)
            draw_label(panel, (8, 8), f"no {text.split()[0]}", WHITE)
            yield panel
        else:
            yield _map(mosaic, shape, (answer, truth), text)


def _answer(record: QueryRecord, mosaic: Mosaic) -> Polygon | None:
    """The answer's outline in the mosaic's CRS."""
    return None if record.answer is None else project(Polygon(record.answer), record.crs, mosaic.crs)


def _map(
    mosaic: Mosaic, shape: Polygon, shapes: _Shapes, text: str, *, margin: float = 4.0, least_m: float = _MIN_SIDE_M
) -> Image.Image:
    """Draw the mosaic round `shape`, in its CRS, `margin` times as wide, with answer and truth."""
    crs = local_crs(shape, mosaic.crs)
    view = MapView.about(crs, project(shape, mosaic.crs, crs), margin=margin, least_m=least_m, px=_PX)
    panel = map_pixels(mosaic, view)
    for outline, colour in zip(shapes, (_ANSWER, _TRUTH), strict=True):
        for polygon in [] if outline is None else shapely.get_parts(outline):
            draw_strokes(panel, view.rings(polygon, mosaic.crs), colour, 2)
    draw_label(panel, (8, 8), text, WHITE, 15)
    draw_scale_bar(panel, view)
    return panel
