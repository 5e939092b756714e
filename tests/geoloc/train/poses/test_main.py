"""The command that trains the choice among poses: it goes on with what is kept, and writes what a search loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from geoloc.model.sight.head import backbone_checksum, load_sight_head
from geoloc.model.weights import load_network
from geoloc.train.poses import __main__ as poses
from tests.geoloc.train.poses.test_choice import compared


def test_what_is_kept_is_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net, _ = load_network("base", None, "cpu")
    for seed in (70, 71, 72):
        photos = [compared(bool(n % 2), n).tensors for n in range(4)]
        torch.save({"backbone": backbone_checksum(net), "photos": photos}, tmp_path / f"{seed}.pt")
    output = tmp_path / "sight.safetensors"
    told = ["poses", "--first", "70", "--towns", "3", "--work", str(tmp_path), "--steps", "1", "-o", str(output)]
    monkeypatch.setattr(sys, "argv", told)
    poses.main()
    err = capsys.readouterr().err
    assert "town 7" not in err
    assert "step 1 of 1: held-out loss" in err
    fitted, packaged = load_sight_head(net, output), load_sight_head(net)
    assert fitted is not None
    assert packaged is not None
    assert not torch.equal(fitted.likeness.offset, packaged.likeness.offset)
    for name, tensor in packaged.net.state_dict().items():
        assert torch.equal(fitted.net.state_dict()[name], tensor), name


def test_what_was_drawn_with_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"backbone": "of another", "photos": []}, tmp_path / "70.pt")
    told = ["poses", "--first", "70", "--towns", "1", "--work", str(tmp_path), "-o", str(tmp_path / "out.safetensors")]
    monkeypatch.setattr(sys, "argv", told)
    with pytest.raises(SystemExit, match=r"70.pt: drawn with other weights; give another folder"):
        poses.main()
    assert not (tmp_path / "out.safetensors").exists()
