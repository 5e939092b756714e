"""Queries of one object become one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from geoloc.batch.journal import Journal
from geoloc.batch.objects import Joining
from geoloc.batch.outcome import QueryOutcome, count_line, to_rows
from geoloc.batch.queries import PhotoQuery, Queries, together
from geoloc.batch.run import one_by_one, run
from geoloc.joint.stored import to_json
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection
from geoloc.results.vector_files import row_of

Make = Callable[..., Detection]
HERE, THERE = (576708.0, 5188134.0, 576713.0, 5188138.0), (576808.0, 5188134.0, 576813.0, 5188138.0)
JOINING = Joining(SearchRequest(), "EPSG:32615")


def queries(*rows: tuple[str, str]) -> tuple[PhotoQuery, ...]:
    """Of (photo, object)."""
    return together(
        [
            PhotoQuery(number, Path(photo), Target(Click(number, 2)), {"object": name})
            for number, (photo, name) in enumerate(rows, start=1)
        ]
    )


def of_object(number: int, *answers: Detection, note: str = "") -> QueryOutcome:
    return QueryOutcome(number, note=note, candidates=tuple(map(to_json, answers)))


def test_an_object_is_answered_once_where_it_is_first_asked_for(make_detection: Make) -> None:
    alone = row_of(make_detection(0.9, HERE, rank=1))
    asked = queries(("a.jpg", "x"), ("a.jpg", ""), ("b.jpg", "x"))
    sure = make_detection(0.45, HERE, rank=1, photo="b.jpg", accuracy_m=0.3)
    outcomes = [of_object(1, make_detection(0.4, HERE, rank=1)), QueryOutcome(2, (alone,)), of_object(3, sure)]
    of_all, other = JOINING.joined(asked, outcomes)
    assert other == outcomes[1]
    # Told of the photo that knows it best.
    assert of_all.number == 3
    (row,) = of_all.answers
    assert row.properties["score"] > 0.5
    assert (row.properties["photos"], row.properties["object"]) == ("a.jpg; b.jpg", "x")


def test_rows_of_the_output(make_detection: Make) -> None:
    asked = queries(("a.jpg", "x"), ("b.jpg", "y"), ("b.jpg", "x"), ("c.jpg", "y"), ("c.jpg", "x"))
    outcomes = [
        QueryOutcome(1, error="no such photo"),
        of_object(2, make_detection(0.1, HERE, rank=1), note="the box is cut"),
        of_object(3, make_detection(0.7, HERE, rank=1, photo="b.jpg")),
        of_object(4, make_detection(0.1, THERE, rank=1)),
        of_object(5, make_detection(0.7, HERE, rank=1, photo="c.jpg")),
    ]
    counts: Counter[str] = Counter()
    table = Queries(Path("q.csv"), asked, {"object": "object"})
    made, columns = to_rows(table, JOINING.joined(asked, outcomes), counts)
    rows = [[row.properties.get(name) for name in ("query", "status", "object", "photos")] for row in made]
    assert rows == [
        [3, "found", "x", "b.jpg; c.jpg"],
        [1, "error", "x", None],
        [2, "not here", "y", None],
    ]
    assert list(columns)[-4:] == ["error", "photos", "clicks", "object"]
    assert count_line(counts, 5) == "5 queries joined to 3 questions by the column object: 1 found, 1 not here, 1 error"


def test_who_contradicts_is_told(make_detection: Make, caplog: pytest.LogCaptureFixture) -> None:
    asked = queries(("a.jpg", "x"), ("b.jpg", "x"), ("c.jpg", "x"))
    places = [HERE, HERE, THERE]
    outcomes = [of_object(number, make_detection(0.9, place, rank=1)) for number, place in enumerate(places, 1)]
    (joined,) = JOINING.joined(asked, outcomes)
    assert joined.answers[0].properties["note"].startswith("c.jpg contradicts: it has the object 100 m off")
    assert caplog.messages == [f"object x: {joined.note}"]


def test_one_photo_that_is_left_answers_alone(make_detection: Make) -> None:
    asked = queries(("a.jpg", "x"), ("b.jpg", "x"))
    outcomes = [QueryOutcome(1, error="gone"), of_object(2, make_detection(0.8, HERE, rank=1))]
    joined, failed = JOINING.joined(asked, outcomes)
    assert (joined.number, joined.answers[0].properties["score"]) == (2, 0.8)
    assert failed == outcomes[0]


def test_an_object_all_of_whose_photos_failed_has_its_errors(make_detection: Make) -> None:
    asked = queries(("a.jpg", "x"), ("b.jpg", "x"))
    outcomes = [QueryOutcome(1, error="gone"), QueryOutcome(2, error="gone too")]
    assert list(JOINING.joined(asked, outcomes)) == outcomes


def test_a_run_asks_for_candidates_and_keeps_them(photos: Path, tmp_path: Path, make_detection: Make) -> None:
    asked: list[tuple[str, list[float], bool]] = []

    def find(photo: Photo, targets: Sequence[Target], *, doubtful: bool = False) -> list[Detection]:
        asked.append((photo.path.name, [target.click.x for target in targets], doubtful))
        return [make_detection(0.4, HERE, rank=1, target=number) for number in range(len(targets))] if doubtful else []

    items = queries((str(photos / "a.png"), "x"), (str(photos / "a.png"), ""), (str(photos / "b.png"), "x"))
    table = Queries(tmp_path / "q.csv", items, {"object": "object"})
    outcomes = run(table, one_by_one(find), Journal(tmp_path / "o.gpkg", {}))
    assert asked == [("a.png", [2], False), ("a.png", [1], True), ("b.png", [3], True)]
    # Read from the journal again.
    again = run(table, one_by_one(find), Journal(tmp_path / "o.gpkg", {}))
    assert len(asked) == 3
    first, second = (list(JOINING.joined(items, told)) for told in (outcomes, again))
    assert first == second
    assert [outcome.status for outcome in first] == ["found", "not here"]
