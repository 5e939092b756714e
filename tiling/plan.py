"""The plan of a search: overlapping windows, each a block of web-mercator tiles rendered at the wanted resolution.

A zoom level alone offers resolutions a factor of two apart. Here zoom and block size are chosen such that a block of
n x n tiles (n even), rendered at a number of pixels that suits the network, has the wanted GSD *on the ground* at the
latitude of what is searched. Blocks lie n/2 tiles apart (`window_step`), so that every object up to half a window is
whole in one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import mercantile
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box, mapping

from tiling.area import Area, side_by_side, within_turn
from tiling.blocks import Lattice, choose_windows
from tiling.display import Map, draw_map
from tiling.errors import AreaError
from tiling.grid import HALF_WORLD, WEB_MERCATOR, WGS84, Grid, project, turns_to
from tiling.mosaic import Mosaic

MAX_LATITUDE = 85.05
"""Degrees; beyond there are no web-mercator tiles."""
GSD_TOLERANCE = 0.03
"""Share by which a plan's GSD may differ from the wanted one.

Networks are trained over a wide range of scales; a window of another size than theirs would cost more."""
NOTHING_SHARED = "nothing of the mosaic lies in the area to search; check the bounds, AOI or position"
NO_DATA = "the mosaic has no data in the area to search: all its pixels there are nodata or masked"
_MULTIPLE_PX = 32
"""Sides of windows are multiples of this: a `window_step`, by which they lie apart, is whole cells of 16 px, so that
all windows of a plan show parts of one grid of cells."""
_MAX_ZOOM = 30
_MAX_TILES = 128
_TILES_COST = 0.002
_MOST_UNLIKE = 2
"""How many times larger or smaller than asked for a window may be, pixels."""
_MAX_WINDOWS = 5_000_000
_NEAR_DEG = 0.01
_SEGMENT_DEG = 0.05


def window_step(side: int) -> int:
    """How far apart windows of a given side lie, in the same unit (pixels, tiles, cells): half their side.

    So a window is 2 x 2 quarters, cells of the lattice on which all windows of a plan lie; up to four windows show each
    quarter, and an object up to half a window is whole in one of them. Whatever depends on this overlap asks here.

    Examples:
        >>> window_step(384)
        192
    """
    return side // 2


@dataclass(frozen=True, slots=True)
class Window:
    """A block of n x n web-mercator tiles from tile (x, y) at zoom `z`, rendered `px` pixels square.

    A window across the antimeridian starts west of it: x is that of its first tile, and its grid reaches beyond the
    edge of the world of EPSG:3857.

    Attributes:
        z: zoom of the tiles.
        x: column of the upper left tile.
        y: row of the upper left tile.
        n: tiles a side, an even number.
        px: pixels a side.
        valid: the share of it, 0..1, where the mosaic has data.

    Examples:
        >>> window = Window(z=19, x=283989, y=181455, n=6, px=384, valid=1.0)
        >>> window.id
        '19/283989/181455+6'
        >>> len(window.tiles), window.tiles[-1]
        (36, Tile(x=283994, y=181460, z=19))
        >>> window.quarter, window.corner
        ((94663, 60485), (18175296, 11613120))
        >>> window.grid.crs.to_epsg(), window.grid.width, round(window.grid.ground_gsd(), 2)
        (3857, 384, 0.79)
    """

    z: int
    x: int
    y: int
    n: int
    px: int
    valid: float

    @property
    def id(self) -> str:
        """Name of the window: its upper left tile and its tiles a side, as "19/281234/171234+6"."""
        return f"{self.z}/{self.x}/{self.y}+{self.n}"

    @property
    def quarter(self) -> tuple[int, int]:
        """Column and row of its upper left quarter on a plan's lattice, counted from the world's upper left corner.

        `x` is counted from the antimeridian, across which quarters go on without a seam: there the tile that begins a
        quarter is a turn of the world to the east or west.
        """
        tiles = window_step(self.n)
        x = next(x for x in (self.x + turn * 2**self.z for turn in (0, 1, -1)) if x % tiles == 0)
        return x // tiles, self.y // tiles

    @property
    def corner(self) -> tuple[int, int]:
        """Column and row of its first pixel among those of `Plan.pixels`: multiples of the step between windows."""
        column, row = self.quarter
        return column * window_step(self.px), row * window_step(self.px)

    @property
    def tiles(self) -> tuple[mercantile.Tile, ...]:
        """The tiles of the block, row by row."""
        world = 2**self.z
        rows = [y for y in range(self.y, self.y + self.n) if 0 <= y < world]
        return tuple(mercantile.Tile((self.x + i) % world, y, self.z) for y in rows for i in range(self.n))

    @property
    def grid(self) -> Grid:
        """The grid of the window's pixels, EPSG:3857."""
        tile = 2 * HALF_WORLD / 2**self.z
        scale = self.n * tile / self.px
        west, north = self.x * tile - HALF_WORLD, HALF_WORLD - self.y * tile
        return Grid.north_up(WEB_MERCATOR, west, north, scale, width=self.px, height=self.px)

    @property
    def footprint(self) -> Polygon | MultiPolygon:
        """The window's outline in WGS 84; in two parts across the antimeridian."""
        north, south = (mercantile.ul(0, y, self.z).lat for y in (self.y, self.y + self.n))
        west, east = (360 * x / 2**self.z - 180 for x in (self.x, self.x + self.n))
        return within_turn(box(west, south, east, north))

    def inside(self, area: Polygon | MultiPolygon) -> NDArray[np.bool_]:
        """Which pixels have their centre in an area (WGS 84, longitudes from -180 to 180), px x px."""
        footprint = self.footprint
        if area.covers(footprint):
            return np.ones((self.px, self.px), bool)
        grid = self.grid
        middle = grid.affine.c + grid.affine.a * self.px / 2
        shapes = []
        for part in shapely.get_parts(area.intersection(footprint)):
            if isinstance(part, Polygon) and not part.is_empty:
                shape = project(part, WGS84, WEB_MERCATOR)
                shapes.append(translate(shape, float(turns_to(shape.centroid.x, middle, 2 * HALF_WORLD))))
        if not shapes:
            return np.zeros((self.px, self.px), bool)
        return np.asarray(rasterize(shapes, (self.px, self.px), transform=grid.affine, dtype="uint8").astype(bool))


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows of a search. In a notebook it shows itself on a map, see `on`.

    Attributes:
        windows: what to search, row by row from the north-west.
        zoom: of the windows' tiles.
        tiles_per_side: of each window.
        window_px: pixels a side of each window.
        gsd_m: metres on the ground a pixel in the middle of what is searched.
        area: what of the mosaic is to be searched, WGS 84; windows reach beyond it.

    Examples:
        Two windows, which share a half of each:

        >>> windows = Window(3, 2, 2, 2, 384, 1.0), Window(3, 3, 2, 2, 384, 1.0)
        >>> area = MultiPolygon([box(-80, 30, -10, 60)])
        >>> plan = Plan(windows, zoom=3, tiles_per_side=2, window_px=384, gsd_m=18_000.0, area=area)
        >>> [window.corner for window in plan.windows]
        [(384, 384), (576, 384)]
        >>> round(plan.overlap, 2)
        1.33
        >>> plan.tile_ids()
        ['3/2/2', '3/2/3', '3/3/2', '3/3/3', '3/4/2', '3/4/3']
    """

    windows: tuple[Window, ...]
    zoom: int
    tiles_per_side: int
    window_px: int
    gsd_m: float
    area: MultiPolygon

    @property
    def overlap(self) -> float:
        """How many windows show a place, on average: 1 for a single window, nearly 4 in a large plan."""
        tiles = window_step(self.tiles_per_side)
        quarters = {(w.x + i, w.y + j) for w in self.windows for i in (0, tiles) for j in (0, tiles)}
        return 4 * len(self.windows) / len(quarters)

    @property
    def lattice(self) -> tuple[int, int, int]:
        """What tells apart the grids of `pixels`: zoom, tiles and pixels a side. Plans with the same share the grid.

        Of one mosaic too plans may differ, since a plan fits its grid to the latitude of its middle.
        """
        return self.zoom, self.tiles_per_side, self.window_px

    def pixels(self, column: int, row: int, width: int, height: int) -> Grid:
        """A part of the one grid of pixels that all windows are parts of, EPSG:3857.

        It covers the world; (0, 0) is its upper left pixel. Plans of the same `lattice` share it.

        Args:
            column: of the part's first pixel.
            row: of the part's first pixel.
            width: pixels along x.
            height: pixels along y.
        """
        scale = self.tiles_per_side * 2 * HALF_WORLD / 2**self.zoom / self.window_px
        west, north = column * scale - HALF_WORLD, HALF_WORLD - row * scale
        return Grid.north_up(WEB_MERCATOR, west, north, scale, width=width, height=height)

    def shared(self, area: Area) -> Area:
        """The part of an area that was planned.

        Raises:
            AreaError: there is none.
        """
        shared = area.intersect(Area(self.area))
        if shared.polygon.is_empty:
            raise AreaError(nothing_shared(self.area, area))
        return shared

    def limited(self, area: Area, valid: Callable[[Window], NDArray[np.bool_]]) -> Plan:
        """The plan of only those windows that show valid ground of an area.

        Args:
            area: where to search now.
            valid: says which pixels of a window have data, px x px; called for windows that reach beyond the area.

        Raises:
            AreaError: nothing of what was planned lies in the area, or it has no data there.
        """
        shared = self.shared(area).polygon
        shapely.prepare(shared)
        windows = tuple(window for window in self.windows if _shows(window, shared, valid))
        if not windows:
            raise AreaError(NO_DATA)
        xmin, ymin, xmax, ymax = _mercator(side_by_side(shared)).bounds
        gsd_m = _metre((xmin + xmax) / 2, (ymin + ymax) / 2) * self.pixels(0, 0, 0, 0).affine.a
        return replace(self, windows=windows, gsd_m=gsd_m, area=shared)

    def to_features(self) -> list[dict[str, Any]]:
        """GeoJSON features (WGS 84), one a window; `gsd_m` is that of the window itself."""
        return [
            {
                "type": "Feature",
                "id": window.id,
                "geometry": mapping(window.footprint),
                "properties": {
                    "id": window.id,
                    "z": window.z,
                    "x": window.x,
                    "y": window.y,
                    "n": window.n,
                    "gsd_m": round(window.grid.ground_gsd(), 4),
                    "valid": round(window.valid, 3),
                },
            }
            for window in self.windows
        ]

    def tile_ids(self) -> list[str]:
        """The distinct tiles of all windows as "z/x/y", sorted by column and row."""
        tiles = sorted({tile for window in self.windows for tile in window.tiles})
        return [f"{tile.z}/{tile.x}/{tile.y}" for tile in tiles]

    def nearest(self, x: float, y: float) -> Window:
        """The window in whose middle a place (EPSG:3857) lies most nearly; for many places see `Middles`."""
        return Middles(self).nearest(x, y)[0]

    def on(self, mosaic: Mosaic) -> Map:
        """A map of the plan on the pixels of its mosaic, for a notebook; by itself a plan has no pixels to show.

        Raises:
            MosaicError: pixels cannot be read.
        """
        return draw_map(mosaic, self)

    def _repr_svg_(self) -> str:
        return draw_map(None, self).svg


class Middles:
    """The middles of a plan's windows, to tell which of them shows a place best."""

    def __init__(self, plan: Plan) -> None:
        """Compute the middles of all windows."""
        self._windows = plan.windows
        tile = 2 * HALF_WORLD / 2**plan.zoom
        self._side = plan.tiles_per_side * tile
        half = plan.tiles_per_side / 2
        middles = np.array([(window.x + half, window.y + half) for window in plan.windows])
        self._middles = (tile * middles - HALF_WORLD) * (1, -1)

    def nearest(self, x: float, y: float) -> tuple[Window, tuple[float, float]]:
        """The window in whose middle a place lies most nearly.

        Args:
            x: of the place in EPSG:3857, in any turn round the world.
            y: of the place in EPSG:3857.

        Returns:
            The window, and where in it the place is, pixels (x, y).
        """
        off = np.array([x, y]) - self._middles
        off[:, 0] += turns_to(off[:, 0], 0.0, 2 * HALF_WORLD)
        number = int(np.abs(off).max(1).argmin())
        window = self._windows[number]
        east, north = off[number] / self._side * window.px
        return window, (window.px / 2 + float(east), window.px / 2 - float(north))


def shared_area(mosaic: Mosaic, area: Area) -> Area:
    """The part of an area that lies inside the outlines of a mosaic's files.

    Raises:
        AreaError: there is none.
    """
    shared = area.intersect(Area(mosaic.footprint))
    if shared.polygon.is_empty:
        raise AreaError(nothing_shared(mosaic.footprint, area))
    return shared


def nothing_shared(footprint: Polygon | MultiPolygon, area: Area) -> str:
    """Say that nothing of a mosaic lies in an area, where the mosaic lies, and whether longitude and latitude change.

    Args:
        footprint: of the mosaic, degrees.
        area: where to search.
    """
    turned = shapely.transform(area.polygon, lambda corners: corners[:, ::-1])
    swapped = "; longitude and latitude seem to be swapped (the order is lon,lat)" * footprint.intersects(turned)
    where = "west,south,east,north {:.5f},{:.5f},{:.5f},{:.5f}".format(*footprint.bounds)
    return f"{NOTHING_SHARED}; the mosaic lies within {where}{swapped}"


def make_plan(mosaic: Mosaic, gsd_m: float, window_px: int, area: Area, min_valid: float = 0.25) -> Plan:
    """Plan the windows that show what of a mosaic lies in an area.

    Args:
        mosaic: what is searched. Only which of its pixels are valid is read, at the resolution of the search.
        gsd_m: metres on the ground a pixel, met within 3 % in the middle of what is searched.
        window_px: pixels a side of a window, met as nearly as that and a multiple of 32 allow.
        area: where to search.
        min_valid: windows with a smaller share of data are left out, unless only they show some valid ground, or could
            show an object on it whole.

    Raises:
        AreaError: nothing of the mosaic is in the area, it has no data there, it is too near a pole, or takes millions
            of windows.
        MosaicError: pixels cannot be read.

    Examples:
        A grey square of 300 m, searched in windows of about 384 pixels of 0.5 m:

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import rasterio
        >>> from affine import Affine
        >>> from tiling.mosaic import open_mosaic
        >>> profile = {"driver": "GTiff", "count": 1, "width": 600, "height": 600, "dtype": "uint8"}
        >>> profile |= {"crs": "EPSG:32633", "transform": Affine(0.5, 0, 500_000, 0, -0.5, 5_400_000)}
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "mosaic.tif"
        ...     with rasterio.open(path, "w", **profile) as file:
        ...         file.write(np.full((1, 600, 600), 127, np.uint8))
        ...     with open_mosaic([path]) as mosaic:
        ...         plan = make_plan(mosaic, gsd_m=0.5, window_px=384, area=Area.everywhere())
        ...         pixels = mosaic.read(plan.windows[0].grid)
        >>> len(plan.windows), plan.window_px, round(plan.gsd_m, 1)
        (16, 384, 0.5)
        >>> pixels.rgb.shape, pixels.valid.shape
        ((384, 384, 3), (384, 384))
        >>> float(pixels.rgb[pixels.valid].mean())
        127.0
    """
    shared = shared_area(mosaic, area).polygon
    _, south, _, north = shared.bounds
    if max(-south, north) > MAX_LATITUDE:
        raise AreaError(
            f"the area to search reaches latitude {max(-south, north):.2f}, where there are no web-mercator tiles;"
            f" limit it to {MAX_LATITUDE:g} degrees"
        )
    inside, shared = shared, side_by_side(shared)
    region = _mercator(shared)
    xmin, ymin, xmax, ymax = region.bounds
    metre = _metre((xmin + xmax) / 2, (ymin + ymax) / 2)
    zoom, n, px = _block(metre, gsd_m, window_px)
    lattice = Lattice(window_step(n) * 2 * HALF_WORLD / 2**zoom, window_step(px))
    if region.area / lattice.side**2 > _MAX_WINDOWS:
        raise AreaError("the area to search takes millions of windows; limit it, or search at a coarser --gsd")
    chosen = choose_windows(mosaic, lattice, region, _mercator(_turned(area.polygon, shared.bounds)), min_valid)
    if not chosen:
        raise AreaError(NO_DATA)
    windows = tuple(_windows(chosen, zoom, n, px))
    return Plan(windows, zoom, n, px, metre * n * 2 * HALF_WORLD / 2**zoom / px, inside)


def _shows(window: Window, area: Polygon | MultiPolygon, valid: Callable[[Window], NDArray[np.bool_]]) -> bool:
    footprint = window.footprint
    if area.covers(footprint):
        return True
    return bool(area.intersects(footprint) and (window.inside(area) & valid(window)).any())


def _windows(chosen: dict[tuple[int, int], float], zoom: int, n: int, px: int) -> Iterator[Window]:
    """chosen: (column, row) of the upper left quarter on the lattice, and the share of data."""
    for (column, row), valid in sorted(chosen.items(), key=lambda item: item[0][::-1]):
        yield Window(zoom, column * window_step(n) % 2**zoom, row * window_step(n), n, px, valid)


def _turned(area: Polygon | MultiPolygon, bounds: tuple[float, float, float, float]) -> MultiPolygon:
    """What of an area is near bounds whose longitudes may lie beyond 180; degrees."""
    west, south, east, north = bounds
    near = box(west - _NEAR_DEG, south - _NEAR_DEG, east + _NEAR_DEG, north + _NEAR_DEG)
    parts = [translate(area, turn).intersection(near) for turn in (-360, 0, 360)]
    return MultiPolygon([part for part in shapely.get_parts(shapely.union_all(parts)) if isinstance(part, Polygon)])


def _mercator(shape: MultiPolygon) -> MultiPolygon:
    """From degrees to EPSG:3857. By its formula, since PROJ would bring longitudes beyond 180 back."""

    def points(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = np.radians(lonlat).T
        return np.column_stack([lon, np.arcsinh(np.tan(lat))]) * (HALF_WORLD / math.pi)

    return shapely.transform(shape.segmentize(_SEGMENT_DEG), points)


def _metre(x: float, y: float) -> float:
    """Metres on the ground of one metre of EPSG:3857 at a place."""
    return Grid.north_up(WEB_MERCATOR, x, y, 1, width=0, height=0).ground_gsd()


def _block(metre: float, gsd_m: float, window_px: int) -> tuple[int, int, int]:
    """Zoom, tiles a side and pixels a side: the GSD within its tolerance, then the size nearest, then few tiles.

    metre: metres on the ground a metre of EPSG:3857.
    """
    best = (math.inf, 0, 2, window_px)
    for zoom in range(1, _MAX_ZOOM + 1):
        for n in range(2, min(_MAX_TILES, 2**zoom) + 1, 2):
            exact = n * 2 * HALF_WORLD / 2**zoom * metre / gsd_m
            px = max(_MULTIPLE_PX, _MULTIPLE_PX * round(exact / _MULTIPLE_PX))
            if abs(exact / px - 1) <= GSD_TOLERANCE:
                best = min(best, (abs(math.log(px / window_px)) + _TILES_COST * n, zoom, n, px))
    # Beyond the deepest zoom windows would grow without bound instead of showing less ground.
    if math.isinf(best[0]) or not window_px / _MOST_UNLIKE <= best[3] <= window_px * _MOST_UNLIKE:
        raise AreaError(f"no tiles give {gsd_m:g} m a pixel; choose another --gsd")
    return best[1:]
