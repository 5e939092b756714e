"""Planes of photographs are found once, in coarse detail where that will do, and never taken for another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from geoloc.geometry import plane_finder
from geoloc.geometry.known_planes import KnownPlanes
from geoloc.geometry.photo_keypoints import COARSE, Detail
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.keypoints import keypoint_squares
from geoloc.keypoints.keypoint_squares import SearchedKeypoints
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.photo.rectify import likely_tilts
from tests.helpers.rough_ground import clicked, flown, plan_of, rough, write_ground
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Plan


@pytest.fixture
def matches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many features of the photograph were matched with how many of the ground, each time."""
    counts: list[tuple[int, int]] = []
    match = RootSift.match

    def counted(self: RootSift, query: LocalFeatures, reference: LocalFeatures) -> np.ndarray:
        counts.append((len(query), len(reference)))
        return match(self, query, reference)

    monkeypatch.setattr(RootSift, "match", counted)
    return counts


def middle_of(plan: Plan) -> tuple[float, float]:
    corners = np.array([window.corner for window in plan.windows])
    low, high = corners.min(0), corners.max(0) + plan.window_px
    grid = plan.pixels(*map(int, low), *map(int, high - low))
    x, y = grid.affine * (grid.width / 2, grid.height / 2)
    return float(x), float(y)


def finder_of(mosaic: Mosaic, plan: Plan | None = None, known: KnownPlanes | None = None) -> PlaneFinder:
    plan, matcher = plan or plan_of(mosaic), RootSift()
    keypoints = SearchedKeypoints(MosaicKeypoints(mosaic, plan, matcher), plan)
    return PlaneFinder(keypoints, matcher, known or KnownPlanes())


def test_a_plane_is_found_once(mosaic: Mosaic, matches: list[tuple[int, int]]) -> None:
    finder = finder_of(mosaic)
    photo, matrix = flown(0, 130, told=True)
    search = finder.search(photo)
    assert search.all_are_few
    assert search.fit is None
    assert search.place_of((300.0, 200.0)) is None
    search.on_all()
    assert search.fit is not None
    tried = len(matches)
    # The same picture, loaded again and called otherwise.
    again = finder.search(replace(photo, path=Path("again.jpg"), pixels=photo.pixels.copy()))
    assert again.fit is not None
    again.on_all()
    again.near(np.array([[10.0, 10.0]]))
    assert len(matches) == tried
    at = np.array([[300.0, 200.0]])
    assert again.fit.map_points(at) == pytest.approx(search.fit.map_points(at), abs=1e-3)
    # And it is the true one.
    told = search.place_of((300.0, 200.0))
    assert told is not None
    place = project(told, 4326, mosaic.crs)
    assert (place.x, place.y) == pytest.approx(clicked(matrix, (300.0, 200.0)), abs=0.3)


def test_a_plane_is_known_on_another_plan_of_the_same_pixels(mosaic: Mosaic, matches: list[tuple[int, int]]) -> None:
    plan, known = plan_of(mosaic), KnownPlanes()
    photo, _ = flown(0, 0, told=True)
    first = finder_of(mosaic, plan, known).search(photo)
    first.on_all()
    assert first.fit is not None
    tried = len(matches)
    middle = [window for window in plan.windows if window.id == plan.nearest(*middle_of(plan)).id]
    part = replace(plan, windows=tuple(middle))
    second = finder_of(mosaic, part, known)
    search = second.search(photo)
    assert search.fit is not None
    assert len(matches) == tried
    at = np.array([[400.0, 300.0]])
    corner = np.array([window.corner for window in plan.windows]).min(0)
    shift = corner - np.array(part.windows[0].corner)
    assert search.fit.map_points(at) == pytest.approx(first.fit.map_points(at) + shift, abs=1e-3)
    # It tells where the next photo of the flight may be, if that is inside.
    inside = second.keypoints.inside(known.places - second.keypoints.corner)
    assert search.neighbours.tolist() == inside.tolist()
    assert len(finder_of(mosaic, plan, known).search(photo).neighbours) == 1


def test_a_photo_of_other_ground_is_not_looked_for_again(mosaic: Mosaic, matches: list[tuple[int, int]]) -> None:
    plan, known = plan_of(mosaic), KnownPlanes()
    photo, _ = flown(0, 0, told=True)
    finder_of(mosaic, plan, known).search(photo).on_all()
    corner = replace(plan, windows=plan.windows[:1])
    search = finder_of(mosaic, corner, known).search(photo)
    assert search.elsewhere
    assert search.fit is None
    assert not finder_of(mosaic, plan, known).search(photo).elsewhere


def test_a_plane_in_doubt_gives_way_to_a_better_one_and_never_to_a_worse(
    mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where only a corner of the photo lies near the place that is told.
    inliers = iter([30, 20, 50, 90])
    fits = [
        SimpleNamespace(inliers=count, reference=np.array([[300.0, 300], [600, 600]]), moved=lambda by: by)
        for count in inliers
    ]
    queue = list(fits)
    monkeypatch.setattr(plane_finder, "fit_homography", lambda *args: queue.pop(0) if queue else None)
    monkeypatch.setattr(plane_finder.KnownPlanes, "keep", lambda self, photo, plane: None)
    search = finder_of(mosaic).search(flown(0, 0, told=True)[0])
    middle = np.array([[search._keypoints.grid.width / 2, search._keypoints.grid.height / 2]])
    search.near(middle)
    assert search.fit is fits[3], "of all views in coarse, then in fine detail"
    assert search.is_done
    left = len(queue)
    search.on_all()
    assert len(queue) == left


def test_another_picture_is_matched_anew(mosaic: Mosaic) -> None:
    finder = finder_of(mosaic)
    photo, _ = flown(0, 130, told=True)
    first = finder.search(photo)
    first.on_all()
    changed = photo.pixels.copy()
    changed[:, :-40] = photo.pixels[:, 40:]
    other = finder.search(replace(photo, pixels=changed))
    assert other.fit is None
    other.on_all()
    assert first.fit is not None
    assert other.fit is not None
    point = np.array([[300.0, 300.0]])
    off = np.abs(first.fit.map_points(point + np.array([[40.0, 0.0]])) - other.fit.map_points(point)).max()
    assert off < 1.5, "what is told of it is its own"


def test_coarse_detail_will_do_where_it_is_beyond_doubt(mosaic: Mosaic, matches: list[tuple[int, int]]) -> None:
    search = finder_of(mosaic).search(flown(0, 0, told=True)[0])
    search.on_all()
    assert search.fit is not None
    assert search.fit.inliers >= plane_finder.BEYOND_DOUBT
    assert len(matches) == 1
    assert matches[0][0] <= COARSE.features * 1.01


@pytest.mark.parametrize("enough", [True, False])
def test_fine_detail_follows_where_all_views_in_coarse_detail_are_not_enough(
    mosaic: Mosaic, matches: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    # So few features that less than a hundred agree.
    monkeypatch.setattr(plane_finder, "COARSE", Detail(400, 100, 0.005))
    monkeypatch.setattr(plane_finder, "ENOUGH", 20 if enough else plane_finder.BEYOND_DOUBT)
    search = finder_of(mosaic).search(flown(0, 0, told=True)[0])
    search.on_all()
    assert search.fit is not None
    assert (search.fit.inliers >= plane_finder.BEYOND_DOUBT) is not enough
    assert [count > 150 for count, _ in matches] == [False, False, False, True][: 3 if enough else 4]
    assert search.is_done


def test_what_agreed_on_a_piece_of_the_ground_is_not_enough_for_all_of_it(
    mosaic: Mosaic, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr(plane_finder, "fit_homography", lambda *args: tried.append(1))
    photo = flown(0, 0, told=True)[0]
    search = finder_of(mosaic).search(photo)
    search.fit = cast(Any, SimpleNamespace(inliers=45, reference=np.array([[300.0, 300], [600, 600]])))
    search.on_all()
    assert len(tried) == 2 * len(likely_tilts(photo)), "in coarse and in fine detail"


def test_a_failure_is_remembered_as_such(tmp_path: Path, matches: list[tuple[int, int]]) -> None:
    photo, _ = flown(0, 0, told=True)
    with open_mosaic([write_ground(tmp_path / "other.tif", rough(1))]) as elsewhere:
        finder = finder_of(elsewhere)
        search = finder.search(photo)
        search.on_all()
        assert search.fit is None
        tried = len(matches)
        assert tried == 2 * len(likely_tilts(photo)), "in coarse and in fine detail"
        again = finder.search(photo)
        again.on_all()
        assert again.fit is None
        assert len(matches) == tried


def test_local_features_speak_against_ground_that_a_photo_from_above_does_not_show(tmp_path: Path) -> None:
    photo, _ = flown(0, 0, told=True)
    with open_mosaic([write_ground(tmp_path / "other.tif", rough(1))]) as elsewhere:
        finder = finder_of(elsewhere)
        searches = [finder.search(photo), finder.search(replace(photo, height_m=1.6, pixels=photo.pixels[:-1]))]
        for search in searches:
            search.on_all()
        assert [search.speaks_against for search in searches] == [True, False], "from eye level they tell nothing"


@pytest.mark.parametrize("kind", ["above the horizon", "blurred"])
def test_a_photo_that_has_nothing_to_match_speaks_against_no_ground(mosaic: Mosaic, kind: str) -> None:
    photo, _ = flown(0, 0, told=True)
    if kind == "blurred":
        photo = replace(photo, pixels=np.full_like(photo.pixels, 120))
    else:
        photo = replace(photo, pitch_deg=20.0)
        assert not likely_tilts(photo)
    search = finder_of(mosaic).search(photo)
    search.on_all()
    assert search.fit is None
    assert not search.speaks_against


def test_they_do_not_where_it_shows_the_ground(mosaic: Mosaic) -> None:
    search = finder_of(mosaic).search(flown(0, 130, told=True)[0])
    search.on_all()
    assert not search.speaks_against


def test_near_places_in_coarse_detail_unless_it_is_to_be_thorough(
    mosaic: Mosaic, matches: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypoint_squares, "SMALL_PX", 1.0)
    monkeypatch.setattr(keypoint_squares, "LARGE_PX", 1.0)
    photo = flown(0, 0, told=True)[0]
    finder = finder_of(mosaic)
    search = finder.search(photo)
    assert not search.all_are_few
    search.on_all()
    assert (search.fit, matches) == (None, []), "too much to be matched"
    search.near(np.zeros((0, 2)))
    assert matches == []
    blank = finder.search(replace(photo, pixels=rough(7)[:600]))
    middle = np.array([[finder.keypoints.grid.width / 2, finder.keypoints.grid.height / 2]])
    blank.near(middle)
    views = len(likely_tilts(photo))
    assert len(matches) == views
    blank.near(middle, thorough=True)
    assert len(matches) == 3 * views
    search.near(middle)
    assert search.fit is not None


def test_a_position_and_windows_as_places(mosaic: Mosaic) -> None:
    plan = plan_of(mosaic)
    search = finder_of(mosaic, plan).search(flown(0, 0, told=True)[0])
    grid = plan.windows[0].grid
    middle = project(grid.footprint().centroid, grid.crs, 4326)
    (window,) = search.middles(plan.windows[:1])
    # Counted in another turn round the world it is the same place.
    for x in (middle.x, middle.x + 360):
        assert search.places_at((x, middle.y)) == pytest.approx(window[None], abs=0.01)
    assert len(search.places_at((0.0, 0.0))) == 0
    assert len(search.places_at(None)) == 0
