"""Packed features come back where they were, as alike as the steps allow, and take no more than is said."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from geoloc.keypoints.finding import MARGIN_PX, features_in_box
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.keypoints.packing import KeypointPacking
from tests.helpers.rough_ground import rough
from tiling.mosaic import WindowPixels

SIDE = 700 - 2 * MARGIN_PX
PACKING = KeypointPacking.for_squares(SIDE)


@pytest.fixture(scope="module")
def found() -> LocalFeatures:
    pixels = WindowPixels(rough(1), np.ones((700, 700), bool))
    return features_in_box(RootSift(), pixels, PACKING.density)


def test_features_come_back_from_bytes(found: LocalFeatures) -> None:
    packed = PACKING.packed(found)
    assert packed.shape == (PACKING.size,)
    back = PACKING.unpacked(packed)
    assert len(back) == len(found) > 1000
    # In their order, so that the strongest can be taken.
    assert np.abs(back.points - found.points).max() < 0.01
    assert np.linalg.norm(back.descriptors, axis=1) == pytest.approx(1.0, abs=1e-5)
    cosines = (back.descriptors * found.descriptors).sum(axis=1)
    # SIFT's own descriptors of one corner in two pictures are much farther apart.
    assert np.degrees(np.arccos(cosines.clip(-1, 1))).mean() < 12
    # Each is matched with itself.
    pairs = RootSift().match(back, found)
    assert (pairs[:, 1] == pairs[:, 0]).all()
    assert len(pairs) > 0.95 * len(found)


def test_what_lies_at_the_far_edge_of_the_largest_block_stays_there() -> None:
    packing = KeypointPacking.for_squares(1024)
    points = np.array([[1023.999, 0.0], [0.0, 1023.999], [511.5, 300.25]])
    descriptors = np.full((3, 128), 128**-0.5, np.float32)
    back = packing.unpacked(packing.packed(LocalFeatures(points, descriptors)))
    assert back.points == pytest.approx(points, abs=0.01)


def test_nothing_is_zeros_and_comes_back_as_nothing() -> None:
    packed = PACKING.packed(LocalFeatures.joined([]))
    assert not packed.any()
    assert len(PACKING.unpacked(packed)) == 0


def test_more_than_there_is_room_for_are_left_out(found: LocalFeatures) -> None:
    tight = replace(PACKING, most=100)
    kept = tight.unpacked(tight.packed(found))
    assert kept.points == pytest.approx(found.points[:100], abs=0.01)


def test_how_it_is_packed_comes_back_from_json() -> None:
    assert KeypointPacking(**json.loads(json.dumps(asdict(PACKING)))) == PACKING
