"""The size of what was drawn, by the scale and heading of a photo that looks down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import Polygon

from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.search.drawn_size import drawn_size_m
from tiling.box import PixelBox

# 10 px a metre.
DOWN = Photo(Path("p.jpg"), np.zeros((60, 80, 3), np.uint8), focal_px=500.0, pitch_deg=-90.0, relative_altitude_m=50.0)
BOX = Target.from_box(PixelBox(10, 20, 50, 30))


@pytest.mark.parametrize(
    ("heading", "size"), [(0, (4, 1)), (90, (1, 4)), (180, (4, 1)), (270, (1, 4)), (45, (1.4, 1.4))]
)
def test_a_box(heading: float, size: tuple[float, float]) -> None:
    assert drawn_size_m(DOWN, BOX, heading) == pytest.approx(size, abs=0.02)


def test_a_polygon_is_turned() -> None:
    # Up and to the right in the photo; where up is north-west, that is north.
    aslant = Target.from_polygon(Polygon([(10, 50), (12, 52), (42, 22), (40, 20)]))
    assert drawn_size_m(DOWN, aslant, 315) == pytest.approx((0.8**0.5 / np.sqrt(10), 18**0.5), rel=0.02)
    assert drawn_size_m(DOWN, aslant, 45) == pytest.approx((18**0.5, 0.8**0.5 / np.sqrt(10)), rel=0.02)


def test_only_where_the_scale_is_known_and_something_was_drawn() -> None:
    assert drawn_size_m(DOWN, Target(Click(1, 1)), 0) is None
    for other in (replace(DOWN, pitch_deg=-45.0), replace(DOWN, relative_altitude_m=None)):
        assert drawn_size_m(other, BOX, 0) is None
