"""`geoloc train` as a user types it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from geoloc.model.network.config import Config
from geoloc.model.presets import new_network
from geoloc.model.weights import load_weights
from tests.helpers.command_line import invoke


def test_adapting_to_a_mosaic_of_ones_own(mine: Path, tmp_path: Path, tiny: Config) -> None:
    common = [*("--mosaic", mine, "--batch", 2, "--workers", 0, "--trials", 0, "--model", "tiny"), "-o"]
    result = invoke("train", *common, tmp_path / "run", "--steps", 1)
    assert result.exit_code == 0, result.output
    weights = tmp_path / "run/weights.safetensors"
    assert f"wrote {weights}" in result.stdout
    assert "no weights come with tiny" in result.stderr
    assert "held out" in result.stderr
    load_weights(weights, new_network(tiny))
    frozen = invoke("train", *common, tmp_path / "run", "--steps", 2, "--cached", 16)
    assert frozen.exit_code == 1
    assert "last.ckpt: trained with its backbone frozen, or not" in frozen.stderr
    frozen = invoke("train", *common, tmp_path / "frozen", "--steps", 1, "--cached", 16)
    assert frozen.exit_code == 0, frozen.output
    assert "encoding 16 records once" in frozen.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "how long to train"),
        (["--minutes", "1", "--scratch", "--weights", "w"], "contradict"),
        (["--minutes", "1", "--pack", "p", "--towns", "1"], "--pack, --dataset and what to make views of"),
        (["--minutes", "1", "--pack", "p", "--dataset", "cvogl", "c"], "--pack, --dataset and what to make views of"),
        (["--minutes", "1", "--towns", "1", "--dataset", "cvogl", "c"], "--pack, --dataset and what to make views of"),
        (["--minutes", "1"], "Nothing to train on"),
        (["--minutes", "1", "--towns", "1", "--dsm", "d.tif"], "--dsm belongs to a --mosaic"),
    ],
)
def test_wrong_usage_is_told(args: list[str], says: str) -> None:
    result = invoke("train", "-o", "run", *args)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_missing_package_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("geoloc.train.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lightning", None)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    result = invoke("train", "--towns", 1, "--minutes", 1, "-o", tmp_path / "run")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith("pip install 'geoloc-crossview[train]'")
