"""The search as a request asks for it, with stand-ins for what it puts together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from PIL import ExifTags, Image
from shapely.geometry import Point, box

import geoloc.pipeline.finder
from geoloc.photo.photo import Photo, load_photo
from geoloc.photo.rectify import Tilt
from geoloc.photo.sight import at_eye_level
from geoloc.photo.target import Click, Target
from geoloc.pipeline.cascade import Watch
from geoloc.pipeline.finder import Finder, told_photo
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection

Make = Callable[..., Detection]
PHOTO = Photo(Path("a.jpg"), np.zeros((9, 9, 3), np.uint8))
TARGETS = [Target(Click(1, 1)), Target(Click(2, 2))]


class StubPlan(NamedTuple):
    name: str
    windows: str = "some"
    lattice: tuple[int, int, int] = (19, 6, 384)
    area: Any = box(0, 0, 1, 1)


WHOLE, NEAR = StubPlan("whole", "all", area=box(0, 0, 9, 9)), StubPlan("near")


class StubScope:
    """Near the photo, where `near` is given, and everything."""

    def __init__(self, near: StubPlan | None = None, whole: StubPlan = WHOLE, *, told: bool = True) -> None:
        self._near, self._whole, self._told = near, whole, told

    def near(self, photo: Photo) -> StubPlan | None:
        return self._near

    def plan(self) -> StubPlan:
        return self._whole

    def told(self, photo: Photo) -> None:
        return None

    def doubt(self, photo: Photo) -> str:
        return "not believed" if self._told else ""


class Script:
    """What searches of each plan find: scores of targets by attention and by geometry, None for nothing."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.attention: dict[str, list[float | None]] = {"whole": [0.6, 0.4], "near": [0.6, 0.4]}
        self.geometry: dict[str, list[float | None]] = {}
        self.known_elsewhere: set[str] = set()
        self.outside: dict[str, dict[int, Point]] = {}
        self.place: dict[str, tuple[float, float, float, float]] = {"whole": (5, 5, 6, 6)}
        self.made: list[str] = []
        self.asked: list[tuple[str, Sequence[int]]] = []
        self.requests: list[SearchRequest] = []
        self.photos: list[Photo] = []

    def ground(self, source: object, plan: StubPlan, network: object, known: object) -> SimpleNamespace:
        self.made.append(plan.name)
        return SimpleNamespace(plan=plan)

    def cascade(self, photo: Photo, targets: Sequence[Target], ground: Any, **more: Any) -> ScriptedCascade:
        self.requests.append(more["request"])
        self.photos.append(photo)
        return ScriptedCascade(self, ground.plan.name, len(targets), more["request"].refine == "auto")


class ScriptedCascade:
    def __init__(self, script: Script, plan: str, count: int, verifies: bool) -> None:
        self._script, self._plan, self._count = script, plan, count
        self.verifies = verifies
        self.verified = verifies and any(script.geometry.get(plan, ()))
        self.known_elsewhere = verifies and plan in script.known_elsewhere
        self._numbers = range(count)

    def outside(self) -> dict[int, Point]:
        return self._script.outside.get(self._plan, {}) if self.verified else {}

    def carried(self) -> list[Detection]:
        return self._of(self._script.geometry.get(self._plan, []), self._numbers, "geometry")

    def by_geometry(self) -> list[Detection]:
        return self._of(self._script.geometry.get(self._plan, [None] * self._count), range(self._count), "geometry")

    def by_attention(self, numbers: Sequence[int]) -> list[Detection]:
        self._script.asked.append((self._plan, list(numbers)))
        return self._of(self._script.attention[self._plan], numbers, "attention")

    def answers(self) -> list[Detection]:
        found = self.by_geometry()
        done = {answer.target for answer in found}
        found += self.by_attention([number for number in range(self._count) if number not in done])
        return sorted(found, key=lambda answer: (answer.target, answer.rank))

    def _of(self, scores: Sequence[float | None], numbers: Sequence[int], method: str) -> list[Detection]:
        made = [(number, score) for number in numbers if (score := scores[number]) is not None]
        bounds = self._script.place.get(self._plan, (0.2, 0.2, 0.8, 0.8))
        return [self._script.make(s, bounds, target=n, method=method, crs=4326) for n, s in made]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, make_detection: Make) -> Script:
    script = Script(make_detection)
    monkeypatch.setattr(geoloc.pipeline.finder, "Cascade", script.cascade)
    monkeypatch.setattr(geoloc.pipeline.finder, "SearchGround", script.ground)
    return script


def finder(script: Script, **options: Any) -> Finder:
    return Finder(cast(Any, SimpleNamespace(mosaic=None)), cast(Any, None), SearchRequest(**options))


def find(by: Finder, scope: StubScope | None = None) -> list[tuple[int, float, str]]:
    """Target, score and note of each answer."""
    found = by.find(PHOTO, TARGETS, cast(Any, scope or StubScope(told=False)), Watch())
    return [(answer.target, answer.score, answer.note) for answer in found.answers]


def test_what_is_here(script: Script) -> None:
    # All answers to what is here unless a score is asked for, of each answer then.
    for options, expected in (({}, [0.6]), ({"min_score": 0.3}, [0.6, 0.4]), ({"min_score": 0.9}, [])):
        found = finder(script, **options).find(PHOTO, TARGETS, cast(Any, StubScope(told=False)))
        assert [answer.score for answer in found.answers] == [0.6, 0.4]
        assert [answer.score for answer in found.here] == expected
        assert found.plan is WHOLE


def test_one_answer_a_click_unless_more_are_wanted(script: Script, make_detection: Make) -> None:
    several = [
        make_detection(0.9 / rank, (0, 0, 1, 1), rank=rank, target=number) for number in (0, 1) for rank in (1, 2, 3)
    ]
    for options, ranks in (({}, [1, 1]), ({"top": 2}, [1, 2, 1, 2])):
        found = finder(script, **options)._found(PHOTO, TARGETS, several, cast(Any, WHOLE), Watch(), outside={})
        assert [answer.rank for answer in found.answers] == [answer.rank for answer in found.here] == ranks


def test_what_is_verified_near_the_position_ends_the_search(script: Script) -> None:
    script.geometry["near"] = [0.9, None]
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.9, ""), (1, 0.4, "")]
    # The second click is "not here", but the photo was taken here.
    assert script.asked == [("near", [1])]
    assert script.made == ["near"]


def test_what_the_plane_puts_beyond_the_limits_is_carried_over_there(script: Script) -> None:
    script.geometry = {"near": [0.9, None], "whole": [0.8]}
    script.outside["near"] = {1: Point(5, 5)}
    found = finder(script).find(PHOTO, TARGETS, cast(Any, StubScope(NEAR)))
    # The position was right, so that nothing is noted; what attention saw near it is not the object.
    assert [(a.target, a.score, a.note) for a in found.answers] == [(0, 0.9, ""), (1, 0.8, "")]
    assert found.plan is WHOLE
    script.geometry["whole"] = [None]
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.9, ""), (1, 0.4, "")]


def test_off_all_that_may_be_searched_nothing_is_carried(script: Script) -> None:
    script.geometry = {"near": [0.9, None], "whole": [0.8]}
    script.outside["near"] = {1: Point(50, 50)}
    found = finder(script).find(PHOTO, TARGETS, cast(Any, StubScope(NEAR)))
    assert [(a.target, a.score) for a in found.answers] == [(0, 0.9), (1, 0.4)]
    assert found.plan is NEAR
    assert script.made == ["near"]


def test_how_far_outside_what_was_searched_is_what_has_no_answer_for_that(script: Script) -> None:
    script.geometry, script.attention["near"] = {"near": [0.9, None]}, [None, None]
    script.outside["near"] = {1: Point(9.001, 0.5)}
    by = finder(script)
    assert by.find(PHOTO, TARGETS, cast(Any, StubScope(NEAR))).outside_m == {
        1: pytest.approx(8.001 * 111_316, rel=1e-3)
    }
    # Searched at once, or carried over there.
    assert by.find(PHOTO, TARGETS, cast(Any, StubScope(NEAR, NEAR))).outside_m.keys() == {1}
    script.outside["near"], script.geometry["whole"] = {1: Point(5, 5)}, [0.8]
    assert by.find(PHOTO, TARGETS, cast(Any, StubScope(NEAR))).outside_m == {}
    # One is carried over there, and the other lies there too but is not seen.
    script.outside["near"], script.geometry["whole"] = {0: Point(5, 5), 1: Point(6, 6)}, [0.8, None]
    script.geometry["near"] = [None, 0.9]
    assert by.find(PHOTO, TARGETS, cast(Any, StubScope(NEAR))).outside_m == {}
    script.geometry, script.outside["whole"] = {"whole": [0.9, None]}, {1: Point(0.5, 10)}
    script.attention["whole"] = [None, None]
    assert by.find(PHOTO, TARGETS, cast(Any, StubScope())).outside_m == {1: pytest.approx(110_600, rel=1e-2)}


def test_what_is_verified_elsewhere_shows_that_the_position_was_wrong(script: Script) -> None:
    script.geometry["whole"] = [0.9, 0.9]
    by = finder(script)
    found = by.find(PHOTO, TARGETS, cast(Any, StubScope(NEAR)))
    assert [(a.target, a.score, a.note) for a in found.answers] == [(0, 0.9, "not believed"), (1, 0.9, "not believed")]
    assert found.plan is WHOLE
    assert script.asked == [("near", [0, 1]), ("whole", [])]


def test_what_attention_found_near_the_position_stays_and_the_rest_is_looked_for(script: Script) -> None:
    script.attention["whole"] = [0.99, 0.8]
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.6, ""), (1, 0.8, "not believed")]
    assert script.asked == [("near", [0, 1]), ("whole", [1])]


def test_what_the_rest_has_no_better_stays_and_what_lies_near_has_no_note(script: Script) -> None:
    script.attention = {"near": [0.3, 0.4], "whole": [0.1, 0.45]}
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.3, ""), (1, 0.45, "not believed")]
    script.place["whole"] = (0.3, 0.3, 0.4, 0.4)
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.3, ""), (1, 0.45, "")]


def test_a_photo_that_was_found_elsewhere_is_not_looked_for_near_its_position_again(script: Script) -> None:
    script.known_elsewhere = {"near"}
    script.geometry["whole"] = [0.9, None]
    script.attention = {"near": [0.99, 0.99], "whole": [0.2, 0.3]}
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.9, "not believed"), (1, 0.3, "not believed")]
    assert script.asked == [("whole", [1])]


def test_where_geometry_shows_another_place_nothing_near_the_position_is_believed(script: Script) -> None:
    script.attention = {"near": [0.9, 0.9], "whole": [0.2, 0.3]}
    script.geometry["whole"] = [0.9, None]
    assert find(finder(script), StubScope(NEAR)) == [(0, 0.9, "not believed"), (1, 0.3, "not believed")]


def test_attention_alone_is_believed_where_it_finds_anything(script: Script) -> None:
    assert find(finder(script, refine="off"), StubScope(NEAR)) == [(0, 0.6, ""), (1, 0.4, "")]
    script.attention["near"] = [0.3, 0.2]
    assert find(finder(script, refine="off"), StubScope(NEAR)) == [(0, 0.6, "not believed"), (1, 0.4, "not believed")]


def test_a_position_that_leaves_all_or_nothing_is_one_search(script: Script) -> None:
    script.attention["near"] = [0.3, 0.2]
    same = StubScope(NEAR, StubPlan("whole", NEAR.windows, area=NEAR.area))
    assert find(finder(script), same) == [(0, 0.3, ""), (1, 0.2, "")]
    assert script.made == ["near"]
    # Off all that may be searched: it was wrong.
    assert find(finder(script), StubScope(None)) == [(0, 0.6, "not believed"), (1, 0.4, "not believed")]


def test_photos_with_the_same_plan_share_its_features(script: Script) -> None:
    same = finder(script)
    for name in ("whole", "near a", "whole", "near b", "near b", "whole", "near a"):
        script.attention[name] = [0.6, 0.4]
        find(same, StubScope(None, StubPlan(name), told=False))
    # What was used last is kept, so that the plan of photos without a position stays.
    assert script.made == ["whole", "near a", "near b", "near a"]


def test_another_request_shares_what_was_read(script: Script) -> None:
    first = finder(script)
    find(first)
    second = first.with_request(SearchRequest(refine="off", min_score=0.3))
    find(second)
    assert script.made == ["whole"]
    assert [request.refine for request in script.requests] == ["auto", "off"]


def test_what_a_request_tells_of_a_camera_counts_and_not_its_file() -> None:
    photo = replace(PHOTO, heading_deg=10.0, compass=True, pitch_deg=-3.0)
    told = told_photo(photo, SearchRequest(eye_height_m=2.5, heading_deg=-90.0, pitch_deg=-12.0))
    assert (told.height_m, told.heading_deg, told.compass, told.pitch_deg) == (2.5, 270.0, False, -12.0)
    assert told_photo(photo, SearchRequest()) is photo


def test_telling_more_of_a_telephones_photo_leaves_it_at_eye_level(tmp_path: Path) -> None:
    exif, tags = Image.Exif(), ExifTags.GPS
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({tags.GPSImgDirection: 40.0, tags.GPSImgDirectionRef: "T"})
    Image.new("RGB", (80, 60)).save(tmp_path / "phone.jpg", exif=exif)
    photo = load_photo(tmp_path / "phone.jpg")
    assert photo.compass
    for told in (SearchRequest(), SearchRequest(pitch_deg=-5.0), SearchRequest(heading_deg=50.0)):
        assert at_eye_level(told_photo(photo, told))
    assert not at_eye_level(told_photo(photo, SearchRequest(eye_height_m=30.0)))


def test_a_photo_of_which_the_request_tells_something_is_the_same_in_every_click(script: Script) -> None:
    first = finder(script).with_request(SearchRequest(heading_deg=90.0))
    find(first)
    find(first.with_request(SearchRequest(heading_deg=90.0, min_score=0.3)))
    find(first.with_request(SearchRequest(heading_deg=91.0)))
    one, again, other = script.photos
    # By it is known what was found of a photo before.
    assert one is again
    assert (one.heading_deg, other.heading_deg) == (90.0, 91.0)


@pytest.mark.parametrize(("altitude", "over_m"), [(160.0, 60.0), (102.0, None)])
def test_heights_of_the_ground_tell_how_high_a_drone_was(
    monkeypatch: pytest.MonkeyPatch, altitude: float, over_m: float | None
) -> None:
    monkeypatch.setattr(geoloc.pipeline.finder, "height_at", lambda path, lon, lat: 100.0)
    photo = replace(PHOTO, position=(15.0, 51.0), altitude_m=altitude, relative_altitude_m=33.0)
    assert told_photo(photo, SearchRequest(dsm=Path("dsm.tif"))).relative_altitude_m == over_m


def test_a_told_pitch_keeps_the_roll_that_the_picture_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.pipeline.finder.known_tilt", lambda photo: Tilt(80.0, 3.0, 0.5))
    photo = Photo(Path("p.jpg"), np.zeros((30, 40, 3), np.uint8), phone=True)
    told = told_photo(photo, SearchRequest(pitch_deg=-12.0))
    assert (told.pitch_deg, told.roll_deg) == (-12.0, 3.0)
    # A picture that shows something else altogether is not believed about the roll either.
    assert told_photo(photo, SearchRequest(pitch_deg=-60.0)).roll_deg == 0.0
    assert told_photo(replace(photo, pitch_deg=-5.0, roll_deg=1.0), SearchRequest(pitch_deg=-12.0)).roll_deg == 1.0
