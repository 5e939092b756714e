"""Evaluation figures against cases counted by hand."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image
from shapely.affinity import rotate, translate
from shapely.geometry import Polygon, box

from geoloc.errors import QueriesError
from geoloc.evaluation.labelled import (
    LabelledQuery,
    Outcome,
    box_iou,
    by_size,
    error_m,
    is_hit,
    outline_iou,
    read_queries,
    run,
    sizes_table,
    summarise,
    to_json,
    to_line,
    to_table,
)
from geoloc.geometry.refine import METHOD
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.results.detection import Detection
from tests.helpers.paths import SHARED_DATA
from tiling.box import PixelBox

Make = Callable[..., Detection]
KEYS = [
    *("queries", "located", "hit_rate", "acc_025", "acc_050", "mean_iou"),
    *("median_error_m", "p90_error_m", "seconds_per_query"),
]
# On the central meridian of zone 15 a metre on the map is 0.9996 m on the ground, nearly.
EAST, NORTH, SCALE = 500000.0, 5188000.0, 0.9996
DATA = SHARED_DATA


def outcome(best: Detection | None, seconds: float = 1.0) -> Outcome:
    truth = box(EAST, NORTH, EAST + 4, NORTH + 4)
    return Outcome(LabelledQuery(Path("a.jpg"), Click(1, 2), truth, 32615, 2), best, seconds)


@pytest.fixture
def answer(make_detection: Make) -> Callable[[float, float], Detection]:
    """A box of 4 m x 4 m, shifted from the true one."""

    def make(dx: float, dy: float) -> Detection:
        return make_detection(0.9, (EAST + dx, NORTH + dy, EAST + dx + 4, NORTH + dy + 4), rank=1)

    return make


def test_by_hand(answer: Callable[[float, float], Detection]) -> None:
    outcomes = [
        outcome(answer(0, 0), 1.0),  # IoU 1
        outcome(answer(1, 0), 2.0),  # IoU 12/20 = 0.6
        outcome(answer(1.6, 0), 3.0),  # IoU 9.6/22.4 = 0.43, centre inside
        outcome(answer(30, 40), 2.0),  # far off: 50 m
        outcome(None, 2.0),
    ]
    found = summarise(outcomes)
    assert list(found) == KEYS
    assert found["queries"] == 5
    assert found["located"] == 4
    assert found["hit_rate"] == pytest.approx(3 / 5)
    assert found["acc_025"] == pytest.approx(3 / 5)
    assert found["acc_050"] == pytest.approx(2 / 5)
    assert found["mean_iou"] == pytest.approx((1 + 0.6 + 9.6 / 22.4) / 5)
    # Errors 0, 1, 1.6, 50, infinite on the map.
    assert found["median_error_m"] == pytest.approx(1.6 / SCALE, rel=1e-3)
    assert found["p90_error_m"] == math.inf
    assert found["seconds_per_query"] == pytest.approx(2.0)


def test_coverage_is_of_the_verified_answers_alone(answer: Callable[[float, float], Detection]) -> None:
    def verified(dx: float, accuracy_m: float) -> Outcome:
        return outcome(replace(answer(dx, 0), method=METHOD, accuracy_m=accuracy_m))

    outcomes = [verified(0, 0.1), verified(1, 1.2), verified(3, 2.9), outcome(answer(0, 0)), outcome(None)]
    found = summarise(outcomes)
    assert (found["verified"], found["coverage"]) == (3, pytest.approx(2 / 3))
    assert "coverage           0.667  (of 3 verified)" in to_table(found)
    assert "coverage" not in summarise(outcomes[3:])


def test_accuracy_is_strictly_above(answer: Callable[[float, float], Detection]) -> None:
    # The answer covers 16 square metres, the true boxes 8 and 4 of them: IoU is exactly 0.5 and 0.25.
    for width, height, expected in ((4, 2, 0.5), (2, 2, 0.25)):
        truth = box(EAST, NORTH, EAST + width, NORTH + height)
        query = LabelledQuery(Path("a"), Click(0, 0), truth, 32615, 2)
        found = summarise([Outcome(query, answer(0, 0), 1)])
        assert found["mean_iou"] == expected
        assert found["acc_050"] == 0
        assert found["acc_025"] == (expected > 0.25)


def test_ninetieth_percentile_interpolates(answer: Callable[[float, float], Detection]) -> None:
    outcomes = [outcome(answer(0, i)) for i in range(11)]
    assert summarise(outcomes)["p90_error_m"] == pytest.approx(9 / SCALE, rel=1e-3)
    assert summarise(outcomes[:10])["p90_error_m"] == pytest.approx(8.1 / SCALE, rel=1e-3)
    # One of eleven infinite: the ninetieth percentile is still the tenth value.
    assert summarise([*outcomes[:10], outcome(None)])["p90_error_m"] == pytest.approx(9 / SCALE, rel=1e-3)
    assert summarise([outcome(answer(0, 0)), outcome(None)])["median_error_m"] == math.inf


def test_nothing_found_at_all() -> None:
    found = summarise([outcome(None), outcome(None)])
    assert (found["located"], found["hit_rate"], found["mean_iou"]) == (0, 0, 0)
    assert json.loads(json.dumps(to_json(found), allow_nan=False))["median_error_m"] is None
    assert "inf m" in to_table(found)


def test_an_outcome_in_a_line(answer: Callable[[float, float], Detection]) -> None:
    assert to_line(outcome(answer(0, 1))) == "a.jpg at 1,2: 1.00 m from the truth, in the true box, score 0.90"
    assert "50.02 m from the truth, outside" in to_line(outcome(answer(30, 40)))
    assert to_line(outcome(None)) == "a.jpg at 1,2: not found"


def test_no_outcomes() -> None:
    with pytest.raises(ValueError):
        summarise([])


@pytest.mark.parametrize("epsg", [3857, 4326])
def test_the_mosaics_crs_may_differ_from_the_truths(make_detection: Make, epsg: int) -> None:
    truth = box(EAST, NORTH, EAST + 4, NORTH + 4)
    shifted = shapely.affinity.translate(truth, 3, 0)
    to_mosaic = pyproj.Transformer.from_crs(32615, epsg, always_xy=True)
    polygon = shapely.transform(shifted, to_mosaic.transform, interleaved=False)
    best = make_detection(0.9, (0, 0, 1, 1), polygon=polygon, crs=f"EPSG:{epsg}", rank=1)
    found = Outcome(LabelledQuery(Path("a"), Click(0, 0), truth, 32615, 2), best, 1)
    # In web-mercator metres 3 m would be 4.4 here.
    assert error_m(found) == pytest.approx(3 / SCALE, rel=1e-3)
    assert summarise([found])["mean_iou"] == pytest.approx(1 / 7, rel=1e-3)


HEADER = "photo,object,click_x,click_y,xmin,ymin,xmax,ymax,epsg\n"
ROW = "a.png,car,3.5,4,10,20,12,23,32615\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "b.png")
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "q.csv"
    path.write_bytes(text.encode())
    return path


def test_read_queries(folder: Path) -> None:
    # As a spreadsheet writes it: byte-order mark, CRLF, columns in another order, others beside them.
    text = "\ufeff" + (HEADER + ROW).replace("\n", "\r\n")
    (query,) = read_queries(write(folder, text))
    assert query == LabelledQuery(folder / "a.png", Click(3.5, 4), box(10, 20, 12, 23), 32615, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing columns photo"),
        (HEADER.replace("epsg", "zone") + ROW, "missing columns epsg"),
        (HEADER, "no queries"),
        (HEADER + ROW + ROW.replace("3.5", "x"), "line 3: click_x is 'x'"),
        (HEADER + ROW + ROW.replace("3.5", ""), "line 3: click_x is ''"),
        (HEADER + ROW.replace("3.5", "nan"), "line 2: click_x"),
        (HEADER + "a.png,car,3.5\n", "line 2: click_y is missing"),
        (HEADER + ROW.replace("a.png", "none.png"), "line 2: no such photo"),
        (HEADER + ROW.replace("a.png", ""), "line 2: photo is empty"),
        (HEADER + ROW.replace("12,23", "9,23"), "line 2: the true box is empty"),
        (HEADER + ROW.replace("32615", "99999"), "line 2: EPSG:99999"),
    ],
)
def test_bad_queries_name_the_line(folder: Path, text: str, message: str) -> None:
    with pytest.raises(QueriesError, match=message) as caught:
        read_queries(write(folder, text))
    assert "\n" not in str(caught.value)


def test_queries_that_are_no_text(folder: Path) -> None:
    for path in (folder / "none.csv", folder, folder / "a.png"):
        with pytest.raises(QueriesError):
            read_queries(path)


def test_run_searches_each_photo_once(folder: Path, make_detection: Make) -> None:
    other = ROW.replace("a.png", "b.png")
    queries = read_queries(write(folder, HEADER + ROW + other + ROW.replace("3.5", "7") + ROW))
    calls: list[tuple[str, list[Target]]] = []
    steps: list[tuple[int, int]] = []

    def locate(photo: Photo, targets: list[Target]) -> Sequence[Detection]:
        calls.append((photo.path.name, targets))
        return [make_detection(1 / rank, (10, 20, 12, 23 + rank), rank=rank, click=Click(3.5, 4)) for rank in (2, 1)]

    outcomes = run(queries, locate, lambda done, total: steps.append((done, total)))

    assert calls == [
        ("a.png", [Target(Click(3.5, 4)), Target(Click(7, 4))]),
        ("b.png", [Target(Click(3.5, 4))]),
    ]
    assert [found.query.line for found in outcomes] == [2, 3, 4, 5]
    assert [None if found.best is None else found.best.rank for found in outcomes] == [1, 1, None, 1]
    assert steps == [(3, 4), (4, 4)]


def test_the_shared_queries() -> None:
    path = DATA / "brighton" / "queries.csv"
    if not path.exists():
        pytest.skip(f"needs the shared imagery: {path} is absent")
    queries = read_queries(path)
    assert len(queries) == 57
    assert len({query.photo for query in queries}) == 8


def test_a_click_outside_its_photo_is_told_with_its_line_before_any_search(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    queries = [
        LabelledQuery(tmp_path / "a.png", Click(x, 5), box(0, 0, 1, 1), 32615, line) for line, x in ((2, 3), (3, 99))
    ]
    with pytest.raises(QueriesError, match=r"line 3: click 99,5 is outside"):
        run(queries, lambda photo, targets: pytest.fail("searched"))


L = Polygon([(0, 0), (8, 0), (8, 2), (2, 2), (2, 8), (0, 8)])
"""An outline of 28 square metres in a box of 64."""


def outlined(make: Make, truth: Polygon, found: Polygon | None) -> Outcome:
    there = translate(truth, EAST, NORTH)
    query = LabelledQuery(Path("a.jpg"), Click(1, 2), box(*there.bounds), 32615, 2, there)
    best = None if found is None else make(0.9, (0, 0, 1, 1), polygon=translate(found, EAST, NORTH), rank=1)
    return Outcome(query, best, 1.0)


def test_outlines_by_hand(make_detection: Make) -> None:
    outcomes = [
        outlined(make_detection, L, L),  # 1
        outlined(make_detection, L, box(0, 0, 8, 8)),  # 28 of 64
        outlined(make_detection, L, translate(L, 1, 0)),  # shared: 7 x 2 + 1 x 6 = 20, of 36
        outlined(make_detection, L, None),
    ]
    assert [outline_iou(one) for one in outcomes] == pytest.approx([1, 28 / 64, 20 / 36, 0])
    assert [box_iou(one) for one in outcomes] == pytest.approx([1, 1, 56 / 72, 0])
    found = summarise(outcomes)
    assert list(found) == [*KEYS, "outlines", "outline_iou", "outline_050", "outline_075"]
    assert (found["outlines"], found["outline_050"], found["outline_075"]) == (4, 0.5, 0.25)
    assert found["outline_iou"] == pytest.approx((1 + 28 / 64 + 20 / 36) / 4)
    assert found["acc_050"] == 0.75
    # Where the same outline is found nothing is off, though its centroid is not the middle of its box.
    assert error_m(outcomes[0]) == 0
    table = to_table(found)
    assert "outline_050        0.500  (2 of 4)" in table
    # Those without a true outline count among the boxes only.
    mixed = summarise([*outcomes[:2], outcome(None)])
    assert (mixed["queries"], mixed["outlines"]) == (3, 2)
    assert mixed["outline_iou"] == pytest.approx((1 + 28 / 64) / 2)


def test_the_box_of_a_turned_answer_is_its_envelope(make_detection: Make) -> None:
    turned = rotate(box(0, 0, 10, 4), 30)
    truth = box(*turned.bounds)
    query = LabelledQuery(Path("a"), Click(0, 0), translate(truth, EAST, NORTH), 32615, 2)
    best = make_detection(0.9, (0, 0, 1, 1), polygon=translate(turned, EAST, NORTH), rank=1)
    assert box_iou(Outcome(query, best, 1)) == pytest.approx(1)
    assert error_m(Outcome(query, best, 1)) == pytest.approx(0, abs=1e-6)


def test_a_c_is_hit_where_it_is(make_detection: Make) -> None:
    c = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 8), (9, 8), (9, 9), (0, 9)])
    arm = outlined(make_detection, box(0, 0, 2.5, 9), c)
    assert is_hit(arm) == arm.query.box.covers(translate(c, EAST, NORTH).representative_point())
    hole = outlined(make_detection, box(3, 3, 5, 6), c)
    assert not is_hit(hole)


def test_classes_of_size(make_detection: Make) -> None:
    sizes = [(4, 3), (4.99, 1), (5.01, 1), (14.9, 2), (15.1, 2), (60, 5)]
    outcomes = []
    for length, width in sizes:
        # Turned, so that its box says more than its sides.
        truth = rotate(box(0, 0, length, width), 40)
        outcomes.append(outlined(make_detection, truth, truth if length > 15 else None))
    found = by_size(outcomes)
    assert [(name, figures["count"]) for name, figures in found.items()] == [
        *(("under_5_m", 2), ("5_to_15_m", 2), ("over_15_m", 2)),
    ]
    assert found["over_15_m"]["acc_050"] == 1
    assert found["over_15_m"]["outline_iou"] == pytest.approx(1)
    assert found["5_to_15_m"]["acc_050"] == 0
    assert "queries" not in found["under_5_m"]
    assert by_size(outcomes[:1])["over_15_m"] == {"count": 0}
    assert sizes_table(found).splitlines()[2].startswith("over_15_m          2 queries, hit_rate 1.000")
    # Without an outline the sides of the box count.
    assert by_size([outcome(None)])["under_5_m"]["count"] == 1


WKT = '"POLYGON ((10 20, 12 20, 12 21, 11 21, 11 23, 10 23, 10 20))"'


def test_true_outlines_in_the_table(folder: Path) -> None:
    header = HEADER.replace("epsg", "epsg,geometry")
    text = header + ROW.replace("32615", f"32615,{WKT}") + ROW.replace("32615", "32615,")
    first, second = read_queries(write(folder, text))
    assert first.outline is not None
    assert first.outline.area == 4
    assert first.box.equals(box(10, 20, 12, 23))
    assert second.outline is None
    # With an outline the columns of the box are not needed.
    (alone,) = read_queries(write(folder, f"photo,click_x,click_y,epsg,geometry\na.png,3,4,32615,{WKT}\n"))
    assert alone.box.equals(first.box)
    for value, message in (
        ("", "line 2: has neither a true outline nor xmin"),
        ("x", "line 2: geometry is no polygon"),
    ):
        with pytest.raises(QueriesError, match=message):
            read_queries(write(folder, f"photo,click_x,click_y,epsg,geometry\na.png,3,4,32615,{value}\n"))


def test_what_is_drawn_in_the_photo_is_read_when_asked(folder: Path) -> None:
    header = HEADER.replace("epsg", "epsg,photo_xmin,photo_ymin,photo_xmax,photo_ymax")
    path = write(folder, header + ROW.replace("32615", "32615,1,2,9,12") + ROW.replace("32615", "32615,,,,"))
    assert [query.target for query in read_queries(path)] == [Target(Click(3.5, 4))] * 2
    first, second = read_queries(path, drawn=True)
    assert first.target == Target(Click(3.5, 4), PixelBox(1, 2, 9, 12))
    assert second.target == Target(Click(3.5, 4))


def test_two_that_were_drawn_at_one_click_are_told_apart(folder: Path, make_detection: Make) -> None:
    header = HEADER.replace("epsg", "epsg,photo_xmin,photo_ymin,photo_xmax,photo_ymax")
    rows = ROW.replace("32615", "32615,1,2,9,12") + ROW.replace("32615", "32615,-20,0,20,20")
    asked: list[Target] = []

    def locate(photo: Photo, targets: list[Target]) -> Sequence[Detection]:
        asked.extend(targets)
        return [
            make_detection(0.9, (0, 0, 1, 1 + number), rank=1, target=number, click=target.click)
            for number, target in enumerate(targets)
        ]

    outcomes = run(read_queries(write(folder, header + rows), drawn=True), locate)
    # What leaves the photo is cut to it.
    assert [target.box for target in asked] == [PixelBox(1, 2, 9, 12), PixelBox(0, 0, 20, 20)]
    assert [found.best and found.best.ymax for found in outcomes] == [1, 2]
