"""tiling: mosaics, the map geometry of their pixels, and the plan of overlapping windows to search; knows no torch.

The names below are its main ones. They are loaded when they are first used, so that importing the package is quick.

    >>> import tiling
    >>> tiling.PixelBox(0, 0, 4, 2).centre
    (2.0, 1.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiling.lazy import lazily

__all__ = ["Area", "Grid", "Mosaic", "PixelBox", "Plan", "Window", "make_plan", "open_mosaic"]

if TYPE_CHECKING:
    from tiling.area import Area
    from tiling.box import PixelBox
    from tiling.grid import Grid
    from tiling.mosaic import Mosaic, open_mosaic
    from tiling.plan import Plan, Window, make_plan

_HOMES = {
    "Area": "tiling.area",
    "Grid": "tiling.grid",
    "Mosaic": "tiling.mosaic",
    "PixelBox": "tiling.box",
    "Plan": "tiling.plan",
    "Window": "tiling.plan",
    "make_plan": "tiling.plan",
    "open_mosaic": "tiling.mosaic",
}
"""The module of each main name."""

__getattr__, __dir__ = lazily(__name__, _HOMES)
