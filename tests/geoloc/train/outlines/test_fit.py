"""The fit: losses that fall towards the truth, a run that goes on, weights that are read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from geoloc.errors import WeightsError
from geoloc.model.network.outline_net import OutlineNet
from geoloc.model.outline_weights import PACKAGED_OUTLINE, load_outline_net, save_outline_weights
from geoloc.train.outlines import fit as fitting
from geoloc.train.outlines.chips import ChipSampler
from geoloc.train.outlines.fit import fit, ious, loss_of, stacked
from geoloc.train.outlines.run import train
from tests.geoloc.train.outlines.test_chips import red_shed


def sampler(seed: int = 0) -> ChipSampler:
    return ChipSampler([red_shed(photo=True)], seed)


def test_the_truth_has_the_least_loss() -> None:
    batch = stacked([sampler().draw() for _ in range(4)])
    right = (batch.mask - 0.5) * 20
    assert loss_of(right, batch) < 0.2
    assert loss_of(right, batch) < loss_of(torch.zeros_like(right), batch) < loss_of(-right, batch)


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "BATCH", 2)
    checkpoint = tmp_path / "run.pt"
    assert fit(OutlineNet(), sampler(), checkpoint, steps=3, seconds=0) == 1
    assert torch.load(checkpoint, weights_only=True)["step"] == 1
    net = OutlineNet()
    assert fit(net, sampler(), checkpoint, steps=3) == 3
    assert not net.training
    assert len(ious(net, [sampler().draw()])) == 1


def test_a_run_writes_weights_and_says_how_good_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "BATCH", 2)
    monkeypatch.setattr("geoloc.train.outlines.run.TESTED", 2)
    grounds = [red_shed()]
    lines = train(grounds, grounds, tmp_path / "run.pt", tmp_path / "w.safetensors", steps=1, seconds=60)
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
