"""The search's geometry, with a model that sees exactly: a red square is found where it truly is, in any grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
import torch
from affine import Affine
from numpy.typing import NDArray
from shapely import from_wkb
from shapely.geometry import MultiPolygon, Point, Polygon
from torch.nn import functional as F

from geoloc.errors import PhotoError
from geoloc.features.mosaic_features import MosaicFeatures
from geoloc.model.localizer import Matches, Proposal
from geoloc.model.network.features import Features
from geoloc.model.weights import Calibration
from geoloc.photo.crop import Crop
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.plane.gaussian import BOUND, Gaussian
from geoloc.plane.homography import map_points
from geoloc.results.detection import Detection, iou
from geoloc.search import locate as search
from geoloc.search.candidate import Answer, CandidateBox
from geoloc.search.first_pass import LEAST_SHARE, FirstPass
from geoloc.search.locate import LEAD_SHARE, MOST_LEAD, locate
from geoloc.search.look import Looker
from tests.helpers.looks import PX, PlainReference, Scripted, plan_of, proposal
from tiling.area import Area
from tiling.box import PixelBox
from tiling.grid import project
from tiling.mosaic import Mosaic, open_mosaic
from tiling.plan import Middles, Plan, make_plan

SIDE = 700
SQUARE = PixelBox(431, 205, 451, 235)

GRIDS = {
    "UTM north-up": (32633, Affine(0.2, 0, 500_000, 0, -0.2, 5_400_000)),
    "UTM turned": (32633, Affine.translation(400_000, 5_400_000) * Affine.rotation(33) * Affine.scale(0.2, -0.2)),
    "UTM south-up": (32715, Affine(0.2, 0, 500_000, 0, 0.2, 9_000_000)),
    "Poland, not square": (2180, Affine(0.2, 0, 500_000, 0, -0.3, 500_000)),
    "New Zealand": (2193, Affine(0.2, 0, 1_600_000, 0, -0.2, 5_400_000)),
    "Web Mercator": (3857, Affine(0.3, 0, 1_600_000, 0, -0.3, 6_100_000)),
    "degrees": (4326, Affine(2.7e-6, 0, 15.0, 0, -1.8e-6, 48.0)),
}


class Seeing:
    """Stands for the network: proposes the bounds of what is red in a window, surer the more of it there is."""

    name, gsd_m, window_px, query_shape = "seeing", 0.2, 256, (256, 256)
    calibration = Calibration(2.0, 0.5, 1.0, 0.0)
    descriptor = 0

    def __init__(self) -> None:
        self.crops: list[int] = []
        self.looks: list[tuple[float, float]] = []
        self.closer: list[Gaussian] = []

    def score(self, evidence: float, *, from_ground: bool) -> float:
        assert not from_ground
        return math.exp(evidence)

    def encode_queries(self, queries: list[Crop], targets: list[int]) -> SimpleNamespace:
        self.crops.append(len(queries))
        return SimpleNamespace(target=targets)

    def encode_reference(self, rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Features:
        value = rgb.astype(int)
        red = torch.from_numpy((value[..., 0] - value[..., 1:].max(-1) > 90) & valid)[None, None]
        return Features(F.pixel_unshuffle(red, 16), F.pixel_unshuffle(red, 8))

    def propose(
        self, queries: SimpleNamespace, features: Features, valid: NDArray[np.bool_], most: int, weights: list[None]
    ) -> Matches:
        assert not any(weights)
        coarse, fine = (F.pixel_shuffle(side, by)[0, 0].numpy() for side, by in zip(features, (16, 8), strict=True))
        assert (coarse == fine).all()
        window = fine & valid
        targets = sorted(set(queries.target))
        if not window.any():
            return Matches((), dict.fromkeys(targets, -50.0))
        rows, columns = np.flatnonzero(window.any(1)), np.flatnonzero(window.any(0))
        box = PixelBox(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        mass = math.log(window.sum())
        return Matches(tuple(Proposal(target, box, mass, 0.5) for target in targets), dict.fromkeys(targets, mass))

    def rescore(
        self,
        queries: SimpleNamespace,
        features: Features,
        valid: NDArray[np.bool_],
        place: tuple[float, float],
        weights: Sequence[None] = (),
    ) -> tuple[Proposal | None, None]:
        assert not any(weights)
        self.looks.append(place)
        found = self.propose(queries, features, valid, 1, []).proposals
        return (replace(found[0], log_mass=0.0) if found else None), None

    def match_with_prior(
        self, queries: SimpleNamespace, features: Features, valid: NDArray[np.bool_], known: Gaussian
    ) -> Proposal | None:
        self.closer.append(known)
        found = self.propose(queries, features, valid, 1, []).proposals
        return found[0] if found else None


@pytest.fixture
def photo() -> Photo:
    return Photo(Path("p.jpg"), np.zeros((300, 400, 3), np.uint8), pitch_deg=-90.0)


def _mosaic(path: Path, epsg: int, affine: Affine) -> Polygon:
    """Grey noise with one red square; returns the square on the map."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(90, 160, (3, SIDE, SIDE), np.uint8)
    rows, columns = slice(int(SQUARE.ymin), int(SQUARE.ymax)), slice(int(SQUARE.xmin), int(SQUARE.xmax))
    pixels[:, rows, columns] = np.array([250, 10, 10], np.uint8)[:, None, None]
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{epsg}", transform=affine) as file:
        file.write(pixels)
    return Polygon([affine * corner for corner in SQUARE.corners()])


def _located(photo: Photo, click: Click, mosaic: Mosaic, plan: Plan, top: int = 5) -> list[Detection]:
    model: Any = Seeing()
    return locate(photo, [Target(click)], MosaicFeatures(mosaic, plan, model), model, top=top)


@pytest.mark.parametrize("name", GRIDS)
def test_the_square_is_found_where_it_is(tmp_path: Path, photo: Photo, name: str) -> None:
    epsg, affine = GRIDS[name]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert found[0].rank == 1
    assert pyproj.CRS.from_user_input(found[0].crs).to_epsg() == epsg
    to_lonlat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    places = [to_lonlat.transform(p.x, p.y) for p in (truth.centroid, found[0].polygon.centroid)]
    metres = pyproj.Geod(ellps="WGS84").inv(*places[0], *places[1])[2]
    assert metres < Seeing.gsd_m
    # Windows stand square to the meridian and the square to its own grid: the bounds of a turned one are larger.
    assert found[0].polygon.buffer(1e-9).intersection(truth).area > 0.9 * truth.area
    if "turned" not in name:
        assert iou(found[0].polygon, truth) > 0.75


def test_overlapping_windows_give_one_answer(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        centre = project(truth.centroid, epsg, 4326)
        seen = sum(window.footprint.contains(centre) for window in plan.windows)
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert seen == 4
    assert len([d for d in found if d.score > 0.3]) == 1
    assert max(d.score for d in found) <= 1


def test_every_click_gets_its_own_ranks_in_the_order_given(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    clicks = [Click(300, 20), Click(10, 20)]
    done: list[tuple[int, int]] = []
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model = Seeing()
        found = locate(
            photo,
            [Target(click) for click in clicks],
            MosaicFeatures(mosaic, plan, model),  # type: ignore[arg-type]
            model,  # type: ignore[arg-type]
            progress=lambda i, n: done.append((i, n)),
        )
    assert [d.click for d in found if d.rank == 1] == clicks
    assert model.crops[0] == 16, "two scales and four headings a click where only the tilt is known"
    # Second looks at six places and a close one, of each target, come after the windows.
    total = len(plan.windows) + 2 * (search.PLACES + 1)
    assert done[: len(plan.windows)] == [(i + 1, total) for i in range(len(plan.windows))]
    later = [len(plan.windows) + count for count in (search.PLACES, 2 * search.PLACES)]
    assert done[len(plan.windows) :] == [(count, total) for count in (*later, total)]


def test_a_second_look_is_at_the_place_in_the_window_that_shows_it_best(tmp_path: Path, photo: Photo) -> None:
    truth = _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model: Any = Seeing()
        found = locate(photo, [Target(Click(10, 20))], MosaicFeatures(mosaic, plan, model), model)
        middle = project(truth.centroid, mosaic.crs, plan.windows[0].grid.crs)
    places = [(~window.grid.affine) * (middle.x, middle.y) for window in plan.windows]
    best = min(places, key=lambda place: max(abs(at - Seeing.window_px / 2) for at in place))
    assert any(math.dist(best, look) < 2 for look in model.looks)
    # One scale of nine crops is gone: none is larger than the photo. A glance is through one crop of each.
    assert set(model.crops[1:-1]) == {2, 6}
    # The first answer, and no other, is drawn closer, of crops of half the side.
    assert model.crops[-1] == 9
    assert len(model.closer) == 1
    assert found[0].gsd_m == pytest.approx(Seeing.gsd_m / 2, rel=0.05)
    assert iou(found[0].polygon, truth) > 0.75


class Doubting(Seeing):
    """Is sure at first, and finds nothing on a second look."""

    def rescore(self, *_: object) -> tuple[None, None]:
        return None, None


def test_what_does_not_stand_up_to_a_second_look_is_no_answer(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        model: Any = Doubting()
        assert locate(photo, [Target(Click(10, 20))], MosaicFeatures(mosaic, plan, model), model) == []


def test_the_area_limits_the_answers(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    away = affine * (380, 220)
    lon, lat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform(*away)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.near(lon, lat, 7))
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert 8 < Point(away).distance(truth) < 20, "in the same window, but not in the area"
    assert found == []


def test_what_lies_beyond_the_area_is_not_seen(tmp_path: Path, photo: Photo) -> None:
    epsg, affine = GRIDS["UTM north-up"]
    truth = _mosaic(tmp_path / "m.tif", epsg, affine)
    around = project(truth.buffer(2), epsg, 4326)
    west, south, _, north = around.bounds
    half = shapely.box(west, south, project(truth.centroid, epsg, 4326).x, north)
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area(MultiPolygon([half])))
        found = _located(photo, Click(10, 20), mosaic, plan, top=1)
    assert found[0].polygon.intersection(truth).area == pytest.approx(truth.area / 2, rel=0.1)


def test_accuracy_is_the_root_of_its_squared_parts(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        best = _located(photo, Click(10, 20), mosaic, plan)[0]
    assert best.accuracy_parts["box"] == pytest.approx(BOUND * 2.0 * best.gsd_m)
    assert best.accuracy_parts["spread"] == pytest.approx(BOUND * 0.25 * best.gsd_m)
    assert best.gsd_m == pytest.approx(plan.gsd_m / 2, rel=1e-3), "that of the close look"
    assert best.accuracy_m**2 == pytest.approx(sum(part**2 for part in best.accuracy_parts.values()))


def test_a_click_outside_the_photo_is_an_error(tmp_path: Path, photo: Photo) -> None:
    _mosaic(tmp_path / "m.tif", *GRIDS["UTM north-up"])
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        with pytest.raises(PhotoError, match="outside the photo"):
            _located(photo, Click(401, 20), mosaic, plan)


@pytest.mark.parametrize("west", [179.9994, 180.0002, -179.999])
def test_answers_stay_in_the_turn_of_the_mosaic(tmp_path: Path, photo: Photo, west: float) -> None:
    truth = _mosaic(tmp_path / "m.tif", 4326, Affine(2e-6, 0, west, 0, -2e-6, -17.0))
    with open_mosaic([tmp_path / "m.tif"]) as mosaic:
        plan = make_plan(mosaic, Seeing.gsd_m, Seeing.window_px, Area.everywhere())
        found = _located(photo, Click(10, 20), mosaic, plan)
    assert iou(found[0].polygon, truth) > 0.7


@pytest.fixture
def three_looks() -> tuple[Scripted, PlainReference, list[Target]]:
    """Two targets, seen at three places and at two, and what every look finds there."""
    plan = plan_of(3, 2)
    first, last = plan.windows[0].id, plan.windows[-1].id
    proposals = {
        first: [proposal(60, 60, log_mass=2.0), proposal(100, 100, log_mass=-1.0), proposal(60, 60, target=1)],
        last: [proposal(200, 200, log_mass=1.5), proposal(150, 90, log_mass=0.5, target=1)],
    }
    model = Scripted(
        proposals,
        second=lambda place: proposal(place[0] + 3, place[1], log_mass=place[0] / 100, spread_px=2.5, crop=1),
        close=lambda mean: proposal(mean[0] + 4, mean[1], log_mass=-9.0, spread_px=1.25),
        calibration=Calibration(4.0, 1.0, 0.3, -1.0),
    )
    return model, PlainReference(plan), [Target(Click(10, 20)), Target(Click(300, 200))]


def test_evidence_and_spread_are_carried_through_all_looks(
    photo: Photo, three_looks: tuple[Scripted, PlainReference, list[Target]]
) -> None:
    model, reference, targets = three_looks
    found = locate(photo, targets, reference, model)  # type: ignore[arg-type]
    assert [(d.target, d.rank) for d in found] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    looker = Looker(photo, targets, reference, model, Middles(reference.plan))  # type: ignore[arg-type]
    first = FirstPass(looker, exhaustive=False, progress=lambda done, total: None).answers(search.PEAKS)
    assert all(answer.detection.evidence is not None for answer in first)
    for target in (0, 1):
        # What a second look adds is a hundredth of the column.
        both = [
            (answer.detection.evidence or 0.0) + answer.candidate.box.centre[0] / 100
            for answer in first
            if answer.detection.target == target
        ]
        mine = [detection.evidence for detection in found if detection.target == target]
        assert mine == pytest.approx(sorted(both, reverse=True))
    for detection in found:
        assert detection.evidence is not None
        assert detection.score == model.score(detection.evidence)
        # The close look, of the best answers only, tells another place and spread, and no evidence.
        assert detection.spread_m == pytest.approx((1.25 if detection.rank == 1 else 2.5) * detection.gsd_m)
        assert detection.accuracy_parts["spread"] == pytest.approx(BOUND * detection.spread_m)


@pytest.mark.parametrize("share", [-3000.0, -800.0, -40.0])
def test_a_place_of_next_to_no_share_may_still_be_looked_at(photo: Photo, share: float) -> None:
    """Formerly its score was 0 after the first pass, and the search ended with an error in its log."""
    plan = plan_of(3)
    first, last = plan.windows[0].id, plan.windows[-1].id
    model = Scripted(
        {first: [proposal(60, 60, log_mass=0.0)], last: [proposal(200, 60, log_mass=-share)]},
        second=lambda place: proposal(*place, log_mass=50.0),
    )
    sure, unsure = locate(photo, [Target(Click(10, 20))], PlainReference(plan), model)  # type: ignore[arg-type]
    assert (sure.window, sure.score) == (last, 1.0), "of log odds above 37 the score is exactly 1"
    assert sure.evidence == pytest.approx(50.0)
    assert unsure.evidence == pytest.approx(share + 50.0, abs=1)


def test_a_copy_of_any_answer_anywhere_changes_nothing(
    photo: Photo,
    three_looks: tuple[Scripted, PlainReference, list[Target]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Answers of one look are tied to those of the one before by what they hold, not by being the same object."""
    model, reference, targets = three_looks
    before = locate(photo, targets, reference, model)  # type: ignore[arg-type]

    def copied(answer: Answer) -> Answer:
        polygon = from_wkb(answer.detection.polygon.wkb)
        assert polygon is not answer.detection.polygon
        return Answer(replace(answer.candidate), replace(answer.detection, polygon=polygon))

    real_first, real_second, real_merge = FirstPass.answers, search.second_looks, search.merge_answers
    monkeypatch.setattr(FirstPass, "answers", lambda self, top: [*map(copied, real_first(self, top))])
    monkeypatch.setattr(
        search,
        "second_looks",
        lambda looker, found: [*map(copied, real_second(looker, [*map(copied, found)]))],
    )
    monkeypatch.setattr(search, "merge_answers", lambda found, top: [*map(copied, real_merge(found, top=top))])
    assert locate(photo, targets, reference, model) == before  # type: ignore[arg-type]
    # Nor does it if all answers share one polygon: each keeps its own crops and target.
    monkeypatch.undo()
    shared = before[0].polygon
    real_answer = Looker.answer

    def one_polygon(self: Looker, candidate: CandidateBox) -> Answer:
        answer = real_answer(self, candidate)
        return replace(answer, detection=replace(answer.detection, polygon=shared))

    monkeypatch.setattr(Looker, "answer", one_polygon)
    model.looks.clear()
    found = locate(photo, targets, reference, model)  # type: ignore[arg-type]
    assert [(d.target, d.click) for d in found] == [(0, targets[0].click), (1, targets[1].click)]
    for seen in model.looks:
        (target,) = set(seen.targets)
        click = targets[target].click
        for crop in seen.crops:
            assert map_points(crop.to_photo, np.array(crop.click)) == pytest.approx((click.x, click.y))


def test_the_six_likeliest_places_are_looked_at_again_and_the_best_of_each_target_closely(photo: Photo) -> None:
    plan = plan_of(1)
    places = [(20 + 28 * i, 20 + 70 * j) for j in range(2) for i in range(8)]
    boxes = [proposal(x, y, size=(10, 10), log_mass=5 - 0.3 * i) for i, (x, y) in enumerate(places)]

    class Generous(Scripted):
        """Gives as many places as it has, whatever it is asked for."""

        def propose(
            self, queries: Any, window: Any, valid: NDArray[np.bool_], most: int, weights: list[None]
        ) -> Matches:
            assert most == max(search.PEAKS, self.top)
            return super().propose(queries, window, valid, 99, weights)

        top = 0

    for top, places_looked_at in ((1, search.PLACES), (9, 9)):
        model = Generous({plan.windows[0].id: boxes})
        model.top = top
        # A second look that turns the order round.
        model._second = lambda place: proposal(*place, size=(10, 10), log_mass=(place[0] + 4 * place[1]) / 8)
        found = locate(photo, [Target(Click(10, 20))], PlainReference(plan), model, top=top)  # type: ignore[arg-type]
        seconds = [seen.place for seen in model.looks if isinstance(seen.place, tuple)]
        looked_at = places[:places_looked_at]
        # A glance at each, and a thorough look at what is the best by then.
        assert [pytest.approx(place, abs=1e-3) for place in (*looked_at, looked_at[-1])] == seconds
        assert len(found) == top
        assert [d.rank for d in found] == list(range(1, top + 1))
        # Its rank is that after the second look.
        (close,) = [seen.shown for seen in model.looks if not isinstance(seen.place, tuple)]
        x, y = ~plan.windows[0].grid.affine * (close.affine * (PX / 2, PX / 2))
        assert (x, y) == pytest.approx(places[places_looked_at - 1], abs=0.01)


def at_level(*evidence: float, target: int = 0, make: Callable[..., Detection]) -> list[Answer]:
    """Answers to a target, ranked."""
    candidate: Any = None
    return [
        Answer(candidate, make(0.5, (0, 0, 4, 4), target=target, evidence=told, rank=rank))
        for rank, told in enumerate(evidence, start=1)
    ]


@pytest.mark.parametrize(
    ("evidence", "added"),
    [
        ((5.0, 3.5, -1.0), 1.5),
        ((5.0, 5.0), 0.0),
        ((5.0, -8.0), MOST_LEAD),
        ((5.0,), MOST_LEAD),
        ((-7.0,), -7.0 - math.log(LEAST_SHARE)),
        ((-11.0,), 0.0),
    ],
)
def test_at_eye_level_the_lead_of_the_best_answer_counts(
    make_detection: Callable[..., Detection], evidence: tuple[float, ...], added: float
) -> None:
    level = SimpleNamespace(at_eye_level=True)
    looker: Any = SimpleNamespace(
        priors=[level, SimpleNamespace(at_eye_level=False), None], score=lambda target, evidence: evidence / 10
    )
    answers = at_level(*evidence, make=make_detection)
    others = [*at_level(9.0, 2.0, target=1, make=make_detection), *at_level(9.0, target=2, make=make_detection)]
    led = search._by_lead(looker, [*answers, *others])
    assert led[0].evidence == pytest.approx(evidence[0] + LEAD_SHARE * added)
    assert led[0].detection.score == pytest.approx(led[0].evidence / 10)
    assert led[1:] == [*answers[1:], *others]


def test_leads_are_counted_once_second_looks_have_ranked_all_places(
    photo: Photo, three_looks: tuple[Scripted, PlainReference, list[Target]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, reference, targets = three_looks
    before = locate(photo, targets, reference, model, top=1)  # type: ignore[arg-type]
    ranks: list[tuple[int, int]] = []

    def second_wins(looker: Looker, answers: Sequence[Answer]) -> list[Answer]:
        ranks.extend((one.detection.target, one.detection.rank) for one in answers)
        return [one.scored(0.99, 7.0) if one.detection.rank == 2 else one for one in answers]

    monkeypatch.setattr(search, "_by_lead", second_wins)
    after = locate(photo, targets, reference, model, top=1)  # type: ignore[arg-type]
    # Rivals are known however few answers are wanted.
    assert ranks == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2)]
    assert [(one.target, one.rank, one.evidence) for one in after] == [(0, 1, 7.0), (1, 1, 7.0)]
    assert [one.evidence for one in before] != [one.evidence for one in after]
