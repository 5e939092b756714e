"""The command that trains the foot head: it goes on with the clicks that are kept, and writes what a search loads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from geoloc.model.foot import load_foot_head
from geoloc.model.weights import load_network
from geoloc.train.feet import __main__ as feet
from tests.geoloc.train.feet.test_fit import photo


def test_what_is_kept_is_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, output = tmp_path / "kept", tmp_path / "foot.safetensors"
    kept.mkdir()
    for seed in (70, 71):
        torch.save([photo(64, seed).tensors], kept / f"{seed}.pt")
    told = ["feet", "--first", "70", "--towns", "2", "--kept", str(kept), "--epochs", "1", "-o", str(output)]
    monkeypatch.setattr(sys, "argv", told)
    feet.main()
    err = capsys.readouterr().err
    assert "town " not in err
    assert "epoch 1 of 1: held-out loss" in err
    net, _ = load_network("base", None, "cpu")
    assert load_foot_head(net, output) is not None
