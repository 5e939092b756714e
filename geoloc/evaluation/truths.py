"""True outlines of objects, from a vector file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyproj
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geoloc.errors import QueriesError
from geoloc.photo.target_table import OBJECT
from tiling.grid import project
from tiling.trust import layers_elsewhere

Outline: TypeAlias = Polygon | MultiPolygon


class Truths:
    """Outlines by the name of their object."""

    def __init__(self, path: Path, shapes: Mapping[str, Outline], crs: Any) -> None:
        """Take outlines in one CRS, and the file that they are of."""
        self._path, self._shapes, self._crs = path, shapes, crs

    def of(self, name: str, epsg: int) -> Outline:
        """Return the outline of an object in another CRS.

        Raises:
            QueriesError: the file has no such object.
        """
        if name not in self._shapes:
            raise QueriesError(f"no {OBJECT} {name!r} in {self._path}")
        return project(self._shapes[name], self._crs, epsg)


def read_truths(path: Path) -> Truths:
    """Read outlines from the first layer of a vector file with the column `OBJECT`.

    Raises:
        QueriesError: not such a file, it has no CRS, or an object is no polygon or there twice.
    """
    import pyogrio

    if reason := layers_elsewhere(path):
        raise QueriesError(reason)
    try:
        frame = pyogrio.read_dataframe(path, layer=0)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise QueriesError(f"{path}: not a vector file that can be read ({' '.join(str(error).split())})") from None
    if OBJECT not in frame or getattr(frame, "crs", None) is None:
        raise QueriesError(f"{path}: needs polygons with a CRS and the column {OBJECT}, as the queries have it")
    shapes: dict[str, Outline] = {}
    for value, shape in zip(frame[OBJECT], frame.geometry, strict=True):
        name = str(value)
        if name in shapes:
            raise QueriesError(f"{path}: the {OBJECT} {name!r} is there twice")
        if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise QueriesError(f"{path}: the {OBJECT} {name!r} is no polygon")
        shapes[name] = valid_outline(shape, f"{path}: the {OBJECT} {name!r}")
    return Truths(path, shapes, pyproj.CRS.from_user_input(frame.crs))


def valid_outline(shape: Outline, what: str) -> Outline:
    """Return an outline without heights, made valid where it crosses itself.

    Args:
        shape: the outline as it was drawn.
        what: what it is of, as an error names it.

    Raises:
        QueriesError: it has no area.
    """
    flat = shapely.force_2d(shape)
    valid: Outline = flat if flat.is_valid else shapely.make_valid(flat, method="structure", keep_collapsed=False)
    if valid.area == 0:
        raise QueriesError(f"{what} has no area")
    return valid
