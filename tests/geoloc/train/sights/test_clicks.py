"""Clicks in towns from eye level: the mosaic before the camera shows things where they are told to be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import rasterio
import torch

from geoloc.model.network.features import Features
from geoloc.model.sight.head import STRIP_STEP_M
from geoloc.model.sight.net import COLUMNS, CUT, ROWS
from geoloc.model.weights import load_network
from geoloc.photo.click_view import SIDE_PX
from geoloc.photo.sight import STRIP_WIDE_M, Sight
from geoloc.town.picture.frame import MosaicGrid
from geoloc.train.grounds.towns.maker import FRAME
from geoloc.train.sights import clicks
from geoloc.train.sights.clicks import STRIPS, SightClicks, joined, town_clicks
from tiling.mosaic import open_mosaic


@pytest.fixture(scope="module")
def photos() -> list[SightClicks]:
    net, _ = load_network("base", None, "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clicks, "SIZE_M", 120.0)
        patch.setattr(clicks, "PHOTOS", 2)
        patch.setattr(clicks, "PANORAMAS", 1)
        patch.setattr(clicks, "CLICKS", 5)
        return list(town_clicks(7000, net))


def test_views_and_strips_of_each_click_are_kept_in_16_bits(photos: list[SightClicks]) -> None:
    assert len(photos) >= 2
    cells = SIDE_PX // 16
    for photo in photos:
        count = len(photo.size_m)
        for view, (low, high) in zip(photo.views, CUT, strict=True):
            assert view.coarse.shape == (count, 112, cells, high - low)
            assert view.fine.shape == (count, 40, 2 * cells, 2 * (high - low))
        assert photo.strips.coarse.shape == (count * STRIPS, 112, ROWS // 2, COLUMNS // 2)
        assert photo.strips.fine.shape == (count * STRIPS, 40, ROWS, COLUMNS)
        assert photo.strips.fine.dtype == torch.float16


def test_things_are_before_the_camera_as_far_as_poses_are_wrong(photos: list[SightClicks]) -> None:
    for photo in photos:
        along, across = photo.at_m.unbind(-1)
        # A large thing may be clicked far from its middle.
        assert (along > -2.0).all()
        assert (across.abs() < 3 * clicks.OFF_M + 0.1 * along + photo.size_m[:, None]).all()
        assert (across.abs() < STRIP_WIDE_M / 2).all()
        assert ((photo.height_m >= 1.4) & (photo.height_m <= 3.5)).all()


def test_what_is_kept_comes_back(photos: list[SightClicks]) -> None:
    again = SightClicks.of(photos[0].tensors)
    assert all(torch.equal(one, other) for one, other in zip(again.tensors, photos[0].tensors, strict=True))
    assert isinstance(again.strips, Features)
    both = joined(photos)
    assert torch.equal(both.size_m, torch.cat([photo.size_m for photo in photos]))


def test_a_strip_is_the_one_that_a_search_reads(tmp_path: Path) -> None:
    """Of a mosaic whose red tells how far east and whose green how far north a pixel is, a grey level a metre."""
    grid = MosaicGrid.over(FRAME, 120.0, 0.2, 0.0)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    across, along = (columns - grid.width / 2) * 0.2, (grid.height / 2 - rows) * 0.2
    levels = np.stack([127 + across, 127 + along, np.full_like(across, 200)], -1).clip(0, 255).astype(np.uint8)
    path = tmp_path / "mosaic.tif"
    shape = {"width": grid.width, "height": grid.height, "count": 3, "dtype": "uint8"}
    with rasterio.open(
        path, "w", driver="GTiff", crs=f"EPSG:{grid.frame.epsg}", transform=grid.affine, **shape
    ) as file:
        file.write(levels.transpose(2, 0, 1))
    place, azimuth_deg = np.array([5.0, -10.0]), 75.0
    town = clicks._Town(levels, grid, cast(Any, None), np.random.default_rng(0))
    drawn = town._strip(place, math.radians(azimuth_deg))
    sight = Sight(grid.frame.lonlat(*place), 1.0, 1.6, 0.1, azimuth_deg, 0.1, 0.01, 0.0, 1.0)
    with open_mosaic([path]) as mosaic:
        read = mosaic.read(sight.strip(STRIP_STEP_M))
    assert drawn.shape == read.rgb.shape
    both = read.valid & (drawn[..., 2] == 200)
    assert both.mean() > 0.3
    assert np.abs(drawn[both].astype(float) - read.rgb[both]).max() <= 1.0
    assert (drawn[0] == clicks.FILL).all()
    assert not read.valid[0].any()
