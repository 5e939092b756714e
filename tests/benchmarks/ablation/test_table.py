"""Figures of the ablation in whole mosaics, from answers made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.ablation import table
from benchmarks.accuracy.results.figures import Estimate
from benchmarks.accuracy.results.record import QueryRecord
from benchmarks.accuracy.results.store import MethodResult

CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))


def result(method: str, hits: str, median_m: float | None = 9.0, photos: str = "aabb") -> MethodResult:
    records = tuple(
        QueryRecord(
            photo, "m", (1.0, 2.0), (0.0, 0.0, 1.0, 1.0), 32633, int(hit), int(hit), 0, 0.0, CORNERS, "EPSG:32633"
        )
        for photo, hit in zip(photos, hits, strict=True)
    )
    return MethodResult({"set": "x", "method": method}, {"seconds": 1.0}, {"median_error_m": median_m}, records)


def test_seeds_are_one_preset_and_photographs_are_drawn_whole() -> None:
    found = table.presets_of({"x": {r.identity["method"]: r for r in (result("a_0", "1100"), result("a_1", "1101"))}})
    (preset,) = found["x"]
    assert (preset.name, len(preset.records)) == ("a", 2)
    assert preset.means("hit").tolist() == [1, 1, 0, 0.5]
    assert preset.seeds("hit").tolist() == [0.5, 0.75]
    assert table.ALL not in found


def test_a_difference_is_of_the_same_clicks() -> None:
    one, other = (
        table.presets_of({"x": {n: result(n, hits)}})["x"][0] for n, hits in (("a_0", "1110"), ("b_0", "1000"))
    )
    found = table.difference(one, other, "hit")
    # In each photograph one click more, whichever is drawn.
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_what_is_the_same_for_all_clicks_has_no_interval() -> None:
    made = {name: result(name, hits) for name, hits in (("chance", "0000"), ("a_0", "0000"), ("b_0", "1000"))}
    chance, never, once = table.presets_of({"x": made})["x"]
    assert never.estimate("hit") == Estimate(0.0, None, None)
    assert table.difference(never, chance, "hit") == Estimate(0.0, None, None)
    assert table.difference(once, never, "hit").high == 0.5


def test_all_sets_together_have_what_each_of_them_has() -> None:
    first = {"chance": result("chance", "0000"), "a_0": result("a_0", "1100"), "b_0": result("b_0", "1111")}
    second = {"chance": result("chance", "00", photos="cd"), "a_0": result("a_0", "11", photos="cd")}
    both = {preset.name: preset for preset in table.presets_of({"x": first, "y": second})[table.ALL]}
    assert list(both) == ["chance", "a"]
    assert both["a"].photos == list("aabbcd")
    assert both["a"].means("hit").mean() == pytest.approx(4 / 6)


def test_the_page_has_means_with_their_spread_and_the_file_what_they_are_of(tmp_path: Path) -> None:
    made = (
        result("chance", "0000"),
        result("attengeo_0", "1110", 2.0),
        result("attengeo_1", "1010", 4.0),
        result("summation_0", "0010", None),
        result("summation_1", "0010", 7.0),
    )
    page, data = table.write(tmp_path, {"x": {r.identity["method"]: r for r in made}}, {"command": "python -m it"})
    text = page.read_text()
    assert "- command: `python -m it`" in text
    assert "4 clicks in 2 photographs." in text
    assert "| attengeo | 2 | 0.625 (0.500-0.750) ± 0.177 | 0.625" in text
    assert "| 3.0 ± 1.4 | 1.00 |" in text
    # Infinitely far with one of the seeds.
    assert "| inf | 1.00 |" in text
    assert "| attengeo - summation | +0.375 (+0.000 to +0.750) |" in text
    content = json.loads(data.read_text())
    assert content["differences"]["x"]["attengeo - chance"]["hit"]["value"] == 0.625
    assert content["made"][1]["clicks"][0] == ["a", 1, 1, 0]
    assert content["presets"]["x"][1]["hit"]["by_seed"] == [0.75, 0.5]
