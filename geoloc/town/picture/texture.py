"""Noise that tiles, and images sampled at the level of detail that a pixel covers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from geoloc.plane.homography import to_opencv
from geoloc.town.scene.shapes import Floats

_ROW = 8192  # cv2.remap wants pictures whose sides fit 16 bits


def fractal(rng: np.random.Generator, side: int, slope: float) -> NDArray[np.float32]:
    """Draw side x side noise, mean 0 and deviation 1, whose amplitude falls with frequency to the power `slope`.

    Args:
        rng: what it is drawn from.
        side: of the noise, pixels.
        slope: 0 is white noise; the greater, the smoother.
    """
    spectrum = np.fft.rfft2(rng.standard_normal((side, side)))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(spectrum * frequency**-slope, s=(side, side))
    return (noise / noise.std()).astype(np.float32)


class Pyramid:
    """An image (H x W or H x W x 3) halved again and again; sampling picks the level by the footprint."""

    def __init__(self, image: NDArray[Any], levels: int = 8, wrap: bool = True) -> None:
        """Halve an image; beyond its edges it is repeated, or mirrored without `wrap`.

        Args:
            image: H x W or H x W x 3.
            levels: at the most, the image itself included.
            wrap: whether it is repeated beyond its edges.
        """
        self._border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REFLECT
        self._levels = [image]
        while len(self._levels) < levels and min(self._levels[-1].shape[:2]) >= 8:
            height, width = self._levels[-1].shape[:2]
            half = (width // 2, height // 2)
            self._levels.append(cv2.resize(self._levels[-1], half, interpolation=cv2.INTER_AREA))

    def sample(self, x: Floats, y: Floats, footprint: Floats) -> NDArray[np.float32]:
        """Sample at pixels (x, y) (N each, corner origin), each averaged over about `footprint` pixels (N).

        Args:
            x: N, pixels of the image, corner origin.
            y: N.
            footprint: N, sides of the areas averaged over, pixels.
        """
        level = np.clip(np.log2(np.maximum(footprint, 1e-3)) + 0.3, 0, len(self._levels) - 1).astype(np.int8)
        out = np.empty((len(x), *self._levels[0].shape[2:]), np.float32)
        for step in np.unique(level):
            chosen = np.flatnonzero(level == step)
            image = self._levels[step]
            shrink_x, shrink_y = (image.shape[i] / self._levels[0].shape[i] for i in (1, 0))
            at_x, at_y = to_opencv(x[chosen] * shrink_x), to_opencv(y[chosen] * shrink_y)
            out[chosen] = remap(image, at_x, at_y, self._border)
        return out


def remap(image: NDArray[Any], x: Floats, y: Floats, border: int, method: int = cv2.INTER_LINEAR) -> NDArray[Any]:
    """Sample at N positions (pixel centres are whole numbers); infinite outside with `cv2.BORDER_CONSTANT`.

    Args:
        image: H x W or H x W x C.
        x: N columns.
        y: N rows.
        border: what lies beyond the edges, of OpenCV's `BORDER_`.
        method: how it is interpolated, of OpenCV's `INTER_`.
    """
    count = len(x)
    rows = max(1, -(-count // _ROW))
    maps = np.zeros((2, rows * _ROW), np.float32)
    # Taken modulo the image here: the wrapping of far positions loses precision in OpenCV.
    if border == cv2.BORDER_WRAP:
        maps[0, :count], maps[1, :count] = np.mod(x, image.shape[1]), np.mod(y, image.shape[0])
    else:
        maps[0, :count], maps[1, :count] = x, y
    grid = maps.reshape(2, rows, _ROW)
    values = cv2.remap(image, grid[0], grid[1], method, borderMode=border, borderValue=np.inf)
    return np.asarray(values.reshape(rows * _ROW, *image.shape[2:])[:count])
