"""A polygon on the map drawn with matplotlib, on the mosaic where its pixels are at hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from shapely.geometry import Polygon

from geoloc.system.extras import needing
from tiling.grid import Grid, as_crs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tiling.mosaic import Mosaic

SURROUNDINGS = 4.0
"""Side of what is shown over the longer side of the box."""
PX = 512


def plot_polygon(polygon: Polygon, crs: Any, title: str, ax: Axes | None = None, mosaic: Mosaic | None = None) -> Axes:
    """Draw a polygon in coordinates of its CRS.

    Args:
        polygon: in `crs`.
        crs: anything that pyproj accepts.
        title: to stand above it.
        ax: what to draw on; a new figure where it is None.
        mosaic: what lies under it.

    Raises:
        OutputError: matplotlib is not installed.
        MosaicError: the mosaic cannot be read.
    """
    with needing("notebook"):
        from matplotlib import pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(5, 5))
    xmin, ymin, xmax, ymax = polygon.bounds
    half = SURROUNDINGS / 2 * max(xmax - xmin, ymax - ymin)
    left, right = (xmin + xmax) / 2 - half, (xmin + xmax) / 2 + half
    bottom, top = (ymin + ymax) / 2 - half, (ymin + ymax) / 2 + half
    if mosaic is not None:
        step = 2 * half / PX
        pixels = mosaic.read(Grid(as_crs(crs), Affine(step, 0, left, 0, -step, top), PX, PX))
        shown = np.where(pixels.valid[..., None], pixels.rgb, np.uint8(230))
        ax.imshow(shown, extent=(left, right, bottom, top), interpolation="nearest")
    for ring in (polygon.exterior, *polygon.interiors):
        ax.plot(*ring.xy, color="#e6007e", linewidth=2)
    # A degree of longitude is shorter than one of latitude.
    aspect = 1 / math.cos(math.radians((bottom + top) / 2)) if as_crs(crs).is_geographic else 1.0
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect=aspect, title=title)
    ax.ticklabel_format(useOffset=False, style="plain")
    ax.tick_params(axis="x", labelrotation=30)
    return ax
