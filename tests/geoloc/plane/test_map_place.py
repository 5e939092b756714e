"""Metres about a point, and a place with its errors, seen from the middle that an answer has."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoloc.plane.gaussian import BOUND, Gaussian
from geoloc.plane.map_place import LocalFrame, MapPlace
from geoloc.plane.mixture import Mixture

FRAME = LocalFrame(-92.0, 46.84)


def test_a_frame_is_metres_on_the_ground() -> None:
    for metres in ([0.0, 0.0], [30.0, -40.0], [-2000.0, 10.0]):
        place = FRAME.lonlat(np.array(metres))
        assert FRAME.metres(*place) == pytest.approx(metres, abs=1e-6)
    north = LocalFrame(-92.0, 46.84 + 1e-3).metres(-92.0, 46.84)
    # A thousandth of a degree of latitude.
    assert north == pytest.approx([0.0, -111.2], abs=0.2)


def test_the_error_grows_with_the_distance_from_the_place() -> None:
    place = MapPlace(8.5, 47.4, 0.97, Mixture(((1.0, Gaussian(np.zeros(2), np.diag([0.5, 0.5]))),)))
    assert place.radius(8.5, 47.4, 0.9) == pytest.approx(BOUND, rel=0.02)
    aside = LocalFrame(8.5, 47.4).lonlat(np.array([3.0, 0.0]))
    # Along the line to the place the distribution is as wide as ever: its quantile of 0.9 lies 1.28 deviations on.
    assert place.radius(*aside, 0.9) == pytest.approx(3.0 + 1.28 * math.sqrt(0.5), abs=0.15)
