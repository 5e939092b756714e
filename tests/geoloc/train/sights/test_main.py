"""The command that trains the sight head: it goes on with the clicks that are kept, and writes what a search loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from geoloc.model.presets import new_network, preset_config
from geoloc.model.sight.head import SightHead, backbone_checksum, load_sight_head, save_sight_weights
from geoloc.model.sight.likeness_net import LikenessNet
from geoloc.model.sight.net import SightNet
from geoloc.model.weights import load_network
from geoloc.train.sights import __main__ as sights
from geoloc.train.sights import batches, fit
from tests.geoloc.train.sights.test_fit import photo, seen


def test_what_is_kept_is_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, output = tmp_path / "kept", tmp_path / "sight.safetensors"
    kept.mkdir()
    net, _ = load_network("base", None, "cpu")
    monkeypatch.setattr(sights, "HELD_OUT_EVERY", 2)
    monkeypatch.setattr(fit, "COMPARED_LOOKS", 6)
    monkeypatch.setattr(fit, "COMPARED_CLICKS", 2)
    monkeypatch.setattr(batches, "HARDEST_OF", 2)
    for seed in (70, 71):
        drawn = {"clicks": [photo(36, seed).tensors], "looks": [seen(8, seed).tensors]}
        torch.save({"backbone": backbone_checksum(net), **drawn}, kept / f"{seed}.pt")
    told = ["sights", "--first", "70", "--towns", "2", "--kept", str(kept), "--epochs", "1"]
    told += ["--steps", "2", "1", "-o", str(output)]
    monkeypatch.setattr(sys, "argv", told)
    sights.main()
    err = capsys.readouterr().err
    assert "town 7" not in err
    assert "epoch 1 of 1: held-out loss" in err
    assert "step 2 of 2: AUROC of right poses" in err
    assert "step with wrong strips that look right 1 of 1: AUROC of right poses" in err
    head = load_sight_head(net, output)
    assert head is not None
    further = tmp_path / "further.safetensors"
    monkeypatch.setattr(sys, "argv", [*told[:-1], str(further), "--onward", str(output)])
    sights.main()
    assert "step" not in capsys.readouterr().err
    again = load_sight_head(net, further)
    assert again is not None
    changed, of_likeness = (
        [name for name, tensor in one.state_dict().items() if not torch.equal(tensor, other.state_dict()[name])]
        for one, other in ((head.net, again.net), (head.likeness, again.likeness))
    )
    assert "cells.3.weight" in changed
    assert not of_likeness


def test_a_head_of_another_network_is_not_trained_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, path = new_network(preset_config("base")), tmp_path / "sight.safetensors"
    save_sight_weights(path, SightHead(SightNet(), LikenessNet()), other)
    told = ["sights", "--kept", str(tmp_path), "--onward", str(path), "-o", str(tmp_path / "out.safetensors")]
    monkeypatch.setattr(sys, "argv", told)
    with pytest.raises(SystemExit, match=r"sight.safetensors: goes with another network's backbone"):
        sights.main()


def test_what_was_drawn_with_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"backbone": "of another", "photos": []}, tmp_path / "70.pt")
    told = ["sights", "--first", "70", "--towns", "1", "--kept", str(tmp_path), "-o", str(tmp_path / "out.safetensors")]
    monkeypatch.setattr(sys, "argv", told)
    with pytest.raises(SystemExit, match=r"70.pt: drawn with other weights; give another folder"):
        sights.main()
    assert not (tmp_path / "out.safetensors").exists()


def test_towns_that_an_earlier_version_drew_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, _ = load_network("base", None, "cpu")
    torch.save({"backbone": backbone_checksum(net), "photos": [], "looks": []}, tmp_path / "70.pt")
    told = ["sights", "--first", "70", "--towns", "1", "--kept", str(tmp_path), "-o", str(tmp_path / "out.safetensors")]
    monkeypatch.setattr(sys, "argv", told)
    with pytest.raises(SystemExit, match=r"70.pt: drawn by an earlier geoloc"):
        sights.main()
