"""Where to search: an area of the Earth's surface in WGS 84."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from tiling.degrees import wrapped_deg
from tiling.errors import AreaError
from tiling.grid import GEOD, WGS84, project
from tiling.names import exists, split_layer
from tiling.trust import layers_elsewhere

_CIRCLE_POINTS = 180
_POLE_MARGIN_M = 111_000.0


@dataclass(frozen=True, slots=True)
class Area:
    """An area of the Earth's surface, to search in.

    Attributes:
        polygon: WGS 84 (lon, lat), longitudes from -180 to 180; one across the antimeridian is in two parts there.

    Examples:
        >>> west = Area.from_bounds(15.0, 48.0, 15.2, 48.1)
        >>> east = Area.from_bounds(15.1, 48.0, 15.3, 48.1)
        >>> west.intersect(east).polygon.bounds
        (15.1, 48.0, 15.2, 48.1)
    """

    polygon: Polygon | MultiPolygon

    @classmethod
    def everywhere(cls) -> Area:
        """The whole Earth: no limit."""
        return cls(box(-180, -90, 180, 90))

    @classmethod
    def from_bounds(cls, west: float, south: float, east: float, north: float) -> Area:
        """The area between two meridians and two parallels, degrees.

        Args:
            west: -180 to 180; greater than `east`, the area reaches across the antimeridian.
            south: -90 to 90, less than `north`.
            east: -180 to 180.
            north: -90 to 90.

        Raises:
            AreaError: no such place, or nothing between the bounds.

        Examples:
            >>> across = Area.from_bounds(179.0, -17.5, -178.0, -17.0)
            >>> [part.bounds for part in across.polygon.geoms]
            [(-180.0, -17.5, -178.0, -17.0), (179.0, -17.5, 180.0, -17.0)]
        """
        text = f"bounds {west:g},{south:g},{east:g},{north:g}"
        if not all(math.isfinite(value) for value in (west, south, east, north)):
            raise AreaError(f"{text}: give four numbers, west,south,east,north in degrees")
        if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
            raise AreaError(f"{text}: no such place; give west,south,east,north in degrees, at most 180 and 90")
        if south >= north:
            raise AreaError(f"{text}: south must be less than north (the order is west,south,east,north)")
        if west == east:
            raise AreaError(f"{text}: west and east are the same; nothing lies between them")
        return cls(within_turn(box(west, south, east if west < east else east + 360, north)))

    @classmethod
    def from_file(cls, path: Path | str) -> Area:
        """The polygons of a vector file in any CRS (any format that GDAL reads), those of all its layers united.

        Args:
            path: the file; with `|` and the name of a layer behind it, as QGIS too writes it, that layer alone.

        Raises:
            AreaError: no such file or layer, not a vector file, no CRS, no polygons.
        """
        path, name = split_layer(Path(path))
        if reason := layers_elsewhere(path):
            raise AreaError(reason)
        if not exists(path):
            raise AreaError(f"{path}: no such file")
        layers = _layers(path)
        if name is not None:
            if name not in layers:
                raise AreaError(f"{path}: has no layer {name!r}; it has {', '.join(layers)}")
            layers = [name]
        shapes: list[BaseGeometry] = []
        polygons: list[BaseGeometry] = []
        for layer in layers:
            found, crs = _shapes(path, layer)
            parts = [_valid(part) for shape in found for part in _polygons(shape)]
            shapes.extend(found)
            if parts and not crs:
                where = f"{path}: layer {layer}" if len(layers) > 1 else f"{path}:"
                raise AreaError(f"{where} has no CRS; write the polygons with one, such as GeoJSON in WGS 84")
            if parts:
                polygons.append(project(shapely.union_all(parts), crs, WGS84))
        if not shapes:
            raise AreaError(f"{path}: holds no shapes; give polygons to search in")
        if not polygons:
            kinds = ", ".join(sorted({shape.geom_type for shape in shapes}))
            raise AreaError(f"{path}: holds {kinds}; give polygons to search in")
        return cls(within_turn(shapely.union_all(polygons)))

    @classmethod
    def from_geojson(cls, geometry: object) -> Area:
        """The area of a Polygon or MultiPolygon of GeoJSON: WGS 84, longitude first.

        Raises:
            AreaError: it is something else, or not on Earth.

        Examples:
            >>> triangle = {"type": "Polygon", "coordinates": [[[15, 48], [16, 48], [16, 49], [15, 48]]]}
            >>> Area.from_geojson(triangle).polygon.bounds
            (15.0, 48.0, 16.0, 49.0)
        """
        try:
            found = shapely.geometry.shape(geometry)
        except (
            ShapelyError,
            AttributeError,
            TypeError,
            ValueError,
            LookupError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise AreaError(f"the area is no GeoJSON geometry ({_first_line(error)}); give a polygon") from None
        polygons = _polygons(found)
        if not polygons:
            raise AreaError(f"the area is {found.geom_type}; give a polygon that is not empty")
        west, south, east, north = found.bounds
        if not (-360 <= west <= east <= 360 and -90 <= south <= north <= 90):
            raise AreaError("the area is not on Earth; give longitudes and latitudes in degrees (the order is lon,lat)")
        return cls(within_turn(shapely.union_all([_valid(polygon) for polygon in polygons])))

    def to_geojson(self) -> dict[str, Any]:
        """The polygon as a geometry of GeoJSON, from which `from_geojson` makes the same area again.

        Examples:
            >>> area = Area.from_bounds(15.0, 48.0, 15.2, 48.1)
            >>> area.to_geojson()["type"]
            'Polygon'
            >>> Area.from_geojson(area.to_geojson()).polygon.equals(area.polygon)
            True
        """
        return dict(mapping(self.polygon))

    @classmethod
    def near(cls, lon: float, lat: float, within_m: float) -> Area:
        """Every point at most `within_m` metres (geodesic) from a position; at most 0.02 % further.

        Args:
            lon: longitude of the position, -180 to 180 degrees.
            lat: its latitude, -90 to 90 degrees.
            within_m: metres, more than 0.

        Raises:
            AreaError: no such position, a radius that is not positive, or a circle that reaches a pole.

        Examples:
            >>> from tiling.grid import WGS84, ground_distance_m
            >>> west, south, east, north = Area.near(15.0, 48.0, 1000.0).polygon.bounds
            >>> round(ground_distance_m(15.0, south, 15.0, north, WGS84))
            2000
        """
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise AreaError(f"position {lon:g},{lat:g}: no such longitude and latitude (the order is lon,lat)")
        if not (math.isfinite(within_m) and within_m > 0):
            raise AreaError(f"within {within_m:g} m: give a positive number of metres")
        pole_m = GEOD.inv(lon, lat, lon, math.copysign(90.0, lat))[2]
        if within_m > pole_m - _POLE_MARGIN_M:
            raise AreaError(f"within {within_m:g} m of {lon:g},{lat:g}: reaches a pole; give a smaller radius")
        # Circumscribed, so that nothing inside the circle is cut off by its straight edges.
        radius = within_m / math.cos(math.pi / _CIRCLE_POINTS)
        azimuths = np.arange(_CIRCLE_POINTS) * (360.0 / _CIRCLE_POINTS)
        same = np.ones(_CIRCLE_POINTS)
        lons, lats, _ = GEOD.fwd(same * lon, same * lat, azimuths, same * radius)
        lons = lon + wrapped_deg(lons - lon)
        return cls(within_turn(Polygon(np.column_stack([lons, lats]))))

    def intersect(self, other: Area) -> Area:
        """What lies in both areas; its polygon may be empty."""
        shared = self.polygon.intersection(other.polygon)
        return Area(MultiPolygon(_polygons(shared)))


def within_turn(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """Bring polygons whose longitudes may lie beyond 180 back to -180 .. 180, as RFC 7946 wants them.

    They are cut at the antimeridian, and their outer rings go counter-clockwise.

    Examples:
        >>> inside = within_turn(box(179, 0, 181, 1))
        >>> [part.bounds for part in inside.geoms]
        [(-180.0, 0.0, -179.0, 1.0), (179.0, 0.0, 180.0, 1.0)]
        >>> side_by_side(inside).bounds
        (179.0, 0.0, 181.0, 1.0)
    """
    west, _, east, _ = shape.bounds
    parts: list[BaseGeometry] = []
    for turn in range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1):
        inside = shape.intersection(box(360 * turn - 180, -90, 360 * turn + 180, 90))
        parts.extend(translate(part, -360 * turn) for part in _polygons(inside))
    united = [orient(part) for part in _polygons(shapely.union_all(parts))]
    return united[0] if len(united) == 1 else MultiPolygon(united)


def side_by_side(shape: Polygon | MultiPolygon) -> MultiPolygon:
    """Put parts that meet across the antimeridian side by side, with longitudes up to 360: undoes `within_turn`."""
    parts = _polygons(shape)
    west, _, east, _ = shape.bounds
    if east - west <= 180:
        return MultiPolygon(parts)
    moved = [translate(part, 360.0) if part.bounds[2] <= 0 else part for part in parts]
    nearer = np.ptp(shapely.total_bounds(moved)[::2]) < east - west
    return MultiPolygon(moved if nearer else parts)


def _layers(path: Path) -> list[str]:
    import pyogrio

    try:
        return [str(name) for name, _ in pyogrio.list_layers(path)]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise AreaError(f"{path}: not a vector file that can be read ({_first_line(error)})") from error


def _shapes(path: Path, layer: str) -> tuple[list[BaseGeometry], str | None]:
    """Shapes of a layer, none where it is a table without any, and its CRS."""
    import pyogrio
    from pyogrio.raw import read

    try:
        meta, _, wkb, _ = read(path, layer=layer, columns=[])
        shapes = [] if wkb is None else shapely.from_wkb(wkb)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        shapely.errors.GEOSException,
        ValueError,
    ) as error:
        raise AreaError(f"{path}: layer {layer} cannot be read ({_first_line(error)})") from error
    return [shape for shape in shapes if shape is not None and not shape.is_empty], meta["crs"]


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return [shapely.force_2d(part) for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _valid(polygon: Polygon) -> BaseGeometry:
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
