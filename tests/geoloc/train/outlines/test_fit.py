"""The fit: losses that fall towards the truth, a run that goes on, weights that are read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from geoloc.errors import WeightsError
from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net, save_outline_weights
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import ChipBatch, fit, ious, loss_of, schedule_of, stacked, steps_done
from geoloc.train.outlines.run import train
from tests.geoloc.train.outlines.test_chips import red_shed


def sampler(seed: int = 0) -> ChipSampler:
    return ChipSampler([red_shed(photo=True)], seed)


def test_the_truth_has_the_least_loss() -> None:
    batch = stacked([sampler().draw() for _ in range(4)])
    right = (batch.mask - 0.5) * 20
    assert loss_of(right, batch) < 0.2
    assert loss_of(right, batch) < loss_of(torch.zeros_like(right), batch) < loss_of(-right, batch)


def batches(count: int = 2) -> Iterator[ChipBatch]:
    drawn = sampler()
    while True:
        yield stacked([drawn.draw() for _ in range(count)])


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    assert steps_done(checkpoint) == 0
    schedule = schedule_of(steps=3, batch=2)
    assert fit(OutlineNet(), batches(), checkpoint, schedule, seconds=0) == 1
    assert steps_done(checkpoint) == 1
    net = OutlineNet()
    told: list[str] = []
    kept: list[OutlineNet] = []
    assert fit(net, batches(), checkpoint, schedule, report=told.append, keep_weights=kept.append) == 3
    assert len(told) == len(kept) == 1
    assert told[0].startswith("step 3: loss ")
    assert torch.equal(kept[0].last.weight, net.last.weight)
    assert not net.training
    assert len(ious(net, [sampler().draw()])) == 1
    assert fit(net, batches(), checkpoint, schedule) == 3


def test_the_time_of_all_sittings_ends_a_run(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    schedule = schedule_of(minutes=10, batch=2)
    assert fit(OutlineNet(), batches(), checkpoint, schedule, used_s=400, seconds=300) == 1
    # And what the step itself took.
    assert torch.load(checkpoint, weights_only=True)["seconds"] > 400
    assert fit(OutlineNet(), batches(), checkpoint, schedule, used_s=250) == 2


def test_a_run_writes_weights_and_says_how_good_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoloc.train.outlines.run.BATCH", 2)
    monkeypatch.setattr("geoloc.train.outlines.held_out.TESTED", 2)
    grounds = [red_shed()]
    lines = train(grounds, grounds, tmp_path / "run.pt", tmp_path / "w.safetensors", steps=1, seconds=600)
    assert lines[0].startswith("1 of 1 steps")
    assert "held-out true masks: mean IoU" in lines[1]
    assert load_outline_net(tmp_path / "w.safetensors") is not None


def test_weights_are_those_that_were_written(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = OutlineNet()
    path = tmp_path / "w.safetensors"
    save_outline_weights(path, net)
    again = load_outline_net(path)
    for name, tensor in net.state_dict().items():
        assert torch.allclose(tensor, again.state_dict()[name], atol=2e-3)
    tensors = load_file(path)
    name = next(iter(tensors))
    save_file({**tensors, name: tensors[name] + 1}, path, {"format": "geoloc-outline-1", "sha256": "0"})
    with pytest.raises(WeightsError, match="wrong checksum"):
        load_outline_net(path)
    save_file(tensors, path)
    with pytest.raises(WeightsError, match="no weights of a mask head"):
        load_outline_net(path)
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="not a readable"):
        load_outline_net(path)


def test_the_packaged_mask_head_knows_a_shed() -> None:
    values = np.array(ious(load_outline_net(PACKAGED_OUTLINE), [sampler(1).draw() for _ in range(24)]))
    assert values.mean() > 0.75
