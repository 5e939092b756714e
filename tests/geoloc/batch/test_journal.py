"""What is kept of a run that was cut off anywhere."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from geoloc.batch.journal import SUFFIX, Journal, settings_of, sole_writer
from geoloc.batch.outcome import QueryOutcome
from geoloc.errors import OutputError
from geoloc.joint.stored import to_json
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import Detection
from geoloc.results.vector_files import row_of
from tests.helpers.paths import ROOT
from tiling.area import Area

SETTINGS = {"mosaic": [("m.tif", 1)], "--top": 5}


@pytest.fixture
def outcomes(make_detection: Callable[..., Detection]) -> list[QueryOutcome]:
    """Of three queries; numbers that need all their digits."""
    polygon = box(1 / 3, 2 / 3, 4 / 3, 576713.13498 + 1e-9)
    answer = make_detection(1 / 7, (0, 0, 1, 1), polygon=polygon, rank=1)
    found = row_of(answer)
    of_object = QueryOutcome(2, note="cut", candidates=(to_json(answer), to_json(answer)))
    return [QueryOutcome(1, (found, found)), of_object, QueryOutcome(3, (found,))]


def test_what_was_added_is_there_when_it_goes_on(photos: Path, tmp_path: Path, outcomes: list[QueryOutcome]) -> None:
    journal = Journal(tmp_path / "out.gpkg", SETTINGS)
    assert journal.path == tmp_path / f"out.gpkg{SUFFIX}"
    assert journal.done == {}
    journal.add(photos / "a.png", outcomes[:2])
    journal.add(photos / "b.png", outcomes[2:])
    again = Journal(tmp_path / "out.gpkg", SETTINGS)
    assert again.done == {outcome.number: outcome for outcome in outcomes}
    again.remove()
    assert not journal.path.exists()


def test_a_run_may_be_cut_off_at_any_byte(photos: Path, tmp_path: Path, outcomes: list[QueryOutcome]) -> None:
    output = tmp_path / "out.gpkg"
    journal = Journal(output, SETTINGS)
    sizes = [journal.path.stat().st_size]
    for photo, some in (("a.png", outcomes[:2]), ("b.png", outcomes[2:])):
        journal.add(photos / photo, some)
        sizes.append(journal.path.stat().st_size)
    whole = journal.path.read_bytes()
    for size in range(0, len(whole) + 1, 7):
        journal.path.write_bytes(whole[:size])
        again = Journal(output, SETTINGS)
        assert sorted(again.done) == [1, 2, 3][: 0 if size < sizes[1] else 2 if size < sizes[2] else 3]
        again.add(photos / "b.png", outcomes[2:])
        assert Journal(output, SETTINGS).done[3] == outcomes[2]


def test_other_settings_are_refused_by_name(photos: Path, tmp_path: Path, outcomes: list[QueryOutcome]) -> None:
    output = tmp_path / "out.gpkg"
    Journal(output, SETTINGS).add(photos / "a.png", outcomes)
    before = (tmp_path / f"out.gpkg{SUFFIX}").read_bytes()
    others = {"mosaic": [("m.tif", 2)], "--top": 5, "--gsd": 1}
    with pytest.raises(OutputError, match=r"was begun with another mosaic, --gsd; .* --overwrite"):
        Journal(output, others)
    assert (tmp_path / f"out.gpkg{SUFFIX}").read_bytes() == before
    # The same command goes on, also where it says --overwrite.
    assert len(Journal(output, SETTINGS, overwrite=True).done) == 3
    assert Journal(output, others, overwrite=True).done == {}
    assert Journal(output, others).done == {}


@pytest.mark.parametrize("text", ["no json\n", "[]\n", '{"mosaic": [["m.tif", 1]], "--top": 5}\n{"photo": 1}\n'])
def test_a_damaged_journal_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / f"out.gpkg{SUFFIX}").write_text(text)
    with pytest.raises(OutputError, match=r"is damaged; remove it, or --overwrite"):
        Journal(tmp_path / "out.gpkg", SETTINGS)
    assert Journal(tmp_path / "out.gpkg", SETTINGS, overwrite=True).done == {}


def test_a_photo_that_was_changed_is_searched_again(photos: Path, tmp_path: Path, outcomes: list[QueryOutcome]) -> None:
    journal = Journal(tmp_path / "out.gpkg", SETTINGS)
    journal.add(photos / "a.png", outcomes[:2])
    journal.add(photos / "b.png", outcomes[2:])
    os.utime(photos / "a.png", (1, 1))
    assert list(Journal(tmp_path / "out.gpkg", SETTINGS).done) == [3]


def test_a_video_that_was_changed_is_searched_again(tmp_path: Path, outcomes: list[QueryOutcome]) -> None:
    (tmp_path / "clip.MP4").touch()
    Journal(tmp_path / "out.gpkg", SETTINGS).add(tmp_path / "clip.MP4#t=1", outcomes[:2])
    assert list(Journal(tmp_path / "out.gpkg", SETTINGS).done) == [1, 2]
    os.utime(tmp_path / "clip.MP4", (1, 1))
    assert list(Journal(tmp_path / "out.gpkg", SETTINGS).done) == []


def test_what_answers_depend_on(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("q.csv", "m.tif", "w.safetensors")]
    for file in files:
        file.write_text("one")
    queries, mosaic, weights = files

    def settings(area: Area = Area.everywhere(), **options: Any) -> dict[str, Any]:  # noqa: B008
        return settings_of(queries, SearchRequest(**options), [mosaic], weights, area)

    def differing(other: dict[str, object]) -> list[str]:
        return [name for name, value in first.items() if other[name] != value]

    first = settings(top=5)
    assert differing(settings(top=5)) == []
    assert differing(settings(top=4)) == ["--top"]
    assert differing(settings(Area.near(1, 2, 30), top=5)) == ["area"]
    for file, name in zip(files, ("queries", "mosaic", "weights"), strict=True):
        file.write_text("another")
        assert differing(settings(top=5)) == [name]
        first = settings(top=5)


def test_names_of_settings_are_those_of_every_version_so_far(tmp_path: Path) -> None:
    # A run that an earlier version began goes on.
    for name in ("q.csv", "w.safetensors"):
        (tmp_path / name).touch()
    request = SearchRequest(bands=(4, 3, 2), gps=False)
    settings = settings_of(tmp_path / "q.csv", request, [], tmp_path / "w.safetensors", Area.everywhere())
    states = {"version", "queries", "mosaic", "weights", "area"}
    assert {name: value for name, value in settings.items() if name not in states} == {
        "--model": "base",
        "--bands": [4, 3, 2],
        "--gsd": None,
        "--gps": False,
        "--within": 500.0,
        # As in a journal that does not have them.
        "--eye-height": None,
        "--heading": None,
        "--pitch": None,
        "--dsm": None,
        "--top": 1,
        "--min-score": None,
        "--refine": "auto",
        "--exhaustive": False,
    }
    assert states <= settings.keys()


def test_where_files_are_and_the_device_may_change(tmp_path: Path) -> None:
    # Files are told by their states, and limits by the area they amount to.
    for name in ("q.csv", "w.safetensors"):
        (tmp_path / name).touch()

    def settings(**options: Any) -> dict[str, Any]:
        request = SearchRequest(**options)
        return settings_of(tmp_path / "q.csv", request, [], tmp_path / "w.safetensors", Area.near(1, 2, 500))

    others: dict[str, Any] = {
        "mosaics": (Path("m.tif"),),
        "index": Path("i.zarr"),
        "weights": Path("w"),
        "near": (1, 2),
    }
    others |= {"aoi": Path("a.gpkg"), "bounds": (0, 0, 1, 1), "area": Area.everywhere(), "device": "cuda"}
    assert settings(**others) == settings()


def test_outlines_keep_their_holes(photos: Path, tmp_path: Path, make_detection: Callable[..., Detection]) -> None:
    ring = box(0, 0, 1 / 3, 9).difference(box(0.1, 1, 0.2, 2))
    outcome = QueryOutcome(1, (row_of(make_detection(0.5, (0, 0, 1, 1), polygon=ring)),))
    Journal(tmp_path / "out.gpkg", SETTINGS).add(photos / "a.png", [outcome])
    (row,) = Journal(tmp_path / "out.gpkg", SETTINGS).done[1].answers
    assert row.geometry == ring


_HOLD = """
import sys
from pathlib import Path
from geoloc.batch.journal import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_journal_has_one_writer_until_that_ends(tmp_path: Path) -> None:
    output = tmp_path / "out.gpkg"
    pytest.importorskip("fcntl")
    command = [sys.executable, "-c", _HOLD, str(output)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(OutputError, match=r"out.gpkg: another run of geoloc is writing it"), sole_writer(output):
        pass
    other.kill()
    other.communicate()
    with sole_writer(output):
        assert Journal(output, SETTINGS).done == {}


def test_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / f"out.gpkg{SUFFIX}").mkdir()
    with pytest.raises(OutputError, match="cannot be written"), sole_writer(tmp_path / "out.gpkg"):
        pass
