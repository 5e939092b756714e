"""The part that counts of a shape, and the point that stands for it."""

from shapely.geometry import LineString, MultiPolygon, Polygon, box

from geoloc.plane.shapes import inner_point, largest_part


def test_the_largest_part_counts() -> None:
    small, large = box(0, 0, 1, 1), box(5, 5, 8, 8)
    assert largest_part(MultiPolygon([small, large])) == large
    assert largest_part(small) == small


def test_a_figure_that_crosses_itself_is_made_valid() -> None:
    # Two triangles, of 9 and of 1 square pixels.
    found = largest_part(Polygon([(0, 0), (4, 4), (4, 2), (0, 6)]))
    assert found is not None
    assert found.is_valid
    assert found.area == 9


def test_what_has_no_area_has_no_part() -> None:
    for shape in (LineString([(0, 0), (1, 1)]), Polygon(), Polygon([(0, 0), (2, 2), (1, 1)])):
        assert largest_part(shape) is None


def test_the_point_lies_inside() -> None:
    assert inner_point(box(0, 0, 4, 2)).coords[0] == (2, 1)
    letter = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 8), (9, 8), (9, 9), (0, 9)])
    assert not letter.covers(letter.centroid)
    assert letter.covers(inner_point(letter))
