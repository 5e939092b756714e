"""Descriptors learn to find the window of a query, and change nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from geoloc.errors import TrainingError
from geoloc.model.network.config import Config
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.network.descriptor import PARTS, SQUARES
from geoloc.model.network.features import Features
from geoloc.model.presets import PRESETS, new_network, preset_config
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train import workflows
from geoloc.train.fit.descriptors import _squares_of, recall, train_descriptors
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.samples.batch import Batch

CELLS = 2 * SQUARES
SIDE = 16 * CELLS


@pytest.fixture
def net(tiny: Config, monkeypatch: pytest.MonkeyPatch) -> CrossViewNet:
    described = replace(tiny, name="described", descriptor=8)
    monkeypatch.setitem(PRESETS, described.name, described)
    torch.manual_seed(0)
    return new_network(described).eval()


def _features(coarse: Tensor) -> Features:
    fine = torch.zeros(len(coarse), 40, *(2 * side for side in coarse.shape[-2:]))
    return Features(coarse, fine)


def _batch(count: int, seed: int) -> Batch:
    """Windows of noise; each query shows 8 x 8 of its window's cells, through another sensor."""
    generator = torch.Generator().manual_seed(seed)
    sensor = torch.randn(112, 112, generator=torch.Generator().manual_seed(9)) / 10
    window = torch.randn(count, 112, CELLS, CELLS, generator=generator)
    corner = torch.randint(0, CELLS - 8, (count, 2), generator=generator)
    query = torch.stack([w[:, y : y + 8, x : x + 8] for w, (x, y) in zip(window, corner.tolist(), strict=True)])
    query = torch.einsum("bchw,cd->bdhw", query, sensor)
    steps = 16 * (torch.arange(8) + 0.5)
    cells = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)
    nothing = torch.zeros(count, 4)
    present = torch.ones(count, dtype=torch.bool)
    matches = cells + 16 * corner[:, None, None].float()
    click = torch.full((count, 2), 64.0)
    return Batch(
        _features(query),
        click,
        _features(window),
        nothing,
        present,
        present,
        torch.ones(count),
        matches,
        torch.zeros(count, 3),
    )


def test_training_brings_the_right_window_to_the_front(net: CrossViewNet) -> None:
    before = {name: value.clone() for name, value in net.state_dict().items()}
    records, held_out = [_batch(4, seed) for seed in range(16)], [_batch(16, 100), _batch(16, 101)]
    first = recall(net, held_out).at[1]
    lines: list[str] = []
    train_descriptors(net, records, held_out, steps=80, seed=0, report=lines.append)
    assert first < 0.4
    assert recall(net, held_out).at[1] > 0.9
    assert "of 32 windows" in lines[-1]
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {f"describer.{layer}.{part}" for layer in ("hidden", "out") for part in ("weight", "bias")}


def test_the_square_of_a_part_is_where_its_cells_lie() -> None:
    steps = 8 * (torch.arange(16) + 0.5)
    cells = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)[None] + torch.tensor([32.0, 18.0])
    cells[0, 3, 3] = torch.nan
    place, known = _squares_of(cells, PARTS**2, SIDE)
    assert known[0].logical_not().nonzero().flatten().tolist() == [PARTS + 1]
    # A part is 2 x 2 cells, one square; the middle of the first lies at (40, 26).
    squares = [CELLS * (1 + row) + 2 + column for row in range(PARTS) for column in range(PARTS)]
    assert place[known].tolist() == [square for square in squares if square != CELLS * 2 + 3]


def test_weights_are_written_again_with_nothing_else_changed(
    net: CrossViewNet, collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "DESCRIPTOR_BATCH", 4)
    calibration = Calibration(2.0, 0.1, 1.5, 0.5)
    save_weights(tmp_path / "a.safetensors", net, calibration)
    load_weights(tmp_path / "a.safetensors", net)
    splits = {TRAIN: collection, HELD_OUT: collection}
    lines: list[str] = []
    written = tmp_path / "b.safetensors"
    workflows.retrain_descriptors("described", tmp_path / "a.safetensors", splits, written, 8, report=lines.append)
    other = new_network(preset_config("described"))
    assert load_weights(written, other) == calibration
    same = {name for name, value in other.state_dict().items() if torch.equal(value, net.state_dict()[name])}
    assert {name.split(".")[0] for name in other.state_dict().keys() - same} == {"describer"}
    assert "recall" in lines[-1]
    with pytest.raises(TrainingError, match="tiny has no descriptors"):
        workflows.retrain_descriptors("tiny", None, splits, written, 8)
