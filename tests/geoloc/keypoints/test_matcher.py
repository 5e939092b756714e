"""SIFT features where pixels are, matched one to one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from geoloc.keypoints import matcher
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.plane.homography import map_points


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    blobs = np.full((240, 320, 3), 90, np.uint8)
    for x, y, r in zip(rng.integers(20, 300, 60), rng.integers(20, 220, 60), rng.integers(3, 9, 60), strict=True):
        cv2.circle(blobs, (int(x), int(y)), int(r), tuple(int(v) for v in rng.integers(0, 255, 3)), -1)
    return blobs


def test_the_middle_of_a_blob_has_corner_origin_coordinates() -> None:
    image = np.full((65, 65, 3), 60, np.uint8)
    cv2.circle(image, (32, 32), 6, (220, 220, 220), -1)
    found = RootSift().features(image, None, 50)
    # The disc is about pixel (32, 32), whose middle is (32.5, 32.5).
    assert np.abs(found.points - 32.5).max(1).min() < 0.15


def test_a_shifted_picture_matches_itself_one_to_one(picture: np.ndarray) -> None:
    sift = RootSift()
    moved = np.roll(picture, (7, 12), (0, 1))
    a, b = sift.features(picture, None, 1000), sift.features(moved, None, 1000)
    pairs = sift.match(a, b)
    assert len(pairs) > 40
    assert len(set(pairs[:, 1].tolist())) == len(pairs)
    off = b.points[pairs[:, 1]] - a.points[pairs[:, 0]]
    assert (np.abs(off - [12, 7]).max(1) < 1).mean() > 0.9
    assert np.linalg.norm(a.descriptors, axis=1) == pytest.approx(np.ones(len(a)), abs=1e-3)


def test_masked_parts_have_no_features(picture: np.ndarray) -> None:
    valid = np.zeros(picture.shape[:2], bool)
    valid[:, :160] = True
    found = RootSift().features(picture, valid, 1000)
    assert len(found) > 5
    assert found.points[:, 0].max() < 160
    assert not len(RootSift().features(picture, np.zeros_like(valid), 1000))
    assert not len(RootSift().features(np.full((50, 50, 3), 9, np.uint8), None, 1000))


def test_most_is_kept_and_too_few_match_nothing(picture: np.ndarray) -> None:
    sift = RootSift()
    found = sift.features(picture, None, 30)
    assert len(found) <= 40
    one = found.part(np.arange(len(found)) == 0)
    assert sift.match(one, found).shape == (0, 2)
    assert sift.match(found, LocalFeatures.joined([])).shape == (0, 2)


def test_blocks_of_the_product_find_what_all_of_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matcher, "ROWS", 7)
    monkeypatch.setattr(matcher, "COLUMNS", 11)
    rng = np.random.default_rng(3)
    query, reference = (rng.random((count, 8), np.float32) for count in (30, 50))
    # Some have a twin nearby, in another block; the last query's nearest two share a block.
    reference[5:40:9] = query[:4] + 0.01
    reference[-2:] = query[-1] + np.array([[0.01], [0.05]], np.float32)
    sides = [
        LocalFeatures(np.zeros((len(d), 2)), d / np.linalg.norm(d, axis=1, keepdims=True)) for d in (query, reference)
    ]
    far = np.linalg.norm(sides[0].descriptors[:, None] - sides[1].descriptors[None], axis=2)
    nearest, two = far.argmin(1), np.sort(far, axis=1)[:, :2]
    wanted: dict[int, int] = {}
    for number in np.flatnonzero(two[:, 0] < RootSift.ratio * two[:, 1]):
        known = wanted.get(int(nearest[number]))
        if known is None or two[number, 0] < two[known, 0]:
            wanted[int(nearest[number])] = int(number)
    pairs = RootSift().match(*sides)
    assert len(pairs) > 5
    assert {int(b): int(a) for a, b in pairs} == wanted


def test_homographies_move_points_and_stop_at_the_horizon(picture: np.ndarray) -> None:
    matrix = np.array([[2, 0, 5], [0, 2, -3], [0, 0.01, 1.0]])
    found = RootSift().features(picture, None, 30)
    back = found.moved(matrix).moved(np.linalg.inv(matrix))
    assert back.points == pytest.approx(found.points, abs=1e-6)
    assert np.isnan(map_points(matrix, np.array([[0.0, -200.0]]))).all()
