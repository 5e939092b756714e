"""Where pixels of a photograph lie on the ground, between the places that are known."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.train.grounds.posed_photo import PosedPhoto

STEP = 10.0


def photo(panorama: bool = False) -> PosedPhoto:
    """A photo of 40 x 20 pixels whose places are 100 + 2 x and 5 y, one of them unknown."""
    y, x = np.mgrid[:2, :4] + 0.5
    places = np.stack([100 + 2 * STEP * x, 5 * STEP * y], axis=-1).astype(np.float32)
    places[1, 3] = np.nan
    return PosedPhoto("a", 0, np.zeros((20, 40, 3), np.uint8), places, STEP, panorama)


def test_places_are_bilinear_between_those_that_are_known() -> None:
    xy = np.array([[[5.0, 5.0], [10, 5], [12, 11]], [[22.0, 15], [17.5, 10], [6, 9]]])
    assert photo().place(xy) == pytest.approx(np.stack([100 + 2 * xy[..., 0], 5 * xy[..., 1]], axis=-1))


def test_towards_the_edge_they_are_those_of_the_nearest() -> None:
    assert photo().place(np.array([[0.0, 0.0], [1, 19]])) == pytest.approx(np.array([[110, 25], [110, 75]]))


def test_outside_and_beside_unknown_places_there_are_none() -> None:
    assert np.isnan(photo().place(np.array([[-1.0, 5], [5, -1], [40, 5], [5, 20], [32, 12], [35, 15]]))).all()


def test_only_a_panorama_goes_on_beyond_its_left_and_right_edges() -> None:
    places = photo(panorama=True).place(np.array([[-20.0, 5], [45, 5], [5, 25]]))
    assert places[:2] == pytest.approx(np.array([[140, 25], [110, 25]]))
    assert np.isnan(places[2]).all()
