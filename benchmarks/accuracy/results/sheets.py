"""Failures of a method as one picture, to be looked at: what was clicked, and where the answer and the truth lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from shapely.geometry import Polygon, box

from benchmarks.accuracy.queries.sets import QuerySet
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.store import MethodResult
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.target import Click
from geoloc.results.detection import PRESENT
from geoloc.results.drawing import BACKGROUND, WHITE, draw_label, draw_strokes
from geoloc.results.maps import MapView, draw_scale_bar, local_crs, map_pixels
from geoloc.results.preview import photo_close_up
from geoloc.system.output import replacing
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic

MOST = 10
_PX = 360
_GAP = 8
_MIN_SIDE_M = 24.0
_CLICK = (255, 196, 0)
_ANSWER = (255, 70, 70)
_TRUTH = (90, 230, 90)

_Boxes = tuple[Polygon | None, Polygon | None]
"""Boxes of the answer and of the truth, in the mosaic's CRS."""


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


def _found(query_set: QuerySet, result: MethodResult) -> list[tuple[Path, Path, QueryRecord]]:
    """Return mosaic, photo and record of every query: records stand in the order of the queries."""
    files = [(search.mosaic, query.photo) for search in query_set.searches for query in search.queries]
    return [(*pair, record) for pair, record in zip(files, result.records, strict=True)]


def _failed(record: QueryRecord, present: bool) -> bool:
    return record.hit < 1 if present else record.score >= PRESENT


def _panels(photo: Photo, record: QueryRecord, mosaic: Mosaic, present: bool) -> Iterator[Image.Image]:
    panel = photo_close_up(photo, Click(*record.click), _CLICK, _PX)
    draw_label(panel, (8, _PX - 26), record.photo, WHITE, 13)
    yield panel
    outline = box(*mosaic.bounds)
    truth = project(record.truth_box, record.epsg, mosaic.crs) if present else None
    answer = None if record.answer is None else project(Polygon(record.answer), record.crs, mosaic.crs)
    yield _map(mosaic, outline, (answer, truth), "mosaic", margin=1.0, least_m=0.0)
    for shape, text in ((answer, f"answer {record.score:.2f}"), (truth, "truth")):
        if shape is None:
            panel = Image.new("RGB", (_PX, _PX), BACKGROUND)
            draw_label(panel, (8, 8), f"no {text.split()[0]}", WHITE)
            yield panel
        else:
            yield _map(mosaic, shape, (answer, truth), text)


def _map(
    mosaic: Mosaic, shape: Polygon, boxes: _Boxes, text: str, *, margin: float = 4.0, least_m: float = _MIN_SIDE_M
) -> Image.Image:
    """Draw the mosaic round `shape`, in its CRS, `margin` times as wide, with both boxes."""
    crs = local_crs(shape, mosaic.crs)
    view = MapView.about(crs, project(shape, mosaic.crs, crs), margin=margin, least_m=least_m, px=_PX)
    panel = map_pixels(mosaic, view)
    for polygon, colour in zip(boxes, (_ANSWER, _TRUTH), strict=True):
        if polygon is not None:
            draw_strokes(panel, [view.ring(polygon, mosaic.crs)], colour, 2)
    draw_label(panel, (8, 8), text, WHITE, 15)
    draw_scale_bar(panel, view)
    return panel
