"""`geoloc demo`: what it prints of the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import geoloc.evaluation.demonstration
from geoloc.evaluation.labelled import Outcome, read_queries
from geoloc.results.detection import Detection
from tests.helpers.command_line import Run


@pytest.mark.parametrize(
    "told",
    ["0 of 2 objects found.", "2 of 2 objects found, half within 0.00 m of the truth, nine of ten within 0.00 m."],
)
def test_demo_ends_with_how_many_are_found_and_where_to_look(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    inputs: Path,
    make_detection: Callable[..., Detection],
    told: str,
) -> None:
    asked: dict[str, object] = {}

    def made(folder: Path, show: Callable[[str], None], **options: object) -> SimpleNamespace:
        asked.update(options, folder=folder)
        outcomes = []
        for query in read_queries(inputs / "queries.csv"):
            best = make_detection(0.9, query.box.bounds, crs=f"EPSG:{query.epsg}") if told[0] == "2" else None
            outcomes.append(Outcome(query, best, 1.0))
        show("photo.jpg at 10,20: as it was answered")
        return SimpleNamespace(
            found=folder / "found.geojson",
            previews=(folder / "preview_a.png",),
            outcomes=tuple(outcomes),
            scene=SimpleNamespace(mosaic=folder / "scene" / "mosaic.tif"),
        )

    monkeypatch.setattr(geoloc.evaluation.demonstration, "run", made)
    result = run("demo", "here", "--seed", "3", "--overwrite")
    assert result.exit_code == 0
    assert (asked["folder"], asked["seed"], asked["overwrite"]) == (Path("here"), 3, True)
    files = "Look at here/preview_a.png, or open here/found.geojson and here/scene/mosaic.tif in QGIS."
    assert result.stdout.splitlines() == ["photo.jpg at 10,20: as it was answered", f"{told} {files}"]
