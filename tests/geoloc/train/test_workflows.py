"""From data to weights that are ready for use: beginnings, cached features, calibration, resuming."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from geoloc.errors import TrainingError, WeightsError
from geoloc.model.network.config import Config
from geoloc.model.network.features import Features
from geoloc.model.presets import PRESETS, new_network, preset
from geoloc.model.weights import Calibration, load_weights, save_weights
from geoloc.train import workflows as recipes
from geoloc.train.calibration.score_law import TrialAnswer
from geoloc.train.fit.loop import LAST, Schedule, Task
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import HELD_OUT, TRAIN
from geoloc.train.samples.sampler import SamplerSettings
from geoloc.train.workflows import beginning, calibrated, draw, encoded, starting_weights, train_on_mix

SCHEDULE = Schedule(steps=2, batch=2, validate_every=2, warmup=1)


@pytest.fixture(autouse=True)
def _few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "HELD_OUT_BATCHES", 1)


@pytest.fixture
def parts(collection: Collection) -> dict[str, Collection]:
    return {TRAIN: collection, HELD_OUT: collection}


def saved(path: Path, config: Config, calibration: Calibration) -> Path:
    torch.manual_seed(1)
    save_weights(path, new_network(config), calibration)
    return path


def test_training_ends_with_weights_that_load_and_tell_scores(
    parts: dict[str, Collection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = Calibration(3.0, 0.5, 0.8, -1.0)
    asked: list[object] = []

    def fit(weights: Path, config: Config, held_out: Collection, trials: int, **more: object) -> Calibration:
        asked.append((weights, config.name, trials))
        return fitted

    monkeypatch.setattr(recipes, "calibrated", fit)
    written = train_on_mix("tiny", parts, tmp_path / "run", SCHEDULE, trials=3, scratch=True, workers=0)
    assert load_weights(written, new_network(preset("tiny"))) == fitted
    assert asked == [(written, "tiny", 3)]


def test_without_trials_the_calibration_begun_with_stays(
    parts: dict[str, Collection], tmp_path: Path, tiny: Config
) -> None:
    known = Calibration(2.0, 0.1, 1.5, 0.5)
    start = saved(tmp_path / "start.safetensors", tiny, known)
    written = train_on_mix("tiny", parts, tmp_path / "run", SCHEDULE, trials=0, weights=start, workers=0)
    assert load_weights(written, new_network(tiny)) == known


def test_cached_training_encodes_once_and_leaves_the_backbone_alone(
    parts: dict[str, Collection], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = saved(tmp_path / "start.safetensors", tiny, Calibration())
    forward = Task.forward
    seen: list[bool] = []

    def noted(self: Task, batch):
        seen.append(isinstance(batch.query, Features) and isinstance(batch.reference, Features))
        return forward(self, batch)

    monkeypatch.setattr(Task, "forward", noted)
    written = train_on_mix("tiny", parts, tmp_path / "run", SCHEDULE, trials=0, weights=start, cached=4)
    assert seen
    assert all(seen)
    before, after = new_network(tiny), new_network(tiny)
    load_weights(start, before)
    load_weights(written, after)
    backbone = dict(before.backbone.named_parameters())
    assert all(torch.equal(p, backbone[name]) for name, p in after.backbone.named_parameters())
    assert not torch.equal(before.pooled.weight, after.pooled.weight)


def test_encoded_batches_give_the_same_answer(collection: Collection, tiny: Config) -> None:
    (batch,) = draw(collection, SamplerSettings(query_px=64, window_px=128), 2, 1, seed=0)
    task = Task(tiny, SCHEDULE, lambda: 0.0).eval()
    with torch.no_grad():
        plain = task(batch).candidates.logits
        cached = task(encoded(task.net, batch)).candidates.logits
    assert torch.allclose(plain, cached, atol=0.02)
    assert not torch.allclose(plain, plain.flip(0), atol=0.02)


def test_where_the_click_joins_the_image_the_query_stays_an_image(collection: Collection) -> None:
    (batch,) = draw(collection, SamplerSettings(query_px=64, window_px=128), 2, 1, seed=0)
    net = beginning(preset("summation"), None)
    known = encoded(net, batch)
    assert isinstance(known.reference, Features)
    assert known.reference.coarse.dtype == torch.float16
    assert known.query is batch.query


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
    parts: dict[str, Collection], tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "other", replace(tiny, name="other"))
    start = saved(tmp_path / "start.safetensors", tiny, Calibration())
    with pytest.raises(WeightsError, match="weights for preset 'tiny'"):
        train_on_mix("other", parts, tmp_path / "run", SCHEDULE, trials=0, weights=start)
    assert not (tmp_path / "run").exists()


def test_it_goes_on_in_its_folder(parts: dict[str, Collection], tmp_path: Path) -> None:
    for steps in (2, 3):
        train_on_mix("tiny", parts, tmp_path, replace(SCHEDULE, steps=steps), trials=0, scratch=True, workers=0)
    assert torch.load(tmp_path / LAST, weights_only=True)["global_step"] == 3


def test_scores_are_fitted_on_held_out_searches(
    collection: Collection, tmp_path: Path, tiny: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoloc.train.calibration import score_law as calibrate

    weights = saved(tmp_path / "w.safetensors", tiny, Calibration())
    answers = [TrialAnswer(float(i % 7 - 3), i % 7 > 3, 2.0, 1.0) for i in range(40)]
    monkeypatch.setattr(calibrate, "run_trials", lambda model, trials, report: answers)
    lines: list[str] = []
    fitted = calibrated(weights, tiny, collection, 2, report=lines.append)
    assert fitted.score(3.0) > 0.5 > fitted.score(-3.0)
    assert "AUROC" in lines[-1]
    # With hardly a hit nothing can be fitted.
    monkeypatch.setattr(calibrate, "run_trials", lambda model, trials, report: answers[:6])
    assert calibrated(weights, tiny, collection, 2, report=lines.append) == Calibration()
    assert "hardly anything was found" in lines[-1]


def test_held_out_ground_that_is_too_small_is_told(tmp_path: Path, tiny: Config, collection: Collection) -> None:
    weights = saved(tmp_path / "w.safetensors", tiny, Calibration())
    small = Collection((collection.grounds[1],), (), (1.0,))
    cut = replace(small.grounds[0], gsd_m=0.05)
    with pytest.raises(TrainingError, match="too small to search on"):
        calibrated(weights, tiny, replace(small, grounds=(cut,)), 2)
