# SPDX-License-Identifier: GPL-2.0-or-later
"""Fields of requests to the worker, the same for dock and Processing: what is asked for, and how it is searched.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_OFFERED = (
    # QGIS sends every place to search in, whatever it was chosen by, as `area`.
    "bounds",
    "aoi",
    # The first three bands fit nearly every mosaic, and the network's own ground resolution nearly every search; an
    # index and a plan of windows may have another one, see `source_request`. The command line has both.
    "bands",
    "gsd",
    # What a photo tells of its camera itself, and a search finds out where it does not.
    "eye_height",
    "heading",
    "pitch",
    # The network that comes with geoloc, on the CPU: nothing that somebody at a map should have to choose.
    "model",
    "weights",
    "device",
)
"""Keys of geoloc's search request that no search from QGIS sends, so that geoloc's own defaults hold."""
DEFAULT_WITHIN_M, DEFAULT_GPS = 500.0, True
"""How far round a position QGIS searches, and whether round the photo's own, until a user says otherwise."""
DEFAULT_TOP, DEFAULT_DOUBTFUL, DEFAULT_GEOMETRY, DEFAULT_EXHAUSTIVE = 1, False, True, False
"""What `search_request` takes until a user says otherwise: as in geoloc's own request, which a test compares."""
LISTED = 5
"""Answers that the dock asks for: its list is there to choose from."""

CLICK, BOX, POLYGON = "click", "box", "polygon"
"""How an object is marked in a photo: kinds of `PhotoTarget`, and keys of the request."""


@dataclass(frozen=True)
class PhotoTarget:
    """An object as a user marked it in a photo.

    Attributes:
        kind: `CLICK`, `BOX` or `POLYGON`.
        points: (x, y) in pixels of the upright photo, corner origin: the click; two opposite corners of the box, those
            of the least and of the greatest x and y; the polygon's corners, the first one not repeated.
        cut: whether a part of what was drawn lay outside the photo.
    """

    kind: str
    points: tuple[tuple[float, float], ...]
    cut: bool = False

    def fields(self) -> dict:
        """Return the one field of the request that says it."""
        if self.kind == CLICK:
            return {CLICK: list(self.points[0])}
        if self.kind == BOX:
            return {BOX: [*self.points[0], *self.points[1]]}
        return {POLYGON: [list(point) for point in self.points]}


@dataclass(frozen=True)
class SearchPlace:
    """Where to search; all limits hold together, and without any the whole reference is searched.

    Attributes:
        area: polygons as GeoJSON, longitude and latitude in WGS 84.
        near: longitude and latitude of the point to search round.
        within_m: metres round `near`, or round the photo's own position; None for geoloc's default.
        gps: whether the photo's own position takes the place of a missing `near`.
    """

    area: dict | None = None
    near: tuple[float, float] | None = None
    within_m: float | None = None
    gps: bool = False


def search_request(
    *,
    mosaics: list[str],
    index: str | None,
    place: SearchPlace,
    top: int,
    doubtful: bool,
    geometry: bool,
    exhaustive: bool,
    dsm: str | None = None,
) -> dict:
    """Return the search fields of a request as JSON: what to search, where and how.

    Args:
        mosaics: absolute paths of raster files, which are searched together.
        index: absolute path of an index's folder.
        place: where to search.
        top: answers a click at most.
        doubtful: whether answers count too that are more likely wrong than right.
        geometry: whether answers are checked and sharpened by geometry.
        exhaustive: whether the whole network sees every window, not only the most promising ones.
        dsm: absolute path of a raster of heights of the ground.
    """
    return {
        "mosaics": mosaics,
        "index": index,
        "area": place.area,
        "near": None if place.near is None else list(place.near),
        "within": place.within_m,
        "gps": place.gps,
        "top": top,
        "min_score": 0.0 if doubtful else None,
        "refine": "auto" if geometry else "off",
        "exhaustive": exhaustive,
        "dsm": dsm,
    }


def match_request(*, mosaics: list[str], index: str | None, place: SearchPlace, dsm: str | None = None) -> dict:
    """Return the search fields of a request about whole photos, for which nothing else can be chosen; as JSON.

    Args:
        mosaics: absolute paths of raster files, which are searched together.
        index: absolute path of an index's folder.
        place: where to search.
        dsm: absolute path of a raster of heights of the ground, on which lines of sight end.
    """
    return search_request(
        mosaics=mosaics,
        index=index,
        place=place,
        top=DEFAULT_TOP,
        doubtful=DEFAULT_DOUBTFUL,
        geometry=DEFAULT_GEOMETRY,
        exhaustive=DEFAULT_EXHAUSTIVE,
        dsm=dsm,
    )


def source_request(*, mosaics: list[str], gsd_m: float | None, area: dict | None) -> dict:
    """Return the search fields of a request that looks at a reference without a photo, to index or to plan, as JSON.

    Args:
        mosaics: absolute paths of raster files, which make one reference.
        gsd_m: metres on the ground a pixel to read them at; None for the network's own.
        area: the part that counts, polygons as GeoJSON in WGS 84; None for all of it.
    """
    return {"mosaics": mosaics, "gsd": gsd_m, "area": area}
