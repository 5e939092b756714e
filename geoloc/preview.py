"""A picture of an answer: the photo with its clicks beside the mosaic with the boxes that were found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import shapely
from affine import Affine
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import Polygon, box

from geoloc.detection import Detection
from geoloc.output import check_output, replacing
from geoloc.photo import Photo
from geoloc.query import Click
from tiling.grid import Grid
from tiling.mosaic import Mosaic

PREVIEW_SUFFIXES = (".png",)

_HEIGHT = 720
_GAP = 12
_BACKGROUND = (24, 26, 30)
_NO_DATA = (60, 63, 70)
_COLOURS = ((255, 196, 0), (0, 200, 255), (255, 90, 160), (120, 230, 90), (190, 140, 255), (255, 140, 60))
"""One a click."""
_MIN_VIEW_M = 30.0
_CLOSE_UP_SHARE = 0.08
"""A best box narrower than this share of the overview gets a close-up beside it."""
_BAR_STEPS_M = tuple(step * 10**power for power in range(-1, 5) for step in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class _View:
    """A square of ground, `side_m` metres wide round (0, 0) + `centre` of a local north-up CRS in metres."""

    crs: pyproj.CRS
    centre: tuple[float, float]
    side_m: float

    def grid(self) -> Grid:
        scale = self.side_m / _HEIGHT
        left, top = self.centre[0] - self.side_m / 2, self.centre[1] + self.side_m / 2
        return Grid(self.crs, Affine(scale, 0, left, 0, -scale, top), _HEIGHT, _HEIGHT)

    def pixels(self, polygon: Polygon) -> list[tuple[float, float]]:
        to_pixel = ~self.grid().affine
        return [to_pixel * point for point in polygon.exterior.coords]


def draw_preview(
    photo: Photo,
    clicks: Sequence[Click],
    detections: Sequence[Detection],
    mosaic: Mosaic,
    path: Path,
    *,
    overwrite: bool = False,
) -> None:
    """Write a PNG: left the photo with its clicks, right the mosaic round the boxes, north up, in true metres.

    Each click has a colour, its boxes have the same; the best is drawn strong, with a close-up where it would be
    hard to see. Without detections the whole mosaic is shown and the picture says so.

    Raises:
        OutputError: the picture cannot be written.
    """
    check_output(path, PREVIEW_SUFFIXES, overwrite)
    colours = {click: _COLOURS[i % len(_COLOURS)] for i, click in enumerate(dict.fromkeys(clicks))}
    panels = [_photo_panel(photo, colours)]
    panels.extend(_mosaic_panel(mosaic, view, detections, colours) for view in _views(detections, mosaic))
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) + 1)
    sheet = Image.new("RGB", (width, _HEIGHT + 2 * _GAP), _BACKGROUND)
    x = _GAP
    for panel in panels:
        sheet.paste(panel, (x, _GAP))
        x += panel.width + _GAP
    with replacing(path) as temporary:
        sheet.save(temporary)


def _photo_panel(photo: Photo, colours: dict[Click, tuple[int, int, int]]) -> Image.Image:
    width, height = photo.size
    # A panorama or a strip is not let to squeeze the map out of the sheet.
    scale = min(_HEIGHT / height, 2 * _HEIGHT / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    panel = Image.new("RGB", (size[0], _HEIGHT), _BACKGROUND)
    top = (_HEIGHT - size[1]) // 2
    panel.paste(Image.fromarray(photo.pixels).resize(size, Image.Resampling.LANCZOS), (0, top))
    draw = ImageDraw.Draw(panel)
    for click, colour in colours.items():
        _draw_click(draw, click.x * size[0] / width, top + click.y * size[1] / height, colour)
    _label(draw, (8, top + 8), photo.path.name, (255, 255, 255))
    return panel


def _draw_click(draw: ImageDraw.ImageDraw, x: float, y: float, colour: tuple[int, int, int]) -> None:
    """A ring with four ticks, the clicked point itself left free; dark below, bright above, to show anywhere."""
    for line, width in (((0, 0, 0), 6), (colour, 3)):
        more = width / 2
        ring = 15 + more
        draw.ellipse((x - ring, y - ring, x + ring, y + ring), outline=line, width=width)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            near, far = 5 - more / 3, 24 + more / 3
            draw.line((x + dx * near, y + dy * near, x + dx * far, y + dy * far), fill=line, width=width)


def _views(detections: Sequence[Detection], mosaic: Mosaic) -> list[_View]:
    """The square that holds all boxes, and a closer one of the best where that one is tiny in it."""
    if not detections:
        footprint = box(*mosaic.bounds)
        crs = _local_crs(footprint, mosaic.crs)
        return [_view(crs, _local(footprint, mosaic.crs, crs), 1.0)]
    crs = _local_crs(detections[0].polygon, detections[0].crs)
    boxes = [_local(detection.polygon, detection.crs, crs) for detection in detections]
    overview = _view(crs, shapely.union_all(boxes), 1.3)
    best_side = _extent(boxes[0])
    # A lone box would fill its view: the surroundings are what lets a person check it.
    close_up = _view(crs, boxes[0], 5.0)
    if overview.side_m < close_up.side_m:
        return [close_up]
    return [overview, close_up] if best_side < _CLOSE_UP_SHARE * overview.side_m else [overview]


def _view(crs: pyproj.CRS, shape: Polygon, margin: float) -> _View:
    xmin, ymin, xmax, ymax = shape.bounds
    side = max(_extent(shape) * margin, _MIN_VIEW_M if margin > 1 else 0.0)
    return _View(crs, ((xmin + xmax) / 2, (ymin + ymax) / 2), side)


def _extent(shape: Polygon) -> float:
    xmin, ymin, xmax, ymax = shape.bounds
    return float(max(xmax - xmin, ymax - ymin))


def _local_crs(polygon: Polygon, crs: object) -> pyproj.CRS:
    """Metres east and north of the polygon's centre: squares are square in it whatever the mosaic's CRS."""
    centre = polygon.centroid
    to_lonlat = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(centre.x, centre.y)
    return pyproj.CRS.from_dict(
        {"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m", "type": "crs"}
    )


def _local(polygon: Polygon, crs: object, local: pyproj.CRS) -> Polygon:
    to_local = pyproj.Transformer.from_crs(pyproj.CRS.from_user_input(crs), local, always_xy=True)
    return shapely.transform(polygon, to_local.transform, interleaved=False)


def _mosaic_panel(
    mosaic: Mosaic,
    view: _View,
    detections: Sequence[Detection],
    colours: dict[Click, tuple[int, int, int]],
) -> Image.Image:
    window = mosaic.read(view.grid())
    panel = Image.fromarray(np.where(window.valid[..., None], window.rgb, np.uint8(_NO_DATA)))
    draw = ImageDraw.Draw(panel)
    # Worst first, so that the best lies on top.
    for detection in sorted(detections, key=lambda found: -found.rank):
        colour = colours[detection.click]
        corners = view.pixels(_local(detection.polygon, detection.crs, view.crs))
        first = detection.rank == 1
        draw.line(corners + corners[1:2], fill=(0, 0, 0), width=8 if first else 4, joint="curve")
        draw.line(corners + corners[1:2], fill=colour, width=4 if first else 2, joint="curve")
        x = min(max(min(corner[0] for corner in corners), 4), _HEIGHT - 90)
        y = min(max(min(corner[1] for corner in corners) - 28, 4), _HEIGHT - 60)
        _label(draw, (x, y), f"{detection.rank}: {detection.score:.2f}", colour, 18 if first else 14)
    if not detections:
        _label(draw, (16, 16), "not found here", (255, 255, 255), 22)
    _scale_bar(draw, view.side_m / _HEIGHT)
    return panel


def _scale_bar(draw: ImageDraw.ImageDraw, metres_a_pixel: float) -> None:
    """The longest round length that fits a quarter of the panel."""
    fitting = [step for step in _BAR_STEPS_M if step <= metres_a_pixel * _HEIGHT / 4]
    metres = fitting[-1] if fitting else _BAR_STEPS_M[0]
    length = metres / metres_a_pixel
    x, y = 20, _HEIGHT - 24
    for colour, width in (((0, 0, 0), 8), ((255, 255, 255), 4)):
        draw.line((x, y, x + length, y), fill=colour, width=width)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    _label(draw, (x, y - 32), text, (255, 255, 255), 16)
    top = _HEIGHT - 64
    for colour, width in (((0, 0, 0), 7), ((255, 255, 255), 3)):
        draw.line((_HEIGHT - 30, top + 44, _HEIGHT - 30, top), fill=colour, width=width)
        draw.line((_HEIGHT - 38, top + 12, _HEIGHT - 30, top, _HEIGHT - 22, top + 12), fill=colour, width=width)
    _label(draw, (_HEIGHT - 62, top + 10), "N", (255, 255, 255), 18)


def _label(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    colour: tuple[int, int, int],
    size: int = 16,
) -> None:
    font = ImageFont.load_default(math.ceil(size))
    left, top, right, bottom = draw.textbbox(at, text, font=font)
    draw.rectangle((left - 4, top - 3, right + 4, bottom + 3), fill=(0, 0, 0))
    draw.text(at, text, font=font, fill=colour)
