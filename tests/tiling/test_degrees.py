"""Angles and longitudes after whole turns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiling.degrees import angle_between_deg, wrapped_deg


@given(st.floats(-1e4, 1e4))
def test_it_is_the_same_direction_at_most_half_a_turn_off(degrees: float) -> None:
    told = wrapped_deg(degrees)
    assert -180.0 <= told <= 180.0
    assert math.sin(math.radians(told)) == pytest.approx(math.sin(math.radians(degrees)), abs=1e-9)
    assert math.cos(math.radians(told)) == pytest.approx(math.cos(math.radians(degrees)), abs=1e-9)


def test_arrays_are_wrapped_each_by_itself() -> None:
    assert wrapped_deg(np.array([-190.0, 180.0, 0.0, 540.5])).tolist() == [170.0, -180.0, 0.0, -179.5]


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_the_angle_between_two_directions_has_no_sign(one: float, other: float) -> None:
    told = angle_between_deg(one, other)
    assert 0.0 <= told <= 180.0
    assert math.cos(math.radians(told)) == pytest.approx(math.cos(math.radians(one - other)), abs=1e-9)
