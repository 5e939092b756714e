"""The mosaic under a page's map, as tiles of web mercator: read as a search reads it, drawn by rio-tiler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
from morecantile import Tile
from rio_tiler.constants import WEB_MERCATOR_TMS
from rio_tiler.models import ImageData

from geoloc.errors import GeolocError
from geoloc.pipeline.request import SearchRequest
from geoloc.pipeline.source import open_source
from geoloc.results.vector_files import geometry_of
from tiling.area import side_by_side
from tiling.degrees import wrapped_deg
from tiling.grid import WEB_MERCATOR, WGS84, Grid, project
from tiling.mosaic import Mosaic

TILE_PX = 256
_MOST_READ = 2**26
"""Pixels of files that one tile may read: more than a second's work."""
_LEAST_PX = 64
"""A map so coarse that the whole mosaic has fewer pixels a side needs no tiles."""


@dataclass(frozen=True, slots=True)
class GroundExtent:
    """What a map must know of its ground.

    Attributes:
        bounds: west, south, east, north, degrees in WGS 84; east may be beyond 180.
        min_zoom: the coarsest zoom of which tiles are drawn; of large files without overviews not the coarsest of all.
        max_zoom: the zoom whose pixels are as fine as the mosaic's.
        outline: of all files, GeoJSON in WGS 84.
        crs: of the mosaic.
    """

    bounds: tuple[float, float, float, float]
    min_zoom: int
    max_zoom: int
    outline: dict[str, Any]
    crs: pyproj.CRS


class ServedGround:
    """The mosaic of a request, open in one thread of its own, as mosaics must be."""

    def __init__(self, request: SearchRequest) -> None:
        """Open what is searched, and check it as a search would.

        Raises:
            GeolocError: it cannot be used, or is an index whose mosaic is not at hand.
        """
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tiles")
        self._stack = ExitStack()
        self._lock = asyncio.Lock()
        try:
            self._mosaic = self._thread.submit(self._open, request).result()
            self.view = self._thread.submit(_view_of, self._mosaic).result()
        except BaseException:
            self.close()
            raise

    async def tile(self, x: int, y: int, z: int, is_given_up: Callable[[], Awaitable[bool]]) -> bytes | None:
        """Draw a tile as WebP, transparent where the mosaic has no data.

        Args:
            x: its column.
            y: its row, from the north.
            z: its zoom.
            is_given_up: asked before it is drawn, when those before it are: a map that moved on wants others.

        Returns:
            The picture; None of no tile of this mosaic, of one that would take too long, and of one given up.

        Raises:
            MosaicError: the mosaic cannot be read.
        """
        if not (self.view.min_zoom <= z <= self.view.max_zoom and 0 <= x < 2**z and 0 <= y < 2**z):
            return None
        async with self._lock:
            if await is_given_up():
                return None
            return await asyncio.get_running_loop().run_in_executor(self._thread, draw_tile, self._mosaic, x, y, z)

    def close(self) -> None:
        """Close the files."""
        self._thread.submit(self._stack.close).result()
        self._thread.shutdown()

    def _open(self, request: SearchRequest) -> Mosaic:
        source = self._stack.enter_context(open_source(request))
        if source.mosaic is None:
            raise GeolocError(f"{request.index}: holds no pixels to show, and its mosaic is not at hand; give --mosaic")
        return source.mosaic


def draw_tile(mosaic: Mosaic, x: int, y: int, z: int) -> bytes | None:
    """Draw a tile; see `ServedGround.tile`."""
    grid = _tile_grid(x, y, z)
    if mosaic.read_cost(grid) > _MOST_READ:
        return None
    pixels = mosaic.read(grid)
    if not pixels.valid.any():
        return None
    where = np.broadcast_to(~pixels.valid, (3, *pixels.valid.shape))
    return ImageData(np.ma.masked_array(np.moveaxis(pixels.rgb, -1, 0), where)).render(img_format="WEBP")


def _tile_grid(x: int, y: int, z: int) -> Grid:
    bounds = WEB_MERCATOR_TMS.xy_bounds(Tile(x, y, z))
    step = (bounds.right - bounds.left) / TILE_PX
    return Grid.north_up(WEB_MERCATOR, bounds.left, bounds.top, step, width=TILE_PX, height=TILE_PX)


def _view_of(mosaic: Mosaic) -> GroundExtent:
    shape = side_by_side(mosaic.footprint)
    west, south, east, north = shape.bounds
    middle = shape.representative_point()
    x0, y0, x1, y1 = project(shape, WGS84, WEB_MERCATOR).bounds
    # Metres of the map are longer than those of the ground.
    metre = Grid.north_up(WEB_MERCATOR, (x0 + x1) / 2, (y0 + y1) / 2, 1, width=1, height=1).ground_gsd()
    zoom_of = WEB_MERCATOR_TMS.zoom_for_res
    finest = coarsest = zoom_of(mosaic.gsd_m / metre, zoom_level_strategy="upper")
    least = zoom_of(max(x1 - x0, y1 - y0) / _LEAST_PX, zoom_level_strategy="lower")
    while coarsest > least and mosaic.read_cost(_grid_at(middle.x, middle.y, coarsest - 1)) <= _MOST_READ:
        coarsest -= 1
    return GroundExtent((west, south, east, north), coarsest, finest, geometry_of(shape, WGS84), mosaic.crs)


def _grid_at(lon: float, lat: float, z: int) -> Grid:
    return _tile_grid(*WEB_MERCATOR_TMS.tile(wrapped_deg(lon), lat, z))
