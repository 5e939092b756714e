"""What one photograph tells."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from geoloc.joint.evidence import MOST, evidence_of
from geoloc.plane.map_place import LocalFrame
from geoloc.results.detection import Detection

Make = Callable[..., Detection]
FRAME = LocalFrame(-92.0, 46.84)


def test_what_is_claimed_and_left_is_all_there_is(seen: Make) -> None:
    told = evidence_of("a.jpg", [seen(0.2, 40), seen(0.6)], FRAME)
    # By their odds, 1.5 and 0.25 to 1.
    assert [one.weight for one in told.sightings] == pytest.approx([1.5 / 2.75, 0.25 / 2.75])
    assert sum(one.weight for one in told.sightings) + told.missed + told.nowhere == pytest.approx(1.0)
    assert 0 < told.missed < told.nowhere


def test_candidates_that_claim_more_than_all_share_it(seen: Make) -> None:
    told = evidence_of("a.jpg", [seen(0.9), seen(0.9, 40)], FRAME)
    assert [one.weight for one in told.sightings] == pytest.approx([9 / 19, 9 / 19])


def test_one_candidate_alone_counts_as_it_scores_and_none_is_certain(seen: Make) -> None:
    assert evidence_of("a.jpg", [seen(0.6)], FRAME).sightings[0].weight == pytest.approx(0.6)
    told = evidence_of("a.jpg", [seen(1.0)], FRAME)
    assert told.sightings[0].weight == pytest.approx(MOST)
    assert told.nowhere > 0


def test_a_photo_that_found_nothing_still_speaks_for_nowhere() -> None:
    told = evidence_of("a.jpg", [], FRAME)
    assert told.sightings == ()
    assert told.missed + told.nowhere == pytest.approx(1.0)


def test_a_verified_place_counts_as_it_is_sure_not_as_it_is_near(verified: Make) -> None:
    (one,) = evidence_of("a.jpg", [verified(0, 0, 20, 20)], FRAME).sightings
    assert one.answer.score < 0.1
    assert one.weight == pytest.approx(0.97)
    ((_, place),) = one.place.parts
    assert np.sqrt(np.diag(place.covariance)) == pytest.approx([20, 20])


def test_an_answer_of_attention_is_as_far_off_as_it_tells(seen: Make) -> None:
    (one,) = evidence_of("a.jpg", [seen(0.9, accuracy_m=3.0)], FRAME).sightings
    assert one.place.radius(one.place.mean, 0.9) == pytest.approx(3.0, rel=0.02)


def test_candidates_agree_by_their_errors_and_by_the_size_of_the_thing(seen: Make) -> None:
    def agreement(first: Detection, second: Detection) -> float:
        (one,), (two,) = (evidence_of("a.jpg", [answer], FRAME).sightings for answer in (first, second))
        return one.agreement(two)

    assert agreement(seen(0.5), seen(0.5)) == pytest.approx(1.0)
    assert agreement(seen(0.5), seen(0.5, east=40)) < 1e-6
    assert agreement(seen(0.5, accuracy_m=60), seen(0.5, east=40)) > 0.1
    # Along the thing's longer side answers may be farther apart.
    assert agreement(seen(0.5, accuracy_m=0.1), seen(0.5, east=2, accuracy_m=0.1)) > agreement(
        seen(0.5, accuracy_m=0.1), seen(0.5, north=2, accuracy_m=0.1)
    )
