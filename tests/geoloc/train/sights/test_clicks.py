"""Clicks in towns from eye level: angles that fit each other, and views of what was clicked."""

from __future__ import annotations

import pytest
import torch

from geoloc.model.foot_net import BAND
from geoloc.model.weights import load_network
from geoloc.train.feet import clicks
from geoloc.train.feet.clicks import FootClicks, town_clicks


@pytest.fixture(scope="module")
def photos() -> list[FootClicks]:
    net, _ = load_network("base", None, "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clicks, "SIZE_M", 120.0)
        patch.setattr(clicks, "PHOTOS", 1)
        patch.setattr(clicks, "CLICKS", 5)
        return list(town_clicks(7000, net))


def test_a_foot_is_where_a_camera_at_eye_level_sees_that_distance(photos: list[FootClicks]) -> None:
    assert len(photos) == 2
    for photo in photos:
        height = photo.distance_m * torch.tan(torch.deg2rad(photo.below_deg + photo.foot_deg))
        assert height.std() < 1e-3
        assert 1.4 <= float(height.mean()) <= 3.5
        # Nothing that was clicked lies under the ground.
        assert (photo.foot_deg > -0.5).all()
        assert (photo.distance_m < clicks.FARTHEST_M).all()


def test_two_views_of_each_click_are_kept_in_16_bits(photos: list[FootClicks]) -> None:
    for photo in photos:
        count = 2 * len(photo.below_deg)
        assert photo.views.coarse.shape == (count, 112, 16, 2 * BAND)
        assert photo.views.fine.shape == (count, 40, 32, 4 * BAND)
        assert photo.views.fine.dtype == torch.float16


def test_what_is_kept_comes_back(photos: list[FootClicks]) -> None:
    again = FootClicks.of(photos[0].tensors)
    assert all(torch.equal(one, other) for one, other in zip(again.tensors, photos[0].tensors, strict=True))
