"""Evidence of several photographs, joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from geoloc.joint.evidence import evidence_of
from geoloc.joint.posterior import JointPlace, joint_places
from geoloc.plane.map_place import LocalFrame
from geoloc.results.detection import Detection
from tests.geoloc.joint.conftest import EAST, NORTH
from tiling.grid import WGS84, transformer

Make = Callable[..., Detection]
FRAME = LocalFrame(*transformer("EPSG:32615", WGS84).transform(EAST, NORTH))


def places(*photos: Sequence[Detection]) -> list[JointPlace]:
    return joint_places([evidence_of(f"{number}.jpg", answers, FRAME) for number, answers in enumerate(photos)])


def errors(place: JointPlace) -> list[float]:
    """Standard deviations east and north of a place that one distribution tells."""
    ((_, one),) = place.place.parts
    return np.sqrt(np.diag(one.covariance)).tolist()


def test_two_doubtful_photos_that_agree_are_sure(seen: Make) -> None:
    doubtful = seen(0.35), seen(0.2, 60, 10)
    best, *others = places(doubtful, [seen(0.3, 0.5), seen(0.25, -50, 80)])
    assert best.probability > 0.5
    assert sorted(best.members) == [0, 1]
    assert all(other.probability < 0.2 for other in others)
    assert len(others) == 2


def test_what_one_photo_ranks_low_wins_where_another_is_sure_of_it(seen: Make) -> None:
    best, *_ = places([seen(0.4, 70, 70), seen(0.05)], [seen(0.8)])
    assert best.place.mean == pytest.approx([0, 0], abs=0.5)
    assert best.members[0].answer.score == 0.05


def test_photos_that_see_nothing_say_nothing_together(seen: Make) -> None:
    doubtful = [[seen(0.05, 60 * number)] for number in range(3)]
    assert sum(place.probability for place in places(*doubtful)) < 0.1


def test_a_photo_that_misses_it_takes_a_little_off(seen: Make) -> None:
    (alone,) = places([seen(0.9)])
    (beside_nothing,) = places([seen(0.9)], [])
    assert alone.probability == pytest.approx(0.9, abs=0.01)
    assert 0.5 < beside_nothing.probability < alone.probability


def test_one_against_two_is_overruled_and_named(seen: Make) -> None:
    photos = [[seen(0.9)], [seen(0.8, 0.4)], [seen(0.9, 30, 40)]]
    told = [evidence_of(f"{number}.jpg", answers, FRAME) for number, answers in enumerate(photos)]
    best, *_ = joint_places(told)
    # It does not drag the place either.
    assert best.place.mean == pytest.approx([0.2, 0.0], abs=0.3)
    assert best.probability > 0.8
    assert best.contradicted_by(told, 0.5) == [2]


def test_who_is_unsure_of_another_place_contradicts_nobody(seen: Make) -> None:
    told = [evidence_of("a.jpg", [seen(0.9)], FRAME), evidence_of("b.jpg", [seen(0.3, 30, 40)], FRAME)]
    assert joint_places(told)[0].contradicted_by(told, 0.5) == []


def test_errors_shrink_but_not_as_those_of_strangers_do(verified: Make) -> None:
    (one,) = places([verified(0, 0, 1, 1)])
    (two,) = places([verified(0, 0, 1, 1)], [verified(0.2, 0, 1, 1)])
    (four,) = places(*([verified(0, 0, 1, 1)] for _ in range(4)))
    assert errors(one) == pytest.approx([1, 1])
    assert np.sqrt(0.5) < errors(two)[0] < 1
    assert 0.5 < errors(four)[0] < errors(two)[0]


def test_lines_of_sight_cross(verified: Make) -> None:
    (crossed,) = places([verified(0, 1.5, 1, 20)], [verified(-3, 0, 20, 1)])
    assert max(errors(crossed)) < 1.5
    assert crossed.place.mean == pytest.approx([0, 0], abs=0.1)


def test_a_place_well_known_gains_nothing_from_one_hardly_known(verified: Make) -> None:
    (place,) = places([verified(0, 0, 0.3, 0.3)], [verified(4, 4, 8, 8)])
    assert errors(place) == pytest.approx([0.3, 0.3], rel=0.02)
    assert place.place.mean == pytest.approx([0, 0], abs=0.05)


def test_order_tells_nothing(seen: Make, verified: Make) -> None:
    photos = [[seen(0.5), seen(0.3, 20)], [verified(0.5, 0.5, 2, 5)], [seen(0.6, 20, 1)]]
    forward, backward = places(*photos), places(*photos[::-1])
    assert [place.probability for place in forward] == pytest.approx([place.probability for place in backward])
    assert forward[0].place.mean == pytest.approx(backward[0].place.mean)


def test_probabilities_are_shares_of_one(seen: Make) -> None:
    found = places([seen(0.5), seen(0.4, 50)], [seen(0.9, 50), seen(0.05, 0, 90)], [seen(0.7)])
    assert 0 < sum(place.probability for place in found) < 1
    assert [place.probability for place in found] == sorted((p.probability for p in found), reverse=True)
