"""The ablation: every preset on the same records, a table, going on, figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from geoloc.errors import TrainingError, WeightsError
from geoloc.model.baselines.config import BaselineConfig
from geoloc.model.network.config import Config
from geoloc.model.presets import PRESETS
from geoloc.train import ablate
from geoloc.train.ablate import CHANCE, AblationPlan, run_ablation
from geoloc.train.fit.loop import steps_done
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.pace import Speed
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import SamplerSettings
from tests.helpers.short_pilot import shorten_pilot


@pytest.fixture
def splits(collection: Collection) -> dict[str, Collection]:
    return {TRAIN: collection, HELD_OUT: collection}


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, tiny: Config) -> AblationPlan:
    plain = BaselineConfig(
        name="plain", fusion="sum", dim=tiny.dim, query_shape=tiny.query_shape, window_px=tiny.window_px
    )
    monkeypatch.setitem(PRESETS, "plain", plain)
    monkeypatch.setattr(ablate, "SamplerSettings", lambda: SamplerSettings(query_px=64, window_px=128))
    return AblationPlan(steps=2, batch=2, seeds=2, records=4, test_records=6, presets=("tiny", "plain"), cached=True)


def test_one_table_of_all_presets_and_seeds(splits: dict[str, Collection], tmp_path: Path, plan: AblationPlan) -> None:
    text = run_ablation(splits, tmp_path / "run", tmp_path / "results", plan)
    assert (tmp_path / "results/ablation.md").read_text() == text
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    assert rows == ["preset", "---", CHANCE, "tiny", "plain"]
    known = json.loads((tmp_path / "results/ablation.json").read_text())
    assert {name: len(scores) for name, scores in known["scores"].items()} == {CHANCE: 2, "tiny": 2, "plain": 2}
    assert known["machine"]
    assert known["costs"]["tiny"]["parameters"] > 700_000
    # A query of 64 px and a window of 128: five times 64 x 64 pixels through the backbone.
    assert 1e7 < known["costs"]["plain"]["flops"] < 1e9
    assert known["costs"]["plain"]["ms"] > 0
    # A PNG of curves.
    assert (tmp_path / "results/ablation.png").read_bytes().startswith(b"\x89PNG")
    # Seeds differ.
    first, second = known["scores"]["tiny"]
    assert first != second


def test_it_goes_on_and_mixes_no_plans(
    splits: dict[str, Collection], tmp_path: Path, plan: AblationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, results = tmp_path / "run", tmp_path / "results"
    run_ablation(splits, run, results, replace(plan, presets=("tiny",), seeds=1))
    trained: list[Path] = []
    train = ablate.train_network

    def noted(config: Config, batches: object, checks: object, folder: Path, *args: object, **more: object) -> Path:
        trained.append(folder)
        return train(config, batches, checks, folder, *args, **more)

    monkeypatch.setattr(ablate, "train_network", noted)
    text = run_ablation(splits, run, results, replace(plan, seeds=1))
    assert [folder.name for folder in trained] == ["plain_0"]
    assert "| tiny |" in text
    with pytest.raises(TrainingError, match="other settings \\(steps\\)"):
        run_ablation(splits, run, results, replace(plan, seeds=1, steps=9))
    with pytest.raises(WeightsError, match="known are"):
        run_ablation(splits, run, results, replace(plan, presets=("tyny",)))


def test_minutes_are_shared_out_once_by_the_speed_that_is_measured(
    splits: dict[str, Collection], tmp_path: Path, plan: AblationPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_pilot(monkeypatch)
    asked: list[tuple[float, int, float, int]] = []

    def allowed(seconds: float, speeds: list[Speed], seeds: int, draw_s: float, most_batches: int) -> int:
        assert all(speed.step_s > 0 for speed in speeds)
        assert draw_s > 0
        asked.append((seconds, len(speeds), seeds, most_batches))
        return 3

    monkeypatch.setattr(ablate, "steps_within", allowed)
    plan = replace(plan, cached=False, minutes=10, steps=50, records=40, seeds=1)
    text = run_ablation(splits, tmp_path / "run", tmp_path / "results", plan, used_s=60)
    ((seconds, *rest),) = asked
    assert seconds < 540
    assert rest == [2, 1, 20]
    # Every step a batch of its own, the same ones for all.
    assert "3 steps of 2 from 6 records" in text
    assert {steps_done(tmp_path / "run" / name) for name in ("tiny_0", "plain_0")} == {3}
    # What is left goes on with as many, whatever the speed is by then.
    (tmp_path / "run" / "plain_0" / "result.json").unlink()
    run_ablation(splits, tmp_path / "run", tmp_path / "results", plan)
    assert len(asked) == 1


def labelled(boxes: list[list[float]], present: list[bool]) -> Batch:
    count = len(boxes)
    return Batch(
        query=torch.zeros(count, 3, 32, 32),
        click=torch.zeros(count, 2),
        reference=torch.zeros(count, 3, 96, 128),
        box=torch.tensor(boxes),
        present=torch.tensor(present),
        sized=torch.tensor(present),
        gsd_m=torch.full((count,), 0.5),
        matches=torch.zeros(count, 2, 2, 2),
        view=torch.zeros(count, 3),
    )


def test_only_records_with_the_object_count() -> None:
    truth = labelled([[10.0, 10, 30, 30], [50, 50, 60, 70], [0, 0, 10, 10]], [True, True, False])
    found = np.array([[20.0, 10, 40, 30], [50, 50, 60, 70], [0, 0, 10, 10]])
    overlap, error, hit = ablate._compare(found, truth)
    assert overlap == pytest.approx([1 / 3, 1])
    assert error == pytest.approx([5, 0])
    # The centre is on the true box's edge: not inside.
    assert hit.tolist() == [False, True]


def test_chance_is_a_median_box_anywhere() -> None:
    score = ablate._chance([labelled([[40.0, 30, 72, 54]] * 8, [True] * 8)], seed=0)
    # The box is 32 x 24 in 128 x 96: a centre falls into it once in 16 times.
    assert score.hit == pytest.approx(1 / 16, abs=0.015)
    assert 0 < score.acc_050 < score.acc_025 < 0.1
