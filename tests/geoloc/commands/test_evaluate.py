"""`geoloc evaluate`: figures as JSON and as a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.command_line import Run
from tests.helpers.search_stub import SearchStub


def test_evaluate(run: Run, search: SearchStub) -> None:
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "--json")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert list(figures) == [
        *("queries", "located", "hit_rate", "acc_025", "acc_050", "mean_iou"),
        *("median_error_m", "p90_error_m", "seconds_per_query"),
    ]
    # The stub answers both clicks with the true box of the first.
    assert (figures["queries"], figures["located"], figures["hit_rate"], figures["acc_050"]) == (2, 2, 0.5, 0.5)
    assert figures["p90_error_m"] == pytest.approx(36, rel=1e-3)
    assert search.plan is not None
    assert len(search.plan.windows) > 1, "the mosaic is searched whole"


def test_evaluate_as_a_table_with_each_query_told(run: Run, search: SearchStub) -> None:
    search.scores = [0.1]
    result = run("evaluate", "--mosaic", "mosaic.tif", "--queries", "queries.csv", "-v")
    assert "hit_rate           0.500  (1 of 2)" in result.stdout
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
