"""The cheapest evidence that is enough ends a search, and what it leaves open goes on."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry import Point, Polygon, box

import geoloc.search.locate
import geoloc.search.prior
from geoloc.geometry.refine import METHOD, VERIFIED
from geoloc.geometry.stand import FoundPose
from geoloc.model.weights import Calibration
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.cascade import CANDIDATES, Cascade, Watch, metres_outside
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection

Make = Callable[..., Detection]
PHOTO = Photo(Path("a.jpg"), np.zeros((9, 9, 3), np.uint8))
TARGETS = [Target(Click(1, 1)), Target(Click(2, 2))]
FIT = SimpleNamespace(inliers=99)
ATTENTION = [(0, 1, "attention"), (0, 2, "attention"), (1, 1, "attention"), (1, 2, "attention")]
GEOMETRY = [(0, 1, METHOD), (1, 1, METHOD)]


class Geometry:
    """Stands for refiner, planes and the search for one; says what was asked of it.

    scores: of the place that each target is carried to; None where none is. agrees: the ground that the photo agrees
    with: "known", "all", "position", "neighbours", "windows" or "answers". eye: the photo is from eye level.
    """

    def __init__(
        self,
        make: Make,
        scores: Sequence[float | None] = (0.9, 0.9),
        *,
        agrees: str = "all",
        few: bool = True,
        eye: bool = False,
    ) -> None:
        self._make, self._scores, self._agrees, self.all_are_few = make, scores, agrees, few
        self._eye = eye
        self.fit: Any = FIT if agrees == "known" else None
        self.elsewhere = agrees == "elsewhere"
        self.neighbours = np.array([[3.0, 3.0]]) if agrees == "neighbours" else np.zeros((0, 2))
        self.calls: list[str] = []
        self.places: dict[tuple[float, float], Point] = {}

    def search(self, photo: Photo) -> Geometry:
        return self

    def places_at(self, position: tuple[float, float] | None) -> NDArray[np.float64]:
        return np.zeros((0, 2)) if position is None else np.array([position])

    def place_of(self, click: tuple[float, float]) -> Point | None:
        return None if self.fit is None else self.places.get(click)

    def middles(self, windows: Sequence[int]) -> NDArray[np.float64]:
        return np.array([[float(window), 0.0] for window in windows]).reshape(-1, 2)

    @property
    def is_done(self) -> bool:
        return self.fit is not None

    @property
    def speaks_against(self) -> bool:
        return self.fit is None and not self._eye

    def on_all(self) -> None:
        self._try("all")

    def near(self, places: NDArray[np.float64]) -> None:
        if len(places):
            self._try({1.0: "position", 3.0: "neighbours", 7.0: "windows"}[places[0, 0]])

    def carry(self, photo: Photo, number: int, target: Target, fit: object) -> list[Detection]:
        assert fit is FIT
        self.calls.append(f"carry {number}")
        score = self._scores[number]
        return [] if score is None else [self._make(score, (0, 0, 1, 1), rank=1, target=number, method=METHOD)]

    def refine(
        self, photo: Photo, targets: Sequence[Target], answers: list[Detection], plane: Geometry
    ) -> list[Detection]:
        assert plane is self
        self._try("answers")
        if self.fit is None:
            return answers
        best = [answer for answer in answers if answer.rank == 1]
        return [replace(answer, method=METHOD, score=0.9) for answer in best]

    def _try(self, ground: str) -> None:
        self.calls.append(ground)
        if self._agrees == ground:
            self.fit = FIT


class Attention:
    """Answers every target twice; descriptors speak for windows 7 and 8."""

    made: list[list[Target]]
    calls: list[str]
    asked: list[int]
    make: Make

    def __init__(self, photo: Photo, targets: list[Target], *rest: object, **options: object) -> None:
        self._targets = targets
        self.made.append(list(targets))

    def likeliest_windows(self, most: int) -> list[int]:
        self.calls.append("descriptors")
        return [7, 8]

    def answers(self, top: int) -> list[Detection]:
        self.calls.append(f"attention {len(self._targets)}")
        self.asked.append(top)
        numbers = [(number, rank) for number in range(len(self._targets)) for rank in (1, 2)]
        return [
            self.make(0.8 / rank, (5, 5, 6, 6), rank=rank, target=number, evidence=1.0 / rank)
            for number, rank in numbers
        ]


@pytest.fixture
def attention(monkeypatch: pytest.MonkeyPatch, make_detection: Make) -> type[Attention]:
    class Fresh(Attention):
        made, calls, asked, make = [], [], [], staticmethod(make_detection)  # type: ignore[assignment]

    monkeypatch.setattr(geoloc.search.locate, "AttentionSearch", Fresh)
    return Fresh


def search(
    geometry: Geometry | None, photo: Photo = PHOTO, watch: Watch | None = None, gsd_m: float = 0.1, **options: Any
) -> Cascade:
    plan = SimpleNamespace(area=box(0, 0, 10, 10))
    network = SimpleNamespace(score=Calibration(score_offset=1.0, unverified_offset=-2.0).score)
    reference = SimpleNamespace(gsd_m=gsd_m)
    ground = SimpleNamespace(plan=plan, reference=reference, network=network, planes=geometry, refiner=geometry)
    request = SearchRequest(**options)
    return Cascade(photo, TARGETS, cast(Any, ground), told=photo.position, request=request, watch=watch or Watch())


def find(geometry: Geometry | None, photo: Photo = PHOTO, **options: Any) -> list[tuple[int, int, str]]:
    return [(d.target, d.rank, d.method) for d in search(geometry, photo, **options).answers()]


def test_a_known_plane_ends_the_search(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="known", few=False)
    assert find(geometry) == GEOMETRY
    assert geometry.calls == ["carry 0", "carry 1"]
    assert not attention.made


def test_targets_that_the_plane_puts_outside_are_told(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="known")
    assert search(geometry).outside() == {}
    # A thousandth of a degree is a hundred metres; what lies at the edge may be inside.
    far, edge = Point(10.001, 5), Point(10.0001, 5)
    geometry.places = {(1, 1): far, (2, 2): edge}
    assert search(geometry).outside() == {0: far}
    assert search(geometry, refine="off").outside() == {}
    assert search(geometry, exhaustive=True).outside() == {}


def test_what_the_plane_puts_outside_is_not_looked_for(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, (0.9, None), agrees="known")
    geometry.places = {(2, 2): Point(11, 5)}
    assert find(geometry) == [(0, 1, METHOD)]
    assert not attention.calls


def test_what_attention_said_of_it_before_the_plane_was_known_counts_little(
    attention: type[Attention], make_detection: Make
) -> None:
    geometry = Geometry(make_detection, agrees="answers")
    geometry.places = {(2, 2): Point(11, 5)}
    found = search(geometry).answers()
    assert [(answer.target, answer.score) for answer in found] == [(0, 0.9), (1, pytest.approx(1 - VERIFIED))]


def test_a_plane_that_is_known_is_carried_without_matching(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="known")
    assert [answer.target for answer in search(geometry).carried()] == [0, 1]
    assert geometry.calls == ["carry 0", "carry 1"]
    assert search(Geometry(make_detection)).carried() == []


def test_small_ground_is_matched_whole_before_attention_is_asked(
    attention: type[Attention], make_detection: Make
) -> None:
    geometry = Geometry(make_detection, agrees="all")
    assert find(geometry) == GEOMETRY
    assert geometry.calls == ["all", "carry 0", "carry 1"]
    assert not attention.made


@pytest.mark.parametrize("told", ["position", "neighbours"])
def test_of_large_ground_what_is_told_comes_first(attention: type[Attention], make_detection: Make, told: str) -> None:
    geometry = Geometry(make_detection, agrees=told, few=False)
    photo = replace(PHOTO, position=(1.0, 2.0)) if told == "position" else PHOTO
    assert find(geometry, photo) == GEOMETRY
    assert geometry.calls == [told, "carry 0", "carry 1"]
    assert not attention.made


def test_then_what_descriptors_speak_for(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="windows", few=False)
    assert find(geometry, replace(PHOTO, position=(1.0, 2.0))) == GEOMETRY
    assert geometry.calls == ["position", "windows", "carry 0", "carry 1"]
    assert attention.calls == ["descriptors"]


def test_then_attention_and_geometry_round_its_answers(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="answers", few=False)
    assert find(geometry) == GEOMETRY
    assert geometry.calls == ["windows", "answers"]
    assert attention.calls == ["descriptors", "attention 2"]
    assert len(attention.made) == 1, "what was encoded for the descriptors serves"


def test_geometry_looks_round_more_answers_than_are_wanted(attention: type[Attention], make_detection: Make) -> None:
    for top in (1, CANDIDATES + 4):
        find(Geometry(make_detection, agrees="nothing"), top=top)
    assert attention.asked == [CANDIDATES, CANDIDATES + 4]


def test_where_nothing_agrees_attention_decides(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection, agrees="nothing")
    watch = Watch()
    found = search(cast(Any, geometry), watch=watch)
    assert [(d.target, d.rank, d.method) for d in found.answers()] == ATTENTION
    assert geometry.calls == ["all", "answers"]
    assert [step.answered for step in watch.steps] == [0, 2, 0], "what attention found is not geometry's doing"
    assert (found.verifies, found.verified, found.known_elsewhere) == (True, False, False)
    assert search(Geometry(make_detection, agrees="elsewhere")).known_elsewhere


def test_answers_score_less_where_local_features_speak_against_the_ground(
    attention: type[Attention], make_detection: Make
) -> None:
    def scores(geometry: Geometry | None, photo: Photo = PHOTO, **options: Any) -> list[float]:
        return [answer.score for answer in search(geometry, photo, **options).answers()]

    # By hand: log odds of 1 + 1 - 2 for an evidence of 1, and of 0.5 + 1 - 2 for one of 0.5.
    doubted = [0.5, pytest.approx(1 / (1 + np.exp(0.5)))]
    assert scores(Geometry(make_detection, agrees="nothing")) == 2 * doubted
    assert scores(Geometry(make_detection, agrees="nothing"), exhaustive=True) == 2 * doubted
    # What cannot tell, was not asked, or agrees, does not.
    plain = [0.8, 0.4] * 2
    assert scores(Geometry(make_detection, agrees="nothing", eye=True)) == plain
    assert scores(Geometry(make_detection, agrees="nothing"), gsd_m=0.5) == plain
    assert scores(Geometry(make_detection, agrees="nothing"), refine="off") == plain
    assert scores(Geometry(make_detection, agrees="nothing"), replace(PHOTO, panorama=True)) == plain
    assert scores(None) == plain
    assert scores(Geometry(make_detection, agrees="answers")) == [0.9, 0.9]


@pytest.mark.parametrize("doubtful", [None, 0.4])
def test_what_is_not_sure_is_looked_for_everywhere(
    attention: type[Attention], make_detection: Make, doubtful: float | None
) -> None:
    geometry = Geometry(make_detection, [0.9, doubtful])
    found = search(geometry)
    assert [(d.target, d.rank) for d in found.answers()] == [(0, 1), (1, 1)]
    # The second target keeps its number, and it alone was looked for.
    assert attention.made == [TARGETS[1:]]
    assert geometry.calls == ["all", "carry 0", "carry 1", "answers"]
    assert found.verified


def test_options_that_ask_for_attention(attention: type[Attention], make_detection: Make) -> None:
    geometry = Geometry(make_detection)
    assert find(geometry, refine="off") == ATTENTION
    assert geometry.calls == []
    geometry = Geometry(make_detection, agrees="nothing")
    assert find(geometry, exhaustive=True) == ATTENTION
    assert geometry.calls == ["answers"]
    assert find(None) == ATTENTION
    panorama = replace(PHOTO, panorama=True)
    assert find(Geometry(make_detection), panorama) == ATTENTION
    assert not search(Geometry(make_detection), panorama).verifies


def test_steps_and_stages_are_told(
    attention: type[Attention], make_detection: Make, caplog: pytest.LogCaptureFixture
) -> None:
    stages: list[str] = []
    watch = Watch(stages.append)
    with caplog.at_level(logging.DEBUG, "geoloc"):
        search(Geometry(make_detection, [0.9, None]), watch=watch).answers()
    assert stages == ["matching", "searching", "verifying"]
    steps = [
        ("local features, on all that is searched", 0),
        ("a look where it is verified", 1),
        ("attention", 1),
        ("local features, round the answers of attention", 1),
    ]
    assert [(step.name, step.answered) for step in watch.steps] == steps
    assert all(step.seconds >= 0 and step.cpu_s >= 0 for step in watch.steps)
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in said] == [name for name, _ in steps]
    assert said[1].endswith("found 1")


def test_of_poses_that_were_found_the_ground_before_the_camera_is_asked_and_of_no_other(
    attention: type[Attention],
) -> None:
    phone = Photo(Path("p.jpg"), np.zeros((60, 80, 3), np.uint8), position=(15.0, 51.0), focal_px=60.0, phone=True)
    found = [replace(phone, heading_deg=heading, position_error_m=1.0) for heading in (10.0, 200.0)]
    asked: list[tuple[Photo, Click]] = []
    searched = search(None, phone)
    searched._posed = True
    ground = cast(Any, searched._ground)
    ground.stands = lambda photo: [FoundPose(found[0], 0.6), FoundPose(found[1], 0.3)]
    ground.ahead = lambda posed, click: asked.append((posed, click))
    ground.clicked = lambda photo, targets: []
    searched.answers()
    poses = [[posed for posed, click in asked if click == target.click] for target in TARGETS]
    assert all(len(some) == 2 and some[0] is found[0] and some[1] is found[1] for some in poses)


def test_all_that_is_looked_for_in_a_photo_speaks_for_its_poses_together(
    attention: type[Attention], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[list[float], list[Target], list[Target]]] = []

    def priors(
        poses: Sequence[tuple[float, Photo]], targets: Sequence[Target], ahead: object, earlier: Sequence[Target]
    ) -> list[None]:
        given.append(([weight for weight, _ in poses], list(targets), list(earlier)))
        return [None] * len(targets)

    monkeypatch.setattr(geoloc.search.prior, "priors_of", priors)
    searched = search(None)
    searched._posed = True
    ground, before = cast(Any, searched._ground), Target(Click(7, 7))
    ground.stands = lambda photo: [FoundPose(photo, 0.3), FoundPose(photo, 0.6)]
    ground.clicked = lambda photo, targets: [before]
    searched.answers()
    assert given == [([0.6, 0.3, pytest.approx(0.1)], TARGETS, [before])]


@pytest.mark.parametrize("lat", [0.0, 52.0, 60.0])
def test_metres_outside_are_those_to_the_nearest_edge_on_the_ground(lat: float) -> None:
    """Of a slanted edge what is nearest in degrees is not nearest in metres."""
    side = 1e-3
    slanted = Polygon([(10, lat), (10 + side, lat + side), (10, lat + side)])
    place = Point(10 + side, lat)
    # The edge at the plane's scale here: a degree to the north, and one to the east.
    north, east = (Geod(ellps="WGS84").line_length([10, 10 + dx], [lat, lat + dy]) for dx, dy in ((0, side), (side, 0)))
    assert metres_outside(slanted, place) == pytest.approx(north * east / math.hypot(north, east), rel=2e-3)
    assert metres_outside(slanted, Point(10 + side / 4, lat + side / 2)) == 0.0
