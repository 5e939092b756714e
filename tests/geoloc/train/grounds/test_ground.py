"""Textures, sampled as pixels lie, and where a ground holds data."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from geoloc.train.grounds.ground import Ground, Texture

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 61, 3), np.uint8)


def sample(texture: Texture, at: list[tuple[float, float]], scale: float = 1.0) -> np.ndarray:
    xy = torch.tensor(at, dtype=torch.float32)[None]
    return texture.sample(xy, torch.full(xy.shape[:2], scale))[:, 0].T.numpy()


def test_the_middle_of_a_pixel_is_the_pixel_and_between_two_is_their_mean(pixels: np.ndarray) -> None:
    found = sample(Texture(pixels, CPU), [(3.5, 7.5), (60.5, 39.5), (4.0, 7.5), (4.25, 7.5)])
    p = pixels.astype(float)
    expected = [p[7, 3], p[39, 60], (p[7, 3] + p[7, 4]) / 2, 0.25 * p[7, 3] + 0.75 * p[7, 4]]
    assert found == pytest.approx(np.array(expected), abs=0.01)


def test_beyond_its_edges_it_is_mirrored(pixels: np.ndarray) -> None:
    found = sample(Texture(pixels, CPU), [(-2.5, 7.5), (63.5, 7.5), (10.5, -0.5), (10.5, 42.5)])
    assert found == pytest.approx(pixels[[7, 7, 0, 37], [2, 58, 10, 10]].astype(float), abs=0.01)


@pytest.mark.parametrize("side", [2, 4, 8])
def test_coarse_samples_are_averages(pixels: np.ndarray, side: int) -> None:
    rows, columns = 40 // side, 56 // side
    small = cv2.resize(pixels[: rows * side, : columns * side], (columns, rows), interpolation=cv2.INTER_AREA)
    at = [((c + 0.5) * side, (r + 0.5) * side) for r in range(rows) for c in range(columns)]
    # Exactly at a level of the pyramid.
    found = sample(Texture(pixels, CPU), at, scale=side / 0.9)
    assert found == pytest.approx(small.reshape(-1, 3).astype(float), abs=1.5)


def test_between_two_levels_both_are_mixed(pixels: np.ndarray) -> None:
    texture = Texture(pixels, CPU)
    at = [(20.0, 20.0)]
    fine, coarse = sample(texture, at, 1 / 0.9), sample(texture, at, 2 / 0.9)
    assert sample(texture, at, 2**0.5 / 0.9) == pytest.approx((fine + coarse) / 2, abs=0.01)


def test_it_holds_what_is_inside_and_valid(pixels: np.ndarray) -> None:
    valid = np.ones((40, 61), bool)
    valid[:, 30:] = False
    at = torch.tensor([[[0.0, 0.0], [29.9, 39.9], [30.0, 5], [-0.1, 5], [5, 40.0]]])
    assert Texture(pixels, CPU, valid).has_data(at)[0].tolist() == [True, True, False, False, False]
    assert Texture(pixels, CPU).has_data(at)[0].tolist() == [True, True, True, False, False]


def test_a_ground_shows_what_may_be_clicked(pixels: np.ndarray) -> None:
    none = np.zeros((0, 4))
    ground = Ground("g", pixels, 0.5, none, none[:, :2], none[:, :3])
    at = np.array([[0.0, 0], [60.9, 39.9], [61, 5], [10, 10]])
    assert ground.clickable(at).tolist() == [True, True, False, True]
    assert ground.clickable(at, margin=5).tolist() == [False, False, False, True]
    click_in = np.zeros((40, 61), bool)
    click_in[10, 10] = True
    part = replace(ground, click_in=click_in)
    assert part.clickable(at).tolist() == [False, False, False, True]
    assert part.has_data(at).tolist() == [True, True, False, True]
    assert ground.size.tolist() == [61, 40]
    assert ground.size_m == 20
