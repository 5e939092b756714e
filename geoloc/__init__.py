"""geoloc: click an object in a photograph, get its polygon on the map.

The names below are the whole public API; everything else may change. They are loaded when they are first used, so that
importing the package is quick.

    >>> import geoloc
    >>> sorted(geoloc.__all__)
    ['Click', 'Detection', 'Detections', 'GeolocError', 'Locator', 'load_photo', 'locate', 'open_mosaic']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoloc.system.version import __version__ as __version__
from tiling.lazy import lazily

__all__ = ["Click", "Detection", "Detections", "GeolocError", "Locator", "load_photo", "locate", "open_mosaic"]

if TYPE_CHECKING:
    from geoloc.api import Locator, locate
    from geoloc.errors import GeolocError
    from geoloc.photo.photo import load_photo
    from geoloc.photo.target import Click
    from geoloc.results.detection import Detection
    from geoloc.results.detections import Detections
    from tiling.mosaic import open_mosaic

_HOMES = {
    "Click": "geoloc.photo.target",
    "Detection": "geoloc.results.detection",
    "Detections": "geoloc.results.detections",
    "GeolocError": "geoloc.errors",
    "Locator": "geoloc.api",
    "load_photo": "geoloc.photo.photo",
    "locate": "geoloc.api",
    "open_mosaic": "tiling.mosaic",
}
"""The module of each public name."""

__getattr__, __dir__ = lazily(__name__, _HOMES)
