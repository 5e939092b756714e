"""`geoloc evaluate`: figures as JSON and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import pytest
from click.testing import CliRunner
from shapely.geometry import box

from geoloc.commands.main import main
from tests.helpers.command_line import Run
from tests.helpers.noise import EAST, NORTH
from tests.helpers.search_stub import SearchStub
from tiling.box import PixelBox


def test_evaluate(run: Run, search: SearchStub) -> None:
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "--json")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert list(figures) == [
        *("queries", "located", "hit_rate", "acc_025", "acc_050", "mean_iou"),
        *("median_error_m", "p90_error_m", "seconds_per_query", "by_size"),
    ]
    assert [(name, part["count"]) for name, part in figures["by_size"].items()] == [
        *(("under_5_m", 2), ("5_to_15_m", 0), ("over_15_m", 0)),
    ]
    assert figures["by_size"]["under_5_m"]["acc_050"] == 0.5
    # The stub answers both clicks with the true box of the first.
    assert (figures["queries"], figures["located"], figures["hit_rate"], figures["acc_050"]) == (2, 2, 0.5, 0.5)
    assert figures["p90_error_m"] == pytest.approx(36, rel=1e-3)
    assert search.plan is not None
    assert len(search.plan.windows) > 1, "the mosaic is searched whole"


def test_queries_come_from_stdin(run: Run, search: SearchStub, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inputs)
    command = ["evaluate", "--mosaic", "mosaic.tif", "--queries", "-", "--json"]
    result = CliRunner().invoke(main, command, input=(inputs / "queries.csv").read_text())
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["hit_rate"] == 0.5
    for text, told in (("", "stdin: is empty"), ("photo,click_x\n", "stdin.csv: missing columns click_y")):
        empty = CliRunner().invoke(main, command, input=text)
        assert empty.exit_code == 1
        assert told in empty.stderr, empty.stderr


def test_evaluate_as_a_table_with_each_query_told(run: Run, search: SearchStub) -> None:
    search.scores = [0.1]
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "-v")
    assert "hit_rate           0.500  (1 of 2)" in result.stdout
    assert "under_5_m          2 queries, hit_rate 0.500, acc_025 0.500" in result.stdout
    assert "5_to_15_m          0 queries" in result.stdout
    assert "photo.jpg at 10,20: 0.00 m from the truth, in the true box, score 0.10" in result.stderr
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "--min-score", "0.5", "-v")
    assert "located            0 of 2" in result.stdout
    assert "photo.jpg at 30,40: not found" in result.stderr


def test_evaluate_uses_positions_only_when_asked(run: Run, search: SearchStub, inputs: Path) -> None:
    text = (inputs / "queries.csv").read_text().replace("photo.jpg", "here.jpg")
    queries = inputs / "here.csv"
    queries.write_text(text)
    counts = []
    for args in ((), ("--gps",), ("--no-gps",)):
        assert run("evaluate", "--mosaic", "mosaic.tif", "--queries", queries, "--within", "30", *args).exit_code == 0
        assert search.plan is not None
        counts.append(len(search.plan.windows))
    assert counts[1] < counts[0] == counts[2]


def test_what_was_drawn_is_used_and_left_out_when_asked(run: Run, search: SearchStub, inputs: Path) -> None:
    lines = (inputs / "queries.csv").read_text().splitlines()
    head = "photo_xmin,photo_ymin,photo_xmax,photo_ymax"
    queries = inputs / "drawn.csv"
    queries.write_text("\n".join([f"{lines[0]},{head}", *(f"{line},5,5,45,45" for line in lines[1:])]) + "\n")
    arguments = ("evaluate", "--mosaic", "mosaic.tif", "--queries", queries)
    assert run(*arguments).exit_code == 0
    assert [target.box for target in search.targets] == [PixelBox(5, 5, 45, 45)] * 2
    assert run(*arguments, "--clicks-only").exit_code == 0
    assert [target.box for target in search.targets] == [None, None]


def test_true_outlines_of_a_file(run: Run, search: SearchStub, inputs: Path) -> None:
    first, *others = (inputs / "queries.csv").read_text().splitlines()
    queries, truth = inputs / "named.csv", inputs / "truth.gpkg"
    queries.write_text(
        "\n".join([f"{first.replace('object', 'kind')},object", *(f"{line},{n}" for n, line in enumerate(others))])
        + "\n"
    )
    # The stub answers with a square of 4 m; of the first the truth is its western half, the other is elsewhere.
    shapes = [box(EAST + 50, NORTH - 60, EAST + 52, NORTH - 56), box(EAST, NORTH - 20, EAST + 20, NORTH - 10)]
    geopandas.GeoDataFrame({"object": ["0", "1"]}, geometry=shapes, crs=32633).to_file(truth)
    arguments = ("evaluate", "--mosaic", "mosaic.tif", "--queries", queries, "--truth", truth)
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    assert figures["outlines"] == 2
    assert figures["outline_iou"] == pytest.approx(0.25)
    assert (figures["outline_050"], figures["outline_075"], figures["acc_025"]) == (0, 0, 0.5)
    assert figures["by_size"]["over_15_m"]["count"] == 1
    assert figures["by_size"]["over_15_m"]["outline_iou"] == 0
    assert "outline_iou        0.250  (of 2)" in run(*arguments).stdout
    result = run("evaluate", "--dataset", "cvogl", inputs, "--truth", truth)
    assert result.exit_code == 2
    assert "go with --queries" in result.stderr
