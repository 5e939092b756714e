"""`geoloc demo`: what it prints of the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import geoloc.evaluation.demonstration
from geoloc.evaluation.labelled import Outcome, read_queries
from tests.helpers.command_line import Run


def test_demo_tells_how_far_each_answer_is(run: Run, monkeypatch: pytest.MonkeyPatch, inputs: Path) -> None:
    queries = read_queries(inputs / "queries.csv")
    asked: dict[str, object] = {}

    def made(folder: Path, show: Callable[[str], None], **options: object) -> SimpleNamespace:
        asked.update(options, folder=folder)
        outcomes = tuple(Outcome(query, None, 1.0) for query in queries)
        show("photo.jpg at 10,20: not found")
        return SimpleNamespace(
            found=folder / "found.geojson",
            previews=(folder / "preview_a.png",),
            outcomes=outcomes,
            scene=SimpleNamespace(mosaic=folder / "scene" / "mosaic.tif"),
        )

    monkeypatch.setattr(geoloc.evaluation.demonstration, "run", made)
    result = run("demo", "here", "--seed", "3", "--overwrite")
    assert result.exit_code == 0
    assert (asked["folder"], asked["seed"], asked["overwrite"]) == (Path("here"), 3, True)
    assert "photo.jpg at 10,20: not found" in result.stdout
    files = "Look at here/preview_a.png, or open here/found.geojson and here/scene/mosaic.tif in QGIS."
    assert result.stdout.splitlines()[-1] == f"0 of 2 objects found. {files}"
