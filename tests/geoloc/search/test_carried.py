"""The last look: where an answer's own plane has a target, where another target's has it, and where neither does."""

from __future__ import annotations

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
from geoloc.search.candidate import Answer
from geoloc.search.carried import CARRIES, OFF_SHARE, OWN_PX, last_looks
from geoloc.search.closer import CELL_PX, OFF_PX
from geoloc.search.look import Looker
from geoloc.search.own_plane import TYPICAL, OwnPlane
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
    crops = make_crops(PHOTO, TARGETS[target])
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


def test_a_supported_plane_tells_where_to_look_and_evidence_stays() -> None:
    model = Scripted()
    looker = looker_of(model)
    first = answer(looker, 0, ASIDE, evidence=4.0, support=TYPICAL)
    (found,) = last_looks(looker, [first], top=3)
    guided, close = known(model.looks)
    # What is clicked stands two metres high, and is seen from straight above.
    assert guided.mean == pytest.approx(PLACE, abs=0.01)
    away = np.linalg.norm([30.0, 0.0])
    assert guided.covariance[0, 0] == pytest.approx(
        OWN_PX**2
        + (OFF_SHARE * away) ** 2
        + CELL_PX**2
        + (2 * 0.2 / looker.reference.plan.windows[0].grid.ground_gsd()) ** 2,
        rel=1e-3,
    )
    assert close.covariance == pytest.approx(OFF_PX**2 * np.eye(2))
    assert where(looker, found) == pytest.approx(PLACE, abs=0.5)
    assert (found.detection.rank, found.detection.evidence, found.detection.score) == (
        1, first.detection.evidence, first.detection.score,
    )  # fmt: skip


def test_a_plane_that_few_cells_agree_on_tells_nothing() -> None:
    model = Scripted()
    looker = looker_of(model)
    first = answer(looker, 0, ASIDE, evidence=4.0, support=TYPICAL - 1)
    (found,) = last_looks(looker, [first], top=3)
    (close,) = known(model.looks)
    assert close.covariance == pytest.approx(OFF_PX**2 * np.eye(2))
    assert where(looker, found) == pytest.approx(ASIDE, abs=0.5)


def test_the_best_plane_of_a_photo_carries_what_was_found_elsewhere_or_not_at_all() -> None:
    model = Scripted(close=lambda mean: proposal(*mean, log_mass=3.0))
    looker = looker_of(model)
    sure = answer(looker, 0, PLACE, evidence=8.0, support=CARRIES)
    plane = sure.candidate.plane
    assert plane is not None
    for others in ([], [answer(looker, 1, PLACE - 60, evidence=1.0, support=10.0)]):
        found = last_looks(looker, [sure, *others], top=3)
        (carried,) = [one for one in found if (one.detection.target, one.detection.rank) == (1, 1)]
        assert where(looker, carried) == pytest.approx(PLACE + 40 * SCALE, abs=0.5)
        assert carried.detection.evidence == pytest.approx(3.0 + plane.evidence)
        assert carried.detection.score == looker.score(1, 3.0 + plane.evidence)
        # What was found elsewhere is an answer still.
        assert [one.detection.rank for one in found if one.detection.target == 1] == [1, 2][: 1 + len(others)]


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
