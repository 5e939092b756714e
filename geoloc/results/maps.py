"""Maps of answers: the mosaic north up and in true metres, with outlines, scale bar, north arrow and an inset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from affine import Affine
from PIL import Image, ImageDraw
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geoloc.photo.target import Click
from geoloc.results.detection import Detection
from geoloc.results.drawing import WHITE, Colour, draw_label, draw_strokes
from geoloc.results.labels import Labels
from tiling.grid import WGS84, Grid, project
from tiling.mosaic import Mosaic
from tiling.plan import Plan

_NO_DATA = (60, 63, 70)
_MIN_MAP_M = 60.0
_MIN_CLOSE_UP_M = 12.0
_SURROUNDINGS = 4.0
"""Side of a close-up over the longer side of its box: the surroundings are what lets a person check it."""
_MUCH_LARGER = 2.0
"""A mosaic this many times as wide as the map gets an inset that shows where the map lies in it."""
_INSET, _INSET_GAP = 130, 8
_MOST_READ_PX = 30_000_000
"""Pixels of files that are read for an inset at most: less than a second's work."""
_BAR_STEPS_M = tuple(step * 10**power for power in range(-1, 6) for step in (1, 2, 5))


@dataclass(frozen=True, slots=True)
class MapView:
    """A square of ground, north up.

    Attributes:
        crs: a local one in metres, see `local_crs`.
        centre: (x, y) in `crs`.
        side_m: side of the square, metres.
        px: side of the picture, pixels.
    """

    crs: pyproj.CRS
    centre: tuple[float, float]
    side_m: float
    px: int

    @classmethod
    def about(cls, crs: pyproj.CRS, shape: BaseGeometry, *, margin: float, least_m: float, px: int) -> MapView:
        """Return the square round a shape.

        Args:
            crs: a local one, which the shape is in.
            shape: what to show.
            margin: side of the square over the longer side of the shape.
            least_m: side of the square at the least, metres.
            px: side of the picture, pixels.
        """
        xmin, ymin, xmax, ymax = shape.bounds
        side = max(max(xmax - xmin, ymax - ymin) * margin, least_m)
        return cls(crs, ((xmin + xmax) / 2, (ymin + ymax) / 2), side, px)

    @property
    def gsd_m(self) -> float:
        """Metres on the ground a pixel."""
        return self.side_m / self.px

    def grid(self) -> Grid:
        """Return its pixels."""
        left, top = self.centre[0] - self.side_m / 2, self.centre[1] + self.side_m / 2
        return Grid(self.crs, Affine(self.gsd_m, 0, left, 0, -self.gsd_m, top), self.px, self.px)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Western, southern, eastern and northern bound in `crs`."""
        (x, y), half = self.centre, self.side_m / 2
        return x - half, y - half, x + half, y + half

    def ring(self, polygon: Polygon, crs: Any) -> list[tuple[float, float]]:
        """Return the outer ring of a polygon of any CRS in pixels of the view."""
        return self.rings(polygon, crs)[0]

    def rings(self, polygon: Polygon, crs: Any) -> list[list[tuple[float, float]]]:
        """Return the rings of a polygon of any CRS in pixels of the view, the outer one first."""
        to_pixel, shape = ~self.grid().affine, project(polygon, crs, self.crs)
        return [[to_pixel * point for point in ring.coords] for ring in (shape.exterior, *shape.interiors)]


def local_crs(shape: BaseGeometry, crs: Any) -> pyproj.CRS:
    """Return metres east and north of a shape's centre: squares are square in it whatever the mosaic's CRS."""
    lonlat = project(shape.centroid, crs, WGS84)
    return pyproj.CRS.from_dict(
        {"proj": "aeqd", "lon_0": lonlat.x, "lat_0": lonlat.y, "datum": "WGS84", "units": "m", "type": "crs"}
    )


def map_pixels(mosaic: Mosaic, view: MapView) -> Image.Image:
    """Draw the mosaic as a view shows it, grey where it has no data.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    window = mosaic.read(view.grid())
    return Image.fromarray(np.where(window.valid[..., None], window.rgb, np.array(_NO_DATA, np.uint8)))


def map_panel(
    mosaic: Mosaic, detections: Sequence[Detection], colours: Mapping[Click, Colour], plan: Plan | None, px: int
) -> Image.Image:
    """Draw all outlines on the mosaic, the best ones on top, with a scale bar, a north arrow and an inset that helps.

    Labels stand beside the outlines and cover none, with a leader where they stand off.

    Args:
        mosaic: what was searched.
        detections: best first; without any the map shows what the plan searched, or the whole mosaic.
        colours: one a click.
        plan: the windows that were searched.
        px: side of the map, pixels.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    outline = box(*mosaic.bounds)
    if detections:
        crs = local_crs(detections[0].polygon, detections[0].crs)
        shape = shapely.union_all([project(found.polygon, found.crs, crs) for found in detections])
        view = MapView.about(crs, shape, margin=1.3, least_m=_MIN_MAP_M, px=px)
    else:
        ground = outline
        if plan is not None:
            # Of a huge mosaic without overviews, reading all would take longer than the search.
            windows = [mosaic.in_turn(window.grid.footprint(mosaic.crs)) for window in plan.windows]
            searched = shapely.union_all(windows)
            ground = outline.intersection(searched)
        crs = local_crs(ground, mosaic.crs)
        view = MapView.about(crs, project(ground, mosaic.crs, crs), margin=1.0, least_m=0.0, px=px)
    panel = map_pixels(mosaic, view)
    for found in reversed(detections):
        _draw_outline(panel, view, found, colours[found.click])
    draw_scale_bar(panel, view)
    _draw_north_arrow(panel)
    outlines = [Polygon(view.ring(found.polygon, found.crs)) for found in detections]
    taken = [*outlines, box(0, px - 50, px / 4 + 20, px), box(px - 70, px - 68, px, px)]
    inset = _inset(mosaic, view, outline)
    if inset is not None:
        grounds = [box(x, 0, x + _INSET + _INSET_GAP, _INSET + _INSET_GAP) for x in (px - _INSET - _INSET_GAP, 0)]
        # At the upper right, or left, where no outline is there.
        ground = min(grounds, key=lambda one: sum(one.intersects(shape) for shape in outlines))
        panel.paste(inset, (max(int(ground.bounds[0]), _INSET_GAP), _INSET_GAP))
        taken.append(ground)
    labels = Labels(panel, taken)
    for found, shape in zip(detections, outlines, strict=True):
        # A lesser answer goes without rather than over another.
        text, size = f"{found.rank}: {found.score:.2f}", 18 if found.rank == 1 else 14
        labels.beside(shape, text, colours[found.click], size, needed=found.rank == 1)
    if not detections:
        labels.in_corner("not here", WHITE, 24)
    return panel


def map_close_up(mosaic: Mosaic, found: Detection, colour: Colour, px: int, *, label: bool = True) -> Image.Image:
    """Draw a square round an answer, `px` pixels wide, north up.

    Raises:
        MosaicError: the mosaic cannot be read.
    """
    view = close_up_view(found.polygon, found.crs, local_crs(found.polygon, found.crs), px)
    panel = map_pixels(mosaic, view)
    _draw_outline(panel, view, found, colour)
    if label:
        draw_label(panel, (8, 8), f"{found.rank}: {found.score:.2f}, ± {found.accuracy_m:.1f} m", colour, 15)
        draw_scale_bar(panel, view)
    return panel


def close_up_view(shape: Polygon | MultiPolygon, crs: Any, local: pyproj.CRS, px: int) -> MapView:
    """Return what a close-up of a shape shows: the shape and its surroundings, `px` pixels wide.

    Args:
        shape: in `crs`.
        crs: anything that pyproj accepts.
        local: metres near the shape, see `local_crs`.
        px: side of the picture, pixels.
    """
    return MapView.about(local, project(shape, crs, local), margin=_SURROUNDINGS, least_m=_MIN_CLOSE_UP_M, px=px)


def draw_scale_bar(panel: Image.Image, view: MapView) -> None:
    """Draw the longest round length that fits a quarter of the map."""
    fitting = [step for step in _BAR_STEPS_M if step <= view.side_m / 4]
    metres = fitting[-1] if fitting else _BAR_STEPS_M[0]
    x, y = 14, view.px - 16
    draw_strokes(panel, [[(x, y), (x + metres / view.gsd_m, y)]], WHITE, 4)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    draw_label(panel, (x + 2, y - 28), text, WHITE, 14)


def _draw_outline(panel: Image.Image, view: MapView, found: Detection, colour: Colour) -> None:
    draw_strokes(panel, view.rings(found.polygon, found.crs), colour, 3 if found.rank == 1 else 1)


def _draw_north_arrow(panel: Image.Image) -> None:
    x, top = panel.width - 28, panel.height - 62
    draw_strokes(panel, [[(x, top + 44), (x, top)], [(x - 8, top + 12), (x, top), (x + 8, top + 12)]], WHITE, 3)
    draw_label(panel, (x - 34, top + 14), "N", WHITE)


def _inset(mosaic: Mosaic, view: MapView, outline: Polygon) -> Image.Image | None:
    """Draw where the map lies in the whole mosaic.

    None where the map shows much of it, or where the whole takes long to read: a huge mosaic without overviews.
    """
    xmin, ymin, xmax, ymax = project(outline, mosaic.crs, view.crs).bounds
    extent = max(xmax - xmin, ymax - ymin)
    whole = MapView(view.crs, ((xmin + xmax) / 2, (ymin + ymax) / 2), extent * 1.1, _INSET)
    if extent < _MUCH_LARGER * view.side_m or mosaic.read_cost(whole.grid()) > _MOST_READ_PX:
        return None
    inset = map_pixels(mosaic, whole)
    draw = ImageDraw.Draw(inset)
    xs, ys = zip(*whole.ring(view.grid().footprint(), view.crs), strict=True)
    # On a large mosaic the map would vanish.
    grow = max(0.0, 6 - (max(xs) - min(xs))) / 2
    draw.rectangle((min(xs) - grow, min(ys) - grow, max(xs) + grow, max(ys) + grow), outline=(255, 60, 60), width=2)
    draw.rectangle((0, 0, _INSET - 1, _INSET - 1), outline=WHITE)
    return inset
