"""Strips before cameras show the ground that lies there, whichever way the ground was turned when it was encoded."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from geoloc.model.network.config import FILL
from geoloc.model.sight.cells import CELL_M, COLUMNS, cell_middles
from geoloc.model.sight.head import STRIP_STEP_M, encoded, load_sight_head
from geoloc.model.sight.turned_ground import EVERY_DEG, TurnedGround
from geoloc.model.weights import load_network
from geoloc.photo.sight import strip_ahead
from tests.helpers.rough_ground import SIDE, rough
from tiling.grid import WGS84, Grid, transformer
from tiling.mosaic import WindowPixels

HERE = (15.0, 48.0)
REACH_M, ROWS = 20.0, 24
EVERY_M = 160.0
"""Colours tell how far east and north of `HERE` a place is, up to so far to either side."""


def east_north(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = transformer(WGS84, "EPSG:3857").transform(*HERE)
    columns, rows = np.meshgrid(np.arange(grid.width) + 0.5, np.arange(grid.height) + 0.5)
    to_x, to_y = grid.affine * (columns, rows)
    shorter = math.cos(math.radians(HERE[1]))
    return (to_x - x) * shorter, (to_y - y) * shorter


def at(*places: tuple[float, float]) -> NDArray[np.float64]:
    """Longitudes and latitudes of places so far east and north of `HERE`, metres."""
    to_map = transformer(WGS84, "EPSG:3857")
    x, y = to_map.transform(*HERE)
    east, north = np.array(places, float).T / math.cos(math.radians(HERE[1]))
    return np.stack(to_map.transform(x + east, y + north, direction="INVERSE"), axis=1)


def shown(grid: Grid) -> WindowPixels:
    """A mosaic that ends 10 m west of the place."""
    east, north = east_north(grid)
    colour = 127.5 + 127.5 * np.stack([east, north, np.zeros_like(east)], axis=-1) / EVERY_M
    return WindowPixels(colour.clip(0, 255).round().astype(np.uint8), east > -10.0)


def colours(picture: NDArray[np.uint8]) -> Tensor:
    """In place of the network: colours, one for each `CELL_M`."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
    return torch.nn.functional.avg_pool2d(pixels, round(CELL_M / STRIP_STEP_M))


@pytest.fixture(scope="module")
def ground() -> TurnedGround:
    return TurnedGround(colours, HERE, REACH_M, ROWS, shown)


@settings(deadline=None)
@given(
    away_m=st.floats(0.0, REACH_M),
    towards=st.floats(0.0, 2 * math.pi),
    azimuth_deg=st.floats(-400.0, 800.0),
)
def test_a_cell_shows_the_ground_that_lies_there(
    ground: TurnedGround, away_m: float, towards: float, azimuth_deg: float
) -> None:
    place = away_m * math.sin(towards), away_m * math.cos(towards)
    strips, share = ground.strips(at(place), np.array([azimuth_deg]))
    assert strips.shape == (1, ROWS * COLUMNS, 3)
    along, across = (side[-ROWS * COLUMNS :].numpy() for side in cell_middles())
    sin, cos = math.sin(math.radians(azimuth_deg)), math.cos(math.radians(azimuth_deg))
    east, north = place[0] + along * sin + across * cos, place[1] + along * cos - across * sin
    known = east > -10.0 + 2 * CELL_M
    told = (strips[0, :, :2].numpy() / 127.5 - 1) * EVERY_M
    # Turned by what is left, a cell is the mean of others near by.
    assert np.abs(told[known, 0] - east[known]).max(initial=0.0) < 0.6
    assert np.abs(told[known, 1] - north[known]).max(initial=0.0) < 0.6
    assert float(share[0]) == pytest.approx((east > -10.0).mean(), abs=0.035)


def test_each_of_many_is_as_alone(ground: TurnedGround) -> None:
    rng = np.random.default_rng(0)
    places, azimuth = at(*rng.uniform(-14, 14, (20, 2))), rng.uniform(0, 360, 20)
    strips, shares = ground.strips(places, azimuth)
    for number in range(20):
        strip, share = ground.strips(places[number : number + 1], azimuth[number : number + 1])
        assert torch.allclose(strip[0], strips[number], atol=1e-3)
        assert float(share[0]) == pytest.approx(float(shares[number]), abs=1e-5)


def test_the_ground_is_encoded_once_for_azimuths_that_are_alike() -> None:
    asked: list[tuple[int, ...]] = []

    def encode(picture: NDArray[np.uint8]) -> Tensor:
        asked.append(picture.shape)
        return colours(picture)

    ground = TurnedGround(encode, HERE, REACH_M, ROWS, shown)
    for azimuth_deg in (11 * EVERY_DEG, 11.4 * EVERY_DEG, 11 * EVERY_DEG - 360.0, 10.6 * EVERY_DEG + 720.0):
        ground.strips(at(*[(1.0, 2.0)] * 3), np.full(3, azimuth_deg))
    assert len(asked) == 1
    ground.strips(at((1.0, 2.0)), np.array([12 * EVERY_DEG]))
    assert len(asked) == 2


def test_what_the_mosaic_does_not_show_is_grey() -> None:
    """As in the strips of the training."""
    asked: list[NDArray[np.uint8]] = []

    def encode(picture: NDArray[np.uint8]) -> Tensor:
        asked.append(picture)
        return colours(picture)

    def nothing(grid: Grid) -> WindowPixels:
        return WindowPixels(np.zeros((grid.height, grid.width, 3), np.uint8), np.zeros((grid.height, grid.width), bool))

    ground = TurnedGround(encode, HERE, REACH_M, ROWS, nothing)
    _, shares = ground.strips(at((0.0, 0.0), (0.0, 0.0)), np.array([0.0, 45.0]))
    assert shares.tolist() == [0.0, 0.0]
    assert [np.unique(picture).tolist() for picture in asked] == [[FILL], [FILL]]


def test_all_that_cameras_may_see_is_encoded() -> None:
    def everything(grid: Grid) -> WindowPixels:
        return WindowPixels(np.zeros((grid.height, grid.width, 3), np.uint8), np.ones((grid.height, grid.width), bool))

    ground = TurnedGround(colours, HERE, REACH_M, ROWS, everything)
    azimuth = np.arange(0.0, 360.0, 3.0)
    for towards in np.radians(np.arange(0.0, 360.0, 15.0)):
        place = REACH_M * math.sin(towards), REACH_M * math.cos(towards)
        _, shares = ground.strips(at(*[place] * len(azimuth)), azimuth)
        assert float(shares.min()) > 0.9999


@pytest.mark.parametrize(("azimuth_deg", "least"), [(0.0, 0.8), (11 * EVERY_DEG, 0.8), (10.5 * EVERY_DEG, 0.7)])
def test_features_are_those_of_a_strip_that_is_encoded_by_itself(azimuth_deg: float, least: float) -> None:
    net, _ = load_network("base", None, "cpu")
    head = load_sight_head(net)
    assert head is not None
    rough_ground = cv2.GaussianBlur(rough(3), (0, 0), 2.0)

    def read(grid: Grid) -> WindowPixels:
        east, north = east_north(grid)
        x, y = ((side / 0.25).round().astype(int) % SIDE for side in (east, -north))
        return WindowPixels(rough_ground[y, x], np.ones(east.shape, bool))

    def encode(picture: NDArray[np.uint8]) -> Tensor:
        return head.likeness.seen.ground(encoded(head.likeness, net.encode_large, picture))

    with torch.inference_mode():
        (seen,), _ = TurnedGround(encode, HERE, REACH_M, ROWS, read).strips(at((4.0, -6.0)), np.array([azimuth_deg]))
        ((lon, lat),) = at((4.0, -6.0))
        alone = encode(read(strip_ahead((lon, lat), azimuth_deg, STRIP_STEP_M)).rgb)[0, :, -ROWS:].flatten(1).T
    seen, alone = (side.unflatten(0, (ROWS, COLUMNS)) - alone.mean(0) for side in (seen, alone))
    # A strip by itself ends beside its outer columns.
    alike, beside = (
        float(torch.nn.functional.cosine_similarity(seen[:, 4:-4], alone[:, 4 + by : COLUMNS - 4 + by], dim=2).mean())
        for by in (0, 1)
    )
    assert alike > least
    assert beside < alike - 0.2
