"""Answers of photographs to a click on one object."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from shapely.geometry import box

from geoloc.photo.target import Click
from geoloc.plane.gaussian import Gaussian
from geoloc.plane.map_place import MapPlace
from geoloc.plane.mixture import Mixture
from geoloc.results.detection import Detection
from tiling.grid import WGS84, project

EAST, NORTH = 576708.0, 5188134.0


@pytest.fixture(scope="session")
def seen() -> Callable[..., Detection]:
    """`seen(score, east, north, accuracy_m, **changes)`: a thing 6 x 4 m, so many metres from one place."""

    def make(
        score: float, east: float = 0.0, north: float = 0.0, accuracy_m: float = 1.5, **changes: object
    ) -> Detection:
        x, y = EAST + east, NORTH + north
        values: dict[str, object] = {
            "rank": 1,
            "score": score,
            "click": Click(10, 20),
            "photo": "a.jpg",
            "polygon": box(x - 3, y - 2, x + 3, y + 2),
            "crs": "EPSG:32615",
            "gsd_m": 0.2,
            "accuracy_m": accuracy_m,
            "accuracy_parts": {"box": accuracy_m},
            "model": "base",
            "window": "18/1/2",
            "method": "attention",
        }
        return Detection(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def verified(seen: Callable[..., Detection]) -> Callable[..., Detection]:
    """`verified(east, north, sd_east, sd_north, ...)`: verified by geometry, and scored as its error tells."""

    def make(
        east: float,
        north: float,
        sd_east: float,
        sd_north: float,
        *,
        about: tuple[float, float] = (0.0, 0.0),
        **changes: object,
    ) -> Detection:
        answer = seen(0.97, east, north, **changes)
        middle = project(answer.polygon.centroid, answer.crs, WGS84)
        one = Gaussian(np.array(about), np.diag([sd_east**2, sd_north**2]))
        spread = Mixture(((1.0, one),))
        score = 0.97 * spread.probability_within(np.zeros(2), np.array([6.0, 4.0]))
        return seen(
            score,
            east,
            north,
            spread.radius(np.zeros(2), 0.9),
            **{"method": "attention+geometry", "place": MapPlace(middle.x, middle.y, 0.97, spread), **changes},
        )

    return make
