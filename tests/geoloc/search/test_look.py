"""One look: what is shown to the network, and what its answer is on the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Polygon, box

from geoloc.model.localizer import Proposal
from geoloc.model.network.cross_view import MatchedCells
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.photo.crops import make_crops, varied_crops
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import BOUND, Gaussian
from geoloc.search.candidate import CandidateBox
from geoloc.search.look import METHOD, EncodedWindow, Looker
from tests.helpers.looks import PX, PlainReference, Scripted, plan_of, proposal
from tiling.box import PixelBox
from tiling.grid import Grid
from tiling.plan import Middles, Plan

PHOTO = Photo(Path("photos/p.jpg"), np.zeros((300, 400, 3), np.uint8))
TARGETS = [Target(Click(10, 20)), Target(Click(300, 200))]


def looker_of(model: Scripted, reference: PlainReference, targets: Sequence[Target] = TARGETS) -> Looker:
    return Looker(PHOTO, targets, reference, model, Middles(reference.plan))  # type: ignore[arg-type]


def a_crop(heading: float) -> Crop:
    return Crop(np.zeros((8, 8, 3), np.uint8), (4.0, 4.0), heading, np.eye(3))


def western_half(plan: Plan) -> MultiPolygon:
    west, south, east, north = plan.windows[0].footprint.bounds
    return MultiPolygon([box(west, south, (west + east) / 2, north)])


def test_a_window_of_the_plan_is_valid_where_it_has_data_inside_the_area() -> None:
    plan = plan_of(1)
    window = plan.windows[0]
    data = np.ones((PX, PX), bool)
    data[: PX // 4] = False
    reference = PlainReference(plan_of(1, area=western_half(plan)), valid={window.id: data})
    shown = looker_of(Scripted(), reference).window(window)
    assert (shown.grid, shown.id, shown.features) == (window.grid, window.id, window)
    assert not shown.valid[: PX // 4].any()
    assert not shown.valid[:, PX // 2 :].any()
    assert shown.valid[PX // 4 :, : PX // 2].all()


def test_the_window_that_shows_a_place_best() -> None:
    plan = plan_of(4, 3)
    looker = looker_of(Scripted(), PlainReference(plan))
    window = plan.windows[6]
    x, y = window.grid.affine * (PX / 2 + 30, PX / 2 - 40)
    shown, place = looker.nearest_window(x, y)
    assert shown.id == window.id
    assert place == pytest.approx((PX / 2 + 30, PX / 2 - 40))


def test_any_grid_is_a_window_where_pixels_are_at_hand() -> None:
    plan = plan_of(1)
    grid = Grid(plan.windows[0].grid.crs, Affine(0.1, 0, 7.0, 0, -0.1, 5.0), 64, 64)
    shown = looker_of(Scripted(), PlainReference(plan)).close_window(grid, "19/1/2+6")
    assert shown is not None
    assert (shown.grid, shown.id, shown.features) == (grid, "19/1/2+6", grid)
    # Wherever it lies: what counts is where its answer is.
    assert shown.valid.all()
    assert looker_of(Scripted(), PlainReference(plan, closes=False)).close_window(grid, "") is None


@pytest.mark.parametrize("place", [(60.0, 70.0), Gaussian(np.array([60.0, 70.0]), np.eye(2))])
def test_a_look_shows_the_crops_and_tells_the_place(place: tuple[float, float] | Gaussian) -> None:
    plan = plan_of(1)
    box_there = proposal(66, 71, size=(20, 12), log_mass=-1.25, spread_px=2.5, crop=1)
    model = Scripted(second=lambda at: box_there, close=lambda mean: box_there)
    looker = looker_of(model, PlainReference(plan))
    crops = [a_crop(heading) for heading in (0.0, 90.0, 180.0)]
    window = looker.window(plan.windows[0])
    found = looker.look(1, crops, window, place)
    (seen,) = model.looks
    assert (seen.crops, seen.targets, seen.shown, seen.place) == (crops, [1, 1, 1], plan.windows[0], place)
    assert seen.valid is window.valid
    assert found is not None
    assert (found.target, found.grid, found.window) == (1, window.grid, window.id)
    assert (found.box, found.log_mass, found.spread_px) == (box_there.box, -1.25, 2.5)
    assert found.crop is crops[1]
    nothing = looker_of(Scripted(second=lambda at: None, close=lambda mean: None), PlainReference(plan))
    assert nothing.look(1, crops, window, place) is None


class Supposing:
    """Stands for a prior; its weights are what it was asked for."""

    def __init__(self, *, knows_heading: bool, at_eye_level: bool = True) -> None:
        self.knows_heading, self.at_eye_level = knows_heading, at_eye_level

    def again(self, grid: Grid, supposed_deg: float | None) -> tuple[Grid, float | None]:
        return grid, supposed_deg


class Weighed(Scripted):
    """Keeps the weights of second looks."""

    told: Sequence[Any] = ()

    def rescore(
        self, queries: Any, shown: Any, valid: Any, place: tuple[float, float], weights: Sequence[Any] = ()
    ) -> tuple[Proposal | None, None]:
        self.told = weights
        return super().rescore(queries, shown, valid, place)


def second_look(prior: Supposing) -> tuple[Looker, Weighed, EncodedWindow]:
    plan, model = plan_of(1), Weighed()
    looker = Looker(PHOTO, TARGETS, PlainReference(plan), model, Middles(plan), priors=[None, prior])  # type: ignore[arg-type, list-item]
    window = looker.window(plan.windows[0])
    first = CandidateBox(1, window.grid, window.id, PixelBox(0, 0, 9, 9), 0.0, 1.0, make_crops(PHOTO, TARGETS[1])[0])
    assert looker.look_again(first, window, (5.0, 5.0), glance=False) is not None
    return looker, model, window


@pytest.mark.parametrize("knows_heading", [True, False])
def test_at_eye_level_the_prior_counts_in_the_second_look_too(knows_heading: bool) -> None:
    looker, model, window = second_look(Supposing(knows_heading=knows_heading))
    (seen,) = model.looks
    assert model.told == [(window.grid, None if knows_heading else crop.heading_deg) for crop in seen.crops]
    assert looker.weights(window, [(0, seen.crops[0])]) == [None]


def test_from_the_air_the_second_look_is_attentions_own() -> None:
    _, model, _ = second_look(Supposing(knows_heading=True, at_eye_level=False))
    assert not model.told


def lying(crops: int) -> MatchedCells:
    """Where cells of so many crops lie: each where it is in its crop."""
    rows = np.arange(16)
    middles = 16.0 * np.stack(np.meshgrid(rows, rows), axis=-1).reshape(-1, 2) + 8.0
    return MatchedCells(middles, np.stack([middles] * crops), np.full((crops, len(middles)), 0.5))


@pytest.mark.parametrize(
    ("photo", "eye_level", "asked"),
    [
        pytest.param(PHOTO, False, True, id="from the air"),
        pytest.param(PHOTO, True, False, id="at eye level with a prior"),
        pytest.param(replace(PHOTO, panorama=True), False, False, id="panorama"),
    ],
)
def test_a_second_look_from_the_air_tells_the_plane_of_its_matches(photo: Photo, eye_level: bool, asked: bool) -> None:
    plan, model = plan_of(1), Weighed()
    crop = make_crops(PHOTO, TARGETS[1])[0]
    model.matched = lying(len(varied_crops(PHOTO, TARGETS[1], crop)))
    priors = [None, Supposing(knows_heading=True, at_eye_level=True) if eye_level else None]
    looker = Looker(photo, TARGETS, PlainReference(plan), model, Middles(plan), priors=priors)  # type: ignore[arg-type]
    window = looker.window(plan.windows[0])
    first = CandidateBox(1, window.grid, window.id, PixelBox(0, 0, 9, 9), 0.0, 1.0, crop)
    found = looker.look_again(first, window, (5.0, 5.0), glance=False)
    assert found is not None
    assert (found.plane is not None) == asked
    if found.plane is not None:
        # Crops that are turned and sized otherwise cannot all show the window as it is.
        assert 10 < found.plane.support < 128
        assert found.plane.matrix is not None


def candidate(window: EncodedWindow, found: Proposal) -> CandidateBox:
    crops = make_crops(PHOTO, TARGETS[0])
    return looker_of(Scripted(), PlainReference(plan_of(1))).candidate(found, window, crops)


def test_an_answer_lies_where_the_box_does_and_says_how_well_it_is_known() -> None:
    plan = plan_of(1)
    window = plan.windows[0]
    model = Scripted(calibration=Calibration(2.0, 0.5, 1.0, 0.0))
    looker = looker_of(model, PlainReference(plan, crs=32633, gsd_m=0.1))
    shown = looker.window(window)
    found = candidate(shown, proposal(100, 80, size=(20, 10), spread_px=3.0, target=1))
    answer = looker.answer(found)
    assert answer.candidate is found
    detection = answer.detection
    gsd_m = window.grid.ground_gsd()
    # Neither ranked nor scored yet.
    assert (detection.rank, detection.score, detection.evidence) == (1, 0.0, None)
    assert (detection.click, detection.target, detection.photo) == (TARGETS[1].click, 1, "photos/p.jpg")
    assert (detection.crs, detection.window, detection.method, detection.model) == (
        32633,
        window.id,
        METHOD,
        "scripted",
    )
    assert detection.gsd_m == gsd_m
    assert detection.spread_m == 3.0 * gsd_m
    errors = {"box": 2.0 * gsd_m, "spread": 0.5 * 3.0 * gsd_m, "mosaic pixel": 0.1 / math.sqrt(12)}
    parts = {name: BOUND * error for name, error in errors.items()}
    assert detection.accuracy_parts == pytest.approx(parts)
    assert detection.accuracy_m == pytest.approx(math.sqrt(sum(part**2 for part in parts.values())))
    west, south, east, north = detection.polygon.bounds
    assert east - west == pytest.approx(20 * gsd_m, rel=0.05)
    assert north - south == pytest.approx(10 * gsd_m, rel=0.1)
    centre = detection.centre_lonlat
    left, _, right, _ = window.footprint.bounds
    assert centre.x == pytest.approx(left + (right - left) * 100 / PX, abs=1e-7)


def test_an_answer_is_no_finer_than_what_was_read_and_stays_in_the_mosaics_turn() -> None:
    class Turned(PlainReference):
        def in_turn(self, shape: Polygon) -> Polygon:
            return translate(shape, 1000.0)

    plan = plan_of(1)
    plain, turned = PlainReference(plan), Turned(plan, finest_m=0.75)
    shown = looker_of(Scripted(), plain).window(plan.windows[0])
    found = candidate(shown, proposal(100, 80))
    before, after = (looker_of(Scripted(), reference).answer(found).detection for reference in (plain, turned))
    assert before.gsd_m < 0.75 == after.gsd_m
    # The network's own errors are in its pixels all the same.
    assert (after.spread_m, after.accuracy_parts) == (before.spread_m, before.accuracy_parts)
    assert after.xmin - before.xmin == pytest.approx(1000.0)


def test_a_name_that_is_no_unicode_can_be_written() -> None:
    photo = Photo(Path("p\udcff.jpg"), PHOTO.pixels)
    plan = plan_of(1)
    reference: Any = PlainReference(plan)
    model: Any = Scripted()
    looker = Looker(photo, TARGETS, reference, model, Middles(plan))
    found = candidate(looker.window(plan.windows[0]), proposal(9, 9))
    looker.answer(found).detection.photo.encode()


def test_boxes_are_read_in_the_pixels_that_they_were_found_in() -> None:
    plan = plan_of(2)
    looker = looker_of(Scripted(), PlainReference(plan))
    first, second = (
        looker.answer(candidate(looker.window(window), proposal(x, 90))).detection.polygon
        for window, x in zip(plan.windows, (PX / 2 + 40, 40), strict=True)
    )
    # Windows lie half a window apart.
    assert PixelBox(*first.bounds).centre == pytest.approx(PixelBox(*second.bounds).centre, abs=1e-6)
