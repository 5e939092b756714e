"""How a photo sees what is clicked by its plane, against cameras whose place and rays are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click
from geoloc.plane.homography import map_points
from geoloc.plane.view_line import HEIGHT_M, LEAST_LEAN, STANDS_M
from geoloc.search.known_view import KnownView
from tests.helpers.rays import FOCAL, SIZE, camera
from tiling.grid import Grid

GRID = Grid.north_up("EPSG:3857", 1_000_000, 0, 0.2, width=384, height=384)
"""On the equator, where Web Mercator's metres are the ground's."""
HEIGHT = 40.0
PHOTO = Photo(Path("p.jpg"), np.zeros((SIZE[1], SIZE[0], 3), np.uint8), focal_px=FOCAL)


def plane(tilt_deg: float, heading_deg: float) -> NDArray[np.float64]:
    """Photo pixels to pixels of the grid, of a camera above its pixel (150, 220)."""
    ground = np.diag([HEIGHT, HEIGHT, 1]) @ camera(tilt_deg, heading_deg)
    return np.array([[1 / GRID.ground_gsd(), 0, 150], [0, 1 / GRID.ground_gsd(), 220], [0, 0, 1.0]]) @ ground


@pytest.mark.parametrize(("tilt", "heading"), [(12.0, 30.0), (45.0, 200.0), (65.0, 310.0)])
def test_a_plane_tells_place_direction_and_scale(tilt: float, heading: float) -> None:
    matrix, click = plane(tilt, heading), Click(600.0, 450.0)
    view = KnownView.by_plane(matrix, GRID, PHOTO, click)
    assert view is not None
    # Along the optical axis; what stands up is nearer to the camera than what it hides.
    turn, tangent = math.radians(heading), math.tan(math.radians(tilt))
    ahead = np.array([math.sin(turn), -math.cos(turn)])
    away = (HEIGHT - STANDS_M) * tangent / GRID.ground_gsd()
    assert view.place.mean == pytest.approx(np.array([150, 220]) + away * ahead, abs=0.1)
    lean = HEIGHT_M / GRID.ground_gsd() * np.array([math.hypot(tangent, LEAST_LEAN), LEAST_LEAN])
    assert np.sqrt(np.linalg.eigvalsh(view.place.covariance))[::-1] == pytest.approx(lean, rel=1e-2)
    assert abs(ahead @ view.place.covariance @ ahead) == pytest.approx(lean[0] ** 2, rel=1e-2)
    assert view.heading_deg == pytest.approx(heading, abs=0.01)
    cosine = math.cos(math.radians(tilt))
    assert view.px_per_m == pytest.approx(FOCAL * cosine**1.5 / HEIGHT, rel=1e-3)
    # The level place itself is the click, and a metre away from it what the camera sees there.
    assert map_points(view.to_photo, np.zeros((1, 2)))[0] == pytest.approx([click.x, click.y], abs=1e-6)
    level = map_points(matrix, np.array([[click.x, click.y]]))[0]
    assert map_points(matrix, map_points(view.to_photo, np.array([[1.0, 0.0]])))[0] - level == pytest.approx(
        [1 / GRID.ground_gsd(*level), 0], abs=1e-6
    )


def test_a_plane_tells_nothing_of_the_sky() -> None:
    assert KnownView.by_plane(plane(75.0, 10.0), GRID, PHOTO, Click(600.0, 60.0)) is None
