"""`geoloc pack`, and the commands that take what it wrote: `geoloc train` and `geoloc ablate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geoloc.model.network.config import Config
from geoloc.train import ablate
from geoloc.train.grounds.pack import read_pack
from geoloc.train.samples.sampler import SamplerSettings
from tests.helpers.command_line import invoke


def test_packing_and_training_from_the_pack(
    mine: Path, tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "pack"
    result = invoke("pack", "--mosaic", mine, "-o", packed, "--size-mb", 2)
    assert result.exit_code == 0, result.output
    assert "pictures as WebP of quality 90" in result.stdout
    assert set(read_pack(packed)) == {"train", "held out"}
    args = ["--batch", 2, "--workers", 0, "--trials", 0, "--model", "tiny", "--steps", 1]
    result = invoke("train", "--pack", packed, *args, "-o", tmp_path / "run")
    assert result.exit_code == 0, result.output
    again = invoke("pack", "--mosaic", mine, "-o", packed)
    assert again.exit_code == 1
    assert "holds files already" in again.stderr
    monkeypatch.setattr(ablate, "SamplerSettings", lambda: SamplerSettings(query_px=64, window_px=128))
    result = invoke(
        *("ablate", "--pack", packed, "-o", tmp_path / "a", "--results", tmp_path / "results", "--presets", "tiny"),
        *("--steps", 1, "--batch", 2, "--seeds", 1, "--records", 32, "--test-records", 16, "--cached"),
    )
    assert result.exit_code == 0, result.output
    assert "| tiny |" in result.stdout
    assert json.loads((tmp_path / "results/ablation.json").read_text())["plan"]["records"] == 32
