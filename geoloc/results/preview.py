"""A picture of an answer: the photo with its clicks beside the mosaic with the boxes, and below the two close up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyproj
import shapely
from affine import Affine
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import Polygon, box

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.plane.homography import to_opencv
from geoloc.results.detection import Detection
from geoloc.system.output import check_output, replacing
from tiling.grid import WGS84, Grid, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

PREVIEW_SUFFIXES = (".png",)

_HEIGHT = 680
_GAP = 12
_COLUMNS = 4, 6
"""Close-ups in a row, at the least and the most."""
_BACKGROUND = (24, 26, 30)
_NO_DATA = (60, 63, 70)
_BLACK = (0, 0, 0)
_WHITE = (255, 255, 255)
_COLOURS = ((255, 196, 0), (0, 200, 255), (255, 90, 160), (120, 230, 90), (190, 140, 255), (255, 140, 60))
"""One a click."""
_MIN_MAP_M = 60.0
_MIN_CLOSE_UP_M = 12.0
_SURROUNDINGS = 4.0
"""Side of a close-up over the longer side of its box: the surroundings are what lets a person check it."""
_PHOTO_SHARE = 0.25
"""Side of a close-up of the photo over the photo's shorter side."""
_MUCH_LARGER = 2.0
"""A mosaic this many times as wide as the map gets an inset that shows where the map lies in it."""
_INSET = 130
_BAR_STEPS_M = tuple(step * 10**power for power in range(-1, 6) for step in (1, 2, 5))

_Colour = tuple[int, int, int]
_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class MapView:
    """A square of ground, `side_m` metres wide round `centre` of a local north-up CRS in metres, `px` pixels wide."""

    crs: pyproj.CRS
    centre: tuple[float, float]
    side_m: float
    px: int

    @property
    def metres_a_pixel(self) -> float:
        """On the ground."""
        return self.side_m / self.px

    def grid(self) -> Grid:
        """Its pixels."""
        scale = self.metres_a_pixel
        left, top = self.centre[0] - self.side_m / 2, self.centre[1] + self.side_m / 2
        return Grid(self.crs, Affine(scale, 0, left, 0, -scale, top), self.px, self.px)

    def pixels(self, polygon: Polygon) -> list[tuple[float, float]]:
        """The ring of a polygon of `crs` in pixels of the view."""
        to_pixel = ~self.grid().affine
        return [to_pixel * point for point in polygon.exterior.coords]


def draw_preview(
    photo: Photo,
    clicks: Sequence[Click],
    detections: Sequence[Detection],
    mosaic: Mosaic,
    path: Path,
    *,
    plan: Plan | None = None,
    overwrite: bool = False,
) -> None:
    """Write a PNG: the photo with its clicks, the mosaic round the boxes, and close-ups of both for every click.

    Maps are north up and in true metres. Each click has a colour, and its boxes have the same; the best is drawn
    strong. A click without detections is said to be not here. Without any, the map shows what the `plan`
    searched, or the whole mosaic where none is given.

    Raises:
        OutputError: the picture cannot be written.
    """
    check_output(path, PREVIEW_SUFFIXES, overwrite)
    colours = {click: _COLOURS[i % len(_COLOURS)] for i, click in enumerate(dict.fromkeys(clicks))}
    ordered = sorted(detections, key=lambda found: found.rank)
    top = _row([_photo_panel(photo, colours), _map_panel(mosaic, ordered, colours, plan)])
    groups = _best_answers(ordered, colours)
    each = _tiles_each(groups)
    abreast = min(len(groups), max(1, _COLUMNS[1] // each)) * each
    px = (top.width + _GAP) // max(_COLUMNS[0], abreast) - _GAP
    tiles = list(_close_ups(photo, mosaic, groups, colours, px))
    rows = [top, *(_row(tiles[start : start + abreast]) for start in range(0, len(tiles), abreast))]
    sheet = Image.new("RGB", (top.width + 2 * _GAP, sum(row.height + _GAP for row in rows) + _GAP), _BACKGROUND)
    y = _GAP
    for row in rows:
        sheet.paste(row, (_GAP, y))
        y += row.height + _GAP
    with replacing(path) as temporary:
        sheet.save(temporary)


def _row(panels: Sequence[Image.Image]) -> Image.Image:
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) - 1)
    row = Image.new("RGB", (width, max(panel.height for panel in panels)), _BACKGROUND)
    x = 0
    for panel in panels:
        row.paste(panel, (x, 0))
        x += panel.width + _GAP
    return row


# The photo


def _photo_panel(photo: Photo, colours: dict[Click, _Colour]) -> Image.Image:
    width, height = photo.size
    # A panorama or a strip is not let to squeeze the map out of the sheet.
    scale = min(_HEIGHT / height, 2 * _HEIGHT / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # A tall, narrow one leaves room for the close-ups below all the same.
    panel = Image.new("RGB", (max(size[0], _HEIGHT // 2), _HEIGHT), _BACKGROUND)
    left, top = (panel.width - size[0]) // 2, (_HEIGHT - size[1]) // 2
    panel.paste(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS), (left, top))
    for click, colour in colours.items():
        _draw_click(panel, left + click.x * size[0] / width, top + click.y * size[1] / height, colour)
    draw_label(ImageDraw.Draw(panel), (10, 10), photo.path.name, _WHITE)
    return panel


def _draw_click(panel: Image.Image, x: float, y: float, colour: _Colour, radius: float = 15) -> None:
    """A ring with four ticks, the clicked point itself left free."""
    turns = [math.tau * i / 60 for i in range(61)]
    ring = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    near, far = radius / 3, radius * 1.7
    ticks = [
        [(x + dx * near, y + dy * near), (x + dx * far, y + dy * far)] for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    draw_strokes(panel, [ring, *ticks], colour, 2)


def photo_close_up(photo: Photo, click: Click, colour: _Colour, px: int, *, label: bool = True) -> Image.Image:
    """A square round the click, `px` pixels wide, a quarter of the photo's shorter side."""
    width, height = photo.size
    side = max(16.0, min(width, height) * _PHOTO_SHARE)
    x0 = min(max(click.x - side / 2, 0.0), max(width - side, 0.0))
    y0 = min(max(click.y - side / 2, 0.0), max(height - side, 0.0))
    crop = Image.fromarray(photo.pixels).resize(
        (px, px), Image.Resampling.LANCZOS, (x0, y0, min(x0 + side, width), min(y0 + side, height))
    )
    _draw_click(crop, (click.x - x0) * px / side, (click.y - y0) * px / side, colour, 10)
    if label:
        draw_label(ImageDraw.Draw(crop), (8, 8), f"click {click.x:g}, {click.y:g}", colour, 15)
    return crop


# The map


def _map_panel(
    mosaic: Mosaic, ordered: Sequence[Detection], colours: dict[Click, _Colour], plan: Plan | None
) -> Image.Image:
    """All boxes on the mosaic, the best ones on top, with a scale bar, a north arrow and an inset where it helps."""
    outline = box(*mosaic.bounds)
    if ordered:
        crs = local_crs(ordered[0].polygon, ordered[0].crs)
        shape = shapely.union_all([project(found.polygon, found.crs, crs) for found in ordered])
        view = _view(crs, shape, 1.3, _MIN_MAP_M, _HEIGHT)
    else:
        ground = outline
        if plan is not None:
            # Of a huge mosaic without overviews, reading all would take longer than the search.
            windows = [mosaic.in_turn(window.grid.footprint(mosaic.crs)) for window in plan.windows]
            searched = shapely.union_all(windows)
            ground = outline.intersection(searched)
        crs = local_crs(ground, mosaic.crs)
        view = _view(crs, project(ground, mosaic.crs, crs), 1.0, 0.0, _HEIGHT)
    panel = map_pixels(mosaic, view)
    for found in reversed(ordered):
        _draw_box(panel, view, found, colours[found.click])
    draw = ImageDraw.Draw(panel)
    taken: list[_Box] = []
    for found in ordered:
        _label_box(draw, view, found, colours[found.click], taken)
    if not ordered:
        draw_label(draw, (16, 16), "not here", _WHITE, 24)
    draw_scale_bar(panel, view)
    _north_arrow(panel)
    _inset(panel, view, project(outline, mosaic.crs, crs))
    return panel


def _best_answers(ordered: Sequence[Detection], clicks: Iterable[Click]) -> dict[Click, list[Detection]]:
    """The answers to each click that get a close-up: as many as fit a row where there are few clicks, at least the
    best.
    """
    of_click: dict[Click, list[Detection]] = {click: [] for click in clicks}
    for found in ordered:
        of_click[found.click].append(found)
    most = max(1, _COLUMNS[1] // len(of_click) - 1)
    return {click: answers[:most] for click, answers in of_click.items()}


def _tiles_each(groups: Mapping[Click, Sequence[Detection]]) -> int:
    """Close-ups for each click: its photo and the answers, the same number for all so that each stands in one row."""
    return 1 + max(1, *map(len, groups.values()))


def _close_ups(
    photo: Photo,
    mosaic: Mosaic,
    groups: Mapping[Click, Sequence[Detection]],
    colours: Mapping[Click, _Colour],
    px: int,
) -> Iterator[Image.Image]:
    """For each click `_tiles_each` squares: the photo close up, the best answers beside it, and blanks."""
    for click, best in groups.items():
        yield photo_close_up(photo, click, colours[click], px)
        for found in best:
            yield map_close_up(mosaic, found, colours[click], px)
        for i in range(_tiles_each(groups) - 1 - len(best)):
            blank = Image.new("RGB", (px, px), _BACKGROUND)
            if i == 0 and not best:
                draw_label(ImageDraw.Draw(blank), (8, 8), "not here", colours[click])
            yield blank


def map_close_up(mosaic: Mosaic, found: Detection, colour: _Colour, px: int, *, label: bool = True) -> Image.Image:
    """A square round an answer, `px` pixels wide, north up."""
    crs = local_crs(found.polygon, found.crs)
    view = _view(crs, project(found.polygon, found.crs, crs), _SURROUNDINGS, _MIN_CLOSE_UP_M, px)
    panel = map_pixels(mosaic, view)
    _draw_box(panel, view, found, colour)
    if label:
        text = f"{found.rank}: {found.score:.2f}, ± {found.accuracy_m:.1f} m"
        draw_label(ImageDraw.Draw(panel), (8, 8), text, colour, 15)
        draw_scale_bar(panel, view)
    return panel


def _view(crs: pyproj.CRS, shape: Polygon, margin: float, least_m: float, px: int) -> MapView:
    xmin, ymin, xmax, ymax = shape.bounds
    side = max(max(xmax - xmin, ymax - ymin) * margin, least_m)
    return MapView(crs, ((xmin + xmax) / 2, (ymin + ymax) / 2), side, px)


def local_crs(polygon: Polygon, crs: object) -> pyproj.CRS:
    """Metres east and north of the polygon's centre: squares are square in it whatever the mosaic's CRS."""
    lonlat = project(polygon.centroid, crs, WGS84)
    return pyproj.CRS.from_dict(
        {"proj": "aeqd", "lon_0": lonlat.x, "lat_0": lonlat.y, "datum": "WGS84", "units": "m", "type": "crs"}
    )


def map_pixels(mosaic: Mosaic, view: MapView) -> Image.Image:
    """The mosaic as the view shows it, grey where it has no data."""
    window = mosaic.read(view.grid())
    return Image.fromarray(np.where(window.valid[..., None], window.rgb, np.array(_NO_DATA, np.uint8)))


def _ring(view: MapView, found: Detection) -> list[tuple[float, float]]:
    return view.pixels(project(found.polygon, found.crs, view.crs))


def _draw_box(panel: Image.Image, view: MapView, found: Detection, colour: _Colour) -> None:
    draw_strokes(panel, [_ring(view, found)], colour, 3 if found.rank == 1 else 1)


def _label_box(draw: ImageDraw.ImageDraw, view: MapView, found: Detection, colour: _Colour, taken: list[_Box]) -> None:
    """Rank and score at the first side of the box where they hide no other label; a lesser answer goes without
    rather than over another.
    """
    text, size = f"{found.rank}: {found.score:.2f}", 18 if found.rank == 1 else 14
    xs, ys = zip(*_ring(view, found), strict=True)
    _, _, width, height = draw.textbbox((0, 0), text, font=_font(size))
    x, y = (min(xs) + max(xs) - width) / 2, (min(ys) + max(ys) - height) / 2
    places = ((x, min(ys) - height - 10), (x, max(ys) + 10), (max(xs) + 12, y), (min(xs) - width - 12, y))
    limit = view.px - 6
    inside = [(min(max(at[0], 8), limit - width), min(max(at[1], 8), limit - height)) for at in places]
    free = [at for at in inside if not any(_overlap((*at, at[0] + width, at[1] + height), other) for other in taken)]
    if free or found.rank == 1:
        at = free[0] if free else inside[0]
        taken.append((at[0] - 4, at[1] - 4, at[0] + width + 4, at[1] + height + 4))
        draw_label(draw, at, text, colour, size)


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


# What every map has


def draw_scale_bar(panel: Image.Image, view: MapView) -> None:
    """The longest round length that fits a quarter of the map."""
    fitting = [step for step in _BAR_STEPS_M if step <= view.side_m / 4]
    metres = fitting[-1] if fitting else _BAR_STEPS_M[0]
    x, y = 14, view.px - 16
    draw_strokes(panel, [[(x, y), (x + metres / view.metres_a_pixel, y)]], _WHITE, 4)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    draw_label(ImageDraw.Draw(panel), (x + 2, y - 28), text, _WHITE, 14)


def _north_arrow(panel: Image.Image) -> None:
    x, top = panel.width - 28, panel.height - 62
    draw_strokes(panel, [[(x, top + 44), (x, top)], [(x - 8, top + 12), (x, top), (x + 8, top + 12)]], _WHITE, 3)
    draw_label(ImageDraw.Draw(panel), (x - 34, top + 14), "N", _WHITE)


def _inset(panel: Image.Image, view: MapView, outline: Polygon) -> None:
    """Where the map lies in the outline of the whole mosaic, at the upper right; the mosaic is not read for it."""
    xmin, ymin, xmax, ymax = outline.bounds
    extent = max(xmax - xmin, ymax - ymin)
    if extent < _MUCH_LARGER * view.side_m:
        return
    whole = MapView(view.crs, ((xmin + xmax) / 2, (ymin + ymax) / 2), extent * 1.1, _INSET)
    inset = Image.new("RGB", (_INSET, _INSET), _BACKGROUND)
    draw = ImageDraw.Draw(inset)
    draw.polygon(whole.pixels(outline), fill=_NO_DATA, outline=_WHITE)
    half = view.side_m / 2
    xs, ys = zip(*whole.pixels(box(*(c - half for c in view.centre), *(c + half for c in view.centre))), strict=True)
    # On a large mosaic the map would vanish.
    grow = max(0.0, 6 - (max(xs) - min(xs))) / 2
    draw.rectangle((min(xs) - grow, min(ys) - grow, max(xs) + grow, max(ys) + grow), outline=(255, 60, 60), width=2)
    draw.rectangle((0, 0, _INSET - 1, _INSET - 1), outline=_BLACK)
    panel.paste(inset, (view.px - _INSET - 8, 8))


def draw_strokes(
    panel: Image.Image, lines: Sequence[Sequence[tuple[float, float]]], colour: _Colour, width: int
) -> None:
    """Smooth lines, dark below and bright above, to show on any ground. Points have a corner origin."""
    pixels = np.array(panel)
    # OpenCV takes sixteenths of pixels.
    points = [np.round(to_opencv(np.array(line)) * 16).astype(np.int32) for line in lines]
    for line_colour, line_width in ((_BLACK, width + 3), (colour, width)):
        cv2.polylines(pixels, points, False, line_colour, line_width, cv2.LINE_AA, 4)
    panel.paste(Image.fromarray(pixels))


def draw_label(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: _Colour, size: int = 16) -> None:
    """Text on a dark ground, its upper left corner at `at`."""
    left, top, right, bottom = draw.textbbox(at, text, font=_font(size))
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=_BLACK)
    draw.text(at, text, font=_font(size), fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
