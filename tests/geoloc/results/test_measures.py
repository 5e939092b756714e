"""Sizes and azimuths of outlines against the ellipsoid itself, in several CRSs."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geoloc.results.measures import measures_of
from tiling.grid import project

GEOD = pyproj.Geod(ellps="WGS84")


def on_the_ground(lon: float, lat: float, length: float, width: float, azimuth: float) -> Polygon:
    """A rectangle about a place, measured along geodesics from its middle: lon, lat."""
    corners = []
    for along, across in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
        turn = azimuth + math.degrees(math.atan2(across * width, along * length))
        corners.append(GEOD.fwd(lon, lat, turn, math.hypot(length, width) / 2)[:2])
    return Polygon(corners)


@pytest.mark.parametrize("kind", ["degrees", "utm", "mercator"])
@settings(max_examples=40)
@given(
    place=st.tuples(st.floats(-179.9, 179.9), st.floats(-79, 79)),
    length=st.floats(1, 300),
    share=st.floats(0.05, 0.9),
    azimuth=st.floats(0, 179.9),
)
def test_a_rectangle_on_the_ground(
    kind: str, place: tuple[float, float], length: float, share: float, azimuth: float
) -> None:
    lon, lat = place
    zone = math.floor((lon + 180) / 6) + 1
    crs = {"degrees": 4326, "mercator": 3857, "utm": (32600 if lat >= 0 else 32700) + zone}[kind]
    width = share * length
    # It is measured as what it is, not as what the map makes of it.
    found = measures_of(project(on_the_ground(lon, lat, length, width, azimuth), 4326, crs), crs)
    # Projected edges are true to a ten-thousandth of their length.
    assert found.area_m2 == pytest.approx(length * width, rel=1e-3, abs=3e-4 * length**2)
    assert found.length_m == pytest.approx(length, rel=1e-3)
    assert found.width_m == pytest.approx(width, rel=1e-3, abs=3e-4 * length)
    assert 0 <= found.azimuth_deg < 180
    assert abs((found.azimuth_deg - azimuth + 90) % 180 - 90) < 0.1


def test_mercator_is_not_metres() -> None:
    # At 60 degrees a metre of web mercator is half a metre.
    found = measures_of(box(0, 8_399_738, 40, 8_399_758), 3857)
    assert (found.length_m, found.width_m) == pytest.approx((20, 10), rel=5e-3)
    assert found.area_m2 == pytest.approx(200, rel=5e-3)


def test_holes_are_not_area() -> None:
    whole = box(500_000, 5_400_000, 500_010, 5_400_010)
    holed = whole.difference(box(500_002, 5_400_002, 500_007, 5_400_007))
    for ring in (holed, holed.reverse()):
        assert measures_of(ring, 32633).area_m2 == pytest.approx(0.75 * measures_of(whole, 32633).area_m2, rel=1e-5)


def test_a_square_across_the_antimeridian() -> None:
    x, y = pyproj.Transformer.from_crs(4326, 3460, always_xy=True).transform(180.0, -17.0)
    found = measures_of(box(x - 50, y - 50, x + 50, y + 50), 3460)
    assert (found.length_m, found.width_m) == pytest.approx((100, 100), rel=1e-2)
    assert np.isfinite(found.azimuth_deg)
