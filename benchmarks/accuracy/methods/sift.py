"""SIFT and RANSAC: a homography of the whole photograph on the whole mosaic, the click carried over."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.methods import place
from benchmarks.accuracy.methods.method import Locate, SearchedMosaic
from benchmarks.accuracy.raster import whole_grid
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.plane.homography import from_opencv, to_opencv
from geoloc.results.detection import Detection

RATIO = 0.8
"""Lowe's ratio test: nearest over second nearest descriptor."""
RANSAC_PX = 5.0
MIN_INLIERS = 8
AT_ONCE = 200_000
"""Descriptors that OpenCV compares as one set; it refuses more than 2^18."""
TILE, OVERLAP = 8192, 64
"""Larger mosaics are searched for features in tiles, since OpenCV needs some 200 bytes a pixel."""

_Features = tuple[NDArray[np.float32], NDArray[np.float32]]


def prepare(searched: SearchedMosaic) -> Locate:
    """Find the features of the mosaic; the score is more the more inliers there are, and no probability."""
    grid = whole_grid(searched.mosaic, searched.gsd_m)
    pixels = searched.mosaic.read(grid)
    points, descriptors = _of_mosaic(pixels.rgb, np.where(pixels.valid, np.uint8(255), np.uint8(0)))

    def locate(photo: Photo, targets: list[Target]) -> list[Detection]:
        found = _homography(_features(photo.pixels, None), (points, descriptors))
        if found is None:
            return []
        homography, inliers = found
        score = inliers / (inliers + MIN_INLIERS)
        answers: list[Detection] = []
        for target in targets:
            *mapped, w = homography @ (*to_opencv(np.array([target.click.x, target.click.y])), 1.0)
            at = grid.affine * tuple(from_opencv(np.array(mapped) / w))
            answers += place.answers(searched, photo, target, at, score=score, name="sift")
        return answers

    return locate


def _of_mosaic(rgb: NDArray[np.uint8], mask: NDArray[np.uint8]) -> _Features:
    """Find features as `_features` does, in a picture of any size."""
    found = []
    for top in range(0, rgb.shape[0], TILE):
        for left in range(0, rgb.shape[1], TILE):
            first_row, first_column = max(0, top - OVERLAP), max(0, left - OVERLAP)
            part = np.s_[first_row : top + TILE + OVERLAP, first_column : left + TILE + OVERLAP]
            points, descriptors = _features(rgb[part], mask[part])
            points = points + np.array((first_column, first_row), np.float32)
            own = ((points >= (left, top)) & (points < (left + TILE, top + TILE))).all(axis=1)
            found.append((points[own], descriptors[own]))
    return np.concatenate([points for points, _ in found]), np.concatenate([descriptors for _, descriptors in found])


def _features(rgb: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> _Features:
    """Find points, N x 2, and RootSIFT descriptors (Arandjelovic and Zisserman, 2012), N x 128."""
    keypoints, descriptors = cv2.SIFT.create().detectAndCompute(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), mask)
    if descriptors is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    roots = np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-6))
    return np.array([keypoint.pt for keypoint in keypoints], np.float32), roots


def _homography(photo: _Features, mosaic: _Features) -> tuple[NDArray[Any], int] | None:
    """Fit photo to mosaic pixels, centre origin, and count the inliers; None where the photo cannot be placed."""
    if min(len(photo[0]), len(mosaic[0])) < 2:
        return None
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    matcher.add([mosaic[1][start : start + AT_ONCE] for start in range(0, len(mosaic[1]), AT_ONCE)])
    pairs = matcher.knnMatch(photo[1], k=2)
    good = [nearest for nearest, second in pairs if nearest.distance < RATIO * second.distance]
    if len(good) < MIN_INLIERS:
        return None
    source = photo[0][[match.queryIdx for match in good]]
    target = mosaic[0][[match.imgIdx * AT_ONCE + match.trainIdx for match in good]]
    homography, inliers = cv2.findHomography(source, target, cv2.RANSAC, RANSAC_PX, maxIters=10_000, confidence=0.999)
    if homography is None or inliers.sum() < MIN_INLIERS:
        return None
    return homography, int(inliers.sum())
