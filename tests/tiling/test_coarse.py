"""Mosaics read as if they were coarser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from tiling.coarse import coarse_grid, enlarged
from tiling.grid import Grid
from tiling.mosaic import open_mosaic

UTM = CRS(32633)
EAST, NORTH = 500_000.0, 5_500_000.0


def grid(angle: float = 0.0, x: float = EAST, y: float = NORTH, side: int = 64) -> Grid:
    affine = Affine.translation(x, y) * Affine.rotation(angle) * Affine.scale(0.1, -0.1)
    return Grid(UTM, affine, side, side)


@pytest.mark.parametrize("angle", [0, 30, 90, 180])
def test_the_coarse_grid_covers_the_fine_one(angle: float) -> None:
    fine = grid(angle)
    coarse = coarse_grid(fine, 0.5)
    assert coarse is not None
    assert coarse.footprint().contains(fine.footprint())
    assert abs(coarse.affine.determinant) == pytest.approx(0.25)
    assert coarse.width <= 64 / 5 + 8


def test_grids_that_are_coarse_already_stay() -> None:
    assert coarse_grid(grid(), 0.1) is None
    assert coarse_grid(grid(), 0.102) is None


def test_neighbours_share_one_lattice() -> None:
    first, second = (coarse_grid(grid(x=EAST + shift), 0.37) for shift in (0.0, 4.1))
    assert first is not None
    assert second is not None
    steps = (second.affine.c - first.affine.c) / 0.37
    assert steps == pytest.approx(round(steps), abs=1e-4)


def test_enlarged_keeps_places_and_does_not_mix_in_what_is_not_valid() -> None:
    fine = grid(side=100)
    coarse = coarse_grid(fine, 0.5)
    assert coarse is not None
    x = np.arange(coarse.width) * 5.0 + coarse.affine.c - EAST
    rgb = np.zeros((coarse.height, coarse.width, 3), np.uint8)
    rgb[:] = (100 + x)[None, :, None].round()
    valid = np.ones(rgb.shape[:2], bool)
    valid[: coarse.height // 2] = False
    rgb[~valid] = 0
    image, shown = enlarged(rgb, valid, coarse, fine)
    assert shown.any()
    assert not shown.all()
    assert image[shown].min() > 90
    assert not image[~shown].any()
    assert np.diff(image[80, :, 0].astype(int)).min() >= -1


def test_a_mosaic_has_no_more_detail_than_asked(tmp_path: Path) -> None:
    """Stripes of 0.2 m: seen at 0.1 m, gone where the mosaic is read at 0.5 m; its mean and edges stay."""
    path = tmp_path / "stripes.tif"
    image = np.zeros((400, 400), np.uint8)
    image[:, ::2] = 200
    image[:, 200:] = 20
    profile = {"driver": "GTiff", "width": 400, "height": 400, "count": 1, "dtype": "uint8", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(0.1, 0, EAST, 0, -0.1, NORTH)) as file:
        file.write(image, 1)
    fine = grid(x=EAST + 5, y=NORTH - 5, side=300)
    with open_mosaic([path]) as plain, open_mosaic([path], finest_m=0.5) as coarse:
        assert coarse.gsd_m == 0.5
        sharp, dull = plain.read(fine), coarse.read(fine)
    assert np.ptp(sharp.rgb[50, :100, 0]) == 200
    assert np.ptp(dull.rgb[50, :100, 0]) < 30
    assert dull.rgb[50, :100, 0].mean() == pytest.approx(100, abs=5)
    assert dull.rgb[50, 180:, 0].max() < 30
    assert dull.valid.all()
