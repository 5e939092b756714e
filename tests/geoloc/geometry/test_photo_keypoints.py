"""Features of a photo: those of each view, in pixels of the photo, found when they are needed and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.geometry.photo_keypoints import COARSE, FINE, PhotoKeypoints
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.photo.rectify import rectify
from geoloc.plane.homography import map_points
from tests.helpers.rough_ground import flown


class OnePoint:
    """Finds one feature, at the middle of a picture."""

    def __init__(self) -> None:
        self.pictures: list[tuple[tuple[int, ...], int]] = []

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        self.pictures.append((image.shape, most))
        height, width = image.shape[:2]
        return LocalFeatures(np.array([[width / 2, height / 2]]), np.ones((1, 4), np.float32))


def test_views_are_drawn_one_by_one_and_kept_for_the_next_ground() -> None:
    photo, _ = flown(0, 0, told=False)
    matcher = OnePoint()
    keypoints = PhotoKeypoints(photo, cast(Any, matcher))
    assert len(keypoints.tilts) > 2
    assert matcher.pictures == []
    for count, tilt in enumerate(keypoints.tilts, start=1):
        features = keypoints.of_view(tilt, FINE)
        assert keypoints.of_view(tilt, FINE) is features
        assert len(matcher.pictures) == count
        # In pixels of the photo, whatever the view.
        view = rectify(photo, tilt, FINE.side_px)
        assert view is not None
        height, width = view.image.shape[:2]
        middle = map_points(view.to_photo, np.array([[width / 2, height / 2]]))
        assert features.points == pytest.approx(middle)


def test_a_coarse_view_is_smaller_and_has_fewer_features() -> None:
    photo, _ = flown(45, 0, told=True)
    matcher = OnePoint()
    keypoints = PhotoKeypoints(photo, cast(Any, matcher))
    for detail in (COARSE, FINE):
        keypoints.of_view(45.0, detail)
    (coarse, few), (fine, many) = matcher.pictures
    assert max(coarse) <= COARSE.side_px < max(fine) <= FINE.side_px
    assert few < many


def test_a_panorama_has_none_and_a_view_of_the_sky_is_empty() -> None:
    photo = flown(0, 0, told=True)[0]
    assert PhotoKeypoints(replace(photo, panorama=True), cast(Any, OnePoint())).tilts == ()
    assert len(PhotoKeypoints(photo, cast(Any, OnePoint())).of_view(150.0, COARSE)) == 0
