"""`geoloc calibrate`: scores fitted afterwards, into new weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoloc.model.network.config import Config
from geoloc.model.presets import new_network
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train.calibration import score_law, trials
from geoloc.train.calibration.score_law import TrialAnswer
from tests.helpers.command_line import invoke


def test_scores_are_fitted_afterwards(
    mine: Path, tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, output = tmp_path / "start.safetensors", tmp_path / "fitted.safetensors"
    net = new_network(tiny)
    save_weights(start, net, Calibration())
    answers = [TrialAnswer(float(i % 7 - 3), i % 7 > 3, 2.0, 1.0) for i in range(40)]
    monkeypatch.setattr(score_law, "run_trials", lambda *_: answers)
    monkeypatch.setattr(trials, "draw_trials", lambda *_: ["of a small mosaic"])
    args = ["calibrate", "--mosaic", mine, "--model", "tiny", "--weights", start, "--trials", 2]
    result = invoke(*args, "-o", output)
    assert result.exit_code == 0, result.output
    assert f"wrote {output}" in result.stdout
    # What to train on is not made for it: with towns that would take half an hour.
    assert "held out: " in result.stderr
    assert "train: " not in result.stderr
    assert load_weights(output, net).score(3.0) > 0.5 > load_weights(output, net).score(-3.0)
    assert "exists already" in invoke(*args, "-o", output).stderr
    assert invoke(*args, "-o", start, "--overwrite").exit_code == 1
