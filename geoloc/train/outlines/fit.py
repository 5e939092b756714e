"""The fit of the mask head, on the CPU or on an accelerator."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network.outline_net import OutlineNet, hints
from geoloc.train.fit.loop import Schedule, learning_rate
from geoloc.train.outlines.chips import ChipSample
from geoloc.train.samples.appearance import restyle

FROZEN_STAGES = 2
TESTED_AT_ONCE = 32
REPORT_S = 20.0
SAVE_S = 120.0


def schedule_of(*, steps: float = math.inf, minutes: float = math.inf, batch: int = 12, seed: int = 0) -> Schedule:
    """Return how the mask head is trained; what ImageNet taught its backbone is kept by learning slowly."""
    return Schedule(
        minutes=minutes,
        steps=steps,
        batch=batch,
        rate=1e-3,
        backbone_rate=0.2,
        floor=0.0,
        weight_decay=0.02,
        average=0.995,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class ChipBatch:
    """Chips as tensors, pictures and masks of what was drawn in 8 bits; see `ChipSample`."""

    mosaic: Tensor
    photo: Tensor
    click: Tensor
    drawn: Tensor
    shown: Tensor
    mask: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> ChipBatch:
        """Return the batch on a device."""
        return ChipBatch(*(getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)))

    def pin_memory(self) -> ChipBatch:
        """Return the batch where an accelerator fetches it from quickly."""
        return ChipBatch(*(getattr(self, field.name).pin_memory() for field in fields(self)))

    def hints(self) -> Tensor:
        """Return what the network is told beside the pictures."""
        return hints(self.click, self.drawn.float(), self.shown.float())


def stacked(samples: Sequence[ChipSample]) -> ChipBatch:
    """Put samples together."""

    def together(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(sample, name) for sample in samples]))

    pictures = (together(name).permute(0, 3, 1, 2).contiguous() for name in ("mosaic", "photo"))
    rest = ("click", "drawn", "shown", "mask", "weight")
    return ChipBatch(*pictures, *(together(name) for name in rest))


def loss_of(logits: Tensor, batch: ChipBatch) -> Tensor:
    """Return the loss: cross-entropy and Dice with the masks, and Dice of their projections on both axes.

    Projections (BoxInst, Tian 2021) hold for guessed masks as for true ones: they are those of the box.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, batch.mask, batch.weight, reduction="none")
    # Each object counts alike, however much of its chip it fills.
    inside = batch.mask.mean((1, 2)).clamp(0.02, 0.98)
    balance = batch.mask * (0.5 / inside)[:, None, None] + (1 - batch.mask) * (0.5 / (1 - inside))[:, None, None]
    share = logits.sigmoid()
    exact = batch.weight.amin((1, 2))
    dice = exact * _dice(share.flatten(1), batch.mask.flatten(1))
    sides = _dice(share.amax(1), batch.mask.amax(1)) + _dice(share.amax(2), batch.mask.amax(2))
    return (entropy * (0.5 + 0.5 * balance)).mean() + dice.mean() + 0.25 * sides.mean()


def _dice(share: Tensor, truth: Tensor) -> Tensor:
    both = (share * truth).sum(1)
    return 1 - (2 * both + 1) / (share.sum(1) + truth.sum(1) + 1)


def fit(
    net: OutlineNet,
    batches: Iterator[ChipBatch],
    checkpoint: Path,
    schedule: Schedule,
    *,
    device: str = "cpu",
    seconds: float = math.inf,
    used_s: float = 0.0,
    report: Callable[[str], None] = lambda line: None,
    keep_weights: Callable[[OutlineNet], object] = lambda net: None,
) -> int:
    """Train, or go on training; the network is on the CPU, in evaluation mode and holds the mean of late weights after.

    Args:
        net: the network.
        batches: endless.
        checkpoint: where everything is kept every two minutes and at the end, and read from where it is there.
        schedule: how long over all sittings and how fast, see `schedule_of`; the rate falls to nothing by its end.
        device: "cpu" or "cuda" (then in bf16).
        seconds: how long at most in this sitting, of wall time.
        used_s: what of the schedule's time and of `seconds` went before, in this sitting.
        report: called with a line now and then.
        keep_weights: called with the network that holds the mean of late weights, as often as everything is kept.

    Returns:
        How many steps are done by now.
    """
    began = time.monotonic() - used_s
    place = torch.device(device)
    net.to(place)
    optimiser = _optimiser(net, schedule)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995))
    done, before_s = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=place)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        mean.load_state_dict(state["mean"])
        done, before_s = state["step"], state["seconds"]
    generator = torch.Generator(place).manual_seed(schedule.seed + done)
    net.train()
    log = _Log(report, schedule.batch)
    saved = time.monotonic()

    def keep(elapsed: float) -> None:
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "mean": mean.state_dict()}
        temporary = checkpoint.with_suffix(".part")
        torch.save(state | {"step": done, "seconds": before_s + elapsed}, temporary)
        temporary.replace(checkpoint)
        keep_weights(cast(OutlineNet, mean.module))

    over = done >= schedule.steps
    while not over:
        waited = time.monotonic()
        batch = next(batches)
        log.waited(time.monotonic() - waited)
        batch = batch.to(place)
        elapsed = time.monotonic() - began
        rate = learning_rate(schedule, done, before_s + elapsed)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        mosaic, photo = restyle(batch.mosaic.float(), generator), restyle(batch.photo.float(), generator)
        with _precision(place):
            logits = net(mosaic, photo, batch.hints())
        loss = loss_of(logits.float(), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        mean.update_parameters(net)
        done += 1
        elapsed = time.monotonic() - began
        over = done >= schedule.steps or elapsed > seconds or before_s + elapsed > 60 * schedule.minutes
        log.step(done, loss.detach(), last=over)
        if over or time.monotonic() - saved > SAVE_S:
            keep(elapsed)
            saved = time.monotonic()
    net.load_state_dict(mean.module.state_dict())
    net.to("cpu").eval()
    return done


def steps_done(checkpoint: Path) -> int:
    """Return how many steps a checkpoint has behind it; 0 where there is none."""
    return int(torch.load(checkpoint, weights_only=True, mmap=True)["step"]) if checkpoint.exists() else 0


def _optimiser(net: OutlineNet, schedule: Schedule) -> torch.optim.Optimizer:
    net.backbone.freeze(FROZEN_STAGES)
    body = {id(parameter) for parameter in net.backbone.parameters()}
    head = [parameter for parameter in net.parameters() if id(parameter) not in body]
    trained = [parameter for parameter in net.backbone.parameters() if parameter.requires_grad]
    groups = [{"params": head, "share": 1.0}, {"params": trained, "share": schedule.backbone_rate}]
    return torch.optim.AdamW(groups, lr=schedule.rate, weight_decay=schedule.weight_decay)


def _precision(device: torch.device) -> AbstractContextManager[object]:
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


class _Log:
    """Counts steps, losses and waiting, and reports a line every `REPORT_S` and at the end."""

    def __init__(self, report: Callable[[str], None], batch: int) -> None:
        self._report, self._batch = report, batch
        self._since, self._waited = time.monotonic(), 0.0
        self._losses: list[Tensor] = []

    def waited(self, seconds: float) -> None:
        self._waited += seconds

    def step(self, done: int, loss: Tensor, *, last: bool) -> None:
        # Read only when it is told: an accelerator would be waited for.
        self._losses.append(loss)
        took = time.monotonic() - self._since
        if not last and took < REPORT_S:
            return
        mean = float(torch.stack(self._losses).mean())
        chips, share = len(self._losses) * self._batch / took, self._waited / took
        self._report(f"step {done}: loss {mean:.4f}, {chips:.0f} chips/s, {share:.0%} of the time waiting for data")
        self._since, self._waited, self._losses = time.monotonic(), 0.0, []


def ious(net: OutlineNet, samples: Sequence[ChipSample]) -> list[float]:
    """Return the IoU of what the network gives with the truth, of each sample; computed where the network is."""
    place = next(net.parameters()).device
    found = []
    with torch.inference_mode():
        for first in range(0, len(samples), TESTED_AT_ONCE):
            batch = stacked(samples[first : first + TESTED_AT_ONCE]).to(place)
            inside = net(batch.mosaic.float(), batch.photo.float(), batch.hints()) > 0
            truth = batch.mask > 0.5
            both, either = (inside & truth).sum((1, 2)), (inside | truth).sum((1, 2))
            found += (both / either.clamp(min=1)).tolist()
    return found
