"""A small preset, and ground whose colour tells where it is."""

from __future__ import annotations

import numpy as np

from geoloc.model.network.config import Config

TINY = Config(name="tiny", dim=16, query_shape=(64, 64), window_px=128)
"""As `base`, but small: what is tested is how it is trained, not what it learns."""


def coloured(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Ground colours at (x, y): red and green rise and fall with x and y, blue along the diagonal. N x ... x 3."""

    def wave(t: np.ndarray, period: float) -> np.ndarray:
        return 30 + 200 * np.abs((t / period) % 2 - 1)

    return np.stack([wave(x, 150), wave(y, 150), wave(x + y, 900)], axis=-1).round().astype(np.uint8)
