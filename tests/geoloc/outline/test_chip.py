"""Chips: the mosaic's pixels where they lie, and the photograph over them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from shapely.geometry import Polygon, box

from benchmarks.outlines.flat_mosaic import CRS, reader
from geoloc.model.network.config import CHIP_PX, FILL
from geoloc.outline.chip import Known, cut_chip, laid_over
from geoloc.photo.photo import Photo


def picture(size: int = 300) -> np.ndarray:
    """A smooth picture that has no two alike places."""
    rng = np.random.default_rng(1)
    return np.asarray(cv2.GaussianBlur(rng.integers(0, 255, (size, size, 3), np.uint8), (0, 0), 6) * 3 % 255, np.uint8)


def known(photo: np.ndarray | None = None, to_map: np.ndarray | None = None, drawn: Polygon | None = None) -> Known:
    shown = Photo(Path("p.jpg"), np.zeros((8, 8, 3), np.uint8) if photo is None else photo)
    return Known(CRS, (150.0, -150.0), 40.0, shown, to_map, drawn)


def test_the_mosaics_pixels() -> None:
    pixels = picture()
    chip = cut_chip(reader(pixels), known(), CHIP_PX)
    assert np.abs(chip.mosaic.astype(int) - pixels[54:246, 54:246]).max() <= 1
    assert chip.to_map(box(0, 0, 10, 20)).bounds == pytest.approx((54, -74, 64, -54))
    assert not chip.shown.any()
    assert not chip.drawn.any()


def test_what_the_mosaic_does_not_have() -> None:
    chip = cut_chip(reader(picture()), known().resized(40, (10.0, -10.0)), CHIP_PX)
    assert (chip.mosaic[~chip.valid] == FILL).all()
    assert not chip.valid[:80, :80].any()
    assert chip.valid[100:, 100:].all()


def test_a_photo_lies_where_its_plane_puts_it() -> None:
    pixels = picture()
    to_ground = np.array([[0.8, 0.3, 20], [-0.3, 0.9, 60], [1e-4, 2e-4, 1]])
    # The photograph of that plane: what the homography maps to each of its pixels.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(shift) @ to_ground @ shift
    photo = cv2.warpPerspective(pixels, matrix, (300, 300), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    chip = cut_chip(reader(pixels), known(photo, np.diag([1.0, -1.0, 1.0]) @ to_ground), CHIP_PX)
    inner = cv2.erode(chip.shown, np.ones((9, 9), np.uint8)) > 0
    assert inner.mean() > 0.5
    assert np.abs(chip.photo.astype(int) - chip.mosaic)[inner].mean() < 4
    assert (chip.photo[chip.shown == 0] <= 255).all()


def test_a_photo_elsewhere_or_beyond_the_horizon_shows_nothing() -> None:
    pixels = picture()
    away = np.array([[1, 0, 5000], [0, 1, 0], [0, 0, 1.0]])
    beyond = np.array([[1, 0, 0], [0, 1, 0], [0.01, 0, -0.5]])
    for matrix in (away, beyond):
        drawn, shown = laid_over(pixels, matrix)
        assert not shown.any()
        assert (drawn == FILL).all()


def test_what_was_drawn() -> None:
    chip = cut_chip(reader(picture()), known(drawn=box(140, -160, 160, -130)), CHIP_PX)
    rows, columns = np.nonzero(chip.drawn)
    assert (columns.min(), columns.max() + 1) == pytest.approx((86, 106), abs=1)
    assert (rows.min(), rows.max() + 1) == pytest.approx((76, 106), abs=1)
