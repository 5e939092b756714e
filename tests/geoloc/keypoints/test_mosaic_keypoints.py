"""Features of the mosaic: where they lie, that squares meet without a seam, and that each is read once."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.keypoints import keypoint_squares, mosaic_keypoints
from geoloc.keypoints.finding import MARGIN_PX
from geoloc.keypoints.keypoint_squares import Square
from geoloc.keypoints.matcher import LocalFeatures
from geoloc.keypoints.mosaic_keypoints import DENSITY, MosaicKeypoints
from tests.helpers.rough_ground import GSD_M, SIDE, plan_of
from tiling.mosaic import Mosaic
from tiling.plan import Plan


class Corners:
    """Finds a feature at the middle of every 20th pixel of a picture, whose descriptor is its colour."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.most: list[int] = []

    def features(self, image: NDArray[np.uint8], valid: NDArray[np.bool_] | None, most: int) -> LocalFeatures:
        assert valid is not None
        assert valid.shape == image.shape[:2]
        self.shapes.append(valid.shape)
        self.most.append(most)
        y, x = np.nonzero(valid)
        kept = (x % 20 == 0) & (y % 20 == 0)
        points = np.stack([x[kept], y[kept]], axis=1) + 0.5
        return LocalFeatures(points, image[y[kept], x[kept]].astype(np.float32))


@pytest.fixture
def plan(mosaic: Mosaic) -> Plan:
    return plan_of(mosaic)


def squares_of(plan: Plan, side: int) -> list[Square]:
    """All squares that the plan's windows touch."""
    corners = np.array([window.corner for window in plan.windows])
    low, high = corners.min(0) // side, (corners.max(0) + plan.window_px) // side
    return [Square(i, j) for j in range(low[1], high[1] + 1) for i in range(low[0], high[0] + 1)]


def test_squares_that_meet_have_each_point_once_in_pixels_of_the_world(
    mosaic: Mosaic, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic_keypoints, "SIDE_PX", 260)
    matcher = Corners()
    keypoints = MosaicKeypoints(mosaic, plan, cast(Any, matcher))
    found = LocalFeatures.joined([part for at in squares_of(plan, 260) if len(part := keypoints.features(at))])
    assert len(matcher.shapes) > 4
    # With a margin for descriptors at the edge, and no more than the mosaic has.
    assert max(max(shape) for shape in matcher.shapes) <= 260 + 2 * MARGIN_PX
    assert min(min(shape) for shape in matcher.shapes) < 260
    assert len(np.unique(np.round(found.points, 3), axis=0)) == len(found)
    per_px = len(found) / (SIDE * GSD_M / plan.gsd_m) ** 2
    assert per_px == pytest.approx(1 / 400, rel=0.2)
    assert max(matcher.most) <= DENSITY * (260 + 2 * MARGIN_PX) ** 2 + 200
    # The colours are those of the world's pixels where the points lie.
    left, top = np.floor(found.points.min(0)).astype(int)
    right, bottom = np.ceil(found.points.max(0)).astype(int)
    pixels = mosaic.read(plan.pixels(int(left), int(top), int(right - left), int(bottom - top))).rgb
    column, row = (np.floor(found.points).astype(int) - [left, top]).T
    assert (np.abs(pixels[row, column] - found.descriptors) <= 2).mean() > 0.98


def test_off_the_mosaic_nothing_is_looked_for(mosaic: Mosaic, plan: Plan) -> None:
    matcher = Corners()
    assert len(MosaicKeypoints(mosaic, plan, cast(Any, matcher)).features(Square(5, 5))) == 0
    assert matcher.shapes == []


def test_what_no_photo_asked_for_lately_is_let_go_and_found_again(
    mosaic: Mosaic, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosaic_keypoints, "SIDE_PX", 260)
    matcher = Corners()
    keypoints = MosaicKeypoints(mosaic, plan, cast(Any, matcher))
    here, there = sorted(squares_of(plan, 260), key=lambda at: -len(keypoints.features(at)))[:2]
    first = keypoints.features(here)
    # Room for one square, and not for two.
    monkeypatch.setattr(keypoint_squares, "KEPT_BYTES", 1.2 * first.nbytes)
    matcher = Corners()
    keypoints = MosaicKeypoints(mosaic, plan, cast(Any, matcher))
    for _ in range(2):
        assert (keypoints.features(here).points == first.points).all()
    assert len(matcher.shapes) == 1
    keypoints.features(there)
    assert len(matcher.shapes) == 2
    assert (keypoints.features(here).points == first.points).all()
    assert len(matcher.shapes) == 3
