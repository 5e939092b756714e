"""Copies of photographs with a telephone's errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoloc.photo.photo import load_photo
from geoloc.photo.sight import COMPASS_SD_DEG
from geoloc.town.phones import POSITION_M, as_by_phone
from geoloc.town.picture.camera import Equirectangular
from geoloc.town.picture.frame import Frame
from geoloc.town.write import write_panorama
from tiling.grid import WGS84, ground_distance_m


@pytest.mark.parametrize("compass", [True, False])
def test_position_and_heading_are_off_and_pixels_stay(tmp_path: Path, compass: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (128, 256, 3), np.uint8)
    write_panorama(
        tmp_path / "p.jpg", pixels, Equirectangular((0.0, 0.0, 2.5), 77.0, 256, 128), Frame((15.3, 51.9), 32633)
    )
    true = load_photo(tmp_path / "p.jpg")
    assert true.position is not None
    off, turns = [], []
    for seed in range(60):
        as_by_phone(tmp_path / "p.jpg", tmp_path / "q.jpg", np.random.default_rng(seed), compass=compass)
        told = load_photo(tmp_path / "q.jpg")
        assert told.position is not None
        assert told.position_error_m == POSITION_M
        assert told.panorama
        assert np.abs(told.pixels.astype(int) - true.pixels).mean() < 2.0
        off.append(ground_distance_m(*true.position, *told.position, WGS84))
        if compass:
            assert told.compass
            assert told.heading_deg is not None
            turns.append((told.heading_deg - 77.0 + 180) % 360 - 180)
        else:
            assert told.heading_deg is None
    assert np.mean(np.array(off) < POSITION_M) == pytest.approx(0.68, abs=0.15)
    if compass:
        assert np.std(turns) == pytest.approx(COMPASS_SD_DEG, rel=0.3)
