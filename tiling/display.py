"""Maps of mosaics and plans for notebooks: SVG, north up, with the mosaic's own pixels.

Mosaics and plans draw themselves by it; so it says what it asks of them and imports neither.
"""

from __future__ import annotations

import base64
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from shapely.geometry import MultiPolygon, Polygon

from tiling.area import side_by_side
from tiling.errors import GeolocError
from tiling.grid import WEB_MERCATOR, WGS84, Grid, as_crs, project, transformer

MOST_SHAPES = 400
"""Windows, and files, whose outlines are drawn one by one: of more windows one is drawn, of more files their union."""
MOST_READ = 2**27
"""Pixels of files that a map may read, five seconds on one core: a mosaic that ends a cell is not to take longer."""
_SIDE_PX = 512
"""The longer side of a map, pixels."""
_MARGIN = 0.04
"""Ground shown round what is drawn, share of its longer side."""
_EDGE, _LINE = 20, 17
"""Pixels round the map, where the places of its corners stand, and from one line of text to the next."""
_WIDE_PX = 360
"""The places of the corners of maps of less width stand beside them: they would not fit above and below."""
_LOCAL_DEG = 20.0
"""Ground of a larger extent, degrees of latitude, is shown equirectangular: azimuthal maps do not hold the world."""
_DEGREE_M = 111_320.0
_FILES, _WINDOWS, _AREA = "#2563eb", "#ea8a00", "#db2777"
"""Colours of outlines."""


class DrawnPixels(Protocol):
    """What is drawn of pixels, which `tiling.mosaic.WindowPixels` has."""

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """Return the colours, H x W x 3."""

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Return where there are data, H x W."""


class DrawnMosaic(Protocol):
    """What is drawn of a mosaic, which `tiling.mosaic.Mosaic` has and describes."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return the paths of its files."""

    @property
    def crs(self) -> pyproj.CRS:
        """Return its CRS."""

    @property
    def gsd_m(self) -> float:
        """Return metres a pixel."""

    @property
    def footprint(self) -> Polygon | MultiPolygon:
        """Return the outlines of all files, united, in WGS 84."""

    def outlines(self, crs: Any) -> list[Polygon]:
        """Return the outlines of its files in a CRS."""

    def read_cost(self, grid: Grid) -> int:
        """Return how many pixels of files `read` looks at."""

    def read(self, grid: Grid) -> DrawnPixels:
        """Return its pixels on a grid."""


class DrawnWindow(Protocol):
    """What is drawn of a window, which `tiling.plan.Window` has."""

    @property
    def id(self) -> str:
        """Return its name."""

    @property
    def grid(self) -> Grid:
        """Return its pixels, EPSG:3857."""


class DrawnPlan(Protocol):
    """What is drawn of a plan, which `tiling.plan.Plan` has and describes."""

    @property
    def windows(self) -> Sequence[DrawnWindow]:
        """Return its windows."""

    @property
    def window_px(self) -> int:
        """Return pixels a side of each window."""

    @property
    def gsd_m(self) -> float:
        """Return metres a pixel."""

    @property
    def area(self) -> MultiPolygon:
        """Return what was planned, WGS 84."""

    def nearest(self, x: float, y: float) -> DrawnWindow:
        """Return the window whose middle is nearest to a place, EPSG:3857."""


@dataclass(frozen=True, slots=True)
class Map:
    """A map that a notebook shows.

    Attributes:
        svg: the map, an SVG document.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class _Layer:
    """Outlines of one kind and colour, with a title each. halo: pixels of white below the lines, 0 for none."""

    name: str
    colour: str
    shapes: Sequence[tuple[str, Polygon | MultiPolygon]]
    width: float
    halo: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the map lies in the drawing: its pixels as a grid, and its upper left corner."""

    grid: Grid
    left: float
    top: float

    @property
    def right(self) -> float:
        return self.left + self.grid.width

    @property
    def bottom(self) -> float:
        return self.top + self.grid.height

    @property
    def scale(self) -> float:
        """Metres a pixel."""
        return float(self.grid.affine.a)

    @property
    def attributes(self) -> str:
        """Place and size, of an SVG element."""
        return f'x="{self.left:g}" y="{self.top:g}" width="{self.grid.width}" height="{self.grid.height}"'

    def path(self, shape: Polygon | MultiPolygon) -> str:
        """What the map shows of the outline of a shape in its CRS, as data of an SVG path to a tenth of a pixel."""
        outline = shapely.line_merge(shape.simplify(self.scale / 4).boundary)
        shown = shapely.clip_by_rect(outline, *self.grid.footprint().bounds)
        to_pixel = ~self.grid.affine
        parts = []
        for line in shapely.get_parts(shown):
            places = (to_pixel * place for place in (line.coords[:-1] if line.is_ring else line.coords))
            steps = "L".join(f"{self.left + x:.1f},{self.top + y:.1f}" for x, y in places)
            parts.append(f"M{steps}Z" if line.is_ring else f"M{steps}")
        return "".join(parts)


def draw_map(mosaic: DrawnMosaic | None, plan: DrawnPlan | None) -> Map:
    """Draw a mosaic, a plan, or a plan on its mosaic, with a scale bar and the places of the map's corners.

    Args:
        mosaic: its pixels and the outlines of its files. At most 512 x 512 pixels are read, from overviews where there
            are some; of files so large that this takes long without them, only the outlines are drawn.
        plan: its windows and the area that was planned. The map shows these and what is round them, and the whole
            mosaic where there is no plan.

    Raises:
        MosaicError: pixels cannot be read.
        GeolocError: there is no ground to draw, or a file reaches where the map's projection is not defined.
        ValueError: there is neither.
    """
    if plan:
        inside: Polygon | MultiPolygon = plan.area
    elif mosaic:
        inside = mosaic.footprint
    else:
        raise ValueError("give a mosaic or a plan")
    if inside.is_empty:
        raise GeolocError("no ground to draw a map of: the area is empty, or the mosaic lies round a pole")
    ground = side_by_side(inside)
    crs = _map_crs(ground)
    layers: list[_Layer] = []
    if mosaic:
        layers.append(_Layer("files", _FILES, _files(mosaic, crs), width=2, halo=4))
    if plan:
        windows = [(window.id, project(window.grid.footprint(), WEB_MERCATOR, crs)) for window in _drawn(plan, ground)]
        area = project(shapely.union_all(shapely.get_parts(ground)), WGS84, crs)
        layers.append(_Layer("windows", _WINDOWS, windows, width=1, halo=0))
        layers.append(_Layer("area", _AREA, [("area", area)], width=2, halo=4))
    shown = [shape for layer in layers if not plan or layer.name != "files" for _, shape in layer.shapes]
    frame = _frame(crs, shown)
    captions = list(_captions(mosaic, plan, layers))
    image = ""
    if mosaic and mosaic.read_cost(frame.grid) <= MOST_READ:
        image = _image(mosaic.read(frame.grid), frame)
    elif mosaic:
        captions.append("Pixels are not drawn: without overviews, which gdaladdo makes, that takes long.")
    return Map("".join(_document(frame, image, layers, captions)))


def _map_crs(ground: MultiPolygon) -> pyproj.CRS:
    """A projection of metres without a seam near the ground (degrees, longitudes up to 360), north up in its middle."""
    west, south, east, north = ground.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    local = max((east - west) * math.cos(math.radians(lat)), north - south) <= _LOCAL_DEG
    kind = f"+proj=aeqd +lat_0={lat}" if local else f"+proj=eqc +lat_ts={lat}"
    return as_crs(f"{kind} +lon_0={lon} +datum=WGS84 +units=m +type=crs")


def _files(mosaic: DrawnMosaic, crs: pyproj.CRS) -> list[tuple[str, Polygon | MultiPolygon]]:
    outlines = mosaic.outlines(crs)
    if len(outlines) > MOST_SHAPES:
        return [(f"{len(outlines)} files", shapely.union_all(outlines))]
    return [(path.name, outline) for path, outline in zip(mosaic.paths, outlines, strict=True)]


def _drawn(plan: DrawnPlan, ground: MultiPolygon) -> Sequence[DrawnWindow]:
    """The windows to draw: all, or the one in the middle."""
    if len(plan.windows) <= MOST_SHAPES:
        return plan.windows
    west, south, east, north = ground.bounds
    middle = transformer(WGS84, WEB_MERCATOR).transform((west + east) / 2, (south + north) / 2)
    return [plan.nearest(*middle)]


def _frame(crs: pyproj.CRS, shapes: Iterable[Polygon | MultiPolygon]) -> _Frame:
    xmin, ymin, xmax, ymax = (float(value) for value in shapely.total_bounds(list(shapes)))
    margin = _MARGIN * max(xmax - xmin, ymax - ymin)
    across, down = xmax - xmin + 2 * margin, ymax - ymin + 2 * margin
    scale = max(across, down) / _SIDE_PX
    width, height = (min(math.ceil(extent / scale), _SIDE_PX) for extent in (across, down))
    left, top = (xmin + xmax - scale * width) / 2, (ymin + ymax + scale * height) / 2
    grid = Grid.north_up(crs, left, top, scale, width=width, height=height)
    return _Frame(grid, _EDGE + (_SIDE_PX - width) / 2, _EDGE)


def _captions(mosaic: DrawnMosaic | None, plan: DrawnPlan | None, layers: Sequence[_Layer]) -> Iterator[str]:
    shapes = {layer.name: [shape for _, shape in layer.shapes] for layer in layers}
    yield _crs_name(mosaic.crs if mosaic else WEB_MERCATOR)
    if mosaic:
        count = len(mosaic.paths)
        files = "1 file" if count == 1 else f"{count:,} files"
        yield f"Mosaic: {_metres(mosaic.gsd_m)} a pixel, {_size(shapes['files'])}, {files}"
    if plan:
        count = len(plan.windows)
        windows = "1 window" if count == 1 else f"{count:,} windows"
        some = "" if count == len(shapes["windows"]) else ", one drawn"
        yield f"Plan: {_metres(plan.gsd_m)} a pixel, {_size(shapes['area'])}, {windows} of {plan.window_px} px{some}"


def _crs_name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return f"{':'.join(authority)}, {crs.name}" if authority else crs.name


def _size(shapes: Sequence[Polygon | MultiPolygon]) -> str:
    xmin, ymin, xmax, ymax = shapely.total_bounds(shapes)
    return f"{_metres(xmax - xmin)} × {_metres(ymax - ymin)}"


def _metres(length: float) -> str:
    return f"{length:,.0f} m" if length >= 100 else f"{length:.3g} m"


def _image(pixels: DrawnPixels, frame: _Frame) -> str:
    """The pixels as a PNG, transparent where there are no data."""
    bands = np.concatenate([np.moveaxis(pixels.rgb, -1, 0), 255 * pixels.valid[None].astype(np.uint8)])
    size = {"width": frame.grid.width, "height": frame.grid.height}
    with warnings.catch_warnings():
        # A PNG lies nowhere on the map by itself.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(driver="PNG", count=4, dtype="uint8", **size) as file:
                file.write(bands)
            png = base64.b64encode(memory.read()).decode()
    # The older spelling of href, which all viewers know.
    return f'<image {frame.attributes} xlink:href="data:image/png;base64,{png}"/>'


def _document(frame: _Frame, image: str, layers: Sequence[_Layer], captions: Sequence[str]) -> Iterator[str]:
    footer = frame.bottom + 3 * _LINE
    width, height = _SIDE_PX + 2 * _EDGE, footer + (len(captions) + 0.5) * _LINE
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{width}" height="{height:g}" viewBox="0 0 {width} {height:g}"'
        f' role="img" aria-label="{escape(". ".join(captions))}" font-family="sans-serif" font-size="12">'
    )
    # White: a dark notebook would swallow the text.
    yield f'<rect width="{width}" height="{height:g}" fill="white"/>'
    yield f'<rect {frame.attributes} fill="#eef0f2"/>{image}'
    for layer in layers:
        yield from _lines(layer, frame)
    yield f'<rect {frame.attributes} fill="none" stroke="#555"/>'
    yield from _corners(frame)
    yield from _scale_bar(frame, frame.bottom + 2 * _LINE)
    yield _legend(layers, width - _EDGE, frame.bottom + 2 * _LINE)
    for number, caption in enumerate(captions):
        yield f'<text x="{_EDGE}" y="{footer + number * _LINE:g}">{escape(caption)}</text>'
    yield "</svg>"


def _lines(layer: _Layer, frame: _Frame) -> Iterator[str]:
    paths = [(escape(title), frame.path(shape)) for title, shape in layer.shapes]
    joined = 'fill="none" stroke-linejoin="round"'
    if layer.halo:
        yield f'<path d="{"".join(path for _, path in paths)}" {joined} stroke="white" stroke-width="{layer.halo:g}"/>'
    yield f'<g class="{layer.name}" {joined} stroke="{layer.colour}" stroke-width="{layer.width:g}">'
    for title, path in paths:
        yield f'<path d="{path}"><title>{title}</title></path>'
    yield "</g>"


def _corners(frame: _Frame) -> Iterator[str]:
    """Latitude and longitude of the map's corners, to about a pixel."""
    digits = min(max(math.ceil(math.log10(_DEGREE_M / frame.scale)), 0), 8)
    wide = frame.grid.width >= _WIDE_PX
    for right in (False, True):
        x = frame.right if right else frame.left
        for below in (False, True):
            corner = frame.grid.affine * (right * frame.grid.width, below * frame.grid.height)
            lon, lat = transformer(frame.grid.crs, WGS84).transform(*corner)
            if not (math.isfinite(lon) and abs(lat) <= 90):
                continue
            text = f"{abs(lat):.{digits}f}° {'NS'[lat < 0]}, {abs(lon):.{digits}f}° {'EW'[lon < 0]}"
            if wide:
                at, anchor = (x, frame.bottom + 14 if below else frame.top - 6), "end" if right else "start"
            else:
                at = x + (5 if right else -5), frame.bottom if below else frame.top + 10
                anchor = "start" if right else "end"
            yield f'<text x="{at[0]:g}" y="{at[1]:g}" font-size="11" text-anchor="{anchor}">{text}</text>'


def _scale_bar(frame: _Frame, y: float) -> Iterator[str]:
    """The longest round length that fits a quarter of the map's longer side, true in the middle of the map."""
    limit = frame.scale * _SIDE_PX / 4
    power = 10.0 ** math.floor(math.log10(limit))
    metres = max(step * power for step in (1, 2, 5) if step * power <= limit)
    length = metres / frame.scale
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield f'<path d="M{_EDGE},{y - 9:g}v6h{length:.1f}v-6" fill="none" stroke="black" stroke-width="2"/>'
    yield f'<text x="{_EDGE + length + 6:.1f}" y="{y:g}">{text}, north is up</text>'


def _legend(layers: Sequence[_Layer], right: float, y: float) -> str:
    entries = "  ".join(f'<tspan fill="{layer.colour}">━</tspan> {layer.name}' for layer in layers)
    return f'<text x="{right:g}" y="{y:g}" text-anchor="end" xml:space="preserve">{entries}</text>'
