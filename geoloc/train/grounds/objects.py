"""Objects of an image seen from above where nobody has drawn any: segments, and trees."""

from __future__ import annotations

import cv2
import numpy as np

SIZE_M = (1.5, 30.0)
CROWN_M = (1.2, 6.0)
_WORKING_GSD_M = 0.2
_LEAST_FILL = 0.45
"""Share of its box that a segment fills: what fills less is a line or a net, nothing one would click."""
_MOST = 400


def segments(pixels: np.ndarray, gsd_m: float) -> np.ndarray:
    """Find class-agnostic boxes: regions whose outline stays where it is over many grey levels (MSER).

    Regions are sought at 0.2 m a pixel or the image's own, if coarser; of several that mean the same the first is kept.

    Args:
        pixels: H x W x 3 uint8.
        gsd_m: metres a pixel.

    Returns:
        N x 4 pixels, xmin, ymin, xmax, ymax.
    """
    shrink = min(1.0, gsd_m / _WORKING_GSD_M)
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    boxes = [box for _, box in regions(small, gsd_m / shrink)]
    return np.array(boxes, float).reshape(-1, 4) / shrink


def regions(pixels: np.ndarray, gsd_m: float) -> list[tuple[np.ndarray, tuple[int, int, int, int]]]:
    """Find the regions of `segments` at the image's own GSD.

    Args:
        pixels: H x W x 3 uint8.
        gsd_m: metres a pixel.

    Returns:
        Of each its pixels, N x 2 (column, row), and its bounds xmin, ymin, xmax, ymax.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), 0.8)
    area = [max(6, int((metres / gsd_m) ** 2 * 0.5)) for metres in SIZE_M]
    finder = cv2.MSER.create(delta=6, min_area=area[0], max_area=area[1], max_variation=0.35)
    found, rectangles = finder.detectRegions(grey)
    kept: list[tuple[np.ndarray, tuple[int, int, int, int]]] = []
    boxes = np.zeros((0, 4))
    height, width = grey.shape
    for region, (x, y, w, h) in zip(found, rectangles, strict=True):
        long_m, short_m = max(w, h) * gsd_m, min(w, h) * gsd_m
        if not (SIZE_M[0] <= long_m <= SIZE_M[1] and short_m >= 0.8) or len(region) < _LEAST_FILL * w * h:
            continue
        if x < 2 or y < 2 or x + w > width - 2 or y + h > height - 2:
            continue
        box = np.array([x, y, x + w, y + h], float)
        if not len(boxes) or _iou(box, boxes).max() < 0.5:
            boxes = np.concatenate([boxes, box[None]])
            kept.append((np.asarray(region), (int(x), int(y), int(x + w), int(y + h))))
        if len(kept) == _MOST:
            break
    return kept


def crowns(pixels: np.ndarray, gsd_m: float) -> np.ndarray:
    """Find trees: green that is rough, unlike a lawn, and round enough to hold a disc.

    Args:
        pixels: H x W x 3 uint8.
        gsd_m: metres a pixel.

    Returns:
        N x 3: x, y and radius in pixels.
    """
    shrink = min(1.0, gsd_m / 0.4)
    small = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(np.float32)
    gsd = gsd_m / shrink
    red, green, blue = np.moveaxis(small, -1, 0)
    excess = cv2.GaussianBlur(2 * green - red - blue, (0, 0), 1.5)
    luma = (red + green + blue) / 3
    rough = cv2.GaussianBlur((luma - cv2.GaussianBlur(luma, (0, 0), 3)) ** 2, (0, 0), 2)
    mask = ((excess > 14) & (rough > 60) & (luma < 140)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    peak = (distance == cv2.dilate(distance, np.ones((5, 5), np.uint8))) & (distance * gsd > CROWN_M[0])
    found: list[tuple[float, float, float]] = []
    rows, columns = np.nonzero(peak)
    for i in np.argsort(-distance[rows, columns], kind="stable")[: 2 * _MOST]:
        x, y, radius = columns[i] + 0.5, rows[i] + 0.5, min(float(distance[rows[i], columns[i]]), CROWN_M[1] / gsd)
        if all((x - a) ** 2 + (y - b) ** 2 > (0.7 * (radius + r)) ** 2 for a, b, r in found):
            found.append((x, y, radius))
    return np.array(found[:_MOST], float).reshape(-1, 3) / shrink


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    shared = (np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])).clip(0).prod(1)
    areas = (others[:, 2:] - others[:, :2]).prod(1) + (box[2:] - box[:2]).prod()
    return np.asarray(shared / (areas - shared))
