"""The last look: where an answer's own plane has a target, where another target's has it, and where neither does."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from geoloc.model.localizer import Proposal
from geoloc.photo.crops import make_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import Gaussian
from geoloc.plane.view_line import HEIGHT_M, LEAST_LEAN
from geoloc.search.candidate import Answer
from geoloc.search.carried import CARRIES, CONTRADICTED, OFF_SHARE, OWN_PX, SUPPORTED, last_looks
from geoloc.search.closer import CELL_PX, OFF_PX
from geoloc.search.look import Looker
from geoloc.search.own_plane import OwnPlane
from tests.helpers.looks import PX, PlainReference, RecordedLook, Scripted, plan_of, proposal
from tiling.grid import project
from tiling.plan import Middles

PHOTO = Photo(Path("p.jpg"), np.zeros((900, 1200, 3), np.uint8), heading_deg=0.0, pitch_deg=-90.0, focal_px=900.0)
TARGETS = [Target(Click(600, 450)), Target(Click(640, 490))]
SCALE = 0.5
"""Window pixels a photo pixel."""
PLACE = np.array([140.0, 120.0])
"""Where the plane has the first target, pixels of the first window."""
ASIDE = PLACE + np.array([30.0, 0.0])
PLANE = np.array([[SCALE, 0, PLACE[0] - 600 * SCALE], [0, SCALE, PLACE[1] - 450 * SCALE], [0, 0, 1]])


def looker_of(model: Scripted) -> Looker:
    plan = plan_of(1)
    return Looker(PHOTO, TARGETS, PlainReference(plan, crs=32633), model, Middles(plan))  # type: ignore[arg-type]


def answer(
    looker: Looker, target: int, at: NDArray[np.float64], *, evidence: float, support: float, rank: int = 1
) -> Answer:
    crops = make_crops(looker.photo, looker.targets[target])
    window = looker.window(looker.reference.plan.windows[0])
    one = looker.candidate(proposal(*at, size=(12, 12), target=target), window, crops)
    made = looker.answer(replace(one, plane=OwnPlane(PLANE, support))).scored(looker.score(target, evidence), evidence)
    return replace(made, detection=replace(made.detection, rank=rank))


def where(looker: Looker, found: Answer) -> NDArray[np.float64]:
    """The middle of an answer, pixels of the first window."""
    grid = looker.reference.plan.windows[0].grid
    middle = project(found.detection.polygon, found.detection.crs, grid.crs).centroid
    return np.array(~grid.affine * (middle.x, middle.y))


def known(looks: list[RecordedLook]) -> list[Gaussian]:
    return [look.place for look in looks if isinstance(look.place, Gaussian)]


def test_a_supported_plane_tells_where_to_look_for_what_was_found() -> None:
    model = Scripted()
    looker = looker_of(model)
    first = answer(looker, 0, PLACE + 4, evidence=4.0, support=SUPPORTED)
    (found,) = last_looks(looker, [first], top=3)
    guided, close = known(model.looks)
    # It is seen from straight above, so that what stands up does not lean.
    assert guided.mean == pytest.approx(PLACE, abs=0.01)
    height_px = HEIGHT_M * LEAST_LEAN / looker.reference.plan.windows[0].grid.ground_gsd()
    off = math.hypot(OWN_PX, OFF_SHARE * math.hypot(4, 4), CELL_PX, height_px)
    assert np.sqrt(np.diag(guided.covariance)) == pytest.approx([off, off], rel=1e-3)
    assert close.covariance == pytest.approx(OFF_PX**2 * np.eye(2))
    assert where(looker, found) == pytest.approx(PLACE, abs=0.5)
    assert (found.detection.rank, found.evidence, found.detection.score) == (1, 4.0, first.detection.score)


@pytest.mark.parametrize(
    ("log_mass", "best"), [pytest.param(2.0, "by the plane", id="seen"), pytest.param(-1.0, "first", id="hardly seen")]
)
def test_a_place_whose_own_plane_has_the_target_elsewhere_loses_evidence(log_mass: float, best: str) -> None:
    looker = looker_of(Scripted(close=lambda mean: proposal(*mean, log_mass=log_mass)))
    first = answer(looker, 0, ASIDE, evidence=4.0, support=SUPPORTED)
    found = last_looks(looker, [first], top=3)
    by_plane = (PLACE, log_mass + first.evidence - first.candidate.log_mass)
    expected = [by_plane, (ASIDE, first.evidence - CONTRADICTED)]
    assert [one.detection.rank for one in found] == [1, 2]
    for one, (place, evidence) in zip(found, expected if best == "by the plane" else expected[::-1], strict=True):
        assert where(looker, one) == pytest.approx(place, abs=0.5)
        assert one.evidence == pytest.approx(evidence)
        assert one.detection.score == looker.score(0, one.evidence)


def test_a_plane_that_few_cells_agree_on_tells_nothing() -> None:
    model = Scripted()
    looker = looker_of(model)
    first = answer(looker, 0, ASIDE, evidence=4.0, support=SUPPORTED - 1)
    (found,) = last_looks(looker, [first], top=3)
    (close,) = known(model.looks)
    assert close.covariance == pytest.approx(OFF_PX**2 * np.eye(2))
    assert where(looker, found) == pytest.approx(ASIDE, abs=0.5)


def test_the_best_plane_of_a_photo_carries_what_was_found_elsewhere_or_not_at_all() -> None:
    looker = looker_of(Scripted(close=lambda mean: proposal(*mean, log_mass=2.5)))
    sure = answer(looker, 0, PLACE, evidence=6.0, support=CARRIES)
    for others in ([], [answer(looker, 1, PLACE - 60, evidence=1.0, support=10.0)]):
        found = last_looks(looker, [sure, *others], top=3)
        (carried,) = [one for one in found if (one.detection.target, one.detection.rank) == (1, 1)]
        assert where(looker, carried) == pytest.approx(PLACE + 40 * SCALE, abs=0.5)
        # As sure of the place as the other target is, and of the object what is seen there.
        assert carried.evidence == pytest.approx(6.0 - sure.candidate.log_mass + 2.5)
        assert carried.detection.score == looker.score(1, carried.evidence)
        # What was found elsewhere is an answer still.
        assert [one.detection.rank for one in found if one.detection.target == 1] == [1, 2][: 1 + len(others)]


def test_the_photo_s_plane_is_the_one_that_most_answers_agree_with() -> None:
    targets = [Target(Click(600, 450)), Target(Click(640, 490)), Target(Click(560, 490)), Target(Click(600, 500))]
    model = Scripted(close=lambda mean: proposal(*mean, log_mass=2.5))
    plan = plan_of(1)
    looker = Looker(PHOTO, targets, PlainReference(plan, crs=32633), model, Middles(plan))  # type: ignore[arg-type]
    right = [answer(looker, n, PLACE + offset, evidence=6.0, support=CARRIES) for n, offset in ((0, 0.0), (1, 20.0))]
    wrong = answer(looker, 2, PLACE - 70, evidence=6.0, support=1.5 * CARRIES)
    astray = np.array([[SCALE, 0, 70.0 - 560 * SCALE], [0, SCALE, 50.0 - 490 * SCALE], [0, 0, 1]])
    wrong = replace(wrong, candidate=replace(wrong.candidate, plane=OwnPlane(astray, 1.5 * CARRIES)))
    found = last_looks(looker, [*right, wrong], top=1)
    assert where(looker, found[3]) == pytest.approx(PLACE + np.array([0.0, 50 * SCALE]), abs=1.0)


@pytest.mark.parametrize(
    ("evidence", "support"), [pytest.param(9.0, 10.0, id="surer"), pytest.param(-9.0, 0.0, id="none is seen there")]
)
def test_an_answer_that_the_photo_s_plane_has_nothing_better_for_stays(evidence: float, support: float) -> None:
    def close(mean: NDArray[np.float64]) -> Proposal | None:
        return proposal(*mean, log_mass=1.0) if evidence > 0 or abs(mean[0] - PX / 2) < 1 else None

    looker = looker_of(Scripted(close=close))
    sure = answer(looker, 0, PLACE, evidence=10.0, support=CARRIES)
    other = answer(looker, 1, PLACE - 60, evidence=evidence, support=support)
    found = last_looks(looker, [sure, other], top=1)
    assert [one.detection.target for one in found] == [0, 1]
    assert where(looker, found[1]) == pytest.approx(PLACE - 60, abs=0.5)
    assert found[1].detection.evidence == evidence
