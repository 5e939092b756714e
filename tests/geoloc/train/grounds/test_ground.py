"""Textures, sampled as pixels lie, and where a ground holds data."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from geoloc.train.grounds.ground import Ground, Textures


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 61, 3), np.uint8)


def sample(pixels: np.ndarray, at: list[tuple[float, float]], scale: float = 1.0) -> np.ndarray:
    textures = Textures("cpu")
    numbers = torch.tensor([textures.add(pixels)])
    xy = torch.tensor(at, dtype=torch.float32)[None, None]
    return textures.sample(numbers, xy, torch.full(xy.shape[:3], scale))[0, :, 0].T.numpy()


def test_the_middle_of_a_pixel_is_the_pixel_and_between_two_is_their_mean(pixels: np.ndarray) -> None:
    found = sample(pixels, [(3.5, 7.5), (60.5, 39.5), (4.0, 7.5), (4.25, 7.5)])
    p = pixels.astype(float)
    expected = [p[7, 3], p[39, 60], (p[7, 3] + p[7, 4]) / 2, 0.25 * p[7, 3] + 0.75 * p[7, 4]]
    assert found == pytest.approx(np.array(expected), abs=0.01)


def test_beyond_its_edges_it_is_mirrored(pixels: np.ndarray) -> None:
    found = sample(pixels, [(-2.5, 7.5), (63.5, 7.5), (10.5, -0.5), (10.5, 42.5)])
    assert found == pytest.approx(pixels[[7, 7, 0, 37], [2, 58, 10, 10]].astype(float), abs=0.01)


@pytest.mark.parametrize("side", [2, 4, 8])
def test_coarse_samples_are_averages(pixels: np.ndarray, side: int) -> None:
    rows, columns = 40 // side, 56 // side
    small = cv2.resize(pixels[: rows * side, : columns * side], (columns, rows), interpolation=cv2.INTER_AREA)
    at = [((c + 0.5) * side, (r + 0.5) * side) for r in range(rows) for c in range(columns)]
    # Exactly at a level of the pyramid.
    found = sample(pixels, at, scale=side / 0.9)
    assert found == pytest.approx(small.reshape(-1, 3).astype(float), abs=1.5)


def test_between_two_levels_both_are_mixed(pixels: np.ndarray) -> None:
    at = [(20.0, 20.0)]
    fine, coarse = sample(pixels, at, 1 / 0.9), sample(pixels, at, 2 / 0.9)
    assert sample(pixels, at, 2**0.5 / 0.9) == pytest.approx((fine + coarse) / 2, abs=0.01)


def test_it_holds_what_is_inside_and_valid(pixels: np.ndarray) -> None:
    valid = np.ones((40, 61), bool)
    valid[:, 30:] = False
    at = torch.tensor([[[0.0, 0.0], [29.9, 39.9], [30.0, 5], [-0.1, 5], [5, 40.0]]])
    textures = Textures("cpu")
    numbers = torch.tensor([textures.add(pixels, valid), textures.add(pixels)])
    found = textures.has_data(numbers, at[None].expand(2, -1, -1, -1))[:, 0]
    assert found.tolist() == [[True, True, False, False, False], [True, True, True, False, False]]


def test_pictures_of_any_size_are_sampled_at_once_as_each_by_itself(pixels: np.ndarray) -> None:
    pictures = [pixels, pixels[:9, :13], pixels[3:35, :20][::-1]]
    textures = Textures("cpu")
    assert [textures.add(picture) for picture in pictures] == [0, 1, 2]
    assert len(textures) == 3
    rng = np.random.default_rng(1)
    xy = torch.from_numpy(rng.uniform(-10, 70, (4, 5, 6, 2)).astype(np.float32))
    scale = torch.from_numpy(rng.uniform(0.5, 30, (4, 5, 6)).astype(np.float32))
    numbers = [2, 0, 1, 0]
    found = textures.sample(torch.tensor(numbers), xy, scale)
    assert found.shape == (4, 3, 5, 6)
    for i, number in enumerate(numbers):
        alone = Textures("cpu")
        alone.add(pictures[number])
        expected = alone.sample(torch.tensor([0]), xy[i : i + 1], scale[i : i + 1])
        assert torch.allclose(found[i], expected[0], atol=0.01)
    even = textures.sample(torch.tensor(numbers), xy, torch.full((4, 1, 1), 3.0))
    assert torch.allclose(even, textures.sample(torch.tensor(numbers), xy, torch.full((4, 5, 6), 3.0)), atol=0.01)


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
