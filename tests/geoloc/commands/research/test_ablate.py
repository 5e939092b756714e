"""`geoloc ablate`: minutes are those of the command, and of no frozen backbone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from geoloc.commands.main import main
from geoloc.commands.shared.training_data import TrainingData
from geoloc.train import ablate
from geoloc.train.ablate import AblationPlan


def test_minutes_and_workers_reach_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def run(splits: object, run: Path, results: Path, plan: AblationPlan, **more: object) -> str:
        asked.update(more, plan=plan)
        return "| table |"

    monkeypatch.setattr(ablate, "run_ablation", run)
    monkeypatch.setattr(TrainingData, "splits", lambda self, **told: {})
    args = ["ablate", "--pack", str(tmp_path), "-o", str(tmp_path), "--minutes", "9", "--workers", "3"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    assert "| table |" in result.output
    assert asked["plan"] == AblationPlan(minutes=9)
    assert (asked["workers"], asked["device"]) == (3, "cpu")


def test_minutes_are_for_no_frozen_backbone(tmp_path: Path) -> None:
    args = ["ablate", "--pack", str(tmp_path), "-o", str(tmp_path), "--minutes", "9", "--cached"]
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2
    assert "--minutes is for trainings of the whole network" in result.output
