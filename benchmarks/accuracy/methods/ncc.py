"""Normalised cross-correlation of the crop round the click with the whole mosaic, over headings and scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from benchmarks.accuracy.methods import place
from benchmarks.accuracy.methods.method import Locate, SearchedMosaic
from benchmarks.accuracy.raster import whole_grid
from geoloc.photo.crop import Crop
from geoloc.photo.crops import make_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Target
from geoloc.results.detection import Detection

HEADINGS = 12
"""Tried where the photo's own is not known."""
SIDES_M = (12.5, 20.0, 32.0, 50.0, 80.0)
"""Ground that the crop is supposed to show; the photo's own scale is not used, so that all photos are alike."""


def prepare(searched: SearchedMosaic) -> Locate:
    """Read the mosaic as one picture; the score is the correlation, and no probability."""
    grid = whole_grid(searched.mosaic, searched.gsd_m)
    pixels = searched.mosaic.read(grid)
    mosaic = pixels.rgb.copy()
    if pixels.valid.any():
        mosaic[~pixels.valid] = pixels.rgb[pixels.valid].mean(0).astype(np.uint8)

    def locate(photo: Photo, targets: list[Target]) -> list[Detection]:
        answers: list[Detection] = []
        for target in targets:
            best = -1.0, (np.nan, np.nan)
            for query in _crops(photo, target):
                for side_m in SIDES_M:
                    best = max(best, _match(query, side_m / searched.gsd_m, mosaic, pixels.valid))
            correlation, (x, y) = best
            answers += place.answers(
                searched, photo, target, grid.affine * (x, y), score=max(correlation, 0.0), name="ncc"
            )
        return answers

    return locate


def _crops(photo: Photo, target: Target) -> Iterator[Crop]:
    """Yield what the network is shown, but at more headings where the photo's is unknown."""
    if photo.heading_deg is not None or photo.panorama:
        yield from make_crops(photo, target)
        return
    for number in range(HEADINGS):
        yield from make_crops(replace(photo, heading_deg=360.0 * number / HEADINGS), target)


def _match(query: Crop, side_px: float, mosaic: np.ndarray, valid: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Return the best correlation and where the click is then, mosaic pixels; only places with data count.

    side_px: height of the crop on the mosaic.
    """
    height, width = query.image.shape[:2]
    scale = side_px / height
    size = round(width * scale), round(height * scale)
    if size[0] >= mosaic.shape[1] or size[1] >= mosaic.shape[0]:
        return -1.0, (np.nan, np.nan)
    crop = cv2.resize(query.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    found = cv2.matchTemplate(mosaic, crop, cv2.TM_CCOEFF_NORMED)
    dx, dy = query.click[0] * scale, query.click[1] * scale
    rows, columns = found.shape
    # Where the click would be: a place without data is no answer. A flat crop or ground gives anything.
    shown = valid[int(dy) : int(dy) + rows, int(dx) : int(dx) + columns]
    found = np.where(shown & np.isfinite(found) & (np.abs(found) <= 1), found, -1)
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    return float(found[row, column]), (column + dx, row + dy)
