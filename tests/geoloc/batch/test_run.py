"""Runs: photos read once, failures passed over, earlier outcomes used."""

import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import geopandas
import pyogrio
import pytest

from geoloc.batch import run as module
from geoloc.batch.journal import Journal
from geoloc.batch.outcome import QueryOutcome, to_rows
from geoloc.batch.queries import PhotoQuery, Queries
from geoloc.batch.run import Group, one_by_one, run
from geoloc.errors import OutputError
from geoloc.photo.photo import Photo
from geoloc.photo.target import Click, Target
from geoloc.pipeline.job import PhotoSearch
from geoloc.results.detection import Detection
from geoloc.results.vector_files import VECTOR_SUFFIXES, Row, row_of, write_rows
from geoloc.results.writers import row as writers_row
from tiling.box import PixelBox
from tiling.errors import MosaicError

Make = Callable[..., Detection]


def queries_of(folder: Path, clicks: Sequence[tuple[str, float]]) -> Queries:
    """Queries at (x, 5) of photos in a folder, in this order."""
    items = [
        PhotoQuery(number, folder / photo, Target(Click(x, 5)), {"ID": f"n{number}"})
        for number, (photo, x) in enumerate(clicks, start=1)
    ]
    return Queries(folder / "q.csv", tuple(items), {"ID": "object"})


class Finds:
    """Finds clicks at x < 20; remembers what it was given."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.given: list[tuple[str, list[float]]] = []

    def __call__(self, photo: Photo, targets: list[Target]) -> list[Detection]:
        self.given.append((photo.path.name, [target.click.x for target in targets]))
        return [
            self.make(0.9, (0, 0, target.click.x, rank), rank=rank, target=number)
            for number, target in enumerate(targets)
            for rank in (1, 2)
            if target.click.x < 20
        ]


@pytest.fixture
def find(make_detection: Make) -> Finds:
    return Finds(make_detection)


def test_each_photo_is_read_and_searched_once(
    photos: Path, tmp_path: Path, find: Finds, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def load(path: Path) -> Photo:
        read.append(path)
        return loaded(path)

    loaded = module.load_photo
    monkeypatch.setattr(module, "load_photo", load)
    queries = queries_of(photos, [("a.png", 1), ("b.png", 2), ("a.png", 30), ("a.png", 1)])
    steps: list[tuple[int, int]] = []
    outcomes = run(queries, one_by_one(find), Journal(tmp_path / "o.gpkg", {}), lambda *step: steps.append(step))
    assert read == [photos / "a.png", photos / "b.png"]
    assert find.given == [("a.png", [1, 30]), ("b.png", [2])]
    assert [outcome.number for outcome in outcomes] == [1, 2, 3, 4]
    assert [outcome.status for outcome in outcomes] == ["found", "found", "not here", "found"]
    assert [[row.properties["rank"] for row in outcome.answers] for outcome in outcomes] == [[1, 2], [1, 2], [], [1, 2]]
    assert outcomes[1].answers[0].properties["xmax"] == 2
    assert steps == [(0, 4), (3, 4), (4, 4)]


def test_errors_name_photos_as_the_table_does(
    photos: Path, tmp_path: Path, find: Finds, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / "text.png").write_text("no picture")
    monkeypatch.chdir(photos)
    queries = queries_of(Path(), [("none.png", 1), ("text.png", 1), ("none.mp4#t=2", 1)])
    errors = [outcome.error or "" for outcome in run(queries, one_by_one(find), Journal(tmp_path / "o.gpkg", {}))]
    assert [error.split(": ")[0] for error in errors] == ["none.png", "text.png", "none.mp4"]


def test_what_fails_is_told_and_the_rest_goes_on(photos: Path, tmp_path: Path, find: Finds) -> None:
    (photos / "text.png").write_text("no picture")
    queries = queries_of(photos, [("none.png", 1), ("a.png", 99), ("a.png", 1), ("text.png", 1), ("text.png", 2)])
    outcomes = run(queries, one_by_one(find), Journal(tmp_path / "o.gpkg", {}))
    assert find.given == [("a.png", [1])]
    errors = [outcome.error or "" for outcome in outcomes]
    assert "none.png: no such photo" in errors[0]
    assert "click 99,5 is outside the photo a.png" in errors[1]
    assert errors[2] == ""
    assert all("not an image" in error for error in errors[3:])


@pytest.mark.parametrize(
    ("error", "text"),
    [(MosaicError("m.tif: is\ndamaged"), "m.tif: is damaged"), (KeyError("oops"), "unexpected KeyError: 'oops'")],
)
def test_a_search_that_fails_is_an_error_of_its_photo(
    photos: Path, tmp_path: Path, find: Finds, error: Exception, text: str
) -> None:
    def failing(photo: Photo, targets: list[Target]) -> list[Detection]:
        if photo.path.name == "a.png":
            raise error
        return find(photo, targets)

    queries = queries_of(photos, [("a.png", 1), ("a.png", 99), ("b.png", 1)])
    first, outside, good = run(queries, one_by_one(failing), Journal(tmp_path / "o.gpkg", {}))
    assert first.error == text
    assert "outside" in (outside.error or "")
    assert good.status == "found"


def test_a_run_goes_on_and_tries_again_what_failed(photos: Path, tmp_path: Path, find: Finds) -> None:
    queries = queries_of(photos, [("a.png", 1), ("c.png", 3), ("a.png", 99), ("b.png", 2)])
    output = tmp_path / "o.gpkg"

    def cut_off(photo: Photo, targets: list[Target]) -> list[Detection]:
        if photo.path.name == "b.png":
            raise KeyboardInterrupt
        return find(photo, targets)

    def attempt(find: PhotoSearch) -> list[str]:
        return [outcome.status for outcome in run(queries, one_by_one(find), Journal(output, {}))]

    with pytest.raises(KeyboardInterrupt):
        attempt(cut_off)
    (photos / "c.png").write_bytes((photos / "a.png").read_bytes())
    assert attempt(find) == ["found", "found", "error", "found"]
    assert find.given == [("a.png", [1]), ("c.png", [3]), ("b.png", [2])]


@pytest.mark.parametrize("suffix", [s for s in VECTOR_SUFFIXES if s not in (".json", ".kmz")])
def test_answers_wait_on_the_disk(
    photos: Path, tmp_path: Path, make_detection: Make, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(writers_row, "PIECE", 50)
    row = row_of(make_detection(0.9, (0, 0, 1, 1), rank=1))

    def found(groups: Iterable[Group]) -> Iterator[tuple[Group, list[QueryOutcome]]]:
        """Each with values of its own, as from a search."""
        for group in groups:
            rows = [Row(row.geometry, {**row.properties, "score": query.number / 7}) for query in group[1]]
            yield group, [QueryOutcome(query.number, (row,)) for query, row in zip(group[1], rows, strict=True)]

    def most(count: int) -> int:
        """Bytes that a run of so many queries holds at most."""
        queries = queries_of(photos, [(f"{number // 10}.png", 1) for number in range(count)])
        output = tmp_path / f"{count}{suffix}"
        tracemalloc.start()
        outcomes = run(queries, found, Journal(output, {}))
        rows, columns = to_rows(queries, outcomes, Counter())
        write_rows(rows, output, columns, crs="EPSG:32615")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if suffix == ".parquet":
            assert len(geopandas.read_parquet(output)) == count
        else:
            # A DXF has a label beside each outline.
            assert len(pyogrio.read_dataframe(output, layer=0)) == count * (2 if suffix == ".dxf" else 1)
        return peak

    # What is loaded once does not count.
    most(60)
    # An answer that was kept would be some kilobytes.
    assert most(800) - most(100) < 700 * 700


def test_a_journal_that_cannot_be_written_is_the_end(photos: Path, tmp_path: Path, find: Finds) -> None:
    journal = Journal(tmp_path / "o.gpkg", {})
    journal.path.unlink()
    journal.path.mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        run(queries_of(photos, [("a.png", 1)]), one_by_one(find), journal)


def test_what_leaves_its_photo_is_cut_to_it_and_said_so_of_its_query(
    photos: Path, tmp_path: Path, make_detection: Make, caplog: pytest.LogCaptureFixture
) -> None:
    given: list[Target] = []

    def find(photo: Photo, targets: list[Target]) -> list[Detection]:
        given.extend(targets)
        return [make_detection(0.9, (0, 0, 1, 1), rank=1, target=number) for number in range(len(targets))]

    boxes = [PixelBox(-8, 0, 8, 8), PixelBox(-80, 0, -8, 8)]
    items = [PhotoQuery(number, photos / "a.png", Target.from_box(box), {}) for number, box in enumerate(boxes, 1)]
    inside, outside = run(
        Queries(tmp_path / "q.csv", tuple(items), {}), one_by_one(find), Journal(tmp_path / "o.gpkg", {})
    )
    assert given == [Target.from_box(PixelBox(0, 0, 8, 8))]
    assert inside.status == "found"
    assert "the box lies outside the photo a.png" in (outside.error or "")
    assert inside.note.startswith("the box reaches beyond the photo a.png")
    assert f"query 1: {inside.note}" in caplog.messages
