"""Clicks in towns from eye level: the mosaic before the camera shows things where they are told to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoloc.model.network.features import Features
from geoloc.model.sight_net import COLUMNS, CUT, ROWS
from geoloc.model.weights import load_network
from geoloc.photo.click_view import SIDE_PX
from geoloc.photo.sight import STRIP_WIDE_M
from geoloc.train.sights import clicks
from geoloc.train.sights.clicks import STRIPS, SightClicks, joined, town_clicks


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


def test_a_strip_shows_what_lies_before_the_camera() -> None:
    """Of a mosaic whose red tells how far east, and whose green how far north a pixel is, a grey level a metre."""
    grid = clicks.MosaicGrid.over(clicks.FRAME, 120.0, 0.2, 0.0)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    x, y = grid.affine * (columns, rows)
    (east_x, east_y), (north_x, north_y), (at_x, at_y) = grid.frame.to_crs(
        np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 0]])
    )[:, :2]
    to_local = np.linalg.inv(np.array([[east_x - at_x, north_x - at_x], [east_y - at_y, north_y - at_y]]))
    east, north = to_local @ np.stack([(x - at_x).ravel(), (y - at_y).ravel()])
    levels = np.stack([127 + east, 127 + north, np.zeros_like(east)], -1).reshape(grid.height, grid.width, 3)
    town = clicks._Town(levels.clip(0, 255).astype(np.uint8), grid, None, np.random.default_rng(0))  # type: ignore[arg-type]
    strip = town._strip(np.array([5.0, -10.0]), np.radians(90.0))
    for along, across in ((8.0, 0.0), (30.0, 6.0), (44.0, -9.0)):
        row, column = (
            strip.shape[0] - int(along / clicks.STRIP_STEP_M),
            strip.shape[1] // 2 + int(across / clicks.STRIP_STEP_M),
        )
        red, green, _ = strip[row, column].astype(float)
        # To the east is ahead, to the south is right.
        assert (red - 127, green - 127) == pytest.approx((5.0 + along, -10.0 - across), abs=1.2)
    assert (strip[0] == clicks.FILL).all()
