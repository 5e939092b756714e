"""What was clicked: as users type it, and refused outside the photo."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geoloc.errors import PhotoError
from geoloc.photo.photo import Photo
from geoloc.photo.target import (
    Click,
    Target,
    check_target,
    parse_box,
    parse_click,
    parse_polygon,
    within_photo,
)
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


def test_a_polygon_is_three_corners_or_more() -> None:
    triangle = parse_polygon("10,10  40,10 10,40")
    assert triangle == Target.from_polygon(Polygon([(10, 10), (40, 10), (10, 40)]))
    assert triangle == parse_polygon("10,10 40,10 10,40 10,10")
    assert triangle.click == Click(20, 20)
    assert triangle.box == PixelBox(10, 10, 40, 40)
    assert len({triangle, parse_polygon("10,10 40,10 10,40")}) == 1
    for text, message in (
        ("", "three corners or more, not 0"),
        ("1,1 5,5 1,1", "three corners or more, not 2"),
        ("1,1 5,5 9,9", "no area"),
        ("1,1 5 9,9", "X,Y"),
        ("1,1 5,nan 9,9", "X,Y"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            parse_polygon(text)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="finite"):
        Target.from_polygon([(0, 0), (1, math.inf), (2, 2)])
    with pytest.raises(ValueError, match="two numbers"):
        Target.from_polygon([(0, 0), (1,), (2, 2)])


def test_of_a_polygon_that_crosses_itself_all_counts_and_it_is_told() -> None:
    # Twice round a part of it: what even and odd would leave out counts too.
    twice = Target.from_polygon([(0, 0), (10, 0), (10, 10), (4, 10), (4, 4), (6, 4), (6, 12), (0, 12)])
    assert twice.polygon is not None
    assert twice.polygon.is_valid
    assert twice.polygon.equals(Polygon([(0, 0), (10, 0), (10, 10), (6, 10), (6, 12), (0, 12)]))
    assert twice.note == "the polygon crosses itself; what it encloses counts"
    # A slip where the ring closes.
    slip = Target.from_polygon([(0, 0), (40, 0), (40, 40), (0, 40), (0, 1), (1, 0), (1, -1)])
    assert slip.polygon is not None
    assert slip.polygon.is_valid
    assert slip.polygon.area == pytest.approx(1600, rel=0.01)
    assert slip.note == "the polygon crosses itself; what it encloses counts, but for parts of 1 % of it"
    beyond = within_photo(photo(), slip)
    assert beyond.note == slip.note


@pytest.mark.parametrize("holes", [[], [[(1, 2), (1, 4), (2, 3)]]])
def test_a_polygon_in_parts_is_refused_in_a_line(holes: list[list[tuple[float, float]]]) -> None:
    with pytest.raises(ValueError, match=r"^the polygon crosses itself and falls apart; give .*$") as caught:
        Target.from_polygon(Polygon([(0, 0), (6, 6), (6, 0), (0, 6)], holes))
    assert "\n" not in str(caught.value)


def test_a_polygon_that_crosses_itself_and_is_cut_says_both() -> None:
    twice = [(0, -4), (10, -4), (10, 10), (4, 10), (4, 4), (6, 4), (6, 12), (0, 12)]
    note = within_photo(photo(), Target.from_polygon(twice)).note
    assert note.startswith("the polygon crosses itself; what it encloses counts; the polygon reaches beyond")
    assert note.endswith("is cut to it")


def test_what_the_border_leaves_in_parts_is_told() -> None:
    letter = [(-9, 10), (20, 10), (20, 14), (-5, 14), (-5, 18), (30, 18), (30, 22), (-9, 22)]
    cut = within_photo(photo(), Target.from_polygon(letter))
    assert cut.polygon is not None
    assert cut.polygon.equals(box(0, 18, 30, 22))
    assert cut.note.endswith("is cut to it, where its largest part counts")


def test_a_c_is_clicked_inside() -> None:
    letter = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 8), (9, 8), (9, 9), (0, 9)])
    click = Target.from_polygon(letter).click
    assert letter.covers(box(click.x - 0.1, click.y - 0.1, click.x + 0.1, click.y + 0.1))


@pytest.mark.parametrize(("y", "hint"), [(-12.5, True), (-HEIGHT - 1.0, False), (HEIGHT + 1.0, False)])
def test_a_y_as_qgis_has_it_is_said_to_be_upside_down(y: float, hint: bool) -> None:
    with pytest.raises(PhotoError) as error:
        check_target(photo(), Target(Click(10, y)))
    assert ("y counts downwards" in str(error.value)) == hint


@pytest.mark.parametrize("kind", ["box", "polygon"])
def test_what_leaves_the_photo_is_cut_and_told(kind: str) -> None:
    make = Target.from_box if kind == "box" else lambda bounds: Target.from_polygon(box(*edges(bounds)))
    inside = make(PixelBox(0, 10, WIDTH, 30))
    assert within_photo(photo(), inside) is inside
    assert inside.note == ""
    cut = within_photo(photo(), make(PixelBox(-40, 10, 20, 30)))
    assert cut.box == PixelBox(0, 10, 20, 30)
    assert cut.click == Click(10, 20)
    assert (cut.polygon is None) == (kind == "box")
    assert cut.note == f"the {kind} reaches beyond the photo p.jpg of 80 x 60 px (upright) and is cut to it"
    with pytest.raises(PhotoError, match=f"the {kind} lies outside the photo p.jpg"):
        within_photo(photo(), make(PixelBox(-40, 10, 0, 30)))


def test_a_click_of_its_own_stays_where_it_was() -> None:
    cut = within_photo(photo(), Target(Click(5, 15), PixelBox(-40, 10, 20, 30)))
    assert cut == Target(Click(5, 15), PixelBox(0, 10, 20, 30))
    with pytest.raises(PhotoError, match="click -5,15"):
        within_photo(photo(), Target(Click(-5, 15), PixelBox(-40, 10, 20, 30)))
    with pytest.raises(PhotoError, match="click -5,15"):
        within_photo(photo(), Target(Click(-5, 15)))


def edges(bounds: PixelBox) -> tuple[float, float, float, float]:
    return bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax
