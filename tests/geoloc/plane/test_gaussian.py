"""Two sources of one place, against sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane.gaussian import Gaussian


def turned_gaussian(x: float, y: float, along: float, across: float, turn: float) -> Gaussian:
    c, s = math.cos(turn), math.sin(turn)
    axes = np.array([[c, -s], [s, c]])
    return Gaussian(np.array([x, y]), axes @ np.diag([along**2, across**2]) @ axes.T)


places, deviations = st.floats(-5, 5), st.floats(0.1, 5)
gaussians = st.builds(turned_gaussian, places, places, deviations, deviations, st.floats(0, math.pi))


@given(gaussians, gaussians)
def test_two_sources_weigh_as_they_know(one: Gaussian, other: Gaussian) -> None:
    both = one.product(other)
    # The information of both adds up (the product of two normal densities).
    i, j = np.linalg.inv(one.covariance), np.linalg.inv(other.covariance)
    assert both.covariance == pytest.approx(np.linalg.inv(i + j), rel=1e-6, abs=1e-9)
    assert both.mean == pytest.approx(np.linalg.solve(i + j, i @ one.mean + j @ other.mean), abs=1e-6)
    assert both.error <= min(one.error, other.error) + 1e-9
    again = other.product(one)
    assert again.mean == pytest.approx(both.mean, abs=1e-6)


def test_what_is_sure_stays_and_only_the_unsure_direction_moves() -> None:
    sure_in_y = turned_gaussian(0, 0, 10, 0.01, 0)
    moved = sure_in_y.product(turned_gaussian(4, 4, 1, 1, 0)).mean
    assert moved == pytest.approx([4, 0], abs=0.05)


def test_errors_distances_and_boxes_are_those_of_samples() -> None:
    place = turned_gaussian(3, 4, 2, 0.5, 0.6)
    drawn = np.random.default_rng(0).multivariate_normal(place.mean, place.covariance, 200_000)
    off = drawn - place.mean
    assert place.error == pytest.approx(math.sqrt((off**2).sum(1).mean()), rel=0.01)
    size = np.array([3.0, 2.0])
    share = (np.abs(off) < size / 2).all(1).mean()
    assert place.probability_within(size) <= share + 0.005
    assert place.probability_within(size) == pytest.approx(share, abs=0.15)
    assert place.probability_within(np.array([90.0, 90.0])) == pytest.approx(1)
    point = Gaussian(place.mean, np.zeros((2, 2)))
    far = [point.squared_distance(Gaussian(at, place.covariance)) for at in drawn[:20_000]]
    assert np.mean(np.array(far) > 9.2) == pytest.approx(0.01, abs=0.003)
