"""Answers that are kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from shapely.geometry import box

from geoloc.joint.stored import from_json, to_json
from geoloc.results.detection import Detection

Make = Callable[..., Detection]


def test_an_answer_comes_back_as_it_was(seen: Make) -> None:
    ring = box(0, 0, 1 / 3, 9).difference(box(0.1, 1, 0.2, 2))
    answer = seen(0.1 + 0.2, polygon=ring, evidence=-1.5, note="süd", outline="segment", outline_score=0.7)
    assert from_json(json.loads(json.dumps(to_json(answer))), answer.crs) == answer


def test_what_geometry_tells_of_a_place_comes_back_too(verified: Make) -> None:
    answer = verified(1 / 3, 0.0, 2.0, 5.0, about=(0.1, -0.7))
    again = from_json(json.loads(json.dumps(to_json(answer))), answer.crs)
    assert again == answer
    assert again.place is not None
    assert answer.place is not None
    assert (again.place.lon, again.place.lat, again.place.sure) == (answer.place.lon, answer.place.lat, 0.97)
    ((share, one),), ((old_share, old),) = again.place.spread.parts, answer.place.spread.parts
    assert share == old_share
    np.testing.assert_array_equal(one.mean, old.mean)
    np.testing.assert_array_equal(one.covariance, old.covariance)
