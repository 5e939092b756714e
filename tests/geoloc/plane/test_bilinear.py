"""Values between the centres of cells, against the plane that they are of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.plane.bilinear import bilinear

ROWS, COLUMNS = 3, 5


def plane(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 * x - 3 * y + 1


@given(st.floats(-5, 10), st.floats(-5, 10))
def test_between_centres_it_is_the_plane_and_beyond_them_the_nearest(x: float, y: float) -> None:
    rows, columns = np.mgrid[:ROWS, :COLUMNS] + 0.5
    values = plane(columns, rows)
    nearest = plane(np.clip(x, 0.5, COLUMNS - 0.5), np.clip(y, 0.5, ROWS - 0.5))
    assert bilinear(values, np.array([x]), np.array([y])) == pytest.approx([nearest], abs=1e-9)
    both = bilinear(np.stack([values, -values], axis=-1), np.array([[x]]), np.array([[y]]))
    assert both.shape == (1, 1, 2)
    assert both[0, 0] == pytest.approx([nearest, -nearest], abs=1e-9)


def test_a_single_place_has_a_single_value() -> None:
    assert bilinear(np.array([[1.0, 3.0]]), np.float64(1.0), np.float64(0.5)).shape == ()
