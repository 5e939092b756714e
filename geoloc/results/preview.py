"""A picture of an answer: the photo with its targets beside the mosaic with outlines, and below the two close up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image
from shapely.affinity import affine_transform
from shapely.geometry import Point, Polygon
from shapely.geometry.base import BaseGeometry

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.results.detection import Detection
from geoloc.results.drawing import BACKGROUND, WHITE, Colour, draw_label, draw_strokes
from geoloc.results.labels import Labels
from geoloc.results.maps import map_close_up, map_panel
from geoloc.system.output import check_output, replacing
from tiling.mosaic import Mosaic
from tiling.plan import Plan

PREVIEW_SUFFIXES = (".png",)

_HEIGHT = 680
_GAP = 12
_ABREAST = 4, 6
"""Close-ups in a row, at the least and the most."""
COLOURS = ((255, 196, 0), (0, 200, 255), (255, 90, 160), (120, 230, 90), (190, 140, 255), (255, 140, 60))
"""Of clicks, in their order, and of their answers."""
_PHOTO_SHARE = 0.25
"""Side of a close-up of the photo over the photo's shorter side."""
_ROUND_DRAWN = 1.5
"""Side of a close-up of the photo at the least, over the longer side of what was drawn."""
_TICK = 1.7
"""How far the ticks of a click reach, over its ring."""


def draw_preview(
    photo: Photo,
    targets: Sequence[Target],
    detections: Sequence[Detection],
    mosaic: Mosaic,
    path: Path,
    *,
    plan: Plan | None = None,
    others: Sequence[tuple[Photo, Target]] = (),
    overwrite: bool = False,
) -> None:
    """Write a PNG: the photo with what was clicked or drawn in it, the mosaic with the outlines, and both close up.

    Maps are north up and in true metres. Each target has a colour, and its outlines have the same; the best is drawn
    strong. A click without detections is said to be not here. Without any, the map shows what the `plan`
    searched, or the whole mosaic where none is given. `others` are further photos of the one target's object, each with
    what was clicked in it: they stand beside the photo, and close up beside it too.

    Raises:
        OutputError: the picture cannot be written.
        MosaicError: the mosaic cannot be read.
    """
    check_output(path, PREVIEW_SUFFIXES, overwrite)
    sheet = preview_sheet(photo, targets, detections, mosaic, plan=plan, others=others)
    with replacing(path) as temporary:
        sheet.save(temporary)


def preview_sheet(
    photo: Photo,
    targets: Sequence[Target],
    detections: Sequence[Detection],
    mosaic: Mosaic,
    *,
    plan: Plan | None = None,
    others: Sequence[tuple[Photo, Target]] = (),
) -> Image.Image:
    """Draw the picture that `draw_preview` writes.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    of_click = {target.click: target for target in targets}
    colours = {click: COLOURS[i % len(COLOURS)] for i, click in enumerate(of_click)}
    ordered = sorted(detections, key=lambda found: found.rank)
    photos = _photo_panels([(photo, targets), *((other, [target]) for other, target in others)], colours)
    top = _row([photos, map_panel(mosaic, ordered, colours, plan, _HEIGHT)])
    groups = _best_answers(ordered, of_click.values(), 1 + len(others))
    each = len(others) + _tiles_each(groups)
    abreast = min(len(groups), max(1, _ABREAST[1] // each)) * each
    px = (top.width + _GAP) // max(_ABREAST[0], abreast) - _GAP
    tiles = list(_close_ups(photo, mosaic, groups, colours, px, others=others))
    rows = [top, *(_row(tiles[start : start + abreast]) for start in range(0, len(tiles), abreast))]
    below = _column(rows)
    sheet = Image.new("RGB", (top.width + 2 * _GAP, below.height + 2 * _GAP), BACKGROUND)
    sheet.paste(below, (_GAP, _GAP))
    return sheet


def _column(rows: Sequence[Image.Image]) -> Image.Image:
    size = max(row.width for row in rows), sum(row.height + _GAP for row in rows) - _GAP
    column = Image.new("RGB", size, BACKGROUND)
    y = 0
    for row in rows:
        column.paste(row, (0, y))
        y += row.height + _GAP
    return column


def _row(panels: Sequence[Image.Image]) -> Image.Image:
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) - 1)
    row = Image.new("RGB", (width, max(panel.height for panel in panels)), BACKGROUND)
    x = 0
    for panel in panels:
        row.paste(panel, (x, 0))
        x += panel.width + _GAP
    return row


def _photo_panels(views: Sequence[tuple[Photo, Sequence[Target]]], colours: Mapping[Click, Colour]) -> Image.Image:
    """Draw photos as high as the map together: one alone, several in as many rows as columns or one more.

    Targets of all but the first photo have the first colour: they are of the same object.
    """
    rows = math.ceil(math.sqrt(len(views)))
    height = (_HEIGHT - _GAP * (rows - 1)) // rows
    panels = [
        _photo_panel(photo, targets, {target.click: COLOURS[0] for target in targets} if number else colours, height)
        for number, (photo, targets) in enumerate(views)
    ]
    columns = math.ceil(len(panels) / rows)
    return _column([_row(panels[start : start + columns]) for start in range(0, len(panels), columns)])


def _photo_panel(
    photo: Photo, targets: Sequence[Target], colours: Mapping[Click, Colour], panel_height: int
) -> Image.Image:
    width, height = photo.size
    # A panorama or a strip is not let to squeeze the map out of the sheet.
    scale = min(panel_height / height, 2 * panel_height / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # A tall, narrow one leaves room for the close-ups below all the same.
    panel = Image.new("RGB", (max(size[0], panel_height // 2), panel_height), BACKGROUND)
    left, top = (panel.width - size[0]) // 2, (panel_height - size[1]) // 2
    panel.paste(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS), (left, top))
    to_panel = [size[0] / width, 0, 0, size[1] / height, left, top]
    shown = [_draw_target(panel, target, to_panel, colours[target.click]) for target in targets]
    Labels(panel, shown).in_corner(photo.path.name, WHITE)
    return panel


def _draw_target(
    panel: Image.Image, target: Target, to_panel: Sequence[float], colour: Colour, radius: float = 15
) -> BaseGeometry:
    """Draw what was clicked or drawn, and return what it covers, in pixels of the panel.

    to_panel: shapely's six numbers, from pixels of the photo.
    """
    drawn = _drawn_shape(target)
    if drawn is not None:
        shape = affine_transform(drawn, to_panel)
        draw_strokes(panel, [list(ring.coords) for ring in (shape.exterior, *shape.interiors)], colour, 2)
        return shape
    point = affine_transform(Point(target.click.x, target.click.y), to_panel)
    draw_click(panel, point.x, point.y, colour, radius)
    return point.buffer(radius * _TICK)


def _drawn_shape(target: Target) -> Polygon | None:
    """Return what was drawn, pixels of the photo; None of what was clicked."""
    if target.polygon is not None:
        return target.polygon
    return None if target.box is None else Polygon(target.box.corners())


def draw_click(panel: Image.Image, x: float, y: float, colour: Colour, radius: float = 15) -> None:
    """Draw a ring with four ticks round a point of the panel, in pixels; the clicked point itself is left free."""
    turns = [math.tau * i / 60 for i in range(61)]
    ring = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    near, far = radius / 3, radius * _TICK
    ticks = [
        [(x + dx * near, y + dy * near), (x + dx * far, y + dy * far)] for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    draw_strokes(panel, [ring, *ticks], colour, 2)


def photo_close_up(photo: Photo, target: Target, colour: Colour, px: int, *, label: bool = True) -> Image.Image:
    """Draw a square round what was clicked or drawn, `px` pixels wide.

    It shows a quarter of the photo's shorter side, or as much as shows all that was drawn.
    """
    width, height = photo.size
    drawn = _drawn_shape(target)
    middle, longest = target.click, 0.0
    if drawn is not None:
        x0, y0, x1, y1 = drawn.bounds
        middle, longest = Click((x0 + x1) / 2, (y0 + y1) / 2), max(x1 - x0, y1 - y0)
    side = max(16.0, min(width, height) * _PHOTO_SHARE, longest * _ROUND_DRAWN)
    # What is beyond the photo stays dark where the square is larger than the photo.
    x0 = min(max(middle.x - side / 2, 0.0), max(width - side, 0.0))
    y0 = min(max(middle.y - side / 2, 0.0), max(height - side, 0.0))
    x1, y1 = min(x0 + side, width), min(y0 + side, height)
    size = max(1, round((x1 - x0) * px / side)), max(1, round((y1 - y0) * px / side))
    crop = Image.new("RGB", (px, px), BACKGROUND)
    crop.paste(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS, (x0, y0, x1, y1)))
    scale = px / side
    shown = _draw_target(crop, target, [scale, 0, 0, scale, -x0 * scale, -y0 * scale], colour, 10)
    if label:
        Labels(crop, [shown]).in_corner(f"click {target.click.x:g}, {target.click.y:g}", colour, 15)
    return crop


def _best_answers(
    ordered: Sequence[Detection], targets: Iterable[Target], photos: int
) -> dict[Target, list[Detection]]:
    """The answers to each target that get a close-up.

    As many as fit a row beside so many photos where there are few targets, at least the best.
    """
    of_click: dict[Click, list[Detection]] = {target.click: [] for target in targets}
    for found in ordered:
        of_click[found.click].append(found)
    most = max(1, _ABREAST[1] // len(of_click) - photos)
    return {target: of_click[target.click][:most] for target in targets}


def _tiles_each(groups: Mapping[Target, Sequence[Detection]]) -> int:
    """Close-ups for each target: its photo and the answers, the same number for all so that each stands in one row."""
    return 1 + max(1, *map(len, groups.values()))


def _close_ups(
    photo: Photo,
    mosaic: Mosaic,
    groups: Mapping[Target, Sequence[Detection]],
    colours: Mapping[Click, Colour],
    px: int,
    *,
    others: Sequence[tuple[Photo, Target]],
) -> Iterator[Image.Image]:
    """For each target `_tiles_each` squares: the photo close up, the best answers beside it, and blanks.

    Those of `others` stand behind the photo's.
    """
    for target, best in groups.items():
        colour = colours[target.click]
        yield photo_close_up(photo, target, colour, px)
        for other, clicked in others:
            yield photo_close_up(other, clicked, colour, px)
        for found in best:
            yield map_close_up(mosaic, found, colour, px)
        for i in range(_tiles_each(groups) - 1 - len(best)):
            blank = Image.new("RGB", (px, px), BACKGROUND)
            if i == 0 and not best:
                draw_label(blank, (8, 8), "not here", colour)
            yield blank
