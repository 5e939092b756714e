"""The speed of an ablation's trainings, measured on few steps."""

from __future__ import annotations

import pytest

from geoloc.train import ablate, pace


def shorten_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have four steps on two batches tell how long a step takes."""
    monkeypatch.setattr(ablate, "PILOT_BATCHES", 2)
    for module in (ablate, pace):
        monkeypatch.setattr(module, "PILOT_STEPS", 4)
