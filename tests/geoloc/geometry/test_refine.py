"""Photographs of a rough mosaic by known cameras: places carried over exactly, wrong mosaics changing nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from shapely import from_wkb
from shapely.geometry import Point, Polygon, box

from geoloc.geometry import plane_finder, refine
from geoloc.geometry.homography_fit import HomographyFit
from geoloc.geometry.known_planes import KnownPlanes
from geoloc.geometry.photo_keypoints import FINE, Detail, PhotoKeypoints
from geoloc.geometry.plane_finder import PlaneFinder
from geoloc.geometry.refine import METHOD, Refiner
from geoloc.keypoints import keypoint_squares, mosaic_keypoints
from geoloc.keypoints.keypoint_squares import SearchedKeypoints, Square
from geoloc.keypoints.matcher import LocalFeatures, RootSift
from geoloc.keypoints.mosaic_keypoints import MosaicKeypoints
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.homography import map_points
from geoloc.results.detection import Detection, iou
from geoloc.search.known_view import KnownView
from tests.helpers.rough_ground import EAST, GSD_M, NORTH, clicked, flown, plan_of, rough, write_ground
from tiling.box import PixelBox
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosaic]:
    with open_mosaic([write_ground(tmp_path_factory.mktemp("m") / "other.tif", rough(1))]) as opened:
        yield opened


@pytest.fixture
def answer(make_detection: Callable[..., Detection]) -> Callable[..., Detection]:
    def make(x: float, y: float, rank: int = 1, half: float = 2.0, **more: object) -> Detection:
        return make_detection(0.4 / rank, (x - half, y - half, x + half, y + half), rank=rank, crs="EPSG:32615", **more)

    return make


Refine = Callable[[Photo, Sequence[Target], Sequence[Detection]], list[Detection]]


def refiner_of(mosaic: Mosaic, guide: Any = None) -> Refine:
    """Geometry on all of a mosaic."""
    plan, matcher = plan_of(mosaic), RootSift()
    reference = SimpleNamespace(plan=plan, crs=mosaic.crs, gsd_m=mosaic.gsd_m, in_turn=mosaic.in_turn)
    keypoints = SearchedKeypoints(MosaicKeypoints(mosaic, plan, matcher), plan)
    refiner = Refiner(cast(Any, reference), PlaneFinder(keypoints, matcher, KnownPlanes()), guide)
    return lambda photo, targets, answers: refiner.refine(photo, targets, answers, refiner.planes.search(photo))


@pytest.mark.parametrize(
    ("tilt", "heading", "told"), [(0, 0, True), (0, 130, False), (35, 250, False), (50, 40, True), (60, 200, True)]
)
def test_clicks_are_carried_over_exactly(
    mosaic: Mosaic, answer: Callable[..., Detection], tilt: float, heading: float, told: bool
) -> None:
    photo, matrix = flown(tilt, heading, told=told)
    at = (380.0, 330.0)
    x, y = clicked(matrix, at)
    # Attention had it elsewhere.
    given = [answer(x + 30, y - 20, click=Click(*at)), answer(x - 9, y, 2, click=Click(*at))]
    best, *rest = refiner_of(mosaic)(photo, [Target(Click(*at))], given)
    assert best.method == METHOD
    assert best.rank == 1
    # What stands up in an oblique view may be elsewhere on the ground.
    assert refine.VERIFIED - 0.02 < best.score <= refine.VERIFIED if tilt == 0 else 0.3 < best.score < 0.95
    centre = best.polygon.centroid
    assert math.hypot(centre.x - x, centre.y - y) < 0.3
    assert 0.45 < best.accuracy_m < (1.5 if tilt == 0 else 9)
    assert set(best.accuracy_parts) == {"match", "mosaic pixel"}
    # As large as what attention would have drawn, and the others after it.
    assert best.polygon.area == pytest.approx(16, rel=0.05)
    assert [(r.rank, r.method) for r in rest] == [(2, "attention")]
    assert rest[0].polygon.equals(given[0].polygon)
    # It contradicts a place that is verified.
    assert rest[0].score == pytest.approx(1 - refine.VERIFIED)


def test_an_answer_that_is_confirmed_is_not_told_twice(mosaic: Mosaic, answer: Callable[..., Detection]) -> None:
    photo, matrix = flown(0, 20, told=True)
    at = (300.0, 350.0)
    x, y = clicked(matrix, at)
    given = [answer(x + 30, y, half=1, click=Click(*at)), answer(x + 1, y - 1, 2, half=3, click=Click(*at))]
    found = refiner_of(mosaic)(photo, [Target(Click(*at))], given)
    assert [f.method for f in found] == [METHOD, "attention"]
    assert found[0].polygon.area == pytest.approx(36, rel=0.05)


class Looking:
    """Stands for the guide: an answer at a place (EPSG:32615), surely known or hardly, of so much evidence."""

    def __init__(
        self, make: Callable[..., Detection], at: tuple[float, float], accuracy_m: float, evidence: float = 9.0
    ) -> None:
        self.make, self.at, self.accuracy_m, self.evidence = make, at, accuracy_m, evidence
        self.views: list[KnownView] = []

    def look(self, photo: Photo, target: Target, view: KnownView) -> Detection:
        self.views.append(view)
        found = self.make(*self.at, half=4, click=target.click)
        return replace(found, score=0.0, accuracy_m=self.accuracy_m, evidence=self.evidence)


@pytest.mark.parametrize(("tilt", "heading"), [(0, 130), (50, 40)])
def test_attention_looks_where_a_place_is_verified_and_tells_what_stands_there(
    mosaic: Mosaic, answer: Callable[..., Detection], tilt: float, heading: float
) -> None:
    photo, matrix = flown(tilt, heading, told=True)
    at = (380.0, 330.0)
    x, y = clicked(matrix, at)
    given = [answer(x + 60, y, click=Click(*at))]

    def found(accuracy_m: float) -> tuple[Detection, Looking]:
        guide = Looking(answer, (x + 1, y), accuracy_m)
        best, *rest = refiner_of(mosaic, guide)(photo, [Target(Click(*at))], given)
        assert [r.rank for r in rest] == []
        return best, guide

    sure, guide = found(0.05)
    assert sure.method == METHOD
    assert sure.polygon.area == pytest.approx(64, rel=0.05)
    assert sure.polygon.centroid.x == pytest.approx(x + 1, abs=0.15)
    assert sure.accuracy_m < 0.3
    unsure, _ = found(50.0)
    assert unsure.polygon.centroid.x == pytest.approx(x, abs=0.3)
    (view,) = guide.views
    # What is clicked stands up, so its foot is nearer to the camera.
    place = project(Point(view.grid.affine * tuple(view.place.mean)), view.grid.crs, 32615)
    nearer = -refine.STANDS_M * math.tan(math.radians(tilt))
    way = math.sin(math.radians(heading)), math.cos(math.radians(heading))
    assert (place.x - x, place.y - y) == pytest.approx((nearer * way[0], nearer * way[1]), abs=1.2)
    assert (view.heading_deg - heading + 180) % 360 - 180 == pytest.approx(0, abs=6)
    # The camera is 70 m away, its focal length 700 px; the ground is foreshortened by the tilt.
    assert view.px_per_m == pytest.approx(10 * math.sqrt(math.cos(math.radians(tilt))), rel=0.1)
    # Crops from above are drawn by it: the place itself, and 5 m to its east and 3 m to its south.
    here, there = map_points(view.to_photo, np.array([[0.0, 0.0], [5.0, 3.0]]))
    assert here == pytest.approx(at, abs=1e-6)
    assert clicked(matrix, (float(there[0]), float(there[1]))) == pytest.approx((x + 5, y - 3), abs=0.3)


def test_a_look_that_may_have_seen_a_like_thing_beside_it_tells_so(
    mosaic: Mosaic, answer: Callable[..., Detection]
) -> None:
    photo, matrix = flown(60, 40, told=True)
    target = Target(Click(380.0, 330.0))
    at = clicked(matrix, (380.0, 330.0))

    def found(evidence: float) -> Detection:
        (best,) = refiner_of(mosaic, Looking(answer, at, 0.3, evidence))(photo, [target], [])
        return best

    strong, weak, none = (found(evidence) for evidence in (20.0, 2.0, -12.0))
    assert strong.score > weak.score > none.score
    assert strong.accuracy_m < weak.accuracy_m < none.accuracy_m
    assert strong.score > 0.9
    assert strong.accuracy_m < 2
    # As far as heights may shift it: of a house of 8 m one half is then elsewhere.
    assert none.accuracy_m > 4
    assert none.score < 0.8
    assert strong.polygon.equals(none.polygon)


def test_a_box_is_filled_by_what_is_found(mosaic: Mosaic, answer: Callable[..., Detection]) -> None:
    photo, matrix = flown(0, 0, told=True)
    target = Target.from_box(PixelBox(350, 250, 410, 280))
    x, y = clicked(matrix, (target.click.x, target.click.y))
    (best,) = refiner_of(mosaic)(photo, [target], [answer(x, y, click=target.click)])
    low, high = clicked(matrix, (350, 280)), clicked(matrix, (410, 250))
    assert best.polygon.bounds == pytest.approx((*low, *high), abs=0.4)
    assert best.outline == "drawn"
    assert 0.5 < best.outline_score < refine.VERIFIED


@pytest.mark.parametrize(("tilt", "heading"), [(0, 30), (45, 250)])
def test_a_box_of_a_turned_photo_does_not_grow(
    mosaic: Mosaic, answer: Callable[..., Detection], tilt: float, heading: float
) -> None:
    photo, matrix = flown(tilt, heading, told=True)
    truth = box(EAST + 66, NORTH - 75, EAST + 78, NORTH - 70)
    target = Target.from_box(PixelBox(*photographed(matrix, truth).bounds))
    at = truth.centroid
    (best,) = refiner_of(mosaic)(photo, [target], [answer(at.x, at.y, click=target.click)])
    assert iou(best.polygon.envelope, truth) > 0.75


@pytest.mark.parametrize(("tilt", "heading"), [(0, 30), (45, 250)])
def test_a_polygon_is_carried_over_whole(
    mosaic: Mosaic, answer: Callable[..., Detection], tilt: float, heading: float
) -> None:
    photo, matrix = flown(tilt, heading, told=True)
    truth = box(EAST + 62, NORTH - 78, EAST + 78, NORTH - 66).difference(box(EAST + 66, NORTH - 74, 6e5, NORTH - 70))
    target = Target.from_polygon(photographed(matrix, truth))
    # Attention's box is about all of it, not about the point that was clicked.
    middle = truth.envelope.centroid
    given = [answer(middle.x, middle.y, click=target.click)]
    (best,) = refiner_of(mosaic)(photo, [target], given)
    assert (best.outline, best.alternatives) == ("drawn", ())
    assert best.polygon.is_valid
    assert iou(best.polygon, truth) > 0.85
    # What stands up is moved to its foot, where attention's look sees that.
    guide = Looking(answer, (middle.x + 3, middle.y), 0.02)
    (moved,) = refiner_of(mosaic, guide)(photo, [target], given)
    east, south = (np.array(moved.polygon.bounds) - best.polygon.bounds)[:2]
    assert (east, south) != pytest.approx((0, 0), abs=0.3)
    assert moved.polygon.area == pytest.approx(best.polygon.area, rel=0.01)
    assert moved.outline_score > best.outline_score


def test_what_reaches_beyond_the_ground_that_was_searched_is_cut_and_told(
    mosaic: Mosaic, answer: Callable[..., Detection]
) -> None:
    photo, matrix = flown(0, 0, told=True)
    for west, note in ((EAST + 62, ""), (EAST - 900, refine.BEYOND)):
        drawn = Target.from_polygon(photographed(matrix, box(west, NORTH - 74, EAST + 78, NORTH - 66)))
        near = photographed(matrix, box(EAST + 62, NORTH - 74, EAST + 78, NORTH - 66)).centroid
        target = replace(drawn, click=Click(near.x, near.y))
        given = [answer(EAST + 70, NORTH - 70, click=target.click)]
        (best,) = refiner_of(mosaic)(photo, [target], given)
        assert (best.outline, best.note) == ("drawn", note)


def test_where_nothing_drawn_is_left_there_is_a_box(mosaic: Mosaic, answer: Callable[..., Detection]) -> None:
    photo, matrix = flown(60, 0, told=True)
    at = (400.0, 400.0)
    x, y = clicked(matrix, at)
    sky = box(300, -300, 500, -100)
    target = Target(Click(*at), PixelBox(*sky.bounds), sky)
    (best,) = refiner_of(mosaic)(photo, [target], [answer(x, y, click=target.click)])
    assert (best.method, best.outline, best.outline_score) == (METHOD, "box", 0)
    assert best.polygon.area == pytest.approx(16, rel=0.05)


def photographed(matrix: np.ndarray, shape: Polygon) -> Polygon:
    """The picture in the photo of a shape on the ground, EPSG:32615."""
    points = np.array(shape.exterior.coords)
    pixels = np.column_stack([points[:, 0] - EAST, NORTH - points[:, 1]]) / GSD_M
    return Polygon(map_points(np.linalg.inv(matrix), pixels))


def test_a_wrong_mosaic_and_a_blank_photo_change_nothing(
    mosaic: Mosaic, elsewhere: Mosaic, answer: Callable[..., Detection]
) -> None:
    target = Target(Click(380.0, 330.0))
    given = [answer(EAST + 60, NORTH - 60, click=target.click)]
    photo, _ = flown(45, 10, told=True)
    assert refiner_of(elsewhere)(photo, [target], given) == given
    blank = Photo(Path("b.jpg"), np.full((300, 400, 3), 90, np.uint8))
    assert refiner_of(mosaic)(blank, [target], given) == given
    panorama = replace(flown(0, 0, told=True)[0], panorama=True)
    assert refiner_of(mosaic)(panorama, [target], given) == given


def test_clicks_off_what_is_searched_and_targets_without_answers_stay_as_they_are(
    mosaic: Mosaic, answer: Callable[..., Detection]
) -> None:
    photo, matrix = flown(0, 0, told=True)
    at = (380.0, 330.0)
    x, y = clicked(matrix, at)
    outside = Target(Click(-3000.0, 20.0))
    given = [answer(EAST + 60, NORTH - 60, click=outside.click), answer(x, y, click=Click(*at), target=1)]
    found = refiner_of(mosaic)(photo, [outside, Target(Click(*at)), Target(Click(1, 1))], given)
    assert [(f.target, f.method) for f in found] == [(0, "attention"), (1, METHOD)]


def test_answers_to_a_click_that_the_plane_puts_beyond_the_mosaic_score_little_unless_they_are_there(
    mosaic: Mosaic, answer: Callable[..., Detection]
) -> None:
    # Its upper part shows what lies north of the mosaic.
    photo, matrix = flown(50, 0, told=True)
    at = next((400.0, y) for y in np.arange(300.0, 0.0, -1.0) if clicked(matrix, (400.0, y))[1] > NORTH + 12)
    x, y = clicked(matrix, at)
    assert NORTH + 12 < y < NORTH + 16
    near, far = answer(x, NORTH + 8, click=Click(*at)), answer(x + 25, NORTH - 10, 2, click=Click(*at))
    found = refiner_of(mosaic)(photo, [Target(Click(*at))], [near, far])
    assert [(f.rank, f.method) for f in found] == [(1, "attention"), (2, "attention")]
    assert found[0] == near
    assert found[1].score == pytest.approx(1 - refine.VERIFIED)


def test_a_large_mosaic_is_matched_round_the_answers_only_and_once(
    mosaic: Mosaic, answer: Callable[..., Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypoint_squares, "SMALL_PX", 1000.0)
    monkeypatch.setattr(keypoint_squares, "LARGE_PX", 1000.0)
    monkeypatch.setattr(keypoint_squares, "ROUND_M", 15.0)
    monkeypatch.setattr(mosaic_keypoints, "SIDE_PX", 100)
    monkeypatch.setattr(MosaicKeypoints, "side_px", 100)
    # So little ground that few matches must do.
    monkeypatch.setattr(plane_finder, "BEYOND_DOUBT", 12)
    photo, matrix = flown(0, 0, told=True)
    at = (400.0, 300.0)
    x, y = clicked(matrix, at)
    read: list[Square] = []
    real = MosaicKeypoints._find

    def noted(self: MosaicKeypoints, square: Square) -> LocalFeatures:
        read.append(square)
        return real(self, square)

    monkeypatch.setattr(MosaicKeypoints, "_find", noted)
    refined = refiner_of(mosaic)
    target = Target(Click(*at))
    for _ in range(2):
        (best,) = refined(photo, [target], [answer(x + 12, y + 5, click=target.click)])
        assert best.method == METHOD
    # Of some fifty.
    assert 1 <= len(read) <= 9
    # Where the plane is not known yet, what is far from all answers is not matched.
    far = refiner_of(mosaic)(photo, [target], [answer(EAST + 8, NORTH - 8, click=target.click)])
    assert [f.method for f in far] == ["attention"]


def test_all_that_is_searched_is_matched_where_no_answer_is_near(
    mosaic: Mosaic, answer: Callable[..., Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypoint_squares, "SMALL_PX", 1000.0)
    monkeypatch.setattr(keypoint_squares, "ROUND_M", 15.0)
    monkeypatch.setattr(mosaic_keypoints, "SIDE_PX", 200)
    monkeypatch.setattr(MosaicKeypoints, "side_px", 200)
    photo, _ = flown(0, 0, told=True)
    click = Click(400.0, 300.0)
    (best, *_) = refiner_of(mosaic)(photo, [Target(click)], [answer(EAST + 8, NORTH - 8, click=click)])
    assert best.method == METHOD


def test_the_view_that_most_matches_agree_on_counts_not_the_first(
    mosaic: Mosaic, answer: Callable[..., Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, matrix = flown(0, 0, told=False)
    at = (700.0, 500.0)
    x, y = clicked(matrix, at)
    real = PhotoKeypoints.of_view

    def few_first(self: PhotoKeypoints, tilt_deg: float, detail: Detail) -> LocalFeatures:
        features = real(self, tilt_deg, detail)
        # Only a corner of it, as what a view at a wrong tilt agrees with.
        corner = (features.points < 90).all(1)
        return features if detail is FINE else features.part(corner)

    monkeypatch.setattr(PhotoKeypoints, "of_view", few_first)
    seen: list[int] = []
    real_fit = plane_finder.fit_homography

    def noted(*args: np.ndarray) -> HomographyFit | None:
        found = real_fit(*args)
        seen.append(0 if found is None else found.inliers)
        return found

    monkeypatch.setattr(plane_finder, "fit_homography", noted)
    target = Target(Click(*at))
    (best,) = refiner_of(mosaic)(photo, [target], [answer(x + 12, y + 5, click=target.click)])
    assert best.method == METHOD
    assert max(seen) >= plane_finder.BEYOND_DOUBT > seen[0] > 0
    assert best.polygon.centroid.distance(Point(x, y)) < 0.3
    assert seen[-1] == max(seen), "then no more views are tried"


def test_what_attention_knew_of_its_answers_stays_with_them(mosaic: Mosaic, answer: Callable[..., Detection]) -> None:
    photo, matrix = flown(0, 20, told=True)
    at = (300.0, 350.0)
    x, y = clicked(matrix, at)
    given = [
        answer(x + 30, y, half=1, click=Click(*at), evidence=2.5, spread_m=0.3),
        answer(x + 1, y - 1, 2, half=3, click=Click(*at), evidence=-900.0, spread_m=0.6),
    ]
    best, other = refiner_of(mosaic)(photo, [Target(Click(*at))], given)
    # The score of a verified place is made of something else.
    assert (best.method, best.evidence, best.spread_m) == (METHOD, None, 0.6)
    assert (other.evidence, other.spread_m) == (2.5, 0.3)
    # Copies of the polygons are the same answers.
    copies = [replace(one, polygon=from_wkb(one.polygon.wkb)) for one in given]
    assert refiner_of(mosaic)(photo, [Target(Click(*at))], copies) == [best, other]
