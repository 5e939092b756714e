"""The benchmark from end to end, on towns small enough for a test."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.accuracy import bench
from benchmarks.accuracy.bench import Choice
from benchmarks.accuracy.queries import sets
from benchmarks.accuracy.results import report, sheets
from geoloc import town
from geoloc.errors import WeightsError
from tests.helpers.tiny_town import quick_towns

SETS = ("town_nadir", "wrong")
SIZES = ("under 5 m", "5 to 15 m", "over 15 m")
METHODS = ("chance", "ncc", "sift", "base", "base + geometry")


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where towns are that were built once."""
    return tmp_path_factory.mktemp("towns")


@pytest.fixture
def small(towns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = partial(town.build, size_m=76.0, gsd_m=0.25, photo_px=(640, 480), panorama_px=512)

    def built(folder: Path, *, photos: int, panoramas: int, flights: list[town.Flight], **others: Any) -> None:
        made, begun = towns / folder.name, towns / f"{folder.name}_begun"
        if not made.exists():
            with quick_towns():
                build(begun, photos=2, panoramas=min(panoramas, 1), flights=flights[:2], **others)
            begun.rename(made)
        shutil.copytree(made, folder, dirs_exist_ok=True)

    monkeypatch.setattr(town, "build", built)
    monkeypatch.setattr(sets, "WRONG_EACH", 2)


def run(tmp_path: Path, choice: Choice) -> tuple[str, dict, list[str]]:
    lines: list[str] = []
    table, data = bench.run(
        tmp_path / "no data",
        tmp_path / "work",
        choice,
        output=tmp_path / "out",
        command="bench",
        report_line=lines.append,
    )
    return table.read_text(), json.loads(data.read_text()), lines


@pytest.mark.usefixtures("small")
def test_all_methods_are_measured_once_and_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every answer to what is not there counts as a failure, so that there are some to draw.
    monkeypatch.setattr(sheets, "PRESENT", 0.0)
    text, content, lines = run(tmp_path, Choice(SETS, METHODS, {}, limit=2))
    rows = {(row["asked"], row["method"]): row for row in content["rows"]}
    assert "## brighton_0.15\n\nAbsent: brighton is not in the folder of the data" in text
    assert rows["town_nadir", "detgeo"]["missing"] == "no weights"
    for method in METHODS:
        found = rows["town_nadir", method]["figures"]
        assert 0 <= found["acc_050"]["value"] <= found["acc_025"]["value"] <= 1
        assert 0 <= found["hit"]["value"] <= 1
        assert ("ece" in found) == method.startswith("base")
        assert ("right" in found) == (method.startswith("base") and found["answered"]["value"] > 0)
        assert ("auroc" in found) == (method != "chance")
        assert rows["wrong", method]["figures"].keys().isdisjoint({"hit", "right"})
    assert 0 < rows["town_nadir", "chance"]["figures"]["hit"]["value"] < 0.2
    # Photo and mosaic of a town are drawn of the same ground, from straight above: local features must place it.
    assert rows["town_nadir", "sift"]["figures"]["hit"]["value"] == 1
    assert rows["town_nadir", "base + geometry"]["figures"]["hit"]["value"] == 1
    assert content["weights"]["base"]["sha256"][:8] in text
    assert lines.count("town_nadir, sift: 2 queries ...") == 1
    sheet = tmp_path / "work" / "failures_wrong.png"
    assert Image.open(sheet).width > 500
    # Both towns' objects have outlines: all, by size and by kind, of the methods that draw any.
    outlines = content["outlines"]["town_nadir"]
    assert {one["method"] for one in outlines} == {"base", "base + geometry"}
    objects = {one["objects"]: one["count"] for one in outlines if one["method"] == "base"}
    assert objects.pop("all") == 2
    kinds = {name: count for name, count in objects.items() if not name[0].isdigit() and name not in SIZES}
    assert sum(kinds.values()) == sum(objects.values()) - 2 == 2
    for one in outlines:
        values = {key: found["value"] for key, found in one["figures"].items()}
        assert 0 <= values["outline_075"] <= values["outline_050"] <= 1
        assert values["outline_iou"] > 0
    assert "| method | objects | count | outline IoU |" in text
    assert content["outlines"]["wrong"] == []
    assert Image.open(tmp_path / "work" / "outlines_town_nadir.png").width > 2000

    _, again, lines = run(tmp_path, Choice(SETS, METHODS, {}, limit=2))
    assert not [line for line in lines if "queries ..." in line]
    assert again["rows"] == content["rows"]
    _, _, lines = run(tmp_path, Choice(("town_nadir",), ("chance",), {}, limit=2, fresh=True))
    assert [line for line in lines if "queries ..." in line] == ["town_nadir, chance: 2 queries ..."]


def test_weights_that_are_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no\.safetensors"):
        run(tmp_path, Choice(("brighton_0.15",), ("base",), {"base": tmp_path / "no.safetensors"}))


def test_the_set_that_is_wrong_is_the_half_that_presence_is_measured_by() -> None:
    library = sets.Library(Path("none"), Path("none"))
    assert report.WRONG in library.names
    assert "brighton_0.15" in library.names


@pytest.mark.usefixtures("small")
def test_a_town_of_an_earlier_benchmark_is_built_anew_for_its_outlines(tmp_path: Path) -> None:
    old = tmp_path / "sets" / "town_901"
    old.mkdir(parents=True)
    (old / "queries.csv").write_text("photo,object,kind,click_x,click_y,xmin,ymin,xmax,ymax,epsg,seen\n")
    found = sets.Library(tmp_path, tmp_path).make("town_nadir")
    assert all(query.outline is not None and query.kind for search in found.searches for query in search.queries)
    assert found.count > 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("site", ["farm", "camp"])
def test_another_style_has_what_a_village_lacks(tmp_path: Path, site: str) -> None:
    found = sets.Library(tmp_path, tmp_path).make(f"{site}_nadir")
    kinds = {query.kind for search in found.searches for query in search.queries}
    assert kinds - {"house", "car", "tree", "shed", "pool", "hall"}
