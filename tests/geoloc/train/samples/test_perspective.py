"""Rays and what they meet, against cameras written another way and against very small steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from geoloc.train.samples.perspective import (
    Cameras,
    HeightField,
    cast_rays,
    pixel_centres,
    project_points,
    rays,
    rotations,
)

SIDE = 64
CELL = 0.5
CELLS = 128


def camera(tilt_deg: float, heading_deg: float, centre: tuple[float, float, float], focal: float = 80.0) -> Cameras:
    t, h = torch.tensor([math.radians(tilt_deg)]), torch.tensor([math.radians(heading_deg)])
    principal = torch.tensor([[SIDE / 2 + 5.0, SIDE / 2 - 3.0]])
    return Cameras(torch.tensor([centre]), rotations(t, h), torch.tensor([focal]), principal)


def projected(camera: Cameras, tilt_deg: float, heading_deg: float, points: np.ndarray) -> np.ndarray:
    """N x 2 crop pixels of N x 3 points: the picture's axes built from what they mean.

    x right, y down along the image of the ground, so the picture's up at heading h is (sin h, -cos h).
    """
    t, h = math.radians(tilt_deg), math.radians(heading_deg)
    up_on_ground = np.array([math.sin(h), -math.cos(h), 0])
    forward = math.sin(t) * up_on_ground + math.cos(t) * np.array([0, 0, -1.0])
    right = np.array([math.cos(h), math.sin(h), 0])
    # With z up and y down the frame is left-handed: down is worked out from what it is at right angles to.
    down = -math.cos(t) * up_on_ground + math.sin(t) * np.array([0, 0, -1.0])
    away = points - camera.centre[0].numpy()
    depth = away @ forward
    focal, principal = float(camera.focal[0]), camera.principal[0].numpy()
    return np.stack([away @ right, away @ down], axis=1) / depth[:, None] * focal + principal


@given(st.floats(0, 75), st.floats(0, 360), st.floats(20, 300))
@settings(max_examples=60)
def test_points_are_seen_where_a_pinhole_camera_sees_them(tilt: float, heading: float, high: float) -> None:
    eye = camera(tilt, heading, (3.0, -4.0, high))
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0, SIDE, (20, 2)).astype(np.float32)
    along = rays(eye, torch.from_numpy(pixels)[None])[0].numpy()
    points = eye.centre[0].numpy() + 37.0 * along
    assert projected(eye, tilt, heading, points) == pytest.approx(pixels, abs=2e-3)
    back = project_points(eye, torch.from_numpy(points)[None])[0].numpy()
    assert back == pytest.approx(pixels, abs=2e-3)
    # One metre along the axis.
    assert along @ eye.rotation[0, :, 2].numpy() == pytest.approx(np.ones(20), abs=1e-5)


def test_heading_0_straight_down_is_the_image_as_it_is() -> None:
    eye = camera(0, 0, (0.0, 0.0, 80.0))
    pixels = project_points(eye, torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]]))[0]
    assert (pixels[1] - pixels[0]).tolist() == pytest.approx([1, 0], abs=1e-4)
    assert (pixels[2] - pixels[0]).tolist() == pytest.approx([0, 1], abs=1e-4)


def field(heights: np.ndarray, leafy: np.ndarray | None = None) -> HeightField:
    corner = torch.full((1, 2), -CELLS * CELL / 2)
    leaves = np.zeros_like(heights) if leafy is None else leafy
    return HeightField(
        torch.from_numpy(heights.astype(np.float32))[None],
        torch.from_numpy(leaves.astype(np.float32))[None],
        corner,
        torch.tensor([CELL]),
    )


def test_level_ground_is_met_where_the_plane_is_and_above_the_horizon_is_sky() -> None:
    eye = camera(70, 30, (0.0, 0.0, 40.0), focal=35.0)
    pixels = pixel_centres(SIDE, SIDE, 1, torch.device("cpu"))[None]
    hits = cast_rays(eye, field(np.zeros((CELLS, CELLS))), pixels)
    along = rays(eye, pixels)[0].numpy()
    place = hits.place[0].numpy()
    sky = np.isnan(place[..., 0])
    assert (sky == (along[..., 2] >= -1e-3)).all()
    assert 0.05 < sky.mean() < 0.9
    expected = eye.centre[0].numpy() + along * (-40 / along[..., 2:])
    assert place[~sky] == pytest.approx(expected[~sky], rel=1e-4, abs=1e-3)
    assert torch.isinf(hits.depth[0][torch.from_numpy(sky)]).all()
    assert not hits.wall.any()


def stepped(eye: Cameras, heights: np.ndarray, along: np.ndarray, step: float = 0.02) -> np.ndarray:
    """The first point under the surface (bilinear between cells), in steps of `step` metres; one ray."""
    centre = eye.centre[0].numpy().astype(float)
    direction = along / np.linalg.norm(along)
    far = -centre[2] / direction[2]
    t = np.arange(max(0.0, (heights.max() + 0.1 - centre[2]) / direction[2]), far, step)
    points = centre + t[:, None] * direction
    c = (points[:, :2] + CELLS * CELL / 2) / CELL - 0.5
    c = c.clip(0, CELLS - 1)
    low = np.floor(c).astype(int).clip(0, CELLS - 2)
    dx, dy = (c - low).T
    x, y = low.T
    surface = (1 - dy) * ((1 - dx) * heights[y, x] + dx * heights[y, x + 1])
    surface += dy * ((1 - dx) * heights[y + 1, x] + dx * heights[y + 1, x + 1])
    under = np.flatnonzero(points[:, 2] <= surface)
    return points[under[0]] if len(under) else centre + far * direction


@pytest.mark.parametrize("tilt", [0.0, 30, 60])
@pytest.mark.parametrize("heading", [0.0, 140])
def test_what_stands_up_hides_what_is_behind_it(tilt: float, heading: float) -> None:
    heights = np.zeros((CELLS, CELLS), np.float32)
    heights[50:70, 60:84] = 9
    heights[80:90, 30:50] = 4
    h = math.radians(heading)
    back = 45 * math.tan(math.radians(tilt))
    eye = camera(tilt, heading, (-back * math.sin(h), back * math.cos(h), 45.0))
    pixels = pixel_centres(SIDE // 2, SIDE // 2, 2, torch.device("cpu"))[None]
    hits = cast_rays(eye, field(heights), pixels)
    along = rays(eye, pixels)[0].reshape(-1, 3).numpy()
    found = hits.place[0].reshape(-1, 3).numpy()
    true = np.stack([stepped(eye, heights, ray) for ray in along])
    wrong = np.linalg.norm(found - true, axis=1)
    # Steps may skip a corner that is grazed: hardly ever.
    assert np.quantile(wrong, 0.97) < 0.1
    tops = np.abs(true[:, 2] - 9) < 0.05
    assert tops.sum() > 3
    wall = hits.wall[0].reshape(-1).numpy()
    half_way = (true[:, 2] > 1.0) & (true[:, 2] < 7.5) & (np.abs(true[:, 2] - 4) > 0.5)
    if tilt:
        assert half_way.sum() > 5
        assert wall[half_way].mean() > 0.85
    assert wall[tops].mean() < 0.1
    assert wall[true[:, 2] < 0.01].mean() < 0.02


def test_crowns_are_told_from_blocks() -> None:
    heights = np.zeros((CELLS, CELLS), np.float32)
    leafy = np.zeros_like(heights)
    heights[40:60, 40:60] = heights[40:60, 70:90] = 6
    leafy[40:60, 40:60] = 1
    eye = camera(0, 0, (0.0, 0.0, 60.0), focal=60.0)
    centres = torch.tensor([[50.0, 50.0], [80, 50], [64, 64]]) * CELL - CELLS * CELL / 2
    points = torch.cat([centres, torch.tensor([[6.0], [6], [0]])], dim=1)
    hits = cast_rays(eye, field(heights, leafy), project_points(eye, points[None])[:, None])
    assert hits.leafy[0, 0].tolist() == [1, 0, 0]
    assert hits.place[0, 0, :, 2].tolist() == pytest.approx([6, 6, 0], abs=0.02)
