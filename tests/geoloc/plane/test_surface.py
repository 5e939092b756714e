"""Heights on a grid, and where rays meet them."""

from __future__ import annotations

import numpy as np
import pytest

from geoloc.plane.surface import DsmSurface


def test_the_first_of_two_meetings_counts() -> None:
    """Behind a wall, as seen from the camera, is no ground."""
    heights = np.zeros((1, 100))
    heights[0, 50:53] = 10
    surface = DsmSurface(heights.repeat(20, axis=0), west=0, north=20, cell=1)
    origin = np.array([10.0, 10, 12])
    rays = np.array([[40.5, 0, -6], [60, 0, -12], [30, 0, -12]])
    found = surface.intersect(origin, rays)
    # At 50.5 the ray is at height 6, on the wall's side; the second would come down at 70, behind it.
    assert 49.5 <= found[0, 0] <= 50.5
    assert 49.5 <= found[1, 0] <= 50.5
    assert found[2] == pytest.approx([40, 10, 0], abs=1e-3)


def test_heights_are_bilinear_and_beyond_the_dsm_those_of_the_nearest_cell() -> None:
    surface = DsmSurface(np.array([[1.0, 2], [3, 4]]), west=10, north=20, cell=5)
    points = np.array([[12.5, 17.5], [17.5, 17.5], [12.5, 12.5], [15, 15], [16.5, 15], [-100, 500], [500, -100]])
    assert surface.height(points) == pytest.approx([1, 2, 3, 2.5, 2.8, 1, 4])
