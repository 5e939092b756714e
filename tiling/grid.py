"""Pixels on the map: grids (a CRS, a geotransform and a shape), projection of shapes, distances on the ground."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pyproj
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from tiling.box import PixelBox
from tiling.errors import GeolocError

WGS84 = pyproj.CRS.from_epsg(4326)
WEB_MERCATOR = pyproj.CRS.from_epsg(3857)
HALF_WORLD = math.pi * 6378137.0
"""Half the width of the world in EPSG:3857, metres."""

GEOD = pyproj.Geod(ellps="WGS84")
"""The ellipsoid on which distances and areas on the ground are measured."""
_BEND = 1e-4
"""An edge is split where its projected middle is off the straight line by this share of its length."""
_MAX_SPLITS = 7
_Shape = TypeVar("_Shape", bound=BaseGeometry)
_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """A raster without its pixels: a CRS, a geotransform and a shape.

    Attributes:
        crs: anything that pyproj accepts; kept as `pyproj.CRS`.
        affine: from pixel (x, y), corner origin, to CRS coordinates; may rotate, shear or mirror.
        width: pixels along x.
        height: pixels along y.

    Examples:
        A north-up grid of 0.2 m in UTM zone 33:

        >>> grid = Grid.north_up("EPSG:32633", west=500_000, north=5_400_000, step=0.2, width=1000, height=500)
        >>> grid.crs.name
        'WGS 84 / UTM zone 33N'
        >>> grid.footprint().bounds
        (500000.0, 5399900.0, 500200.0, 5400000.0)
    """

    crs: pyproj.CRS
    affine: Affine
    width: int
    height: int

    def __post_init__(self) -> None:
        """Parse the CRS."""
        object.__setattr__(self, "crs", as_crs(self.crs))

    @classmethod
    def north_up(cls, crs: Any, west: float, north: float, step: float, *, width: int, height: int) -> Grid:
        """The grid of square pixels whose rows go east and whose columns go south.

        Args:
            crs: anything that pyproj accepts.
            west: x of the outer corner of the upper left pixel, in units of the CRS.
            north: y of that corner.
            step: side of a pixel, in units of the CRS.
            width: pixels along x.
            height: pixels along y.

        Examples:
            >>> grid = Grid.north_up("EPSG:32633", west=500_000, north=5_400_000, step=0.5, width=200, height=100)
            >>> grid.affine * (200, 100)
            (500100.0, 5399950.0)
        """
        return cls(as_crs(crs), Affine(step, 0, west, 0, -step, north), width, height)

    def box_polygon(self, box: PixelBox) -> Polygon:
        """The polygon of a box in the grid's CRS: its four corners, in their order, through the affine.

        Examples:
            >>> grid = Grid.north_up("EPSG:32633", 500_000, 5_400_000, 0.5, width=100, height=100)
            >>> print(grid.box_polygon(PixelBox(10, 20, 30, 40)))
            POLYGON ((500005 5399990, 500015 5399990, 500015 5399980, 500005 5399980, 500005 5399990))
        """
        return Polygon([self.affine * corner for corner in box.corners()])

    def polygon_box(self, polygon: Polygon) -> PixelBox:
        """The smallest box of this grid round a polygon in the grid's CRS.

        Examples:
            >>> grid = Grid.north_up("EPSG:32633", 500_000, 5_400_000, 0.5, width=100, height=100)
            >>> grid.polygon_box(Polygon([(500_005, 5_399_990), (500_015, 5_399_990), (500_015, 5_399_980)]))
            PixelBox(xmin=10.0, ymin=20.0, xmax=30.0, ymax=40.0)
        """
        to_pixel = ~self.affine
        xs, ys = zip(*(to_pixel * point[:2] for point in polygon.exterior.coords), strict=True)
        return PixelBox(min(xs), min(ys), max(xs), max(ys))

    def ground_gsd(self, x: float | None = None, y: float | None = None) -> float:
        """Metres on the ground that one pixel covers at pixel (x, y), by default the grid's middle.

        Geodesic on WGS 84, the mean of both axes.

        Examples:
            Web mercator is half as large on the ground at 60 degrees north:

            >>> grid = Grid.north_up("EPSG:3857", 0, 8_399_738, 1, width=1, height=1)
            >>> round(grid.ground_gsd(), 3)
            0.501
        """
        x = self.width / 2 if x is None else x
        y = self.height / 2 if y is None else y
        steps = ((-0.5, 0.0), (0.5, 0.0), (0.0, -0.5), (0.0, 0.5))
        left, right, above, below = (self.affine * (x + dx, y + dy) for dx, dy in steps)
        across = ground_distance_m(*left, *right, self.crs)
        down = ground_distance_m(*above, *below, self.crs)
        return (across + down) / 2

    def grown(self, pixels: int) -> Grid:
        """The grid with so many pixels more on each side."""
        affine = self.affine * Affine.translation(-pixels, -pixels)
        return Grid(self.crs, affine, self.width + 2 * pixels, self.height + 2 * pixels)

    def footprint(self, crs: Any = None) -> Polygon:
        """The outline in a CRS (by default the grid's own), edges bent where the projection bends them."""
        outline = self.box_polygon(PixelBox(0, 0, self.width, self.height))
        return outline if crs is None else project(outline, self.crs, crs)


def as_crs(crs: Any) -> pyproj.CRS:
    """Turn anything that pyproj accepts (EPSG number, text, rasterio CRS) into `pyproj.CRS`."""
    if isinstance(crs, pyproj.CRS):
        return crs
    # rasterio's own object says more as WKT than through pyproj's guess at it.
    return _parsed_crs(crs.to_wkt() if hasattr(crs, "to_wkt") else crs)


def transformer(from_crs: Any, to_crs: Any) -> pyproj.Transformer:
    """The cached transformer between two CRSs, always (x, y) and (lon, lat).

    Raises:
        GeolocError: there is none: a CRS has no place on Earth, or PROJ lacks a grid that it names.
    """
    return _transformer(as_crs(from_crs), as_crs(to_crs))


def mapped(affine: Affine, x: _Array, y: _Array) -> tuple[_Array, _Array]:
    """Take many points at once through an affine.

    Args:
        affine: from (x, y) to the result.
        x: any shape.
        y: as `x`.
    """
    return affine.a * x + affine.b * y + affine.c, affine.d * x + affine.e * y + affine.f


def project(geometry: _Shape, from_crs: Any, to_crs: Any) -> _Shape:
    """A shape in another CRS; edges that the projection bends get points in between, short ones keep theirs.

    Nothing jumps inside a shape: one across the antimeridian comes out with longitudes beyond 180 (or below -180), or
    beyond the edge of the world in EPSG:3857. Between two geographic CRSs they stay in the turn they came in.

    Args:
        geometry: any shape, (x, y) or (lon, lat).
        from_crs: that of the shape; anything that pyproj accepts.
        to_crs: the one wanted; anything that pyproj accepts.

    Returns:
        A shape of the same type, (x, y) or (lon, lat); the shape itself where both CRSs are the same.

    Raises:
        GeolocError: the shape reaches where the other CRS is not defined.

    Examples:
        >>> from shapely.geometry import Point, box
        >>> place = project(Point(15.0, 48.0), WGS84, "EPSG:32633")
        >>> round(place.x), round(place.y)
        (500000, 5316300)

        A square of 200 m across the antimeridian, in a CRS of Fiji, stays in one piece:

        >>> x, y = transformer(WGS84, "EPSG:3460").transform(180.0, -17.0)
        >>> west, _, east, _ = project(box(x - 100, y - 100, x + 100, y + 100), "EPSG:3460", WGS84).bounds
        >>> bool(0 < east - west < 0.01)
        True
    """
    source, target = as_crs(from_crs), as_crs(to_crs)
    if source == target:
        return geometry
    change = _transformer(source, target)
    near: list[float] = []
    turn = whole_turn(target)

    def points(x: _Array, y: _Array) -> tuple[_Array, _Array]:
        out_x, out_y = change.transform(x, y)
        if not (np.isfinite(out_x).all() and np.isfinite(out_y).all()):
            raise GeolocError(f"a place outside the area where {target.name} is defined; use another CRS or area")
        if not turn:
            return out_x, out_y
        if source.is_geographic and target.is_geographic:
            return out_x + turns_to(out_x, x, turn), out_y
        out_x = np.unwrap(out_x, period=turn)
        # All rings of one shape stay in the turn of the first.
        near.append(out_x[0])
        return out_x + turns_to(out_x[0], near[0], turn), out_y

    def ring(x: _Array, y: _Array) -> tuple[_Array, _Array]:
        return _bent(x, y, points)

    projected: _Shape = shapely.transform_coordseq(geometry, ring, interleaved=False)
    return projected


def whole_turn(crs: pyproj.CRS) -> float:
    """How much further x is once round the world, in units of a CRS; 0 where that has no meaning."""
    if crs.is_geographic:
        return 360.0
    return 2 * HALF_WORLD if crs == WEB_MERCATOR else 0.0


def turns_to(x: Any, goal: Any, turn: float) -> Any:
    """What to add to x, in whole turns round the world, to come nearest to a goal; numbers or arrays.

    Args:
        x: where something is.
        goal: where it should be.
        turn: of `whole_turn`, not 0.

    Examples:
        >>> float(turns_to(-179.0, 170.0, 360.0))
        360.0
    """
    return turn * np.round((goal - x) / turn)


def beside(shape: _Shape, crs: pyproj.CRS, x: float) -> _Shape:
    """Move a shape by whole turns round the world to come nearest to `x`, where that has a meaning in its CRS.

    Args:
        shape: coordinates of the CRS.
        crs: that of the shape.
        x: what its centroid should be near, in units of the CRS.
    """
    turn = whole_turn(crs)
    if not turn:
        return shape
    moved: _Shape = translate(shape, float(turns_to(shape.centroid.x, x, turn)))
    return moved


def ground_distance_m(x0: float, y0: float, x1: float, y1: float, crs: Any) -> float:
    """Length of the geodesic between two points of a CRS, metres on WGS 84.

    Args:
        x0: of the first point; a longitude where the CRS is geographic.
        y0: of the first point; a latitude there.
        x1: of the second point.
        y1: of the second point.
        crs: that of both; anything that pyproj accepts.

    Examples:
        One degree of longitude on the equator, in degrees and in web mercator:

        >>> round(ground_distance_m(0, 0, 1, 0, WGS84))
        111319
        >>> round(ground_distance_m(0, 0, HALF_WORLD / 180, 0, WEB_MERCATOR))
        111319
    """
    lon, lat = transformer(crs, WGS84).transform([x0, x1], [y0, y1])
    return float(GEOD.inv(lon[0], lat[0], lon[1], lat[1])[2])


def _bent(x: _Array, y: _Array, points: Callable[[_Array, _Array], tuple[_Array, _Array]]) -> tuple[_Array, _Array]:
    """Project a line, halving its edges until the straight ones between the projected points are true."""
    for _ in range(_MAX_SPLITS):
        both_x, both_y = _with_middles(x), _with_middles(y)
        out_x, out_y = points(both_x, both_y)
        off = np.hypot(out_x[1::2] - (out_x[:-1:2] + out_x[2::2]) / 2, out_y[1::2] - (out_y[:-1:2] + out_y[2::2]) / 2)
        length = np.hypot(np.diff(out_x[::2]), np.diff(out_y[::2]))
        keep = np.ones(len(both_x), bool)
        keep[1::2] = off > _BEND * length
        x, y = both_x[keep], both_y[keep]
        if not keep[1::2].any():
            return out_x[keep], out_y[keep]
    return points(x, y)


def _with_middles(values: _Array) -> _Array:
    both = np.empty(2 * len(values) - 1)
    both[::2] = values
    both[1::2] = (values[:-1] + values[1:]) / 2
    return both


@lru_cache(maxsize=256)
def _parsed_crs(crs: Any) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(crs)


@lru_cache(maxsize=256)
def _transformer(from_crs: pyproj.CRS, to_crs: pyproj.CRS) -> pyproj.Transformer:
    try:
        return pyproj.Transformer.from_crs(from_crs, to_crs, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise GeolocError(
            f"nothing leads from CRS {from_crs.name!r} to {to_crs.name!r}: one has no place on Earth, or a grid that it"
            " names is missing or damaged; assign one that EPSG has, for instance with gdal_edit.py -a_srs, or get the"
            " grid with `pyproj sync`"
        ) from error
