"""`geoloc train-descriptors`: what it hands over, writes and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geoloc.train import workflows
from tests.helpers.command_line import invoke


def test_descriptors_are_trained_into_new_weights(
    mine: Path, tmp_path: Path, own_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr(workflows, "retrain_descriptors", lambda *args, report: given.append(args))
    output = tmp_path / "new.safetensors"
    args = ["train-descriptors", "--mosaic", mine, "--weights", own_weights, "--records", 32]
    result = invoke(*args, "-o", output)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"wrote {output}\n"
    ((preset, weights, splits, written, records),) = given
    assert (preset, weights, written, records) == ("base", own_weights, output, 32)
    assert set(splits) == {"train", "held out"}
    output.touch()
    assert "exists already" in invoke(*args, "-o", output).stderr
    assert "is read by this very command" in invoke(*args, "-o", own_weights, "--overwrite").stderr
    assert invoke(*args, "-o", tmp_path / "new.pth").exit_code == 2
    assert len(given) == 1


def test_a_preset_without_descriptors_has_none_to_train(mine: Path, tmp_path: Path, tiny: object) -> None:
    result = invoke("train-descriptors", "--mosaic", mine, "--model", "tiny", "-o", tmp_path / "new.safetensors")
    assert result.exit_code == 1
    assert "preset tiny has no descriptors" in result.stderr
    assert not list(tmp_path.iterdir())
