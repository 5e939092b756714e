"""Radii and boxes of mixtures against draws, and what a share does to both."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.plane.gaussian import BOUND, HOLDING, Gaussian
from geoloc.plane.mixture import Mixture

NEAR = Gaussian(np.array([3.0, 1.0]), np.array([[1.0, 0.3], [0.3, 0.5]]))
FAR = Gaussian(np.array([9.0, -2.0]), np.array([[90.0, 20.0], [20.0, 6.0]]))
BOX = np.array([4.0, 2.0])


@pytest.mark.parametrize("share", [1.0, 0.97, 0.8, 0.3])
def test_it_holds_what_draws_hold(share: float) -> None:
    rng, mixture = np.random.default_rng(0), Mixture(((share, NEAR), (1 - share, FAR)))
    count = 200_000
    from_first = rng.random(count) < share
    drawn = np.where(
        from_first[:, None],
        rng.multivariate_normal(NEAR.mean, NEAR.covariance, count),
        rng.multivariate_normal(FAR.mean, FAR.covariance, count),
    )
    away = np.linalg.norm(drawn - NEAR.mean, axis=1)
    assert mixture.radius(NEAR.mean, HOLDING) == pytest.approx(np.quantile(away, HOLDING), rel=0.06)
    inside = (np.abs(drawn - NEAR.mean) <= BOX / 2).all(axis=1).mean()
    assert mixture.probability_within(NEAR.mean, BOX) == pytest.approx(inside, abs=0.02)


def test_the_bound_of_a_round_distribution_is_its_radius() -> None:
    round_one = Gaussian(np.zeros(2), 4 * np.eye(2))
    found = Mixture(((1.0, round_one),)).radius(np.zeros(2), HOLDING)
    assert found == pytest.approx(BOUND * round_one.error, rel=0.02)


def test_a_radius_beyond_the_box_and_a_score_near_one_exclude_each_other() -> None:
    """What is told to be farther off than the box reaches is in the box less often than that is told."""
    for share in (0.99, 0.95, 0.9, 0.85, 0.6):
        mixture = Mixture(((share, NEAR), (1 - share, FAR)))
        radius, within = mixture.radius(NEAR.mean, HOLDING), mixture.probability_within(NEAR.mean, BOX)
        assert within < HOLDING or radius < np.hypot(*BOX) / 2


def test_the_density_is_that_of_its_parts() -> None:
    mixture = Mixture(((0.25, NEAR), (0.75, FAR)))
    step, reach = 0.5, 60.0
    at = np.arange(-reach, reach, step)
    middle = mixture.mean
    total = sum(mixture.density(middle + np.array([x, y])) for x in at for y in at) * step**2
    assert total == pytest.approx(1.0, abs=0.01)
    assert mixture.density(NEAR.mean) > mixture.density(middle + reach)
