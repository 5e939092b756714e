"""The main job in one piece with the weights of the package, on a town small enough for a test."""

import json
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from shapely.geometry import shape

from geoloc import town
from geoloc.errors import OutputError
from geoloc.evaluation import demonstration, labelled
from tests.helpers.tiny_town import quick_towns


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> demonstration.Demo:
    folder = tmp_path_factory.mktemp("demo")
    small = partial(town.build, size_m=110.0, gsd_m=0.2, photos=1, photo_px=(960, 720))
    with quick_towns(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            demonstration.town,
            "build",
            lambda folder, *, seed, panoramas: small(folder, seed=seed, panoramas=panoramas),
        )
        lines: list[str] = []
        made = demonstration.run(folder, seed=0, report=lines.append, show=lines.append)
        # Each photograph's answers and picture as they come, the file of all at the end.
        assert lines[-1] == f"wrote {made.found}"
        located = next(i for i, line in enumerate(lines) if line.startswith("Locating"))
        answers = [labelled.to_line(outcome) for outcome in made.outcomes]
        assert lines[located + 1 :] == [*answers, f"wrote {made.previews[0]}", lines[-1]]
        return made


def test_clicked_objects_are_found_where_they_are(made: demonstration.Demo) -> None:
    summary = labelled.summarise(made.outcomes)
    assert summary["queries"] == 6
    # By chance one centre in some hundreds would fall into its box.
    assert summary["hit_rate"] >= 0.5
    assert summary["median_error_m"] < 3.0


def test_what_is_written_is_what_was_found(made: demonstration.Demo) -> None:
    collection = json.loads(made.found.read_text(encoding="utf-8"))
    found = {
        (f["properties"]["click_x"], f["properties"]["click_y"]): shape(f["geometry"]) for f in collection["features"]
    }
    # One polygon for each object that is found, and nothing else.
    scores = [outcome.best.score for outcome in made.outcomes if outcome.best is not None]
    assert len(collection["features"]) == len(found) == sum(score >= 0.5 for score in scores) > 0
    for polygon in found.values():
        west, south, east, north = polygon.bounds
        assert 15.30 < west < east < 15.32
        assert 51.86 < south < north < 51.88
    assert len(made.previews) == len(made.scene.photos) == 1
    with Image.open(made.previews[0]) as picture:
        assert picture.width > 600


def test_results_are_not_replaced_unasked(made: demonstration.Demo) -> None:
    before = made.found.read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        demonstration.run(made.found.parent)
    assert made.found.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be made"):
        demonstration.run(tmp_path / "file")
    (tmp_path / "old" / "scene").mkdir(parents=True)
    with pytest.raises(OutputError, match="holds scene already"):
        demonstration.run(tmp_path / "old")
