"""The ablation: every preset trained on the same examples with several seeds, measured on the same held-out ones."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode

from geoloc.errors import TrainingError
from geoloc.model.network.cross_view import CrossViewNet
from geoloc.model.presets import PRESETS, new_network, preset_config
from geoloc.model.weights import load_weights
from geoloc.system.machine import machine
from geoloc.system.output import replacing
from geoloc.train.fit.curves import draw_comparison
from geoloc.train.fit.endless_batches import draw_anew
from geoloc.train.fit.fixed_batches import encode_batch, keep_in_bytes, repeat_batches
from geoloc.train.fit.loop import LOG_FOLDER, Schedule, TrainingTask, steps_done, train_network
from geoloc.train.grounds.collection import Collection
from geoloc.train.grounds.gather import training_and_held_out
from geoloc.train.pace import PILOT_STEPS, Speed, steps_within, time_training
from geoloc.train.samples.batch import Batch
from geoloc.train.samples.sampler import SamplerSettings
from geoloc.train.workflows import starting_network

CHANCE = "chance"
_TIMED = 7
_CHANCE_DRAWS = 200
PILOT_BATCHES = 16
"""Batches drawn to measure how long one takes, and to train on while it is measured."""


@dataclass(frozen=True, slots=True)
class AblationPlan:
    """What is compared, and for how long it is trained.

    Attributes:
        steps: of each training.
        batch: examples a step.
        seeds: trainings of each preset.
        records: examples drawn once to train on.
        test_records: examples to measure on.
        presets: names of the networks.
        cached: the backbone stays frozen and the references, and where the preset allows the queries, are encoded
            once: for machines without an accelerator.
        minutes: of all of it, None without an end; what the speed measured first does not allow of the steps and
            records is left out. Not together with `cached`.
    """

    steps: int = 3000
    batch: int = 16
    seeds: int = 3
    records: int = 20_000
    test_records: int = 800
    presets: tuple[str, ...] = tuple(PRESETS)
    cached: bool = False
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How well the objects of examples that show theirs were found.

    Attributes:
        acc_025: share with an IoU above 0.25, strictly.
        acc_050: share with an IoU above 0.5, strictly.
        mean_iou: of all.
        hit: share whose centre is in the true box.
        error_m: median metres between the centres on the ground.
    """

    acc_025: float
    acc_050: float
    mean_iou: float
    hit: float
    error_m: float


def run_ablation(
    splits: Mapping[str, Collection],
    run: Path,
    results: Path,
    plan: AblationPlan,
    *,
    device: str = "cpu",
    workers: int = 0,
    used_s: float = 0.0,
    report: Callable[[str], None] = lambda line: None,
) -> str:
    """Train and measure all that is not yet done.

    Args:
        splits: collections as `gather` makes them.
        run: the folder of the trainings; goes on from what it holds.
        results: the folder for the table, `ablation.md` and `ablation.json`, and the curves of the held-out losses,
            `ablation.png`.
        plan: what is compared.
        device: where the networks run and records are painted.
        workers: processes that plan records; 0 for this one.
        used_s: what of the plan's minutes went before.
        report: called with lines about how it goes.

    Returns:
        The table.

    Raises:
        TrainingError: `run` was made by another plan, or the minutes are too few.
        WeightsError: no such preset.
    """
    began = time.monotonic() - used_s
    for name in plan.presets:
        preset_config(name)
    _same_plan(run / "plan.json", plan)
    training, held_out = training_and_held_out(dict(splits))
    test = _Records(held_out, plan, 2, device).take(max(1, plan.test_records // plan.batch))
    records = _Records(training, plan, 1, device, workers)
    rows: dict[str, list[Score]] = {CHANCE: [_chance(test, seed) for seed in range(plan.seeds)]}
    costs = {name: _cost(new_network(preset_config(name)).eval()) for name in plan.presets}
    if plan.minutes is not None:
        plan = _in_time(plan, records, test, run=run, began=began, device=device, report=report)
    text = ""
    for name in plan.presets:
        config = preset_config(name)
        todo = [seed for seed in range(plan.seeds) if not _result(run, name, seed).exists()]
        checks, batches = test, []
        if todo:
            report(f"{name}: {plan.steps} steps on {plan.records} records")
            batches = records.take(max(1, plan.records // plan.batch))
            if plan.cached:
                net = starting_network(config, None)
                batches, checks = ([encode_batch(net, batch) for batch in of_split] for of_split in (batches, test))
        for seed in todo:
            folder = _result(run, name, seed).parent
            report(f"{name}, seed {seed}")
            shown = repeat_batches(batches, seed, steps_done(folder))
            score = _trained(
                name, shown, checks, folder=folder, schedule=_schedule(plan, seed), device=device, report=report
            )
            with replacing(_result(run, name, seed)) as path:
                path.write_text(json.dumps(asdict(score)))
        done = [json.loads(_result(run, name, seed).read_text()) for seed in range(plan.seeds)]
        rows[name] = [Score(**entry) for entry in done]
        report(_line(name, rows[name], costs[name]))
        # Also on the way: a machine may be taken away.
        text = _write(results, rows, costs, plan, device)
    records.close()
    folders = {
        name: [_result(run, name, seed).parent / LOG_FOLDER for seed in range(plan.seeds)] for name in plan.presets
    }
    try:
        with replacing(results / "ablation.png") as path:
            draw_comparison(folders, path)
    except ImportError as error:
        report(f"no picture of the curves: {error}")
    return text


class _Records:
    """Batches that are drawn once, as many as have been asked for at the most, kept in the memory of the CPU."""

    def __init__(self, collection: Collection, plan: AblationPlan, seed: int, device: str, workers: int = 0) -> None:
        self._kept: list[Batch] = []
        self._drawn = draw_anew(collection, SamplerSettings(), plan.batch, [seed], device, planners=workers)
        self._more = keep_in_bytes(self._drawn)

    def take(self, count: int) -> list[Batch]:
        """Return the first batches."""
        for batch in islice(self._more, max(0, count - len(self._kept))):
            self._kept.append(batch.to("cpu"))
        return self._kept[:count]

    def close(self) -> None:
        """End the processes that plan."""
        self._drawn.close()


def _in_time(
    plan: AblationPlan,
    records: _Records,
    test: Sequence[Batch],
    *,
    run: Path,
    began: float,
    device: str,
    report: Callable[[str], None],
) -> AblationPlan:
    """Return the plan with as many steps and records as its minutes allow by the speed that is measured now, or was.

    Raises:
        TrainingError: hardly any.
    """
    path = run / "in_time.json"
    if path.exists():
        return replace(plan, **json.loads(path.read_text()))
    records.take(1)
    started = time.monotonic()
    shown = records.take(PILOT_BATCHES)
    draw_s = (time.monotonic() - started) / (PILOT_BATCHES - 1)
    short = replace(plan, steps=PILOT_STEPS)

    def measured(name: str) -> Speed:
        with tempfile.TemporaryDirectory() as scratch:

            def train(batches: DataLoader[Batch]) -> None:
                folder, schedule = Path(scratch), _schedule(short, 0)
                _trained(name, batches, test, folder=folder, schedule=schedule, device=device)

            return time_training(train, shown)

    # The first training of all pays for what is loaded once.
    measured(plan.presets[0])
    speeds = {name: measured(name) for name in plan.presets}
    for name, speed in speeds.items():
        report(f"{name}: {1000 * speed.step_s:.0f} ms a step of {plan.batch}, {speed.besides_s:.1f} s besides")
    left = 60 * (plan.minutes or 0.0) - (time.monotonic() - began)
    most = plan.records // plan.batch
    steps = min(plan.steps, steps_within(left, list(speeds.values()), plan.seeds, draw_s, most))
    sized = replace(plan, steps=steps, records=plan.batch * max(1, min(most, steps)))
    with replacing(path) as written:
        written.write_text(json.dumps({"steps": sized.steps, "records": sized.records}))
    return sized


def _trained(
    name: str,
    batches: DataLoader[Batch],
    test: Sequence[Batch],
    *,
    folder: Path,
    schedule: Schedule,
    device: str,
    report: Callable[[str], None] = lambda line: None,
) -> Score:
    """Train a preset and measure it."""
    config = preset_config(name)
    weights = train_network(config, batches, test[:4], folder, schedule, device=device, report=report)
    return measure(weights, name, test, schedule, device)


def _schedule(plan: AblationPlan, seed: int) -> Schedule:
    """Return the schedule of one training: short ones warm up for less and forget their beginning sooner."""
    usual = Schedule()
    return Schedule(
        steps=plan.steps,
        batch=plan.batch,
        seed=seed,
        backbone_rate=0.0 if plan.cached else usual.backbone_rate,
        average=max(0.0, min(usual.average, 1 - 10 / plan.steps)),
        warmup=min(usual.warmup, plan.steps // 5 + 1),
        validate_every=max(1, plan.steps // 4),
    )


@torch.inference_mode()
def measure(weights: Path, name: str, test: Sequence[Batch], schedule: Schedule, device: str) -> Score:
    """Measure the best box of every test example that shows its object against the true one.

    Args:
        weights: of the network.
        name: of its preset.
        test: what is measured on.
        schedule: how it was trained.
        device: where it runs.
    """
    task = TrainingTask(preset_config(name), schedule, lambda: 0.0)
    load_weights(weights, task.net)
    task.to(device).eval()
    overlaps, errors, hits = [], [], []
    for batch in (b.to(device) for b in test):
        found = task(batch).candidates
        best = found.boxes[torch.arange(len(batch), device=found.boxes.device), found.logits.argmax(1)]
        overlap, error, hit = _compare(best.cpu().numpy(), batch)
        overlaps.append(overlap)
        errors.append(error)
        hits.append(hit)
    return _score(np.concatenate(overlaps), np.concatenate(errors), np.concatenate(hits))


def _score(overlap: np.ndarray, error: np.ndarray, hit: np.ndarray) -> Score:
    return Score(
        acc_025=float((overlap > 0.25).mean()),
        acc_050=float((overlap > 0.5).mean()),
        mean_iou=float(overlap.mean()),
        hit=float(hit.mean()),
        error_m=float(np.median(error)),
    )


def _compare(boxes: np.ndarray, batch: Batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return IoU, metres and whether it is a hit, of the examples that show their object."""
    present = batch.present.cpu().numpy()
    truth, found = batch.box.cpu().numpy()[present], boxes[present]
    shared = (np.minimum(truth[:, 2:], found[:, 2:]) - np.maximum(truth[:, :2], found[:, :2])).clip(0).prod(1)
    union = (truth[:, 2:] - truth[:, :2]).prod(1) + (found[:, 2:] - found[:, :2]).prod(1) - shared
    centre, aim = (found[:, :2] + found[:, 2:]) / 2, (truth[:, :2] + truth[:, 2:]) / 2
    error = np.linalg.norm(centre - aim, axis=1) * batch.gsd_m.cpu().numpy()[present]
    hit = ((centre > truth[:, :2]) & (centre < truth[:, 2:])).all(1)
    return shared / union, error, hit


def _chance(test: Sequence[Batch], seed: int) -> Score:
    """Measure a box as large as the median true one, anywhere in the window."""
    rng = np.random.default_rng(seed)
    shown = [batch.present.cpu().numpy() for batch in test]
    sizes = np.concatenate([(b.box[:, 2:] - b.box[:, :2]).cpu().numpy()[p] for b, p in zip(test, shown, strict=True)])
    size = np.median(sizes, axis=0)
    drawn = []
    for _ in range(_CHANCE_DRAWS):
        for batch in test:
            centre = rng.uniform(0, 1, (len(batch), 2)) * batch.reference_px
            drawn.append(_compare(np.concatenate([centre - size / 2, centre + size / 2], axis=1), batch))
    overlap, error, hit = (np.concatenate(values) for values in zip(*drawn, strict=True))
    return _score(overlap, error, hit)


@torch.inference_mode()
def _cost(net: CrossViewNet) -> dict[str, float]:
    """Count parameters and FLOPs (a multiplication and an addition count as two) and time a query and a window."""
    config = net.config
    query = torch.zeros(1, 3, *config.query_shape)
    reference = torch.zeros(1, 3, config.window_px, config.window_px)
    click = torch.tensor([[config.query_shape[1] / 2, config.query_shape[0] / 2]])

    def once() -> None:
        net(net.encode_query(query, click), click, net.encode_reference(reference))

    counter = FlopCounterMode(display=False)
    with counter:
        once()
    times = []
    for _ in range(_TIMED):
        started = time.perf_counter()
        once()
        times.append(time.perf_counter() - started)
    return {
        "parameters": float(sum(p.numel() for p in net.parameters())),
        "flops": float(counter.get_total_flops()),
        "ms": 1000 * float(np.median(times)),
    }


def _result(run: Path, name: str, seed: int) -> Path:
    return run / f"{name}_{seed}" / "result.json"


def _same_plan(path: Path, plan: AblationPlan) -> None:
    """Keep the plan of a run, or raise `TrainingError` where it has another: these are not to be compared."""
    settings = asdict(plan) | {"presets": None}
    earlier = json.loads(path.read_text()) if path.exists() else settings
    differs = ", ".join(key for key in settings if earlier.get(key) != settings[key])
    if differs:
        raise TrainingError(f"{path.parent}: made with other settings ({differs}); give another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


_COLUMNS = {"acc@0.25": "acc_025", "acc@0.5": "acc_050", "mean IoU": "mean_iou", "hit": "hit", "metres": "error_m"}


def _line(name: str, scores: Sequence[Score], cost: Mapping[str, float] | None) -> str:
    cells = [name]
    for field in _COLUMNS.values():
        values = np.array([getattr(score, field) for score in scores])
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        cells.append(f"{values.mean():.3f} ± {spread:.3f}")
    if cost is None:
        cells += ["-"] * 3
    else:
        cells += [f"{cost['parameters'] / 1e6:.2f} M", f"{cost['flops'] / 1e9:.1f} G", f"{cost['ms']:.0f}"]
    return "| " + " | ".join(cells) + " |"


def _write(
    results: Path,
    rows: Mapping[str, Sequence[Score]],
    costs: Mapping[str, dict[str, float]],
    plan: AblationPlan,
    device: str,
) -> str:
    on = f"{machine()}, {torch.get_num_threads()} threads"
    if device.startswith("cuda"):
        on += f", {torch.cuda.get_device_name(device)}"
    head = ["preset", *_COLUMNS, "parameters", "FLOPs", "ms"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [_line(name, scores, costs.get(name)) for name, scores in rows.items()]
    description = (
        f"{plan.steps} steps of {plan.batch} from {plan.records} records, measured on {plan.test_records} of held-out "
        f"ground, two thirds of which show the object; mean ± standard deviation of {plan.seeds} seeds"
        + ("; the backbone frozen at ImageNet's weights" if plan.cached else "")
        + f". FLOPs and ms are of one 256 px query and one 384 px window on the CPU. Trained on {device}; {on}."
    )
    text = "\n".join(["# Ablation", "", description, "", *lines, ""])
    results.mkdir(parents=True, exist_ok=True)
    with replacing(results / "ablation.md") as path:
        path.write_text(text)
    table: dict[str, Any] = {
        "plan": asdict(plan),
        "machine": on,
        "device": device,
        "costs": dict(costs),
        "scores": {name: [asdict(score) for score in scores] for name, scores in rows.items()},
    }
    with replacing(results / "ablation.json") as path:
        path.write_text(json.dumps(table, indent=1) + "\n")
    return text
