"""What was drawn, carried over by a plane: whole, cut at the horizon, valid."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Point, Polygon, box

from geoloc.geometry.drawn import FARTHEST, carried_outline, cut_to
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.photo.target import Click, Target
from geoloc.plane.homography import map_points
from tests.helpers.rough_ground import flown
from tiling.box import PixelBox


def plane(tilt: float, heading: float, off: float = 0.0) -> HomographyFit:
    """The plane of a camera, with matches all over the photo that are off by so many reference pixels."""
    _, matrix = flown(tilt, heading, told=True)
    xs, ys = np.meshgrid(np.linspace(10, 790, 20), np.linspace(250, 590, 10))
    photo = np.column_stack([xs.ravel(), ys.ravel()])
    signed = matrix * np.sign(matrix[2] @ [400, 300, 1])
    return HomographyFit(signed, photo, map_points(signed, photo) + off)


def drawn(fit: HomographyFit, shape: Polygon) -> Polygon:
    """What a person draws round a shape of the reference: a corner every half pixel of it."""
    edge = np.array(shape.segmentize(0.5).exterior.coords)
    return Polygon(map_points(np.linalg.inv(fit.matrix), edge))


@pytest.mark.parametrize(("tilt", "heading"), [(0, 30), (50, 200)])
def test_a_curve_stays_one(tilt: float, heading: float) -> None:
    fit = plane(tilt, heading)
    truth = Point(350, 350).buffer(30).difference(Point(350, 372).buffer(14))
    found = carried_outline(fit, Target.from_polygon(drawn(fit, truth)))
    assert found is not None
    assert found.is_valid
    assert found.hausdorff_distance(truth) < 0.6
    # Simplified to a part of a pixel, not to a box.
    assert 10 < len(found.exterior.coords) < 150


def test_what_the_matches_are_off_moves_it() -> None:
    shape = box(330, 340, 370, 350)
    for target in (
        Target.from_polygon(drawn(plane(0, 0), shape)),
        Target.from_box(PixelBox(*drawn(plane(0, 0), shape).bounds)),
    ):
        found = carried_outline(plane(0, 0, off=2.0), target)
        assert found is not None
        assert found.bounds == pytest.approx((332, 342, 372, 352), abs=1e-6)


def test_what_reaches_to_the_horizon_is_cut() -> None:
    fit = plane(70, 0)
    slope, at_zero = fit.matrix[2, 1], fit.matrix[2] @ [400, 0, 1]
    horizon = -at_zero / slope
    assert 0 < horizon < 250
    road = Polygon([(390, horizon - 30), (410, horizon - 30), (450, 590), (350, 590)])
    click = Click(400, 500)
    found = carried_outline(fit, Target(click, PixelBox(*road.bounds), road))
    assert found is not None
    assert found.is_valid
    # Homogeneous depth falls as the distance grows.
    back = map_points(np.linalg.inv(fit.matrix), np.array(found.exterior.coords))
    nearest = (fit.matrix[2] @ np.column_stack([back, np.ones(len(back))]).T).min()
    assert nearest == pytest.approx(fit.matrix[2] @ [400, 500, 1] / FARTHEST, rel=1e-6)
    beyond = Target(Click(400, 500), PixelBox(390, 0, 410, horizon), box(390, 0, 410, horizon))
    assert carried_outline(fit, beyond) is None
    assert carried_outline(fit, Target(Click(400, horizon - 5), None, road)) is None


def test_a_click_has_no_outline() -> None:
    assert carried_outline(plane(0, 0), Target(Click(400, 300))) is None


def test_an_outline_ends_where_the_ground_does() -> None:
    assert cut_to(box(2, 3, 4, 5), 10, 8) == box(2, 3, 4, 5)
    cut = cut_to(box(-5, 3, 4, 50), 10, 8)
    assert cut is not None
    assert cut.equals(box(0, 3, 4, 8))
    assert cut_to(box(20, 3, 40, 50), 10, 8) is None


@pytest.mark.parametrize(("width", "height"), [(120, 30), (30, 120)])
def test_a_long_box_lies_as_it_does_in_the_photo(width: float, height: float) -> None:
    fit = plane(0, 30)
    found = carried_outline(fit, Target.from_box(PixelBox.about(400, 300, width, height)))
    assert found is not None
    corners = map_points(fit.matrix, np.array(PixelBox.about(400, 300, width, height).corners(), float))
    assert found.symmetric_difference(Polygon(corners)).area < 0.03 * found.area


def test_a_box_of_which_nothing_tells_a_direction_lies_along_the_axes() -> None:
    found = carried_outline(plane(0, 30), Target.from_box(PixelBox.about(400, 300, 60, 40)))
    assert found is not None
    assert found.area == pytest.approx(found.envelope.area)
