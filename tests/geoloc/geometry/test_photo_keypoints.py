"""Features of a photo: those of each view, in pixels of the photo, found when they are needed and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.geometry.photo_keypoints import MOST, PhotoKeypoints
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.photo.rectify import rectified_views
from geoloc.plane.homography import map_points
from tests.helpers.rough_ground import flown


class OnePoint:
    """Finds one feature, at the middle of a picture."""

    def __init__(self) -> None:
        self.pictures: list[tuple[int, ...]] = []

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        assert most == MOST
        self.pictures.append(image.shape)
        height, width = image.shape[:2]
        return LocalFeatures(np.array([[width / 2, height / 2]]), np.ones((1, 4), np.float32))


def test_views_are_drawn_one_by_one_and_kept_for_the_next_ground() -> None:
    photo, _ = flown(0, 0, told=False)
    matcher = OnePoint()
    keypoints = PhotoKeypoints(photo, cast(Any, matcher))
    assert matcher.pictures == []
    first = next(iter(keypoints))
    assert len(matcher.pictures) == 1
    again = iter(keypoints)
    assert next(again) is first
    assert len(matcher.pictures) == 1
    second = next(again)
    assert len(matcher.pictures) == 2
    views = list(rectified_views(photo))
    found = list(keypoints)
    assert len(found) == len(matcher.pictures) == len(views) > 2
    assert found[:2] == [first, second]
    assert list(keypoints) == found
    # In pixels of the photo, whatever the view.
    for features, view in zip(found, views, strict=True):
        height, width = view.image.shape[:2]
        middle = map_points(view.to_photo, np.array([[width / 2, height / 2]]))
        assert features.points == pytest.approx(middle)


def test_a_panorama_has_none() -> None:
    photo = replace(flown(0, 0, told=True)[0], panorama=True)
    assert list(PhotoKeypoints(photo, cast(Any, OnePoint()))) == []
