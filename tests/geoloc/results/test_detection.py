"""Merging of overlapping answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import from_wkb
from shapely.geometry import box

from geoloc.photo.target import Click
from geoloc.results.detection import Detection, iou, present, ranking

Make = Callable[..., Detection]


def merge(detections: Sequence[Detection], top: int = 99) -> list[Detection]:
    """What `ranking` keeps, with its ranks."""
    return [replace(detections[i], rank=rank) for i, rank in ranking(detections, top=top)]


def test_iou_by_hand() -> None:
    assert iou(box(0, 0, 2, 2), box(1, 0, 3, 2)) == pytest.approx(2 / 6)
    assert iou(box(0, 0, 1, 1), box(2, 2, 3, 3)) == 0


def test_best_first_and_repeats_dropped(make_detection: Make) -> None:
    found = merge(
        [
            make_detection(0.2, (100, 0, 104, 4)),
            make_detection(0.7, (0.5, 0, 4.5, 4)),  # IoU 0.78 with the best
            make_detection(0.9, (0, 0, 4, 4)),
            make_detection(0.4, (3, 0, 7, 4)),  # IoU 1/7, centres outside each other: another object
        ]
    )
    assert [(d.rank, d.score) for d in found] == [(1, 0.9), (2, 0.4), (3, 0.2)]


def test_same_place_other_size_is_the_same_object(make_detection: Make) -> None:
    found = merge([make_detection(0.9, (0, 0, 10, 10)), make_detection(0.8, (4, 4, 6, 6))])
    assert [d.score for d in found] == [0.9]
    # A small thing in the corner of a large one is another object.
    assert len(merge([make_detection(0.9, (0, 0, 10, 10)), make_detection(0.8, (0, 0, 2, 2))])) == 2


def test_a_dropped_answer_does_not_drop_others(make_detection: Make) -> None:
    chain = [
        make_detection(0.9, (0, 0, 4, 4)),
        make_detection(0.8, (1.9, 0, 5.9, 4)),
        make_detection(0.7, (3.8, 0, 7.8, 4)),
    ]
    assert [d.score for d in merge(chain)] == [0.9, 0.7]


def test_clicks_are_ranked_apart_and_top_counts_for_each(make_detection: Make) -> None:
    other = Click(1, 1)
    found = merge(
        [make_detection(0.5, (0, 0, 1, 1)), make_detection(0.9, (0, 0, 1, 1), click=other)]
        + [make_detection(0.1, (5 * i, 9, 5 * i + 1, 10)) for i in range(5)],
        top=2,
    )
    assert [(d.click, d.rank, d.score) for d in found] == [
        (Click(10.5, 20.25), 1, 0.5),
        (Click(10.5, 20.25), 2, 0.1),
        (other, 1, 0.9),
    ]


def test_nothing_to_merge() -> None:
    assert merge([]) == []


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 20), st.integers(0, 20), st.integers(1, 8), st.integers(1, 8)),
        max_size=25,
    )
)
def test_merge_agrees_with_the_slow_definition(
    make_detection: Make, rows: list[tuple[float, int, int, int, int]]
) -> None:
    given_detections = [make_detection(s, (x, y, x + w, y + h)) for s, x, y, w, h in rows]
    kept: list[Detection] = []
    for candidate in sorted(given_detections, key=lambda d: -d.score):
        a = candidate.polygon
        if not any(
            iou(a, b.polygon) >= 0.3 or (a.covers(b.polygon.centroid) and b.polygon.covers(a.centroid)) for b in kept
        ):
            kept.append(candidate)
    merged = merge(given_detections)
    assert [d.polygon for d in merged] == [d.polygon for d in kept]
    assert [d.rank for d in merged] == list(range(1, len(kept) + 1))


def test_accuracy_note(make_detection: Make) -> None:
    assert make_detection(1, (0, 0, 1, 1)).accuracy_note == "0.40 m box, 0.30 m pixel"
    elsewhere = make_detection(1, (500_000, 5_300_000, 500_001, 5_300_001), crs="EPSG:25833")
    told = "0.40 m box, 0.30 m pixel; longitude and latitude to 1 m: ETRS89 to WGS 84 (1)"
    assert elsewhere.accuracy_note == told


def test_present_keeps_all_answers_to_clicks_with_a_sure_one(make_detection: Make) -> None:
    sure, unsure = Click(1, 2), Click(3, 4)
    found = [
        make_detection(0.5, (0, 0, 1, 1), click=sure, rank=1),
        make_detection(0.1, (5, 0, 6, 1), click=sure, rank=2),
        make_detection(0.49, (0, 0, 1, 1), click=unsure, rank=1),
        make_detection(0.49, (0, 0, 1, 1), click=sure, photo="photos/b.jpg", rank=1),
    ]
    assert present(found, 0.5) == found[:2]
    assert present(iter(found), 0.0) == found


def test_two_boxes_with_one_centre_have_answers_of_their_own(make_detection: Callable[..., Detection]) -> None:
    first = make_detection(0.9, (0, 0, 4, 4))
    second = make_detection(0.8, (0, 0, 4, 4), target=1)
    assert [(d.target, d.rank) for d in merge([first, second])] == [(0, 1), (1, 1)]
    assert present([first, second], 0.85) == [first]


def test_equal_polygons_and_scores_are_told_apart_by_their_place_in_the_list(make_detection: Make) -> None:
    polygon = box(0, 0, 4, 4)
    # One polygon for several answers, and copies of it.
    clicks = [Click(1, 1), Click(2, 2), Click(3, 3)]
    found = [make_detection(0.5, (0, 0, 1, 1), click=click, polygon=polygon) for click in clicks]
    found.append(make_detection(0.5, (0, 0, 4, 4), click=clicks[2]))
    assert ranking(found, top=5) == [(0, 1), (1, 1), (2, 1)]
    copied = [replace(detection, polygon=from_wkb(detection.polygon.wkb)) for detection in found]
    assert ranking(copied, top=5) == ranking(found, top=5)


@pytest.mark.parametrize(
    ("crs", "at", "lonlat"),
    [
        ("EPSG:4326", (15.0, 48.0), (15.0, 48.0)),
        # A mosaic across the antimeridian may go on beyond 180 degrees.
        ("EPSG:4326", (180.5, -17.0), (-179.5, -17.0)),
        ("EPSG:4326", (-180.25, -17.0), (179.75, -17.0)),
        ("EPSG:32615", (500_000.0, 0.0), (-93.0, 0.0)),
    ],
)
def test_its_centre_in_degrees(
    make_detection: Make, crs: str, at: tuple[float, float], lonlat: tuple[float, float]
) -> None:
    x, y = at
    found = make_detection(1, (x - 1e-3, y - 1e-3, x + 1e-3, y + 1e-3), crs=crs)
    assert found.centre_lonlat.coords[0] == pytest.approx(lonlat, abs=1e-6)
