"""What was clicked: as users type it, and refused outside the photo."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoloc.errors import PhotoError
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target, check_target, parse_box, parse_click
from tiling.box import PixelBox

WIDTH, HEIGHT = 80, 60


def photo() -> Photo:
    return Photo(Path("p.jpg"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))


def test_a_click_is_two_numbers() -> None:
    assert parse_click("1426,624.5") == Click(1426, 624.5)
    for text in ("", "1", "1,2,3", "a,b", "1,nan", "inf,2"):
        with pytest.raises(ValueError, match="X,Y"):
            parse_click(text)


def test_a_box_is_two_corners_in_any_order() -> None:
    for text in ("10,20,30,40", "30,40,10,20", "30,20,10,40", "10,40,30,20"):
        assert parse_box(text) == Target.from_box(PixelBox(10, 20, 30, 40))
    for text in ("1,2,3", "1,2,3,x"):
        with pytest.raises(ValueError, match="X0,Y0,X1,Y1"):
            parse_box(text)
    for text in ("1,2,1,5", "1,2,5,2"):
        with pytest.raises(ValueError, match="no width or no height"):
            parse_box(text)


def test_corners_are_put_in_order_and_need_a_box_between_them() -> None:
    for corners in ((10, 20, 30, 50), (30, 50, 10, 20), (30, 20, 10, 50), (10, 50, 30, 20)):
        assert Target.from_corners(*corners) == Target(Click(20, 35), PixelBox(10, 20, 30, 50))
    for corners in ((5, 5, 5, 5), (1, 2, 1, 5), (1, 2, 5, 2)):
        with pytest.raises(ValueError, match=r"^\d,\d,\d,\d has no width or no height$"):
            Target.from_corners(*corners)
    for number in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="are not four finite numbers"):
            Target.from_corners(1, 2, number, 4)


def test_a_box_is_clicked_in_its_centre() -> None:
    box = PixelBox(10, 20, 30, 50)
    assert Target.from_box(box) == Target(Click(20, 35), box)


@given(st.floats(-5, WIDTH + 5), st.floats(-5, HEIGHT + 5))
def test_the_first_pixel_begins_at_zero_and_the_last_ends_before_the_size(x: float, y: float) -> None:
    target = Target(Click(x, y))
    if 0 <= x < WIDTH and 0 <= y < HEIGHT:
        check_target(photo(), target)
    else:
        with pytest.raises(PhotoError, match=r"outside the photo p\.jpg of 80 x 60 px"):
            check_target(photo(), target)


@pytest.mark.parametrize(("x", "y"), [(-1e-9, 5), (WIDTH, 5), (5, HEIGHT), (5, -1e-9)])
def test_edges_are_outside(x: float, y: float) -> None:
    with pytest.raises(PhotoError):
        check_target(photo(), Target(Click(x, y)))
