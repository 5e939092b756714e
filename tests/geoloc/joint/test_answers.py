"""Joined answers, as a user gets them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from shapely.geometry import Point

from geoloc.joint.answers import PhotoAnswers, join_answers
from geoloc.photo.target import Click
from geoloc.results.columns import COLUMNS, OBJECT_COLUMNS, properties_of
from geoloc.results.detection import Detection
from tests.geoloc.joint.conftest import EAST, NORTH

Make = Callable[..., Detection]


def of(photo: str, *answers: Detection) -> PhotoAnswers:
    return PhotoAnswers(photo, answers)


def test_a_joined_answer_tells_all_that_a_single_one_does_and_by_whom(seen: Make) -> None:
    a, b = seen(0.4), seen(0.5, 0.5, photo="b.jpg", click=Click(7, 8))
    joined = join_answers("barn", [of("a.jpg", a), of("b.jpg", b)], 5)
    (best,) = joined.answers
    assert best.score > 0.5
    assert best.accuracy_m < 1.5
    assert list(properties_of(best)) == [*COLUMNS, *OBJECT_COLUMNS]
    assert properties_of(best)["object"] == "barn"
    assert properties_of(best)["photos"] == "a.jpg; b.jpg"
    assert properties_of(best)["clicks"] == f"{a.click.x:g},{a.click.y:g}; 7,8"
    # Told of the photo with the best evidence.
    assert (joined.asked, best.photo, best.click) == (1, "b.jpg", Click(7, 8))
    assert best.rank == 1
    assert joined.note == best.note == ""


def test_one_photo_alone_stays_as_it_is(seen: Make) -> None:
    answers = [seen(0.7), seen(0.2, 30, rank=2)]
    joined = join_answers("x", [of("a.jpg", *answers)], 1)
    (best,) = joined.answers
    assert (best.score, best.polygon, best.accuracy_m) == (0.7, answers[0].polygon, answers[0].accuracy_m)
    assert (best.photos, best.clicks) == (("a.jpg",), (best.click,))


def test_nothing_is_nothing() -> None:
    joined = join_answers("x", [of("a.jpg"), of("b.jpg")], 5)
    assert joined.answers == ()


def test_who_contradicts_is_named_with_where_it_has_the_object(seen: Make) -> None:
    photos = [of("a.jpg", seen(0.9)), of("b.jpg", seen(0.8)), of("c.jpg", seen(0.85, 30, 40))]
    joined = join_answers("x", photos, 5)
    best, other = joined.answers
    assert best.photos == ("a.jpg", "b.jpg")
    assert other.photos == ("c.jpg",)
    assert joined.note == best.note == "c.jpg contradicts: it has the object 50 m off, score 0.85"
    assert other.note == ""
    assert other.score < 0.1


def test_photos_that_exclude_each_other_leave_no_answer_that_counts(seen: Make) -> None:
    joined = join_answers("x", [of("a.jpg", seen(0.9)), of("b.jpg", seen(0.9, 30, 40))], 5)
    assert all(answer.score < 0.5 for answer in joined.answers)
    told = "a.jpg (score 0.90) and b.jpg (score 0.90, 50 m from there) contradict each other"
    assert joined.note == joined.answers[0].note == told


@pytest.mark.parametrize(("outline", "east"), [("box", 0.5), ("segment", 0.0)])
def test_boxes_move_to_the_joined_place_and_segments_of_the_mosaic_stay(seen: Make, outline: str, east: float) -> None:
    first = seen(0.6, outline=outline, alternatives=(Point(EAST, NORTH).buffer(1),))
    joined = join_answers("x", [of("a.jpg", first), of("b.jpg", seen(0.5, 1.0))], 5)
    best = joined.answers[0]
    assert best.photo == "a.jpg"
    assert best.polygon.centroid.distance(Point(EAST + east, NORTH)) < 0.05
    assert best.alternatives[0].centroid.distance(Point(EAST + east, NORTH)) < 0.05
    assert best.outline == outline


def test_the_told_error_counts_from_the_outline(seen: Make) -> None:
    def told(east: float) -> float:
        photos = [
            of("a.jpg", seen(0.6, outline="segment", accuracy_m=2.0)),
            of("b.jpg", seen(0.55, east, accuracy_m=2.0)),
        ]
        return join_answers("x", photos, 5).answers[0].accuracy_m

    assert told(0.0) < 2.0
    assert told(2.0) > told(0.0)


def test_the_outline_is_that_of_the_photo_that_knows_the_place_best(verified: Make) -> None:
    far = verified(1.0, 0.0, 4.0, 1.0, photo="far.jpg")
    above = verified(0.0, 0.0, 0.3, 0.3, photo="above.jpg", outline="segment")
    joined = join_answers("x", [of("far.jpg", far), of("above.jpg", above)], 5)
    (best,) = joined.answers
    assert best.polygon == above.polygon
    assert best.photos == ("far.jpg", "above.jpg")
    assert best.accuracy_m < far.accuracy_m


def test_places_hardly_known_become_an_answer_where_lines_of_sight_cross(verified: Make) -> None:
    along, across = verified(0.0, 2.0, 0.5, 12.0), verified(-3.0, 0.0, 12.0, 0.5, photo="b.jpg")
    assert max(along.score, across.score) < 0.3
    joined = join_answers("x", [of("a.jpg", along), of("b.jpg", across)], 5)
    (best,) = joined.answers
    assert best.score > 0.8
    assert best.polygon.centroid.distance(Point(EAST, NORTH)) < 0.3
    assert best.accuracy_m < 2.0
    assert best.place is not None


def test_the_mosaics_own_pixel_stays_in_the_told_error(seen: Make) -> None:
    parts = {"box": 1.0, "mosaic pixel": 0.3}
    photos = [of("a.jpg", seen(0.9, accuracy_parts=parts)), of("b.jpg", seen(0.9, accuracy_parts=parts))]
    assert join_answers("x", photos, 5).answers[0].accuracy_parts["mosaic pixel"] == 0.3


def test_no_more_answers_than_are_asked_for(seen: Make) -> None:
    many = [seen(0.1, 40 * number, rank=number + 1) for number in range(6)]
    joined = join_answers("x", [of("a.jpg", *many), of("b.jpg", *many)], 2)
    assert [answer.rank for answer in joined.answers] == [1, 2]


def test_all_answers_are_told_of_the_photo_of_the_first(seen: Make, verified: Make) -> None:
    # More probable is a place that is hardly known, so that its answer scores less.
    hardly = verified(-200.0, 0.0, 25.0, 25.0, photo="far.jpg", click=Click(5, 5))
    joined = join_answers("x", [of("far.jpg", hardly), of("b.jpg", seen(0.9, photo="b.jpg", click=Click(7, 8)))], 5)
    best, other = joined.answers
    assert (joined.asked, best.photos, other.photos) == (1, ("b.jpg",), ("far.jpg",))
    assert {(answer.photo, answer.click) for answer in joined.answers} == {("b.jpg", Click(7, 8))}
