"""Cameras over level ground: their angles and what they see."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.pose.camera import GroundCamera, rotation_about
from tests.geoloc.pose.cameras import camera


@given(st.floats(0, 359), st.floats(0, 85), st.floats(-8, 8))
def test_angles_are_those_it_was_made_with(heading: float, tilt: float, roll: float) -> None:
    made = camera(heading, tilt, roll)
    assert made.tilt_deg == pytest.approx(tilt, abs=1e-4)
    # Straight down all that it is turned about its axis lies in the heading, level all of it in the roll.
    assert abs((made.heading_deg - heading + 180) % 360 - 180) <= abs(roll) + 1e-6
    leaning = math.asin(math.sin(math.radians(tilt)) * math.sin(math.radians(roll)))
    assert made.roll_deg == pytest.approx(math.degrees(leaning), abs=1e-6)


@given(st.floats(0, 359), st.floats(0, 85))
def test_without_roll_the_heading_is_the_axis_azimuth(heading: float, tilt: float) -> None:
    made = camera(heading, tilt, 0.0)
    assert abs((made.heading_deg - heading + 180) % 360 - 180) < 1e-6
    assert made.roll_deg == pytest.approx(0, abs=1e-6)


def test_rays_meet_what_they_show() -> None:
    made = camera(200, 40, 3)
    pixels = np.array([[10.0, 700.0], [640.0, 480.0], [1200.0, 900.0]])
    rays = made.directions(pixels)
    assert (rays[:, 2] < 0).all()
    places = made.centre + rays * (-made.centre[2] / rays[:, 2:])
    assert np.allclose(made.project(places), pixels)
    assert np.isnan(made.project(np.array([made.centre - made.axis]))).all()


def test_a_rotation_turns_about_its_vector() -> None:
    turned = rotation_about(np.array([0, 0, math.pi / 2])) @ [1, 0, 0]
    assert np.allclose(turned, [0, 1, 0])
    assert np.allclose(rotation_about(np.zeros(3)), np.eye(3))


def test_distortion_moves_what_is_off_the_axis() -> None:
    made = camera(0, 0, 0)
    bent = GroundCamera(made.centre, made.rotation, made.focal_px, made.middle, k1=-0.1)
    place = np.array([[20.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    straight, off = made.project(place), bent.project(place)
    assert off[0, 0] - made.middle[0] == pytest.approx((straight[0, 0] - made.middle[0]) * (1 - 0.1 * 0.4**2))
    assert np.allclose(straight[1], off[1])
