"""The training loop: time-boxed, resumable, with a moving average of the weights and a CSV log."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from geoloc.errors import TrainingError
from geoloc.model.heads import presence
from geoloc.model.network import CrossViewNet
from geoloc.model.presets import Config
from geoloc.train.data import Batch, PairStream, Sources, collate, draw, loader
from geoloc.train.losses import losses, total
from geoloc.train.orthophoto import Ranges


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast. The learning rate rises over `warmup` steps and falls as a cosine of the time used."""

    minutes: float
    batch: int = 16
    rate: float = 4e-4
    backbone_rate: float = 0.3
    warmup: int = 100
    weight_decay: float = 0.01
    average: float = 0.998
    save_every_s: float = 300.0
    seed: int = 0


def train(
    config: Config,
    sources: Sources,
    held_out: Sources,
    folder: Path,
    schedule: Schedule,
    *,
    workers: int = 1,
    device: str = "cpu",
    report: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train a network and return the path of its averaged weights (safetensors) in `folder`.

    Goes on from `folder/checkpoint.safetensors` where there is one: the minutes already used count. Writes
    `log.csv` (one row every 25 steps and one a validation) and `weights.safetensors`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(schedule.seed)
    net = CrossViewNet(config).to(device)
    if config.frozen_stages:
        net.pretrained_backbone().load_imagenet()
    trained = {name: p for name, p in net.named_parameters() if p.requires_grad}
    # What ImageNet taught is changed more slowly than what starts from nothing.
    backbone_share = schedule.backbone_rate if config.frozen_stages else 1.0
    groups = [
        {"params": [p for name, p in trained.items() if ("backbones" in name) == backbone], "share": share}
        for backbone, share in ((False, 1.0), (True, backbone_share))
    ]
    optimiser = torch.optim.AdamW(groups, lr=schedule.rate, weight_decay=schedule.weight_decay)
    average = {name: value.detach().clone() for name, value in net.state_dict().items()}
    step, used = _resume(folder, net, optimiser, average)
    stream = PairStream(sources, schedule.batch, schedule.seed + step, Ranges())
    check = _validation_batches(held_out, schedule.batch)
    log = _Log(folder / "log.csv")
    seen: list[dict[str, float]] = []
    started = saved = time.monotonic()
    net.train()
    for batch in loader(stream, workers):
        elapsed = used + time.monotonic() - started
        if elapsed > schedule.minutes * 60:
            break
        rate = schedule.rate * min(1, (step + 1) / schedule.warmup)
        rate *= 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * elapsed / (schedule.minutes * 60)))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        parts, right = _step(net, _to(batch, device))
        loss = total(parts)
        if not torch.isfinite(loss):
            raise TrainingError(f"the loss is not finite at step {step}: lower the learning rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        optimiser.step()
        _update(average, net, min(schedule.average, (step + 1) / (step + 10)))
        step += 1
        seen.append({name: float(value.detach()) for name, value in parts.items()} | {"right": right})
        if step % 25 == 0:
            report(log.write(step, elapsed, "train", seen))
            seen = []
        if time.monotonic() - saved > schedule.save_every_s:
            saved = time.monotonic()
            _save(folder, net, optimiser, average, clock=(step, elapsed))
            report(log.write(step, elapsed, "held out", evaluate_pairs(net, average, check, device)))
    elapsed = used + time.monotonic() - started
    _save(folder, net, optimiser, average, clock=(step, elapsed))
    report(log.write(step, elapsed, "held out", evaluate_pairs(net, average, check, device)))
    return folder / "weights.safetensors"


def _step(net: CrossViewNet, batch: Batch) -> tuple[dict[str, torch.Tensor], float]:
    query = net.encode_query(batch.query.float(), batch.click)
    reference = net.encode_reference(batch.reference.float())
    output = net(query, batch.click, reference)
    return losses(net, output, batch), share_inside(output.candidates.logits, output.candidates.boxes, batch)


def share_inside(logits: torch.Tensor, boxes: torch.Tensor, batch: Batch) -> float:
    """The share of pairs with an object whose best box has its centre inside the true one."""
    best = boxes[torch.arange(len(boxes), device=boxes.device), logits.argmax(1)]
    centre = (best[:, :2] + best[:, 2:]) / 2
    inside = ((centre > batch.box[:, :2]) & (centre < batch.box[:, 2:])).all(1)
    return float((inside & batch.present).sum() / batch.present.sum().clamp(min=1))


@torch.no_grad()
def evaluate_pairs(
    net: CrossViewNet, average: dict[str, torch.Tensor], batches: list[Batch], device: str
) -> list[dict[str, float]]:
    """One row of losses, hits and presence error a batch, for the averaged weights."""
    current = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(average)
    net.eval()
    rows = []
    for batch in batches:
        on = _to(batch, device)
        output = net(net.encode_query(on.query.float(), on.click), on.click, net.encode_reference(on.reference.float()))
        candidates = output.candidates
        wrong = (presence(candidates.logits) > 0.5) != on.present
        row = {name: float(value) for name, value in losses(net, output, on).items()}
        row["right"] = share_inside(candidates.logits, candidates.boxes, on)
        row["presence_error"] = float(wrong.float().mean())
        rows.append(row)
    net.load_state_dict(current)
    net.train()
    return rows


def _validation_batches(sources: Sources, batch: int) -> list[Batch]:
    rng = np.random.default_rng(12345)
    return [collate([draw(sources, rng, Ranges()) for _ in range(batch)]) for _ in range(8)]


def _to(batch: Batch, device: str) -> Batch:
    return Batch(**{f.name: getattr(batch, f.name).to(device) for f in fields(batch)})


@torch.no_grad()
def _update(average: dict[str, torch.Tensor], net: CrossViewNet, keep: float) -> None:
    for name, value in net.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - keep)
        else:
            average[name].copy_(value)


def _save(
    folder: Path,
    net: CrossViewNet,
    optimiser: torch.optim.Optimizer,
    average: dict[str, torch.Tensor],
    *,
    clock: tuple[int, float],
) -> None:
    """Write the checkpoint and the averaged weights, each in one rename."""
    state = {f"net.{name}": value for name, value in net.state_dict().items()}
    state |= {f"average.{name}": value for name, value in average.items()}
    for i, moments in optimiser.state_dict()["state"].items():
        state |= {f"optimiser.{i}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    state["clock"] = torch.tensor(clock, dtype=torch.float64)
    _replace(folder / "checkpoint.safetensors", state)
    _replace(folder / "weights.safetensors", average)


def _replace(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    distinct: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        # Query and reference may be one backbone: safetensors refuses two names for one memory.
        tensor = value.contiguous()
        distinct[name] = tensor.clone() if tensor.data_ptr() in seen else tensor
        seen.add(tensor.data_ptr())
    temporary = path.with_suffix(".partial")
    save_file(distinct, temporary)
    temporary.replace(path)


def _resume(
    folder: Path,
    net: CrossViewNet,
    optimiser: torch.optim.Optimizer,
    average: dict[str, torch.Tensor],
) -> tuple[int, float]:
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return 0, 0.0
    try:
        state = load_file(path)
        net.load_state_dict({n.removeprefix("net."): v for n, v in state.items() if n.startswith("net.")})
        for name, value in average.items():
            value.copy_(state[f"average.{name}"])
    except (SafetensorError, RuntimeError, KeyError):
        wrong = f"damaged, or not a checkpoint of preset {net.config.name}"
        raise TrainingError(f"{path}: {wrong}: train in another folder") from None
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in state.items():
        if name.startswith("optimiser."):
            _, i, key = name.split(".", 2)
            moments.setdefault(int(i), {})[key] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    step, elapsed = state["clock"].tolist()
    return int(step), float(elapsed)


class _Log:
    """Means over steps or batches, written as rows of a CSV file."""

    names = ("score", "centre", "size", "dense", "between", "right", "presence_error")

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            with path.open("w", newline="") as file:
                csv.writer(file).writerow(["step", "minutes", "part", *self.names])

    def write(self, step: int, elapsed: float, part: str, rows: list[dict[str, float]]) -> str:
        """Append the means of `rows` and return them as a line to show."""
        means = {
            name: float(np.mean([row[name] for row in rows if name in row]))
            for name in self.names
            if any(name in row for row in rows)
        }
        with self.path.open("a", newline="") as file:
            values = [f"{means[name]:.4f}" if name in means else "" for name in self.names]
            csv.writer(file).writerow([step, f"{elapsed / 60:.2f}", part, *values])
        shown = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
        return f"step {step}  {elapsed / 60:.1f} min  {part}: {shown}"
