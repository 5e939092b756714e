"""Answers as JSON that can be read again, all that joining them needs; for the journal of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from shapely.geometry import Polygon, mapping

from geoloc.photo.target import Click
from geoloc.plane.gaussian import Gaussian
from geoloc.plane.map_place import MapPlace
from geoloc.plane.mixture import Mixture
from geoloc.results.detection import Detection

_PLAIN = (
    "rank", "score", "photo", "gsd_m", "accuracy_m", "model", "window", "method", "target", "evidence", "spread_m",
    "note", "outline", "outline_score",
)  # fmt: skip
"""Fields that JSON knows as they are; it gives the same numbers back."""


def to_json(answer: Detection) -> dict[str, Any]:
    """Return an answer as JSON values, without its CRS and without what else its outline could be."""
    place = answer.place
    return {name: getattr(answer, name) for name in _PLAIN} | {
        "click": [answer.click.x, answer.click.y],
        "rings": [list(map(list, ring)) for ring in mapping(answer.polygon)["coordinates"]],
        "accuracy_parts": dict(answer.accuracy_parts),
        "place": place
        and [place.lon, place.lat, place.sure, [[share, *_numbers(one)] for share, one in place.spread.parts]],
    }


def from_json(value: Mapping[str, Any], crs: Any) -> Detection:
    """Return the answer that `to_json` gave.

    Args:
        value: what it gave.
        crs: of the answer.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another kind.
        ValueError: something is senseless.
    """
    outer, *holes = value["rings"]
    return Detection(
        **{name: value[name] for name in _PLAIN},
        click=Click(*value["click"]),
        polygon=Polygon(outer, holes),
        crs=crs,
        accuracy_parts=value["accuracy_parts"],
        place=value["place"] and _place(*value["place"]),
    )


def _place(lon: float, lat: float, sure: float, parts: list[list[float]]) -> MapPlace:
    return MapPlace(lon, lat, sure, Mixture(tuple((share, _gaussian(numbers)) for share, *numbers in parts)))


def _numbers(one: Gaussian) -> list[float]:
    (xx, xy), (_, yy) = one.covariance.tolist()
    return [*one.mean.tolist(), xx, xy, yy]


def _gaussian(numbers: list[float]) -> Gaussian:
    x, y, xx, xy, yy = numbers
    return Gaussian(np.array([x, y]), np.array([[xx, xy], [xy, yy]]))
