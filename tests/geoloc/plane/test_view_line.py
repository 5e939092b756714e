"""Lines of sight against cameras whose rays are known: on the optical axis, beside it, and at the horizon."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoloc.plane.homography import map_points
from geoloc.plane.view_line import view_line
from tests.helpers.rays import FOCAL, SIZE, camera

HEIGHT_M = 40.0


@pytest.mark.parametrize(("tilt", "heading"), [(0, 30), (25, 200), (60, 310), (78, 90)])
@pytest.mark.parametrize("point", [(600.0, 450.0), (40.0, 880.0), (1150.0, 500.0)])
def test_what_stands_up_leans_away_from_the_camera(tilt: float, heading: float, point: tuple[float, float]) -> None:
    rays, px_per_m = camera(tilt, heading), 5.0
    matrix = np.array([[px_per_m, 0, 300], [0, px_per_m, 700], [0, 0, 1]]) @ np.diag([HEIGHT_M, HEIGHT_M, 1]) @ rays
    found = view_line(matrix, np.array(point), SIZE, FOCAL)
    east, south, down = rays @ [*point, 1.0]
    assert found.angle_deg == pytest.approx(math.degrees(math.atan2(math.hypot(east, south), down)), abs=1e-6)
    # The top of what is 1 m high hides the ground that lies this far behind its foot.
    assert found.lean == pytest.approx([east / down, south / down], abs=1e-6)


def test_no_more_than_a_height_of_the_ground_is_told_at_the_horizon() -> None:
    rays = camera(80, 0)
    matrix = np.diag([HEIGHT_M, HEIGHT_M, 1]) @ rays
    row = SIZE[1] / 2 - FOCAL / math.tan(math.radians(80)) + 1e-6
    at = np.array([600.0, row])
    assert np.isfinite(map_points(matrix, at)).all()
    assert 999 < np.hypot(*view_line(matrix, at, SIZE, FOCAL).lean) < 1001
