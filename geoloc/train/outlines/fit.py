"""The fit of the mask head."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from geoloc.model.network.outline_net import OutlineNet, hints
from geoloc.train.outlines.chips import ChipSample, ChipSampler
from geoloc.train.samples.appearance import restyle

LOG = logging.getLogger(__name__)
BATCH = 12
RATE = 1e-3
BACKBONE_RATE = 0.2
"""Of `RATE`: what ImageNet taught is kept by learning slowly."""
FROZEN_STAGES = 2
WARM_UP = 100
SAVE_EVERY = 100


@dataclass(frozen=True, slots=True)
class ChipBatch:
    """Chips as tensors; see `ChipSample`."""

    mosaic: Tensor
    photo: Tensor
    hints: Tensor
    mask: Tensor
    weight: Tensor


def stacked(samples: Sequence[ChipSample]) -> ChipBatch:
    """Put samples together."""

    def pictures(name: str) -> Tensor:
        arrays = np.stack([getattr(sample, name) for sample in samples])
        return torch.from_numpy(arrays).permute(0, 3, 1, 2).float()

    def planes(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(sample, name) for sample in samples])).float()

    told = hints(planes("click"), planes("drawn"), planes("shown"))
    return ChipBatch(pictures("mosaic"), pictures("photo"), told, planes("mask"), planes("weight"))


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
    net: OutlineNet, sampler: ChipSampler, checkpoint: Path, *, steps: int, seconds: float = math.inf, seed: int = 0
) -> int:
    """Train, or go on training; the network is in evaluation mode and holds the mean of late weights afterwards.

    Args:
        net: the network.
        sampler: draws chips.
        checkpoint: where everything is kept now and then, and read from where it is there.
        steps: how many in all; the rate falls to nothing by then.
        seconds: how long at most, of wall time.
        seed: of appearances.

    Returns:
        How many steps are done by now.
    """
    began = time.monotonic()
    net.backbone.freeze(FROZEN_STAGES)
    body = {id(parameter) for parameter in net.backbone.parameters()}
    groups = [
        {"params": [p for p in net.parameters() if id(p) not in body], "lr": RATE},
        {"params": [p for p in net.backbone.parameters() if p.requires_grad], "lr": RATE * BACKBONE_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1)))
    )
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995))
    first = done = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        mean.load_state_dict(state["mean"])
        first = done = state["step"]
    generator = torch.Generator().manual_seed(seed + first)
    net.train()
    losses: list[float] = []

    def keep(step: int) -> None:
        state = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
        temporary = checkpoint.with_suffix(".part")
        torch.save(state | {"mean": mean.state_dict(), "step": step}, temporary)
        temporary.replace(checkpoint)

    for step in range(first, steps):
        batch = stacked([sampler.draw() for _ in range(BATCH)])
        mosaic, photo = restyle(batch.mosaic, generator), restyle(batch.photo, generator)
        loss = loss_of(net(mosaic, photo, batch.hints), batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(net)
        losses.append(float(loss.detach()))
        done = step + 1
        over = time.monotonic() - began > seconds
        if done % SAVE_EVERY == 0 or done == steps or over:
            LOG.info("step %d: loss %.4f, %.0f s", done, np.mean(losses[-SAVE_EVERY:]), time.monotonic() - began)
            keep(done)
        if over:
            break
    net.load_state_dict(mean.module.state_dict())
    net.eval()
    return done


def ious(net: OutlineNet, samples: Sequence[ChipSample]) -> list[float]:
    """Return the IoU of what the network gives with the truth, of each sample."""
    found = []
    with torch.inference_mode():
        for first in range(0, len(samples), BATCH):
            batch = stacked(samples[first : first + BATCH])
            inside = net(batch.mosaic, batch.photo, batch.hints) > 0
            truth = batch.mask > 0.5
            both, either = (inside & truth).sum((1, 2)), (inside | truth).sum((1, 2))
            found += (both / either.clamp(min=1)).tolist()
    return found
