"""The first pass: what share each place has of all that was searched, and what is looked at for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, box

from geoloc.errors import PhotoError
from geoloc.model.localizer import Proposal
from geoloc.photo.crops import make_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.search.candidate import Answer
from geoloc.search.first_pass import LEAST_SHARE, FirstPass
from geoloc.search.look import Looker
from geoloc.search.shortlist import FIRST_LOOKS, LOOKS
from tests.helpers.looks import COLUMN, PX, ROW, PlainReference, Scripted, plan_of, proposal, squares_like
from tiling.plan import Middles, Plan

PHOTO = Photo(Path("p.jpg"), np.zeros((300, 400, 3), np.uint8), pitch_deg=-90.0)
ONE = [Target(Click(10, 20))]
TWO = [*ONE, Target(Click(300, 200))]


def answers(
    proposals: Mapping[str, Sequence[Proposal]] | Scripted,
    plan: Plan,
    targets: Sequence[Target] = ONE,
    *,
    reference: PlainReference | None = None,
    exhaustive: bool = False,
    progress: list[tuple[int, int]] | None = None,
) -> list[Answer]:
    model = proposals if isinstance(proposals, Scripted) else Scripted(proposals)
    reference = PlainReference(plan) if reference is None else reference
    looker = Looker(PHOTO, targets, reference, model, Middles(plan))  # type: ignore[arg-type]
    done = [] if progress is None else progress
    return FirstPass(looker, exhaustive=exhaustive, progress=lambda i, n: done.append((i, n))).answers(5)


def evidence(answer: Answer) -> float:
    assert answer.detection.evidence is not None
    assert answer.detection.score == math.exp(answer.detection.evidence)
    return answer.detection.evidence


def test_a_place_has_its_share_of_all_places_and_of_nowhere() -> None:
    plan = plan_of(1)
    masses = [2.0, 1.0, -3.0]
    boxes = [proposal(40 + 60 * i, 100, log_mass=mass, spread_px=1 + i) for i, mass in enumerate(masses)]
    found = answers({plan.windows[0].id: boxes}, plan)
    whole = 1 + sum(map(math.exp, masses))
    assert [answer.detection.score for answer in found] == pytest.approx([math.exp(mass) / whole for mass in masses])
    assert [evidence(answer) for answer in found] == pytest.approx([mass - math.log(whole) for mass in masses])
    gsd_m = plan.windows[0].grid.ground_gsd()
    assert [answer.detection.spread_m for answer in found] == pytest.approx([gsd_m, 2 * gsd_m, 3 * gsd_m])
    assert [answer.candidate.log_mass for answer in found] == masses


def test_the_share_is_of_all_windows_and_each_target_has_its_own() -> None:
    plan = plan_of(5)
    first, last = plan.windows[0].id, plan.windows[-1].id
    found = answers(
        {
            first: [proposal(60, 60, log_mass=1.0), proposal(60, 60, log_mass=4.0, target=1)],
            last: [proposal(200, 60, log_mass=3.0)],
        },
        plan,
        TWO,
    )
    one, two, three = found
    assert [(a.detection.target, a.candidate.window) for a in found] == [(0, first), (1, first), (0, last)]
    # What windows show twice is to count once: of all mass 1 / overlap is counted.
    overlap = plan.overlap
    assert 1 < overlap < 4
    whole = 1 + (math.exp(1) + math.exp(3)) / overlap
    assert one.detection.score == pytest.approx(math.exp(1) / whole)
    # A place has no less than its own mass.
    assert three.detection.score == pytest.approx(math.exp(3) / (1 + max(math.exp(3), whole - 1)))
    assert two.detection.score == pytest.approx(math.exp(4) / (1 + math.exp(4)))


def test_places_that_turn_out_to_be_little_are_not_kept() -> None:
    plan = plan_of(3)
    much, little = 20.0, 20.0 + math.log(LEAST_SHARE) - 1
    by_window = {
        plan.windows[0].id: [proposal(60, 60, log_mass=much)],
        plan.windows[2].id: [proposal(9, 9, log_mass=little)],
    }
    assert [a.candidate.log_mass for a in answers(by_window, plan)] == [much]
    # One that was much when it was found stays, with the share that it has in the end.
    by_window = {
        plan.windows[0].id: [proposal(60, 60, log_mass=0.0)],
        plan.windows[2].id: [proposal(9, 9, log_mass=much)],
    }
    few, many = answers(by_window, plan)
    assert few.detection.score < LEAST_SHARE < many.detection.score


@pytest.mark.parametrize("mass", [40.0, 300.0, 5000.0])
def test_a_share_of_everything_and_one_of_nothing_are_no_problem(mass: float) -> None:
    """Formerly the share was the exponential of its log, and its log was taken again: 0 where it was below e**-745."""
    plan = plan_of(3)
    by_window = {
        plan.windows[0].id: [proposal(60, 60, log_mass=0.0), proposal(200, 200, log_mass=-3.0)],
        plan.windows[2].id: [proposal(60, 60, log_mass=mass)],
    }
    found = answers(by_window, plan)
    assert [evidence(a) for a in found[:2]] == pytest.approx([-mass, -3 - mass], abs=1)
    assert evidence(found[2]) == pytest.approx(0.0, abs=1e-9)
    assert found[2].detection.score == pytest.approx(1.0)
    if mass > 1000:
        # What the score cannot tell apart any more, the evidence still does.
        assert [a.detection.score for a in found[:2]] == [0.0, 0.0]
        assert evidence(found[0]) > evidence(found[1])


def test_every_crop_is_shown_to_every_window_once_and_progress_is_told() -> None:
    plan = plan_of(4, 2)
    model, told = Scripted(), list[tuple[int, int]]()
    assert answers(model, plan, TWO, progress=told) == []
    crops = [make_crops(PHOTO, target) for target in TWO]
    # Two scales and four headings a click where nothing is known.
    assert [len(group) for group in crops] == [8, 8]
    assert model.proposed == [(window.id, list(range(16)), 5) for window in plan.windows]
    assert told == [(i + 1, 8) for i in range(8)]


def test_the_crop_that_led_to_a_place_is_that_of_its_target() -> None:
    plan = plan_of(1)
    boxes = [proposal(60, 60, target=1, crop=5), proposal(160, 160, target=0, crop=2)]
    one, two = answers({plan.windows[0].id: boxes}, plan, TWO)
    shapes = [[(crop.click, crop.heading_deg) for crop in make_crops(PHOTO, target)] for target in TWO]
    assert (one.candidate.crop.click, one.candidate.crop.heading_deg) == shapes[1][5]
    assert (two.candidate.crop.click, two.candidate.crop.heading_deg) == shapes[0][2]


def test_centres_off_the_area_are_no_answers_and_windows_off_it_are_not_shown() -> None:
    whole = plan_of(4)
    west, south, _, north = whole.windows[0].footprint.bounds
    middle = whole.windows[1].footprint.bounds[0]
    plan = plan_of(4, area=MultiPolygon([box(west, south, middle, north)]))
    by_window = {plan.windows[0].id: [proposal(PX / 2 - 20, 60), proposal(PX / 2 + 20, 160)]}
    model = Scripted(by_window)
    (found,) = answers(model, plan)
    assert found.candidate.box.centre == (PX / 2 - 20, 60)
    # The others touch the area at most.
    assert [window for window, _, _ in model.proposed] == [plan.windows[0].id]


def test_a_click_outside_the_photo_is_an_error_before_anything_is_shown() -> None:
    model = Scripted()
    with pytest.raises(PhotoError, match="outside the photo"):
        answers(model, plan_of(2), [Target(Click(401, 20))])
    assert model.proposed == []


SIZE = 4


def many(mass: float, likely: set[tuple[int, int]]) -> tuple[Scripted, PlainReference, Plan]:
    """A plan of more windows than there are looks, and a network with descriptors that speak for some of them."""
    plan = plan_of(24, 10)
    best = plan.windows[24 * 5 + 11]
    model = Scripted({best.id: [proposal(PX / 2, PX / 2, log_mass=mass)]}, descriptor=SIZE)
    return model, PlainReference(plan, squares=squares_like(likely, SIZE)), plan


def test_of_many_windows_only_the_likely_ones_are_looked_at_and_few_if_they_leave_no_doubt() -> None:
    # Of the windows that show this quarter the best one comes first in the plan.
    place = {(COLUMN + 12, ROW + 6)}
    sure, reference, plan = many(9.0, place)
    told: list[tuple[int, int]] = []
    (found,) = answers(sure, plan, reference=reference, progress=told)
    assert found.candidate.window == plan.windows[24 * 5 + 11].id
    assert len(sure.proposed) == FIRST_LOOKS
    assert all(len(crops) == 2 for _, crops, _ in sure.proposed)
    # Windows that were compared count as well, and in the end all is done.
    done, totals = zip(*told, strict=True)
    assert list(done) == sorted(done)
    assert told[-1][0] == told[-1][1]
    assert max(totals) == len(plan.windows) + LOOKS
    # What leaves doubt is looked for further.
    unsure, reference, plan = many(-0.5, place)
    (found,) = answers(unsure, plan, reference=reference)
    assert found.candidate.log_mass == -0.5
    assert FIRST_LOOKS < len(unsure.proposed) <= LOOKS


def test_only_what_is_in_doubt_is_looked_for_further() -> None:
    _, reference, plan = many(9.0, {(COLUMN + 12, ROW + 6)})
    best = plan.windows[24 * 5 + 11]
    place = (PX / 2, PX / 2)
    model = Scripted(
        {best.id: [proposal(*place, log_mass=9.0), proposal(*place, log_mass=-0.5, target=1)]}, descriptor=SIZE
    )
    answers(model, plan, TWO, reference=reference)
    first, more = model.proposed[:FIRST_LOOKS], model.proposed[FIRST_LOOKS:]
    assert len(more) == LOOKS - FIRST_LOOKS
    # Crops are counted over both targets, eight each.
    assert {number // 8 for _, crops, _ in first for number in crops} == {0, 1}
    assert {number // 8 for _, crops, _ in more for number in crops} == {1}


def test_what_counts_once_is_by_the_windows_that_were_looked_at() -> None:
    """Most windows of the plan show a place that three others show as well; of those looked at few do."""
    _, reference, plan = many(0.0, {(COLUMN + 12, ROW + 6)})
    masses = {window.id: [proposal(PX / 2, PX / 2, log_mass=0.5)] for window in plan.windows}
    model = Scripted(masses, descriptor=SIZE)
    found = answers(model, plan, reference=reference)
    shown = tuple(window for window in plan.windows if window.id in {name for name, _, _ in model.proposed})
    assert len(shown) == LOOKS
    overlap = replace(plan, windows=shown).overlap
    assert overlap < 0.8 * plan.overlap
    whole = 1 + LOOKS * math.exp(0.5) / overlap
    assert found[-1].detection.score == pytest.approx(math.exp(0.5) / whole)


def test_every_window_is_looked_at_where_that_is_wanted_or_there_are_no_descriptors() -> None:
    model, reference, plan = many(9.0, set())
    answers(model, plan, reference=reference, exhaustive=True)
    assert len(model.proposed) == len(plan.windows)
    plain = Scripted()
    answers(plain, plan, reference=reference)
    assert len(plain.proposed) == len(plan.windows)


def test_few_windows_are_all_looked_at_if_they_leave_doubt_but_through_the_crops_that_suit() -> None:
    plan = plan_of(6, 5)
    model = Scripted(descriptor=SIZE)
    answers(model, plan, reference=PlainReference(plan, squares=squares_like(set(), SIZE)))
    assert len(plan.windows) <= LOOKS
    assert sorted(window for window, _, _ in model.proposed) == sorted(window.id for window in plan.windows)
    counts = [len(crops) for _, crops, _ in model.proposed]
    assert set(counts) == {2, 1}
    assert counts == sorted(counts, reverse=True), "the first ones through two crops, later ones through one"
