"""A picture of an answer: the photo with its clicks beside the mosaic with the boxes, and below the two close up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.results.detection import Detection
from geoloc.results.drawing import BACKGROUND, WHITE, Colour, draw_label, draw_strokes
from geoloc.results.maps import map_close_up, map_panel
from geoloc.system.output import check_output, replacing
from tiling.mosaic import Mosaic
from tiling.plan import Plan

PREVIEW_SUFFIXES = (".png",)

_HEIGHT = 680
_GAP = 12
_ABREAST = 4, 6
"""Close-ups in a row, at the least and the most."""
_COLOURS = ((255, 196, 0), (0, 200, 255), (255, 90, 160), (120, 230, 90), (190, 140, 255), (255, 140, 60))
"""One a click."""
_PHOTO_SHARE = 0.25
"""Side of a close-up of the photo over the photo's shorter side."""


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
        MosaicError: the mosaic cannot be read.
    """
    check_output(path, PREVIEW_SUFFIXES, overwrite)
    sheet = preview_sheet(photo, clicks, detections, mosaic, plan=plan)
    with replacing(path) as temporary:
        sheet.save(temporary)


def preview_sheet(
    photo: Photo,
    clicks: Sequence[Click],
    detections: Sequence[Detection],
    mosaic: Mosaic,
    *,
    plan: Plan | None = None,
) -> Image.Image:
    """Draw the picture that `draw_preview` writes.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    colours = {click: _COLOURS[i % len(_COLOURS)] for i, click in enumerate(dict.fromkeys(clicks))}
    ordered = sorted(detections, key=lambda found: found.rank)
    top = _row([_photo_panel(photo, colours), map_panel(mosaic, ordered, colours, plan, _HEIGHT)])
    groups = _best_answers(ordered, colours)
    each = _tiles_each(groups)
    abreast = min(len(groups), max(1, _ABREAST[1] // each)) * each
    px = (top.width + _GAP) // max(_ABREAST[0], abreast) - _GAP
    tiles = list(_close_ups(photo, mosaic, groups, colours, px))
    rows = [top, *(_row(tiles[start : start + abreast]) for start in range(0, len(tiles), abreast))]
    sheet = Image.new("RGB", (top.width + 2 * _GAP, sum(row.height + _GAP for row in rows) + _GAP), BACKGROUND)
    y = _GAP
    for row in rows:
        sheet.paste(row, (_GAP, y))
        y += row.height + _GAP
    return sheet


def _row(panels: Sequence[Image.Image]) -> Image.Image:
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) - 1)
    row = Image.new("RGB", (width, max(panel.height for panel in panels)), BACKGROUND)
    x = 0
    for panel in panels:
        row.paste(panel, (x, 0))
        x += panel.width + _GAP
    return row


def _photo_panel(photo: Photo, colours: dict[Click, Colour]) -> Image.Image:
    width, height = photo.size
    # A panorama or a strip is not let to squeeze the map out of the sheet.
    scale = min(_HEIGHT / height, 2 * _HEIGHT / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # A tall, narrow one leaves room for the close-ups below all the same.
    panel = Image.new("RGB", (max(size[0], _HEIGHT // 2), _HEIGHT), BACKGROUND)
    left, top = (panel.width - size[0]) // 2, (_HEIGHT - size[1]) // 2
    panel.paste(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS), (left, top))
    for click, colour in colours.items():
        _draw_click(panel, left + click.x * size[0] / width, top + click.y * size[1] / height, colour)
    draw_label(panel, (10, 10), photo.path.name, WHITE)
    return panel


def _draw_click(panel: Image.Image, x: float, y: float, colour: Colour, radius: float = 15) -> None:
    """A ring with four ticks, the clicked point itself left free."""
    turns = [math.tau * i / 60 for i in range(61)]
    ring = [(x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns]
    near, far = radius / 3, radius * 1.7
    ticks = [
        [(x + dx * near, y + dy * near), (x + dx * far, y + dy * far)] for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    draw_strokes(panel, [ring, *ticks], colour, 2)


def photo_close_up(photo: Photo, click: Click, colour: Colour, px: int, *, label: bool = True) -> Image.Image:
    """Draw a square round the click, `px` pixels wide, a quarter of the photo's shorter side."""
    width, height = photo.size
    side = max(16.0, min(width, height) * _PHOTO_SHARE)
    x0 = min(max(click.x - side / 2, 0.0), max(width - side, 0.0))
    y0 = min(max(click.y - side / 2, 0.0), max(height - side, 0.0))
    crop = Image.fromarray(photo.pixels).resize(
        (px, px), Image.Resampling.LANCZOS, (x0, y0, min(x0 + side, width), min(y0 + side, height))
    )
    _draw_click(crop, (click.x - x0) * px / side, (click.y - y0) * px / side, colour, 10)
    if label:
        draw_label(crop, (8, 8), f"click {click.x:g}, {click.y:g}", colour, 15)
    return crop


def _best_answers(ordered: Sequence[Detection], clicks: Iterable[Click]) -> dict[Click, list[Detection]]:
    """The answers to each click that get a close-up.

    As many as fit a row where there are few clicks, at least the best.
    """
    of_click: dict[Click, list[Detection]] = {click: [] for click in clicks}
    for found in ordered:
        of_click[found.click].append(found)
    most = max(1, _ABREAST[1] // len(of_click) - 1)
    return {click: answers[:most] for click, answers in of_click.items()}


def _tiles_each(groups: Mapping[Click, Sequence[Detection]]) -> int:
    """Close-ups for each click: its photo and the answers, the same number for all so that each stands in one row."""
    return 1 + max(1, *map(len, groups.values()))


def _close_ups(
    photo: Photo,
    mosaic: Mosaic,
    groups: Mapping[Click, Sequence[Detection]],
    colours: Mapping[Click, Colour],
    px: int,
) -> Iterator[Image.Image]:
    """For each click `_tiles_each` squares: the photo close up, the best answers beside it, and blanks."""
    for click, best in groups.items():
        yield photo_close_up(photo, click, colours[click], px)
        for found in best:
            yield map_close_up(mosaic, found, colours[click], px)
        for i in range(_tiles_each(groups) - 1 - len(best)):
            blank = Image.new("RGB", (px, px), BACKGROUND)
            if i == 0 and not best:
                draw_label(blank, (8, 8), "not here", colours[click])
            yield blank
