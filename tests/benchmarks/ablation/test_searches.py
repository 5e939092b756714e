"""Networks as an ablation leaves them search a town small enough for a test."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from shapely.geometry import box

from benchmarks.ablation import __main__ as ablation
from benchmarks.ablation.trained import trained_in
from benchmarks.accuracy.errors import AbsentError
from benchmarks.accuracy.queries.sets import MosaicQueries, QuerySet
from geoloc import town
from geoloc.evaluation.labelled import LabelledQuery
from geoloc.model.presets import new_network, preset_config
from geoloc.model.weights import Calibration, save_weights
from geoloc.photo.target import Click
from geoloc.search import first_pass
from tests.helpers.tiny_town import quick_towns


def never(*_: object, **__: object) -> None:
    raise AssertionError("was called")


def train(run: Path, preset: str, seed: int) -> None:
    torch.manual_seed(seed)
    folder = run / f"{preset}_{seed}"
    folder.mkdir(parents=True)
    save_weights(folder / "weights.safetensors", new_network(preset_config(preset)), Calibration())


def test_every_network_searches_every_window_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build = partial(town.build, size_m=76.0, gsd_m=0.25, photo_px=(640, 480))

    def built(folder: Path, *, photos: int, panoramas: int, flights: list[town.Flight], **others: Any) -> town.Town:
        with quick_towns():
            return build(folder, photos=1, panoramas=0, flights=flights[:1], **others)

    monkeypatch.setattr(town, "build", built)
    # By untrained descriptors no windows are chosen.
    monkeypatch.setattr(first_pass, "shortlist", never)
    run, out = tmp_path / "run", tmp_path / "out"
    for preset in ("base", "summation", "detgeo"):
        train(run, preset, 0)
    (run / "plan.json").write_text(json.dumps({"steps": 9, "batch": 16, "records": 99, "cached": True}))
    (run / "in_time.json").write_text(json.dumps({"steps": 5}))
    options = ["--sets", "farm_nadir", "brighton_0.30", "--presets", "summation", "base", "--limit", "1"]
    folders = ["--data", str(tmp_path / "none"), "--work", str(tmp_path / "work"), "--output", str(out)]
    monkeypatch.setattr(sys, "argv", ["ablation", str(run), *options, *folders])
    ablation.main()
    assert "brighton_0.30 is left out: brighton is not in the folder of the data" in capsys.readouterr().out
    text = (out / "ablation_mosaics.md").read_text()
    assert "- trained: 5 steps of 16 from 99 records, the backbone frozen" in text
    made = {one["method"]: one for one in json.loads((out / "ablation_mosaics.json").read_text())["made"]}
    assert list(made) == ["chance", "base_0", "summation_0"]
    assert [made[name]["summary"]["located"] for name in ("base_0", "summation_0")] == [1, 1]

    # What is kept is not searched again.
    monkeypatch.setattr(ablation.store, "run", never)
    (out / "ablation_mosaics.md").unlink()
    ablation.main()
    assert (out / "ablation_mosaics.md").read_text() == text


def test_trainings_come_seed_by_seed(tmp_path: Path) -> None:
    for preset, seed in (("summation+cvcam", 1), ("summation+cvcam", 0), ("attengeo", 1), ("attengeo", 0)):
        train(tmp_path, preset, seed)
    (tmp_path / "log_2").mkdir()
    found = [one.name for one in trained_in(tmp_path, ("attengeo", "summation+cvcam", "base"))]
    assert found == ["attengeo_0", "summation+cvcam_0", "attengeo_1", "summation+cvcam_1"]
    with pytest.raises(AbsentError, match=r"no PRESET_SEED/weights\.safetensors of detgeo; run geoloc ablate first"):
        trained_in(tmp_path, ("detgeo",))


def test_photographs_that_do_not_tell_their_camera_are_left_out_where_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ablation, "load_photo", lambda path: path)
    monkeypatch.setattr(ablation, "make_crops", lambda photo, target: [0] * (1 if photo.name == "told.jpg" else 16))

    def searched(*names: str) -> MosaicQueries:
        queries = [LabelledQuery(Path(name), Click(1, 2), box(0, 0, 1, 1), 32633, 2) for name in names]
        return MosaicQueries(tmp_path, tuple(queries))

    mixed = QuerySet("x", "", 0.2, (searched("told.jpg", "bare.jpg", "told.jpg"), searched("bare.jpg")))
    kept = ablation.with_cameras(mixed)
    assert [[query.photo.name for query in search.queries] for search in kept.searches] == [["told.jpg", "told.jpg"]]
    bare = QuerySet("x", "", 0.2, (searched("bare.jpg"),))
    assert ablation.with_cameras(bare) == bare
