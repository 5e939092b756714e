"""Panoramas and the ground: by hand, there and back, and the same in both libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from geoloc.plane.equirectangular import ray_of, seen_at

SIZE = (800.0, 400.0)


def test_ahead_is_in_the_middle_and_the_right_a_quarter_further() -> None:
    # As far off as the camera is high: half-way from the horizon to straight down.
    x, y = np.array([0.0, 2.0, 0.0, -2.0]), np.array([-2.0, 0.0, 2.0, 0.0])
    assert seen_at(x, y, 2.0, SIZE, np) == pytest.approx(np.array([[400, 300], [600, 300], [0, 300], [200, 300]]))


def test_a_ray_leads_to_what_is_seen_there_also_in_a_panorama_that_is_cut() -> None:
    for size in (SIZE, (800.0, 240.0)):
        azimuth, from_down = ray_of(650.0, size[1] / 2 + 60.0, size)
        assert (math.degrees(azimuth), math.degrees(from_down)) == pytest.approx((112.5, 63.0))
        away = 1.6 * math.tan(from_down)
        seen = seen_at(np.array(away * math.sin(azimuth)), np.array(-away * math.cos(azimuth)), 1.6, size, np)
        assert seen == pytest.approx([650.0, size[1] / 2 + 60.0])


def test_tensors_are_mapped_as_arrays_are() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 5, (2, 3, 4)), rng.normal(0, 5, (2, 3, 4))
    heights, sizes = np.array([1.5, 3.0])[:, None, None], np.array([SIZE, (1000.0, 500.0)])[:, :, None, None]
    wide, high = sizes[:, 0], sizes[:, 1]
    tensors = [torch.from_numpy(values) for values in (x, y, heights, wide, high)]
    found = seen_at(*tensors[:3], (tensors[3], tensors[4]), torch)
    assert found.numpy() == pytest.approx(seen_at(x, y, heights, (wide, high), np))
