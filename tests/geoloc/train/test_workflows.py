"""From data to weights that are ready for use: beginnings, cached features, calibration, resuming."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from geoloc.errors import TrainingError, WeightsError
from geoloc.model.network.config import Config
from geoloc.model.network.features import Features
from geoloc.model.presets import PRESETS, new_network, preset_config
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train import workflows
from geoloc.train.budget import Budget
from geoloc.train.calibration.score_law import TrialAnswer
from geoloc.train.fit import blend
from geoloc.train.fit.loop import CHECKPOINT_FILE, Schedule, TrainingTask
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.workflows import ADAPTING_RATE, calibrate, starting_weights, train_preset, usual_rate

SCHEDULE = Schedule(steps=2, batch=2, validate_every=2, warmup=1)


@pytest.fixture(autouse=True)
def _few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "HELD_OUT_BATCHES", 1)


@pytest.fixture
def _all_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held-out losses that fall with every look: all that was learnt is kept."""
    looks = itertools.count()
    monkeypatch.setattr(blend, "held_out_score", lambda *_: -float(next(looks)))


@pytest.fixture
def splits(collection: Collection) -> dict[str, Collection]:
    return {TRAIN: collection, HELD_OUT: collection}


def saved(path: Path, config: Config, calibration: Calibration) -> Path:
    torch.manual_seed(1)
    save_weights(path, new_network(config), calibration)
    return path


def test_training_ends_with_weights_that_load_and_tell_scores(
    splits: dict[str, Collection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = Calibration(3.0, 0.5, 0.8, -1.0)
    calls: list[object] = []

    def fit(weights: Path, config: Config, held_out: Collection, trials: int, **more: object) -> Calibration:
        calls.append((weights, config.name, trials))
        return fitted

    monkeypatch.setattr(workflows, "calibrate", fit)
    written = train_preset("tiny", splits, tmp_path / "run", SCHEDULE, trials=3, scratch=True, workers=0)
    assert load_weights(written, new_network(preset_config("tiny"))) == fitted
    assert calls == [(written, "tiny", 3)]


@pytest.mark.usefixtures("_all_helps")
def test_without_trials_the_calibration_begun_with_stays(
    splits: dict[str, Collection], tmp_path: Path, tiny: Config
) -> None:
    known = Calibration(2.0, 0.1, 1.5, 0.5)
    start = saved(tmp_path / "start.safetensors", tiny, known)
    written = train_preset("tiny", splits, tmp_path / "run", SCHEDULE, trials=0, weights=start, workers=0)
    assert load_weights(written, new_network(tiny)) == known


def test_what_does_not_help_on_held_out_ground_is_not_kept_and_costs_no_searches(
    splits: dict[str, Collection], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Calibration(2.0, 0.1, 1.5, 0.5)
    start = saved(tmp_path / "start.safetensors", tiny, known)
    looks = itertools.count()
    monkeypatch.setattr(blend, "held_out_score", lambda *_: float(next(looks)))
    written = train_preset("tiny", splits, tmp_path / "run", SCHEDULE, trials=3, weights=start, workers=0)
    before, after = new_network(tiny), new_network(tiny)
    assert load_weights(start, before) == load_weights(written, after) == known
    assert all(torch.equal(value, after.state_dict()[name]) for name, value in before.state_dict().items())


def test_weights_are_adapted_at_a_lower_rate_than_new_ones_are_trained_at() -> None:
    assert usual_rate("base", None, False) == ADAPTING_RATE < usual_rate("base", None, True)
    # No weights come with it.
    assert usual_rate("tiny", None, False) == Schedule().rate


@pytest.mark.usefixtures("_all_helps")
def test_cached_training_encodes_once_and_leaves_the_backbone_alone(
    splits: dict[str, Collection], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = saved(tmp_path / "start.safetensors", tiny, Calibration())
    forward = TrainingTask.forward
    encoded: list[bool] = []

    def noted(self: TrainingTask, batch):
        encoded.append(isinstance(batch.query, Features) and isinstance(batch.reference, Features))
        return forward(self, batch)

    monkeypatch.setattr(TrainingTask, "forward", noted)
    written = train_preset("tiny", splits, tmp_path / "run", SCHEDULE, trials=0, weights=start, cached=4)
    assert encoded
    assert all(encoded)
    before, after = new_network(tiny), new_network(tiny)
    load_weights(start, before)
    load_weights(written, after)
    backbone = dict(before.backbone.named_parameters())
    assert all(torch.equal(p, backbone[name]) for name, p in after.backbone.named_parameters())
    assert not torch.equal(before.pooled.weight, after.pooled.weight)


def test_where_it_begins(tmp_path: Path, tiny: Config) -> None:
    lines: list[str] = []
    assert starting_weights("base", None, True, lines.append) is None
    packaged = starting_weights("base", None, False, lines.append)
    assert packaged is not None
    assert packaged.name == "base.safetensors"
    assert not lines
    assert starting_weights("tiny", None, False, lines.append) is None
    assert "no weights come with tiny" in lines[0]
    with pytest.raises(WeightsError, match="no such weights file"):
        starting_weights("tiny", tmp_path / "none.safetensors", False, lines.append)


def test_weights_of_another_preset_are_refused_before_anything_is_drawn(
    splits: dict[str, Collection], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "other", replace(tiny, name="other"))
    start = saved(tmp_path / "start.safetensors", tiny, Calibration())
    with pytest.raises(WeightsError, match="weights for preset 'tiny'"):
        train_preset("other", splits, tmp_path / "run", SCHEDULE, trials=0, weights=start)
    assert not (tmp_path / "run").exists()


def test_it_goes_on_in_its_folder(splits: dict[str, Collection], tmp_path: Path) -> None:
    for steps in (2, 3):
        train_preset("tiny", splits, tmp_path, replace(SCHEDULE, steps=steps), trials=0, scratch=True, workers=0)
    assert torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)["global_step"] == 3


def test_scores_are_fitted_on_held_out_searches(
    collection: Collection, tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoloc.train.calibration import score_law

    weights = saved(tmp_path / "w.safetensors", tiny, Calibration())
    answers = [TrialAnswer(float(i % 7 - 3), i % 7 > 3, 2.0, 1.0) for i in range(40)]
    monkeypatch.setattr(score_law, "run_trials", lambda *_: answers)
    lines: list[str] = []
    fitted = calibrate(weights, tiny, collection, 2, report=lines.append)
    assert fitted.score(3.0) > 0.5 > fitted.score(-3.0)
    assert "AUROC" in lines[-1]
    # With hardly a hit nothing can be fitted.
    monkeypatch.setattr(score_law, "run_trials", lambda *_: answers[:6])
    assert calibrate(weights, tiny, collection, 2, report=lines.append) == Calibration()
    assert "hardly anything was found" in lines[-1]


@pytest.mark.usefixtures("_all_helps")
def test_where_the_time_is_over_one_step_is_trained_and_the_rest_stays(
    splits: dict[str, Collection], tmp_path: Path, tiny: Config
) -> None:
    known = Calibration(2.0, 0.1, 1.5, 0.5)
    start = saved(tmp_path / "start.safetensors", tiny, known)
    lines: list[str] = []
    written = train_preset(
        "tiny",
        splits,
        tmp_path / "run",
        replace(SCHEDULE, steps=50),
        trials=40,
        weights=start,
        workers=0,
        budget=Budget(1e-6, begun_s=-1e9),
        report=lines.append,
    )
    assert torch.load(tmp_path / "run" / CHECKPOINT_FILE, weights_only=True)["global_step"] == 1
    assert load_weights(written, new_network(tiny)) == known
    assert lines[-1] == "no time is left for enough searches: what a score means stays as it was"


def test_few_searches_in_the_time_that_there_is_change_no_score(
    collection: Collection, tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoloc.train.calibration import score_law

    weights = saved(tmp_path / "w.safetensors", tiny, Calibration())
    monkeypatch.setattr(score_law, "run_trials", lambda *_: [TrialAnswer(1.0, True, 2.0, 1.0)])
    begun, calls = Calibration(2.0, 0.1, 1.5, 0.5), iter([False])
    assert calibrate(weights, tiny, collection, 2, begun=begun, over=lambda: next(calls, True)) == begun


def test_ground_that_cannot_be_searched_is_told_before_anything_is_trained(
    tmp_path: Path, tiny: Config, collection: Collection
) -> None:
    bare = Collection((replace(collection.grounds[1], gsd_m=0.05),), (), (1.0,))
    with pytest.raises(TrainingError, match="too small to search on"):
        train_preset("tiny", {TRAIN: collection, HELD_OUT: bare}, tmp_path / "run", SCHEDULE, trials=2, scratch=True)
    assert not (tmp_path / "run").exists()


def test_held_out_ground_that_is_too_small_is_told(tmp_path: Path, tiny: Config, collection: Collection) -> None:
    weights = saved(tmp_path / "w.safetensors", tiny, Calibration())
    small = Collection((collection.grounds[1],), (), (1.0,))
    cut = replace(small.grounds[0], gsd_m=0.05)
    with pytest.raises(TrainingError, match="too small to search on"):
        calibrate(weights, tiny, replace(small, grounds=(cut,)), 2)
