"""Appearance: what differs between a photograph and a mosaic of the same ground. Drawn for each side on its own."""

from __future__ import annotations

import cv2
import numpy as np

FILL = 127
"""What stands where a reference has no data, as in the search."""


def recolour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure, white balance, gamma, contrast, saturation, haze, blur, noise and JPEG. H x W x 3 uint8."""
    if rng.random() < 0.9:
        ramp = np.arange(256, dtype=np.float32) / 255
        gain = np.exp(rng.normal(0, 0.12)) * np.exp(rng.normal(0, 0.07, 3))
        gamma = np.exp(rng.normal(0, 0.3))
        contrast, haze = np.exp(rng.normal(0, 0.15)), max(0.0, rng.normal(0, 0.08))
        table = (ramp[:, None] ** gamma) * gain
        table = (table - 0.45) * contrast + 0.45
        table = table * (1 - haze) + haze * np.array([0.8, 0.82, 0.85])
        lut = np.clip(table * 255, 0, 255).astype(np.uint8)[:, None, :]
        image = cv2.LUT(image, lut)
    if rng.random() < 0.6:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        share = rng.uniform(0.0, 1.5)
        image = cv2.addWeighted(image, share, grey, 1 - share, 0)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.4))
    if rng.random() < 0.2:
        soft = cv2.GaussianBlur(image, (0, 0), 1.5)
        image = cv2.addWeighted(image, 1.7, soft, -0.7, 0)
    if rng.random() < 0.4:
        noise = rng.integers(-128, 128, image.shape[:2], dtype=np.int8).astype(np.float32)
        image = np.clip(image + (noise * rng.uniform(0.01, 0.1))[:, :, None], 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))])
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return np.ascontiguousarray(image)


def shade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sometimes a soft-edged shadow of a cloud or a building over part of the picture. H x W x 3 uint8."""
    if rng.random() > 0.2:
        return image
    height, width = image.shape[:2]
    corners = (rng.uniform(-0.3, 1.3, (int(rng.integers(3, 6)), 2)) * [width, height]).astype(np.int32)
    mask: np.ndarray = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners), 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 12))
    dark = 1 - mask * rng.uniform(0.25, 0.6)
    return (image * dark[:, :, None]).astype(np.uint8)


def dressed(image: np.ndarray, valid: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A reference with another appearance, and with `FILL` where it has no data. valid: H x W bool."""
    return np.where(valid[..., None], recolour(shade(image, rng), rng), np.uint8(FILL))
