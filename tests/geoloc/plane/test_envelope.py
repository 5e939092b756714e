"""Sides of a turned rectangle from its envelope."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane.envelope import sides_filling


def turned(degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s], [s, c]])


@given(st.floats(-36, 36), st.integers(0, 3), st.floats(0.5, 90), st.floats(0.5, 90), st.floats(0.1, 20))
def test_the_sides_come_back(turn: float, quarters: int, along: float, across: float, scale: float) -> None:
    matrix = scale * turned(turn + 90 * quarters)
    width, height = np.abs(matrix) @ [along, across]
    assert sides_filling(matrix, width, height) == pytest.approx((along, across))


@pytest.mark.parametrize("turn", [40, 45, 50, 135, -45])
def test_at_the_diagonal_the_sides_are_equal(turn: float) -> None:
    along, across = sides_filling(turned(turn), 10.0, 10.0)
    assert along == across
    # As large a square as has this envelope.
    assert along == pytest.approx(10 / (abs(turned(turn)[0]).sum()))


def test_what_no_rectangle_has_as_its_envelope_is_a_square() -> None:
    # Turned by 30 degrees a thin envelope is impossible.
    along, across = sides_filling(turned(30), 40.0, 4.0)
    assert along == across
    assert along == pytest.approx(math.sqrt(160) / abs(turned(30)[0]).sum())
