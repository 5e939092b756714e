"""A second look by crops nearer to the truth, and a close one on finer pixels: what they may change and what not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from shapely import from_wkb
from shapely.geometry import MultiPolygon, box

from geoloc.model.localizer import Proposal
from geoloc.model.weights import Calibration
from geoloc.photo.crops import make_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import BOUND, Gaussian
from geoloc.results.detection import Detection
from geoloc.search.candidate import Answer
from geoloc.search.closer import IN_REACH, OFF_PX, close_look, second_look, second_looks
from geoloc.search.look import Looker
from tests.helpers.looks import PX, PlainReference, Scripted, plan_of, proposal
from tiling.grid import project
from tiling.plan import Middles, Plan

PHOTO = Photo(Path("p.jpg"), np.zeros((900, 1200, 3), np.uint8), heading_deg=30.0, pitch_deg=-90.0)
TARGETS = [Target(Click(60, 70)), Target(Click(600, 400))]
PANORAMA = Photo(Path("p.jpg"), np.zeros((600, 1200, 3), np.uint8), panorama=True)
CRS = 32633


def looker_of(model: Scripted, reference: PlainReference, photo: Photo = PHOTO) -> Looker:
    return Looker(photo, TARGETS, reference, model, Middles(reference.plan))  # type: ignore[arg-type]


def reference_of(plan: Plan) -> PlainReference:
    return PlainReference(plan, crs=CRS)


def near(plan: Plan, number: int, x: float, y: float, half: float) -> MultiPolygon:
    """The area so many pixels round a place of a window."""
    grid = plan.windows[number].grid
    (west, north), (east, south) = grid.affine * (x - half, y - half), grid.affine * (x + half, y + half)
    return MultiPolygon([project(box(west, south, east, north), grid.crs, 4326)])


def found(
    looker: Looker, number: int, x: float, y: float, *, evidence: float = -0.5, size: tuple[float, float] = (20, 20)
) -> Answer:
    """What the first pass found in a window, for the second target and by its last crop."""
    crops = make_crops(looker.photo, TARGETS[1])
    window = looker.window(looker.reference.plan.windows[number])
    one = proposal(x, y, size=size, target=1, crop=len(crops) - 1)
    return looker.answer(looker.candidate(one, window, crops)).scored(math.exp(min(evidence, 0)), evidence)


def sides(crops: Sequence, beside: float) -> list[float]:
    return sorted({round(math.sqrt(np.linalg.det(crop.to_photo[:2, :2])) / beside, 2) for crop in crops})


# The second look


def test_a_second_look_is_at_the_place_in_the_window_that_shows_it_best() -> None:
    plan = plan_of(4, 3)
    model = Scripted(
        second=lambda place: proposal(place[0] + 6, place[1] - 4, size=(30, 8), log_mass=1.5, spread_px=2.0, crop=4)
    )
    looker = looker_of(model, reference_of(plan))
    # At the lower right of the first window the one half a window on and down shows it better.
    first = found(looker, 0, PX - 50, PX - 40)
    again = second_look(looker, first)
    (seen,) = model.looks
    assert seen.shown == plan.windows[5]
    assert seen.place == pytest.approx((PX / 2 - 50, PX / 2 - 40))
    assert again is not None
    assert again.candidate.window == again.detection.window == plan.windows[5].id
    assert again.candidate.target == again.detection.target == 1
    assert again.candidate.box.centre == pytest.approx((seen.place[0] + 6, seen.place[1] - 4))
    # Crops about the one that led there, turned and sized; the answer goes on with the one that fits best.
    assert seen.targets == [1] * 9
    assert sorted({crop.heading_deg for crop in seen.crops}) == [0, 30, 60]
    varied = sides(seen.crops, math.sqrt(np.linalg.det(first.candidate.crop.to_photo[:2, :2])))
    assert varied == pytest.approx([0.71, 1.0, 1.41], abs=0.011)
    assert again.candidate.crop is seen.crops[4]


def test_the_evidence_is_that_of_both_looks_and_the_spread_that_of_the_second() -> None:
    plan = plan_of(2)
    model = Scripted(
        second=lambda place: proposal(*place, log_mass=1.5, spread_px=2.0), calibration=Calibration(4.0, 1.0, 0.5, -1.0)
    )
    looker = looker_of(model, reference_of(plan))
    first = found(looker, 0, 200, 100, evidence=-0.25)
    again = second_look(looker, first)
    assert again is not None
    assert again.detection.evidence == -0.25 + 1.5
    assert again.detection.score == model.score(1.25) == pytest.approx(1 / (1 + math.exp(1 - 0.5 * 1.25)))
    gsd_m = again.candidate.grid.ground_gsd()
    assert again.detection.spread_m == pytest.approx(2.0 * gsd_m)
    assert again.detection.accuracy_parts["spread"] == pytest.approx(BOUND * 2.0 * gsd_m)


@pytest.mark.parametrize(
    ("share", "mass", "score"), [(-1e-9, 60.0, 1.0), (-0.1, 37.5, 1.0), (-900.0, -60.0, 0.0), (-2000.0, 1.5, 0.0)]
)
def test_evidence_of_any_size_is_carried(share: float, mass: float, score: float) -> None:
    """Above 37 the score is 1.0 and its log odds infinite; far below -745 the exponential of the evidence is 0."""
    plan = plan_of(2)
    looker = looker_of(Scripted(second=lambda place: proposal(*place, log_mass=mass)), reference_of(plan))
    again = second_look(looker, found(looker, 0, 200, 100, evidence=share))
    assert again is not None
    assert again.detection.evidence == share + mass
    assert again.detection.score == score
    assert close_look(looker, again).detection.evidence == share + mass


def test_what_does_not_stand_up_to_a_second_look_or_moves_off_the_area_is_no_answer() -> None:
    plan = plan_of(2)
    looker = looker_of(Scripted(second=lambda place: None), reference_of(plan))
    assert second_look(looker, found(looker, 0, 200, 100)) is None
    small = plan_of(2, area=near(plan, 0, 200, 100, 25))
    for east, stays in ((20, True), (30, False)):
        model = Scripted(second=lambda place, east=east: proposal(place[0] + east, place[1]))  # type: ignore[misc]
        looker = looker_of(model, reference_of(small))
        assert (second_look(looker, found(looker, 0, 200, 100)) is not None) == stays
        # The network is told what lies in the area.
        assert model.looks[0].valid.sum() == pytest.approx(50**2, rel=0.1)


def test_a_glance_is_through_a_third_of_the_crops() -> None:
    model = Scripted()
    looker = looker_of(model, reference_of(plan_of(2)))
    assert second_look(looker, found(looker, 0, 200, 100), glance=True) is not None
    assert len(model.looks[0].crops) == 3
    assert sorted(crop.heading_deg for crop in model.looks[0].crops) == [0, 30, 60]


def test_all_crops_are_for_what_may_still_be_the_best() -> None:
    """By a glance the columns 50, 90, 130 and 170 come in this order; thoroughly 90 is the best."""
    glance = {50: 4.0, 90: 3.0, 130: 2.6, 170: 2.4}
    thorough = {50: -2.0, 90: 3.0 + IN_REACH - 1, 130: 1.5, 170: 9.0}
    glance[130] = thorough[90] - IN_REACH + 0.1
    glance[170] = thorough[90] - IN_REACH - 0.1
    model = Scripted()

    def second(place: tuple[float, float]) -> Proposal:
        masses = glance if len(model.looks[-1].crops) == 3 else thorough
        return proposal(*place, log_mass=masses[round(place[0])])

    model._second = second
    looker = looker_of(model, reference_of(plan_of(1)))
    places = [found(looker, 0, x, 100, evidence=0.0) for x in (170, 90, 50, 130)]
    answers = second_looks(looker, places)
    asked = [(round(look.place[0]), len(look.crops)) for look in model.looks]  # type: ignore[index]
    assert asked == [(170, 3), (90, 3), (50, 3), (130, 3), (50, 9), (90, 9), (130, 9)]
    evidence = {round(answer.candidate.box.centre[0]): answer.detection.evidence for answer in answers}
    assert evidence == {column: thorough[column] for column in (50, 90, 130)} | {170: glance[170]}


def test_places_that_do_not_stand_up_to_a_glance_or_to_all_crops_are_gone() -> None:
    model = Scripted()

    def second(place: tuple[float, float]) -> Proposal | None:
        gone = {50: 3, 90: 9}.get(round(place[0]))
        return None if len(model.looks[-1].crops) == gone else proposal(*place, log_mass=-place[0])

    model._second = second
    looker = looker_of(model, reference_of(plan_of(1)))
    answers = second_looks(looker, [found(looker, 0, x, 100, evidence=0.0) for x in (50, 90, 130, 170)])
    assert [round(answer.candidate.box.centre[0]) for answer in answers] == [130, 170]
    assert second_looks(looker, []) == []


def test_crops_are_encoded_once_for_all_places_that_one_crop_led_to(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scripted()
    looker = looker_of(model, reference_of(plan_of(2)))
    encoded: list[int] = []
    real = model.encode_queries
    monkeypatch.setattr(
        model, "encode_queries", lambda crops, targets: encoded.append(len(crops)) or real(crops, targets)
    )
    one = found(looker, 0, 200, 100)
    other = replace(one, candidate=replace(one.candidate, box=proposal(60, 80).box))
    for first in (one, other):
        assert second_look(looker, first) is not None
    assert encoded == [9]
    assert second_look(looker, found(looker, 0, 200, 100)) is not None
    assert encoded == [9, 9], "another crop, if only by identity"


def test_a_panorama_is_shown_whole_a_second_time() -> None:
    model = Scripted()
    looker = looker_of(model, reference_of(plan_of(2)), PANORAMA)
    first = found(looker, 0, 200, 100)
    assert second_look(looker, first) is not None
    assert model.looks[0].crops == [first.candidate.crop]


# The close look


def test_the_place_is_told_by_a_window_twice_as_fine_and_the_size_by_both() -> None:
    plan = plan_of(4, 3)
    model = Scripted(close=lambda mean: proposal(mean[0] + 7, mean[1], size=(16, 9), spread_px=3.0))
    looker = looker_of(model, reference_of(plan))
    before = found(looker, 5, 100, 120, size=(20, 20))
    answer = close_look(looker, before)
    old, new = before.detection, answer.detection
    assert new.gsd_m == pytest.approx(old.gsd_m / 2, rel=1e-3)
    # It looks straight at the answer, and tells the network so.
    (seen,) = model.looks
    grid = seen.shown
    assert (grid.width, grid.height, grid.affine.a) == (PX, PX, plan.windows[0].grid.affine.a / 2)
    middle = project(old.polygon.envelope.centroid, CRS, grid.crs)
    assert (~grid.affine) * (middle.x, middle.y) == pytest.approx((PX / 2, PX / 2), abs=0.05)
    assert isinstance(seen.place, Gaussian)
    assert seen.place.mean == pytest.approx([PX / 2, PX / 2])
    assert seen.place.covariance == pytest.approx(np.diag([OFF_PX**2, OFF_PX**2]))
    # The place, exactly.
    at = project(new.polygon.centroid, CRS, grid.crs)
    assert (~grid.affine) * (at.x, at.y) == pytest.approx((PX / 2 + 7, PX / 2), abs=0.05)
    # Of the two sizes the geometric mean: 20 px are 40 of the finer ones.
    west, south, east, north = project(new.polygon, CRS, grid.crs).bounds
    assert (east - west) / grid.affine.a == pytest.approx(math.sqrt(40 * 16), rel=0.01)
    assert (north - south) / grid.affine.a == pytest.approx(math.sqrt(40 * 9), rel=0.01)
    assert new.accuracy_parts["box"] == pytest.approx(BOUND * 2.0 * new.gsd_m)
    assert new.spread_m == pytest.approx(3.0 * new.gsd_m)
    # All else is as it was.
    changed = {"polygon", "gsd_m", "accuracy_m", "accuracy_parts", "spread_m"}
    assert {name for name in Detection.__slots__ if getattr(new, name) != getattr(old, name)} == changed
    assert (new.score, new.evidence, new.window, new.target) == (old.score, old.evidence, plan.windows[5].id, 1)
    assert answer.candidate.crop in seen.crops
    # Half as wide, turned about the same heading.
    assert seen.targets == [1] * 9
    assert sorted({crop.heading_deg for crop in seen.crops}) == [15, 30, 45]
    closer = sides(seen.crops, math.sqrt(np.linalg.det(before.candidate.crop.to_photo[:2, :2])))
    assert closer == pytest.approx([0.42, 0.5, 0.6], abs=0.011)


def test_an_answer_stays_where_a_close_look_tells_nothing() -> None:
    plan = plan_of(2)
    looker = looker_of(Scripted(close=lambda mean: None), reference_of(plan))
    answer = found(looker, 0, 200, 100)
    assert close_look(looker, answer) is answer
    blind = Scripted()
    assert close_look(looker_of(blind, replace(reference_of(plan), closes=False)), answer) is answer
    unread = reference_of(plan)
    assert close_look(looker_of(blind, unread, PANORAMA), answer) is answer
    assert blind.looks == unread.encoded == []
    # The place that it tells is not in what is to be searched.
    small = reference_of(plan_of(2, area=near(plan, 0, 200, 100, 10)))
    for east, stays in ((30, True), (10, False)):
        far = looker_of(Scripted(close=lambda mean, east=east: proposal(mean[0] + east, mean[1])), small)  # type: ignore[misc]
        assert (close_look(far, answer) is answer) == stays


def test_a_copied_polygon_is_looked_at_all_the_same() -> None:
    looker = looker_of(Scripted(), reference_of(plan_of(2)))
    again = second_look(looker, found(looker, 0, 200, 100))
    assert again is not None
    detection = replace(again.detection, polygon=from_wkb(again.detection.polygon.wkb))
    copied = replace(again, detection=detection)
    assert copied.detection.polygon is not again.detection.polygon
    assert close_look(looker, copied).detection == close_look(looker, again).detection


def test_a_prior_of_a_camera_at_eye_level_has_a_law_of_its_own() -> None:
    plan = plan_of(2)
    told: list[bool] = []

    class Lawful(Scripted):
        def score(self, evidence: float, *, unverified: bool = False, from_ground: bool = False) -> float:
            told.append(from_ground)
            return 0.5

    looker = looker_of(Lawful(), reference_of(plan))
    looker.priors = (None, SimpleNamespace(at_eye_level=True))  # type: ignore[assignment]
    looker.score(0, 1.0)
    looker.score(1, 1.0)
    looker.priors = (SimpleNamespace(at_eye_level=False), None)  # type: ignore[assignment]
    looker.score(0, 1.0)
    assert told == [False, True, False]
