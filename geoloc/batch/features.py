"""Features drawn in a photograph's pixels, carried over to the map vertex by vertex, and the way back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from geoloc.batch.outcome import free_names
from geoloc.batch.queries import plain_value, table_type
from geoloc.errors import QueriesError
from geoloc.pose.matched_photo import MappedPoints, MatchedPhoto
from geoloc.pose.rows import NOT_VERIFIED
from geoloc.results.vector_files import Row
from tiling.grid import WGS84, as_crs, transformer
from tiling.trust import layers_elsewhere

LOG = logging.getLogger(__name__)

OWN_COLUMNS = {
    "photo": "object",
    "status": "object",
    "note": "object",
    "accuracy_m": "float64",
    "vertices_accuracy_m": "object",
}
"""Properties that are added, and their types in a table (pandas)."""
OUTSIDE, TOO_FAR, NOT_SHOWN = "outside the photo", "too near the horizon", "outside the ground that the photo shows"
"""Where vertices lie that are cut or left out."""
OFF_MOSAIC = "outside the mosaic"
"""Where vertices may come to lie: the plane goes on there, with nothing that confirms it."""
_PARTS = {
    "Point": ("Point", shapely.multipoints),
    "LineString": ("LineString", shapely.multilinestrings),
    "Polygon": ("Polygon", shapely.multipolygons),
}
_EDGE = 1e-6
Shows = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Tells which places, N x 2 in the mosaic's CRS, the mosaic has data of."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFeatures:
    """Features of a file.

    Attributes:
        shapes: N of them, 2-D; None for one without.
        columns: names of their properties, and types in a table (pandas).
        values: of each feature, by column.
        crs: theirs, as the file says; of pixels it means nothing.
    """

    shapes: NDArray[np.object_]
    columns: Mapping[str, str]
    values: Sequence[Mapping[str, Any]]
    crs: pyproj.CRS | None

    @property
    def result_columns(self) -> dict[str, str]:
        """Names of the properties of what they become, and their types; see `OWN_COLUMNS`."""
        names = free_names(self.columns, list(OWN_COLUMNS))
        return OWN_COLUMNS | {names[name]: dtype for name, dtype in self.columns.items()}


def read_features(path: Path) -> DrawnFeatures:
    """Read points, lines and polygons, single or multiple, of the first layer of a vector file.

    Raises:
        QueriesError: it is none, or has no features, or shapes of another kind.
    """
    import pyogrio

    if reason := layers_elsewhere(path):
        raise QueriesError(reason)
    try:
        info = pyogrio.read_info(path, layer=0)
        frame = pyogrio.read_dataframe(path, layer=0)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        text = " ".join(str(error).split())
        raise QueriesError(f"{path}: not a vector file that can be read ({text})") from None
    if "geometry" not in frame or not len(frame):
        raise QueriesError(f"{path}: holds no features with shapes")
    shapes = _flat(np.asarray(frame.geometry.array, object), str(path))
    columns = {str(name): table_type(dtype) for name, dtype in zip(info["fields"], info["dtypes"], strict=True)}
    values = [[plain_value(value, dtype) for value in frame[name]] for name, dtype in columns.items()]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)] or [{}] * len(shapes)
    return DrawnFeatures(shapes, columns, rows, frame.crs)


def features_from_geojson(collection: object) -> DrawnFeatures:
    """Take points, lines and polygons, single or multiple, of a FeatureCollection of GeoJSON, and all its properties.

    Raises:
        QueriesError: it is none, or has no features, or shapes of another kind.
    """
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list) or not features:
        raise QueriesError("the features are no FeatureCollection of GeoJSON, or there are none")
    shapes, values = np.full(len(features), None, object), []
    for number, feature in enumerate(features):
        try:
            geometry, properties = feature.get("geometry"), feature.get("properties") or {}
            shapes[number] = None if geometry is None else shapely.geometry.shape(geometry)
            values.append({str(name): value for name, value in properties.items()})
        except (shapely.errors.ShapelyError, AttributeError, TypeError, ValueError, LookupError) as error:
            raise QueriesError(f"feature {number + 1} is none of GeoJSON ({error})") from None
    columns = dict.fromkeys((name for row in values for name in row), "object")
    complete = [dict.fromkeys(columns) | row for row in values]
    return DrawnFeatures(_flat(shapes, "the collection"), columns, complete, WGS84)


def turned_down(features: DrawnFeatures) -> DrawnFeatures:
    """Return features of pixels with y downwards: QGIS counts it upwards from 0 in a picture without georeference."""
    y = shapely.get_coordinates(features.shapes)[:, 1]
    if not len(y) or y.max() > 0 or y.min() >= 0:
        return features
    return replace(features, shapes=shapely.transform(features.shapes, lambda points: points * [1, -1]))


def look_like_places(features: DrawnFeatures, size: tuple[int, int]) -> bool:
    """Whether what is said to be drawn in a photo rather lies on a map: nothing in the photo, or all in one pixel.

    Args:
        features: in pixels of the photo, y downwards.
        size: (width, height) of the photo.
    """
    points = shapely.get_coordinates(features.shapes)
    if not len(points):
        return False
    nowhere = not shapely.intersects_xy(box(0, 0, *size), *points.T).any()
    # Longitudes and latitudes are small numbers, and those of neighbours nearly the same.
    return nowhere or (len(np.unique(points, axis=0)) > 1 and bool((np.ptp(points, axis=0) < 1.0).all()))


def carried_features(
    features: DrawnFeatures, matched: MatchedPhoto | None, photo: str, shows: Shows, *, to_photo: bool
) -> list[Row]:
    """Carry features over, see `features_on_map` and `features_in_photo`, and warn of what their notes say.

    Args:
        features: in pixels of the photo; of a map where they go to the photo.
        matched: the photo; None where local features verified nothing, so that features are "not here".
        photo: what it is called.
        shows: of the mosaic, such as `SearchSource.shows`.
        to_photo: the way back.

    Raises:
        MosaicError: pixels cannot be read.
    """
    if matched is None:
        LOG.warning("not here: %s: %s", photo, NOT_VERIFIED)
        return features_not_here(features, photo, NOT_VERIFIED)
    if to_photo:
        rows = features_in_photo(features, matched, photo)
    else:
        rows = _doubted(features_on_map(features, matched, photo), shows)
    for number, row in enumerate(rows, start=1):
        if note := row.properties["note"]:
            LOG.warning("feature %d: %s", number, note)
    return rows


def features_on_map(features: DrawnFeatures, matched: MatchedPhoto, photo: str) -> list[Row]:
    """Carry features drawn in a photo's pixels over to the map.

    Lines and polygons are cut to what the photo can tell, see `MatchedPhoto.reliable_part`, and points beyond it are
    left out; `note` says so. Every vertex has its error in `vertices_accuracy_m`, in the order of the shape's
    coordinates, and `accuracy_m` is the largest.

    Args:
        features: in pixels of the photo, corner origin, y downwards.
        matched: the photo.
        photo: what it is called.

    Returns:
        A row for each feature, in their order, in the mosaic's CRS.
    """
    frame = box(0, 0, *matched.photo.size).buffer(_EDGE)

    def where(points: NDArray[np.float64]) -> dict[str, int]:
        outside = int((~shapely.intersects_xy(frame, *points.T)).sum())
        # What is in the photo and yet in no part that can be told lies beyond its far line.
        return {OUTSIDE: outside, TOO_FAR: len(points) - outside}

    return _carried(features, matched.reliable_part, matched.to_map, photo, where)


def features_in_photo(features: DrawnFeatures, matched: MatchedPhoto, photo: str) -> list[Row]:
    """Carry features of a map into a photo's pixels; cut to its footprint, otherwise as `features_on_map`.

    Args:
        features: in their own CRS, or the mosaic's where the file tells none.
        matched: the photo.
        photo: what it is called.

    Returns:
        A row for each feature, in their order, in pixels.
    """
    if features.crs is not None and as_crs(features.crs) != matched.crs:
        change = transformer(features.crs, matched.crs)
        shapes = shapely.transform(
            features.shapes, lambda points: np.column_stack(change.transform(*points.T)) if len(points) else points
        )
        features = replace(features, shapes=shapes)
    return _carried(features, matched.footprint, matched.to_photo, photo, lambda points: {NOT_SHOWN: len(points)})


def features_not_here(features: DrawnFeatures, photo: str, note: str) -> list[Row]:
    """Return the rows of features in a photo that was not matched."""
    return [
        _row(features, number, None, {"photo": photo, "status": "not here", "note": note})
        for number in range(len(features.shapes))
    ]


def _flat(shapes: NDArray[np.object_], where: str) -> NDArray[np.object_]:
    """Take heights from shapes, and refuse those of other kinds."""
    kinds = {shape.geom_type.removeprefix("Multi") for shape in shapes if shape is not None}
    if not kinds <= _PARTS.keys():
        raise QueriesError(f"{where}: holds {', '.join(sorted(kinds - _PARTS.keys()))}; give points, lines or polygons")
    return np.asarray(shapely.force_2d(shapes), object)


def _carried(
    features: DrawnFeatures,
    part: Polygon,
    carry: Callable[[NDArray[np.float64]], MappedPoints],
    photo: str,
    where: Callable[[NDArray[np.float64]], dict[str, int]],
) -> list[Row]:
    """Carry what of features lies in a part; `where` says of vertices beyond it how many lie where."""
    near = part.buffer(_EDGE)
    shapely.prepare(near)
    shapes, notes = features.shapes.copy(), [""] * len(features.shapes)
    for number in np.flatnonzero(~shapely.covers(near, shapes)).tolist():
        shape = shapes[number]
        if shape is None or shape.is_empty:
            shapes[number], notes[number] = None, "has no shape"
            continue
        points = shapely.get_coordinates(shape)
        beyond = points[~shapely.intersects_xy(near, *points.T)]
        shapes[number] = _cut(shape, near)
        what = "left out" if shapes[number] is None else "cut"
        notes[number] = f"{what}: {_told(where(beyond), len(points))}"
    points, owners = shapely.get_coordinates(shapes, return_index=True)
    found = carry(points)
    errors = np.split(found.error_m.round(2), np.searchsorted(owners, np.arange(1, len(shapes))))
    placed = shapely.set_coordinates(shapes, found.points)
    rows = []
    for number, (shape, error) in enumerate(zip(placed, errors, strict=True)):
        told: dict[str, Any] = {"photo": photo, "status": "found" if shape is not None else "not here"}
        told["note"] = notes[number] or None
        if shape is not None:
            told |= {"accuracy_m": float(error.max()), "vertices_accuracy_m": error.tolist()}
        rows.append(_row(features, number, shape, told))
    return rows


def _doubted(rows: Sequence[Row], shows: Shows) -> list[Row]:
    """Say of rows on the map which of their vertices lie where the mosaic has nothing."""
    points, owners = shapely.get_coordinates([row.geometry for row in rows], return_index=True)
    away = np.bincount(owners[~shows(points)], minlength=len(rows)).tolist()
    total = np.bincount(owners, minlength=len(rows)).tolist()
    doubted = []
    for row, count, of in zip(rows, away, total, strict=True):
        note = "; ".join(filter(None, (row.properties["note"], count and _told({OFF_MOSAIC: count}, of))))
        doubted.append(replace(row, properties=dict(row.properties) | {"note": note or None}))
    return doubted


def _told(where: Mapping[str, int], total: int) -> str:
    """How many of so many vertices lie where, in words."""
    some = [(place, count) for place, count in where.items() if count]
    if not some:
        return "between its vertices it reaches beyond what can be told"
    (place, count), *others = some
    if total == 1:
        return f"it lies {place}"
    return ", ".join([f"{count} of {total} vertices lie {place}", *(f"{more} {there}" for there, more in others)])


def _row(features: DrawnFeatures, number: int, shape: BaseGeometry | None, told: Mapping[str, Any]) -> Row:
    names = free_names(features.columns, list(OWN_COLUMNS))
    others = {names[name]: value for name, value in features.values[number].items()}
    return Row(shape, others | dict(told), keeps_vertices=True)


def _cut(shape: BaseGeometry, part: Polygon) -> BaseGeometry | None:
    """What of a shape lies in a part, of the same kind; None where nothing does."""
    kind, together = _PARTS[shape.geom_type.removeprefix("Multi")]
    inside = shapely.intersection(shape if shape.is_valid else shapely.make_valid(shape), part)
    parts = [
        one for one in shapely.get_parts(shapely.get_parts([inside])) if one.geom_type == kind and not one.is_empty
    ]
    return None if not parts else parts[0] if len(parts) == 1 else together(parts)


def as_text(rows: Sequence[Row]) -> list[Row]:
    """Return rows for files whose columns hold no lists: the errors of vertices as JSON."""
    key = "vertices_accuracy_m"
    return [
        replace(row, properties=dict(row.properties) | {key: json.dumps(row.properties[key])})
        if row.properties.get(key) is not None
        else row
        for row in rows
    ]
