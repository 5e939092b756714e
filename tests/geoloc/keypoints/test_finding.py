"""Features of a box of ground: those inside it alone, described by what lies round it too."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.keypoints.finding import MARGIN_PX, features_in_box, most_features
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from tests.helpers.rough_ground import rough
from tiling.mosaic import WindowPixels

SIDE = 300


def _box(left: int, top: int) -> WindowPixels:
    side = SIDE + 2 * MARGIN_PX
    rgb = rough(1)[top - MARGIN_PX :, left - MARGIN_PX :][:side, :side]
    return WindowPixels(rgb, np.ones((side, side), bool))


def test_boxes_that_meet_share_no_feature_and_lose_none() -> None:
    parts = []
    for left in (50, 350):
        points = features_in_box(RootSift(), _box(left, 100), 1.0).points
        assert ((points >= 0) & (points < SIDE)).all()
        parts.append(points + np.array([left, 100]))
    whole = WindowPixels(rough(1), np.ones((700, 700), bool))
    found = features_in_box(RootSift(), whole, 1.0).points + MARGIN_PX
    found = found[((found >= [50, 100]) & (found < [650, 400])).all(axis=1)]
    joined = np.concatenate(parts)
    assert len(joined) == pytest.approx(len(found), rel=0.03)
    nearest = np.linalg.norm(found[:, None] - joined[None], axis=2).min(axis=1)
    assert (nearest < 0.5).mean() > 0.9


def test_features_are_those_of_the_ground_that_has_data_and_few() -> None:
    pixels = _box(100, 100)
    pixels.valid[:, :200] = False
    found = features_in_box(RootSift(), pixels, 0.002)
    # No nearer to the end of the data than a descriptor would show it.
    assert found.points[:, 0].min() >= 200 - MARGIN_PX + 3
    assert 100 < len(found) <= most_features(0.002, int(pixels.valid.sum()))
    assert len(features_in_box(RootSift(), WindowPixels(pixels.rgb, np.zeros_like(pixels.valid)), 1.0)) == 0


def test_only_what_shows_data_is_looked_at() -> None:
    seen: list[tuple[int, ...]] = []

    class Looking:
        def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_], most: int) -> LocalFeatures:
            seen.append((*image.shape[:2], most))
            return LocalFeatures(np.array([[0.5, 0.5]]), np.ones((1, 1), np.float32))

    pixels = _box(100, 100)
    pixels.valid[:] = False
    pixels.valid[60:80, 70:100] = True
    (point,) = features_in_box(cast(Any, Looking()), pixels, 0.5).points
    assert seen == [(20, 30, 300 + 200)]
    assert tuple(point) == (70 + 0.5 - MARGIN_PX, 60 + 0.5 - MARGIN_PX)
