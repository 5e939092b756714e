"""Heights for simulated views: blocks where objects stand, crowns where trees are, on the ground's own relief."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from geoloc.plane.homography import to_opencv
from geoloc.train.grounds.ground import Ground

CELLS = 256
SHARE_FLAT = 0.3
"""Views in which nothing stands up, as in an orthophoto of fields."""


@dataclass(frozen=True, slots=True)
class Relief:
    """Heights on a square of the ground.

    Attributes:
        heights: CELLS x CELLS metres, none below 0.
        leafy: CELLS x CELLS, 1 where a crown is.
        corner: image pixel (x, y) of the outer corner of the first cell.
        cell: image pixels a cell.
    """

    heights: np.ndarray
    leafy: np.ndarray
    corner: np.ndarray
    cell: float


def build_relief(ground: Ground, centre: np.ndarray, reach_px: float, rng: np.random.Generator) -> Relief:
    """Draw heights round a place, objects and trees of any height their kind has.

    Args:
        ground: the image with its objects.
        centre: (x, y), image pixels.
        reach_px: half the side of the square, image pixels.
        rng: what heights are drawn from.
    """
    cell = 2 * reach_px / CELLS
    corner = np.asarray(centre, float) - reach_px
    heights: np.ndarray = np.zeros((CELLS, CELLS), np.float32)
    leafy: np.ndarray = np.zeros((CELLS, CELLS), np.float32)
    if ground.relief is not None:
        heights += _terrain(ground, ground.relief, corner, cell)
    if rng.random() > SHARE_FLAT:
        _blocks(ground, rng, (heights, corner, cell))
        _crowns(ground, rng, (heights, corner, cell), leafy)
    # The edge stands for all beyond it: nothing may stand up there.
    level = np.median(heights)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        heights[edge] = level
        leafy[edge] = 0
    return Relief(heights, leafy, corner, cell)


def _terrain(ground: Ground, relief: np.ndarray, corner: np.ndarray, cell: float) -> np.ndarray:
    rows, columns = relief.shape
    width, height = ground.size
    # Cell centres of the square, in cells of the relief.
    x = to_opencv((corner[0] + (np.arange(CELLS) + 0.5) * cell) * columns / width)
    y = to_opencv((corner[1] + (np.arange(CELLS) + 0.5) * cell) * rows / height)
    grid_x, grid_y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    part = cv2.remap(relief.astype(np.float32), grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part - part.min())


def _blocks(ground: Ground, rng: np.random.Generator, square: tuple[np.ndarray, np.ndarray, float]) -> None:
    heights, corner, cell = square
    low = np.round((ground.boxes[:, :2] - corner) / cell).astype(int)
    high = np.maximum(np.round((ground.boxes[:, 2:] - corner) / cell).astype(int), low + 1)
    base = heights.copy()
    for i in np.flatnonzero((high > 0).all(1) & (low < CELLS).all(1)):
        (x0, y0), (x1, y1) = low[i].clip(0), high[i]
        tall = rng.uniform(*ground.heights[i])
        part = heights[y0:y1, x0:x1]
        np.maximum(part, base[y0:y1, x0:x1].max(initial=0) + tall, out=part, where=tall > 0.2)


def _crowns(
    ground: Ground, rng: np.random.Generator, square: tuple[np.ndarray, np.ndarray, float], leafy: np.ndarray
) -> None:
    heights, corner, cell = square
    places = (ground.crowns[:, :2] - corner) / cell
    radii = ground.crowns[:, 2] / cell
    base = heights.copy()
    for i in np.flatnonzero((places > -radii[:, None]).all(1) & (places < CELLS + radii[:, None]).all(1)):
        x0, y0 = np.floor(places[i] - radii[i]).astype(int).clip(0)
        x1, y1 = np.ceil(places[i] + radii[i]).astype(int).clip(max=CELLS)
        if x1 <= x0 or y1 <= y0:
            continue
        x, y = np.arange(x0, x1) + 0.5 - places[i, 0], np.arange(y0, y1) + 0.5 - places[i, 1]
        out = (x[None] ** 2 + y[:, None] ** 2) / radii[i] ** 2
        # Half an ellipsoid on a stem, as high as it is wide or more.
        radius_m = radii[i] * cell * ground.gsd_m
        dome = radius_m * (rng.uniform(0.6, 1.4) + rng.uniform(0.8, 1.6) * np.sqrt((1 - out).clip(0)))
        part = (slice(y0, y1), slice(x0, x1))
        above = (out < 1) & (base[part] + dome > heights[part])
        np.copyto(heights[part], base[part] + dome, where=above)
        leafy[part][above] = 1
